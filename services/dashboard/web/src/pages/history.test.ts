import { expect, test } from 'vitest'
import type { Alert, Limit, PatientReadings, Reading } from '../api/model'
import { earlierOf, historyOf, inForceOf, withInForce } from './use-history'

const now = Date.parse('2026-11-22T08:00:00+09:00')
const reading = (id: string, observed_at: string, of: Partial<Reading> = {}) => ({ id, kind: 'blood_pressure', observed_at, received_at: observed_at, ...of }) as Reading
const answer = (readings: Reading[], waiting_since: string | null = null): PatientReadings => ({ patient: 'A/1', readings, truncated: false, limits: [], time_zone: 'Asia/Tokyo', waiting_since })

test('a reading that the list does not know yet ends the period of the past', () => {
  const fresh = reading('fresh', '2026-11-22T07:00:00+09:00')
  const listed = Date.parse('2015-06-19T10:00:00+09:00')
  expect(historyOf([answer([])], '30', listed, now).period.endsAtNewest).toBe(true)
  const history = historyOf([answer([reading('old', '2015-06-19T10:00:00+09:00'), fresh])], '30', listed, now)
  expect(history.period).toMatchObject({ to: now, endsAtNewest: false })
  expect(history.readings).toEqual([fresh])
})

test('a reading whose clock was not set belongs to the period in which it was received', () => {
  const unset = reading('unset', '2021-01-01T00:03:00+09:00', { time_unknown: true, received_at: '2026-11-22T07:30:00+09:00' })
  const history = historyOf([answer([unset, reading('b', '2026-11-20T07:00:00+09:00')])], '30', null, now)
  expect(history.readings.map(({ id }) => id)).toEqual(['b', 'unset'])
  expect(historyOf([answer([unset])], 'all', null, now).from).toBeGreaterThan(Date.parse('2026-01-01T00:00:00Z'))
})

test('since when readings wait is that of the answer which waits longest, whatever the clock of the browser', () => {
  const answers = [answer([]), answer([], '2026-11-21T22:59:50Z'), answer([], '2026-11-21T22:59:58Z')]
  for (const skew of [-20_000, 0, 20_000]) {
    expect(historyOf(answers, '30', null, now + skew).waitingSince).toBe('2026-11-21T22:59:50Z')
    expect(historyOf([answer([])], '30', null, now + skew).waitingSince).toBe(null)
  }
})

test('an alert that is open again is none of the earlier ones, whatever was answered before', () => {
  const alert = (id: string, status: Alert['status']) => ({ id, status }) as Alert
  const answered = [alert('over', 'resolved'), alert('again', 'resolved'), alert('closing', 'open'), alert('wrong', 'retracted')]
  expect(earlierOf(answered, { open: [alert('again', 'open')], ended: [], isOld: false }).map(({ id }) => id)).toEqual(['over', 'wrong'])
})

test('an alert that has ended since the answer is among the earlier ones, also where no answer comes', () => {
  const alert = (id: string, status: Alert['status'], changed_at: string) => ({ id, status, changed_at }) as Alert
  const [before, after] = ['2026-11-22T07:00:00+09:00', '2026-11-22T08:00:00+09:00']
  const answered = [alert('ended', 'open', before), alert('over', 'resolved', before), alert('silently', 'open', before), alert('open', 'open', before)]
  const ended = [alert('ended', 'resolved', after), alert('raised since', 'retracted', after), alert('over', 'retracted', after)]
  const earlier = (isOld: boolean) => earlierOf(answered, { open: [alert('open', 'open', before)], ended, isOld }).map(({ id, status }) => `${id}: ${status}`)
  expect(earlier(false)).toEqual(['raised since: retracted', 'ended: resolved', 'over: retracted'])
  // Of what the stream no longer has, only an answer that could not be asked for again says that it was open.
  expect(earlier(true)).toEqual(['raised since: retracted', 'ended: resolved', 'over: retracted', 'silently: open'])
  // An answer of after the end says more.
  const later = [alert('ended', 'retracted', '2026-11-22T09:00:00+09:00')]
  expect(earlierOf(later, { open: [], ended, isOld: false }).find(({ id }) => id === 'ended')).toBe(later[0])
})

test('charts show what is in force by the newest question, and are drawn anew only where that differs', () => {
  const limit = (kind: Limit['kind'], value: number): Limit => ({ kind, field: 'systolic', side: 'at_or_above', value, severity: 'urgent' })
  const said = (...limits: Limit[]) => ({ ...answer([]), limits })
  const shown = historyOf([said(limit('blood_pressure', 180)), said(limit('weighing_scale', 2))], '30', null, now, 10)
  // The answer of all kinds has another order, and kinds without a chart.
  const same = inForceOf(said(limit('weighing_scale', 2), limit('body_temperature', 38), limit('blood_pressure', 180)), now, 20)
  expect(withInForce(shown, null)).toBe(shown)
  expect(withInForce(shown, same)).toBe(shown)
  const changed = said(limit('weighing_scale', 2), limit('blood_pressure', 195))
  expect(withInForce(shown, inForceOf(changed, now, 20)).limits.map(({ value }) => value)).toEqual([195, 2])
  // Charts that were asked for later know better.
  expect(withInForce(shown, inForceOf(changed, now, 10))).toBe(shown)
  expect(withInForce(shown, inForceOf({ ...same, patient: 'A/1', readings: [], truncated: false, time_zone: 'Europe/Berlin', waiting_since: null }, now, 20)).timeZone).toBe('Europe/Berlin')
})
