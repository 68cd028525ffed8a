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

