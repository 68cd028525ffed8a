import type { Limit } from '../api/model'
import { outOf, type Known } from './limits'

export interface Spread {
  readonly mean: number
  readonly lowest: number
  readonly highest: number
}

/** Of the values that were measured. */
export function spreadOf(measured: readonly (number | undefined)[]): Spread | null {
  const values = measured.filter((value) => value !== undefined)
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

export interface Shares {
  readonly below: number
  readonly within: number
  readonly above: number
}

/** The shares of values below, within and above a range, both ends of which are within; in percent. */
export function sharesOf(values: readonly Known[], range: readonly Limit[]): Shares | null {
  if (values.length === 0) return null
  const percent = (side: 'below' | 'above') => (100 * values.filter((value) => outOf(range, value) === side).length) / values.length
  const [below, above] = [percent('below'), percent('above')]
  return { below, within: 100 - below - above, above }
}

/** The lowest and the highest of texts with their values; of equal ones the first. */
export function extremesOf<T extends { readonly v: number }>(values: readonly T[]): readonly [T, T] | null {
  const [first, ...others] = values
  if (!first) return null
  const lowest = others.reduce((one, other) => (other.v < one.v ? other : one), first)
  const highest = others.reduce((one, other) => (other.v > one.v ? other : one), first)
  return [lowest, highest]
}
