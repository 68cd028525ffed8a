import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, JAPAN, MINUTE_MS, zoneOf } from '../language/zones'
import { timeTicks, valueTicks } from './axis'
import type { Limit, Reading } from '../api/model'
import { inOrder, parted } from './parted'
import { levelOf, limitText, outOf, reaches, thresholdName } from './limits'
import { calculatedText, numberOf, valueText } from '../language/reading-text'
import { WORDS } from '../language/words'
import { periodOf, rangeOf } from './period'
import { apart as labelsApart } from './plot'
import { extremesOf } from './statistics'
import { nearest, stopsOf } from './stops'
import { SENSOR_GAP_MS, splitAtGaps, thin, type Point } from './segments'

const at = (t: number, v = 100): Point => ({ t, v })
const now = Date.parse('2026-11-22T08:00:00+09:00')

describe('gaps', () => {
  test('of more than 30 minutes part a sensor line, 30 minutes do not', () => {
    const points = [0, 5, 35, 66, 71].map((minutes) => at(minutes * MINUTE_MS))
    const lengths = splitAtGaps(points, SENSOR_GAP_MS).map((segment) => segment.length)
    expect(lengths).toEqual([3, 2])
  })

  test('leave a lone reading as a segment of its own', () => {
    expect(splitAtGaps([at(0), at(2 * HOUR_MS)], SENSOR_GAP_MS)).toEqual([[at(0)], [at(2 * HOUR_MS)]])
    expect(splitAtGaps([], SENSOR_GAP_MS)).toEqual([])
  })
})

test('thinning keeps every extreme and the order of time', () => {
  const points = Array.from({ length: 1000 }, (_, i) => at(i, i === 517 ? 400 : i === 518 ? 40 : 100 + (i % 7)))
  const kept = thin(points, 100)
  expect(kept.length).toBeLessThanOrEqual(40)
  expect(kept.map((point) => point.v)).toEqual(expect.arrayContaining([400, 40]))
  expect(kept.map((point) => point.t)).toEqual([...kept].map((point) => point.t).sort((a, b) => a - b))
  expect(kept.at(-1)).toBe(points.at(-1))
})

describe('the period', () => {
  test('ends now while readings are of this week', () => {
    expect(periodOf('7', now - 3 * DAY_MS, now)).toEqual({ from: now - 7 * DAY_MS, to: now, endsAtNewest: false })
    expect(periodOf('30', null, now).to).toBe(now)
  })

  test('ends at the newest reading when that is old', () => {
    const newest = Date.parse('2015-02-03T10:00:00+09:00')
    expect(periodOf('30', newest, now)).toEqual({ from: newest - 30 * DAY_MS, to: newest, endsAtNewest: true })
    expect(periodOf('all', newest, now).from).toBeNull()
  })

  test('is read from the address, and 30 days otherwise', () => {
    expect(rangeOf('?range=90')).toBe('90')
    expect(rangeOf('?range=5000')).toBe('30')
  })
})

describe('ticks', () => {
  test('of time lie on midnights in Japan, or firsts of a month, and never crowd', () => {
    const week = timeTicks(now - 7 * DAY_MS, now, 8, JAPAN)
    expect(week.length).toBe(7)
    expect(new Date(week[0]?.t ?? 0).toISOString()).toBe('2026-11-15T15:00:00.000Z')
    for (const days of [0.5, 1, 7, 30, 90, 400, 4000]) {
      const ticks = timeTicks(now - days * DAY_MS, now, 8, JAPAN)
      expect(ticks.length).toBeGreaterThan(0)
      expect(ticks.length).toBeLessThanOrEqual(10)
    }
  })

  test("of days lie on the patient's midnights, also where clocks are moved", () => {
    const berlin = zoneOf('Europe/Berlin')
    const end = Date.parse('2026-10-28T12:00:00+01:00')
    const midnights = timeTicks(end - 6 * DAY_MS, end, 8, berlin).map(({ t }) => new Date(t).toISOString())
    expect(midnights).toEqual(['22', '23', '24'].map((day) => `2026-10-${day}T22:00:00.000Z`).concat(['25', '26', '27'].map((day) => `2026-10-${day}T23:00:00.000Z`)))
    const losAngeles = timeTicks(now - 7 * DAY_MS, now, 8, zoneOf('America/Los_Angeles'))
    expect(losAngeles.every(({ t }) => new Date(t).toISOString().endsWith('T08:00:00.000Z'))).toBe(true)
  })

  test('of values are round', () => {
    expect(valueTicks(40, 200, 4)).toEqual([50, 100, 150, 200])
    expect(valueTicks(60.2, 64.9, 5)).toEqual([61, 62, 63, 64])
  })
})

const limit = (of: Partial<Limit>): Limit => ({ kind: 'blood_pressure', field: 'systolic', side: 'at_or_above', value: 180, severity: null, ...of })
const systolic = [limit({ severity: 'urgent' }), limit({ value: 135 })]
const diastolic = [limit({ field: 'diastolic', value: 110, severity: 'urgent' }), limit({ field: 'diastolic', value: 85 })]

test('a blood pressure is as high as the higher of its two values says', () => {
  const level = (high: number, low: number) => levelOf([[high, systolic], [low, diastolic]])
  expect(level(134, 84)).toBe('below')
  expect(level(135, 70)).toBe('high')
  expect(level(120, 85)).toBe('high')
  expect(level(179, 109)).toBe('high')
  expect(level(180, 90)).toBe('severe')
  expect(level(150, 110)).toBe('severe')
})

test('no value is severe by a target, nor by a limit that asks for a review', () => {
  const target = [...systolic.slice(0, 1), limit({ value: 125 }), limit({ value: 160, severity: 'review' })]
  expect(levelOf([[130, target]])).toBe('high')
  expect(levelOf([[165, target]])).toBe('high')
  expect(levelOf([[180, target]])).toBe('severe')
  expect(limitText([target, diastolic], 'target')).toBe('125/85')
  expect(thresholdName(limit({ severity: 'review' }))).toBe('threshold threshold-high')
})

test('a limit says on which side it is reached', () => {
  const is = (v: number, side: Limit['side'], value: number) => reaches({ v, side: undefined }, limit({ side, value }))
  expect(is(70, 'below', 70)).toBe(false)
  expect(is(69, 'below', 70)).toBe(true)
  expect(is(180, 'above', 180)).toBe(false)
  expect(is(181, 'above', 180)).toBe(true)
  expect(is(180, 'at_or_above', 180)).toBe(true)
  expect(is(90, 'at_or_below', 90)).toBe(true)
  expect(is(91, 'at_or_below', 90)).toBe(false)
})

const range = (below: number, above: number) => [limit({ side: 'below', value: below }), limit({ side: 'above', value: above })]

test('a value is judged as the number that is shown of it', () => {
  const judged = (glucose_value: number) => {
    const reading = { kind: 'blood_glucose', values: { glucose_value } } as const
    const v = numberOf(reading, 'glucose_value') ?? 0
    return [valueText(reading, WORDS.en)?.value, calculatedText('blood_glucose', 'glucose_value', v), outOf(range(70, 180), { v, side: undefined })]
  }
  expect(judged(69.6)).toEqual(['69.6', '69.6', 'below'])
  expect(judged(69.96)).toEqual(['70', '70', undefined])
  expect(judged(69.94)).toEqual(['69.9', '69.9', 'below'])
  expect(judged(180.04)).toEqual(['180', '180', undefined])
  expect(judged(180.1)).toEqual(['180.1', '180.1', 'above'])
})

test('limits of several fields are one text, or none where one is missing', () => {
  expect(limitText([systolic, diastolic], 'urgent')).toBe('180/110')
  expect(limitText([systolic, diastolic], 'target')).toBe('135/85')
  const low = limit({ side: 'below', value: 90, severity: 'urgent' })
  expect(limitText([[low, ...systolic], diastolic], 'urgent')).toBe('180/110')
  expect(limitText([systolic, []], 'target')).toBe(null)
})

test('copies are parted from what is counted, and stand among it in a table', () => {
  const reading = (id: string, minute: number, copy?: string) =>
    ({ id, observed_at: `2026-11-22T07:0${minute}:00+09:00`, ...(copy && { copy_of: copy }) }) as Reading
  const all = [reading('a', 0), reading('b', 1, 'a'), reading('c', 2)]
  const { readings, apart } = parted(all)
  expect([readings, apart.copies].map((some) => some.map((one) => one.id))).toEqual([['a', 'c'], ['b']])
  expect(inOrder([...readings, ...apart.copies])).toEqual(all)
})

test('a reading whose clock was not set is not drawn at its false time, and stands in a table where it was received', () => {
  const of = (id: string, observed_at: string, more: Partial<Reading> = {}) => ({ id, observed_at, received_at: observed_at, ...more }) as Reading
  const unset = of('unset', '2021-01-01T00:03:00+09:00', { time_unknown: true, received_at: '2026-11-22T07:30:00Z' })
  const all = [unset, of('before', '2026-11-22T16:00:00+09:00'), of('after', '2026-11-22T17:00:00+09:00')]
  const { readings, apart } = parted(all)
  expect(readings.map(({ id }) => id)).toEqual(['before', 'after'])
  expect(apart.undated).toEqual([unset])
  expect(inOrder(all).map(({ id }) => id)).toEqual(['before', 'unset', 'after'])
})

describe('labels', () => {
  test('of limits near each other do not cover one another, and others stay where they belong', () => {
    expect(labelsApart([20, 100, 104, 130])).toEqual([20, 100, 112, 130])
    expect(labelsApart([100, 101, 102])).toEqual([100, 112, 124])
  })
})

test('of a value below a device and a lower one that was measured the lower is the lowest', () => {
  const low = { v: 40, text: '< 40' }
  expect(extremesOf([low, { v: 40, text: '40' }, { v: 90, text: '90' }])?.map(({ text }) => text)).toEqual(['< 40', '90'])
  expect(extremesOf([low, { v: 31, text: '31' }])?.[0].text).toBe('31')
})

test('a reading is put into words when the cursor is there, and not before', () => {
  const readings = Array.from({ length: 1_000 }, (_, index) => ({
    id: `r${index}`, kind: 'blood_glucose', observed_at: new Date(index * 5 * MINUTE_MS).toISOString(), values: { glucose_value: 100 + (index % 7) }, data_input: 'manual', outcome: 'correction',
  })) as unknown as readonly Reading[]
  let put = 0
  const stops = stopsOf(readings, (reading) => { put += 1; return [numberOf(reading as never, 'glucose_value' as never)] }, WORDS.en)
  const index = nearest(stops, 501 * 5 * MINUTE_MS + MINUTE_MS)
  expect([index, put]).toEqual([501, 0])
  expect(stops.stopAt(index)).toEqual({ t: 501 * 5 * MINUTE_MS, at: [104], value: '104 mg/dL', notes: 'Typed by hand · corrected' })
  expect([put, stops.stopAt(1_000)]).toEqual([1, undefined])
  expect([nearest(stops, -1), nearest(stops, Number.MAX_SAFE_INTEGER)]).toEqual([0, 999])
})

test('the shortest period is 24 hours, and an address may say so', () => {
  const now = Date.parse('2026-11-22T08:00:00+09:00')
  expect([rangeOf('?range=1'), rangeOf('?range=2'), rangeOf('')]).toEqual(['1', '30', '30'])
  const { from, to } = periodOf('1', now, now)
  expect(to - (from ?? 0)).toBe(24 * HOUR_MS)
})
