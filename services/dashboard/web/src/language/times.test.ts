import { expect, test } from 'vitest'
import { timesIn } from './times'
import { DAY_MS, HOUR_MS, JAPAN, MINUTE_MS, offsetText, zoneOf } from './zones'

const berlin = zoneOf('Europe/Berlin')
const losAngeles = zoneOf('America/Los_Angeles')
const en = timesIn('en', JAPAN, JAPAN)
const ja = timesIn('ja', JAPAN, JAPAN)
const now = Date.parse('2026-11-22T08:00:00+09:00')
const ago = (ms: number) => [en.ago(now - ms, now), ja.ago(now - ms, now)]

test('how long ago is said in minutes, hours, days, months and years', () => {
  expect(ago(20_000)).toEqual(['just now', 'たった今'])
  expect(ago(5 * MINUTE_MS)).toEqual(['5 min ago', '5分前'])
  expect(ago(59 * MINUTE_MS)[0]).toBe('59 min ago')
  expect(ago(HOUR_MS)[1]).toBe('1時間前')
  expect(ago(47 * HOUR_MS)[0]).toBe('47 h ago')
  expect(ago(2 * DAY_MS)[0]).toBe('2 days ago')
  expect(ago(100 * DAY_MS)[0]).toBe('3 months ago')
  expect(ago(11 * 366 * DAY_MS)[1]).toBe('11年前')
})

test('a time a little in the future is now, one far in the future is said as it is', () => {
  expect(ago(-MINUTE_MS)[0]).toBe('just now')
  expect(ago(-10 * MINUTE_MS)[0]).toBe('in 10 min')
})

test('in Japan times of Japan name no zone, and midnight is 00:00', () => {
  expect(en.full('2026-11-21T15:00:00Z')).toBe('22 Nov 2026, 00:00')
  expect(ja.full('2026-11-21T15:00:00Z')).toBe('2026/11/22 00:00')
  expect(en.time('2026-11-21T22:31:00Z')).toBe('07:31')
})

test('the year is named only when it is another one', () => {
  expect(en.dateTime('2026-11-21T22:31:00Z', now)).toBe('22 Nov, 07:31')
  expect(en.dateTime('2015-02-03T22:31:00Z', now)).toBe('4 Feb 2015, 07:31')
  expect(ja.dateTime('2026-11-21T22:31:00Z', now)).toBe('11/22 07:31')
})

test('times of patients elsewhere are theirs, with the offset named', () => {
  expect(timesIn('en', berlin, JAPAN).full('2026-11-21T22:31:00Z')).toBe('21 Nov 2026, 23:31 UTC+1')
  expect(timesIn('ja', berlin, JAPAN).dateTime('2026-07-21T22:31:00Z', now)).toBe('7/22 00:31 UTC+2')
  expect(timesIn('en', losAngeles, JAPAN).time('2026-11-21T22:31:00Z')).toBe('14:31 UTC-8')
  expect(timesIn('en', losAngeles, JAPAN).date('2026-11-22T07:59:00Z')).toBe('21 Nov 2026')
})

test('the offset is named where it is not that of the viewer, or not that of Japan', () => {
  expect(timesIn('en', JAPAN, berlin).time('2026-11-21T22:31:00Z')).toBe('07:31 UTC+9')
  expect(timesIn('en', berlin, berlin).time('2026-11-21T22:31:00Z')).toBe('23:31 UTC+1')
})

test('a reading is shown in the civil time in which it was observed', () => {
  expect(en.full('2026-11-21T23:31:00+01:00')).toBe('21 Nov 2026, 23:31 UTC+1')
  expect(timesIn('en', berlin, JAPAN).full('2026-11-22T07:31:00+09:00')).toBe('22 Nov 2026, 07:31 UTC+9')
})

test('days, months and years begin at midnight in the zone', () => {
  const newYear = Date.parse('2026-01-01T00:00:00+09:00')
  expect(JAPAN.startOfDay(newYear)).toBe(newYear)
  expect(JAPAN.startOfDay(newYear - 1)).toBe(newYear - DAY_MS)
  expect(JAPAN.startOfMonth(newYear + 40 * DAY_MS, -1)).toBe(newYear)
  expect(JAPAN.yearOf(newYear)).toBe(2026)
  expect(JAPAN.yearOf(newYear - 1)).toBe(2025)
  expect(losAngeles.yearOf(newYear)).toBe(2025)
  expect(losAngeles.startOfDay(newYear)).toBe(Date.parse('2025-12-31T00:00:00-08:00'))
})

test('a day may have 23 or 25 hours, or begin an hour late', () => {
  const spring = Date.parse('2026-03-29T00:00:00+01:00')
  expect(berlin.addDays(spring, 1) - spring).toBe(23 * HOUR_MS)
  expect(berlin.startOfDay(spring + 12 * HOUR_MS)).toBe(spring)
  const autumn = Date.parse('2026-10-25T00:00:00+02:00')
  expect(berlin.addDays(autumn, 1) - autumn).toBe(25 * HOUR_MS)
  // In Chile clocks are moved at midnight.
  const late = Date.parse('2026-09-06T01:00:00-03:00')
  expect(zoneOf('America/Santiago').startOfDay(late + HOUR_MS)).toBe(late)
})

test('a zone that the browser does not know is that of Japan, and offsets are named shortly', () => {
  expect(zoneOf('Europe/Nowhere')).toBe(JAPAN)
  expect([0, 9, -3.5, 5.75].map((hours) => offsetText(hours * HOUR_MS))).toEqual(['UTC', 'UTC+9', 'UTC-3:30', 'UTC+5:45'])
})
