import { numberOf, type Reading } from '../api/model'

/** The values of one field, in order of time. */
export function valuesOf(readings: readonly Reading[], field: string): readonly number[] {
  return readings.map((reading) => numberOf(reading.values, field)).filter((value) => value !== null)
}

export interface Spread {
  readonly mean: number
  readonly lowest: number
  readonly highest: number
}

export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  let sum = 0
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (const value of values) {
    sum += value
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
  }
  return { mean: sum / values.length, lowest, highest }
}

