import { expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, startOfDay, startOfMonth, TIMES, yearOf } from './times'

const now = Date.parse('2026-11-22T08:00:00+09:00')
const ago = (ms: number) => [TIMES.en.ago(now - ms, now), TIMES.ja.ago(now - ms, now)]

test('how long ago is told in minutes, hours, days, months and years', () => {
  expect(ago(20_000)).toEqual(['just now', 'たった今'])
  expect(ago(5 * MINUTE_MS)).toEqual(['5 min ago', '5分前'])
  expect(ago(59 * MINUTE_MS)[0]).toBe('59 min ago')
  expect(ago(HOUR_MS)[1]).toBe('1時間前')
  expect(ago(47 * HOUR_MS)[0]).toBe('47 h ago')
  expect(ago(2 * DAY_MS)[0]).toBe('2 days ago')
  expect(ago(100 * DAY_MS)[0]).toBe('3 months ago')
  expect(ago(11 * 366 * DAY_MS)[1]).toBe('11年前')
})

test('a time a little in the future is now, one far in the future is told as it is', () => {
  expect(ago(-MINUTE_MS)[0]).toBe('just now')
  expect(ago(-10 * MINUTE_MS)[0]).toBe('in 10 min')
})

test('times are Japan times, and midnight is 00:00', () => {
  expect(TIMES.en.full('2026-11-21T15:00:00Z')).toBe('22 Nov 2026, 00:00')
  expect(TIMES.ja.full('2026-11-21T15:00:00Z')).toBe('2026/11/22 00:00')
  expect(TIMES.en.time('2026-11-21T22:31:00Z')).toBe('07:31')
})

test('the year is named only when it is another one', () => {
  expect(TIMES.en.dateTime('2026-11-21T22:31:00Z', now)).toBe('22 Nov, 07:31')
  expect(TIMES.en.dateTime('2015-02-03T22:31:00Z', now)).toBe('4 Feb 2015, 07:31')
  expect(TIMES.ja.dateTime('2026-11-21T22:31:00Z', now)).toBe('11/22 07:31')
})

test('days, months and years begin at midnight in Japan', () => {
  const newYear = Date.parse('2026-01-01T00:00:00+09:00')
  expect(startOfDay(newYear)).toBe(newYear)
  expect(startOfDay(newYear - 1)).toBe(newYear - DAY_MS)
  expect(startOfMonth(newYear + 40 * DAY_MS, -1)).toBe(newYear)
  expect(yearOf(newYear)).toBe(2026)
  expect(yearOf(newYear - 1)).toBe(2025)
})
