/** What values span. Their mean is the summaries' to say: of occasions, parts of the day and days. */
export interface Spread {
  readonly lowest: number
  readonly highest: number
}

/** Of the values that were measured. */
export function spreadOf(measured: readonly (number | undefined)[]): Spread | null {
  const values = measured.filter((value) => value !== undefined)
  if (values.length === 0) return null
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (const value of values) {
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
  }
  return { lowest, highest }
}

/** The lowest and the highest of texts with their values; of equal ones the first. */
export function extremesOf<T extends { readonly v: number }>(values: readonly T[]): readonly [T, T] | null {
  const [first, ...others] = values
  if (!first) return null
  const lowest = others.reduce((one, other) => (other.v < one.v ? other : one), first)
  const highest = others.reduce((one, other) => (other.v > one.v ? other : one), first)
  return [lowest, highest]
}
