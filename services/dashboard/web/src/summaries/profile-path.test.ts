import { expect, test } from 'vitest'
import type { Percentiles } from './api'
import { areaOf, clockText, lineOf, stretchesOf } from './profile-path'

const slot = (minute_of_day: number): Percentiles => ({ minute_of_day, values: 14, p5: 70, p25: 90, p50: 110, p75: 140, p95: 190 })

test('a quarter of an hour without values breaks the profile', () => {
  const stretches = stretchesOf([slot(0), slot(15), slot(45), slot(60)], 15)
  expect(stretches.map((one) => one.map((s) => s.minute_of_day))).toEqual([[0, 15], [45, 60]])
  expect(stretchesOf([], 15)).toEqual([])
})

test('a time of day is written with two digits', () => {
  expect(clockText(435)).toBe('07:15')
  expect(clockText(0)).toBe('00:00')
})

test('an area goes out along the upper line and back along the lower one', () => {
  expect(lineOf([[0, 1], [2, 3]])).toBe('M0.0 1.0L2.0 3.0')
  expect(areaOf([[0, 1], [2, 1]], [[0, 5], [2, 6]])).toBe('M0.0 1.0L2.0 1.0L2.0 6.0L0.0 5.0Z')
  expect(areaOf([], [])).toBe('')
})
