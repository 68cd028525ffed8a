import type { Reading } from '../api/model'

/** What is neither drawn nor part of a mean, only mentioned and listed. */
export interface Apart<R extends Reading> {
  /** Probable copies: the same measurements over another source. */
  readonly copies: readonly R[]
  /** From clocks that were not set: when they were measured is not known. */
  readonly undated: readonly R[]
}

/** Readings parted into what is drawn and counted, and what is not. */
export function parted<R extends Reading>(all: readonly R[]): { readonly readings: readonly R[]; readonly apart: Apart<R> } {
  const found = { readings: [] as R[], copies: [] as R[], undated: [] as R[] }
  for (const reading of all) found[reading.time_unknown ? 'undated' : reading.copy_of !== undefined ? 'copies' : 'readings'].push(reading)
  const { readings, ...apart } = found
  return { readings, apart }
}

const times = new WeakMap<Reading, number>()

/** When a reading was measured, in milliseconds. It is asked for again and again of thousands of readings, and read once. */
export function observedAt(reading: Reading): number {
  const known = times.get(reading)
  if (known !== undefined) return known
  const t = Date.parse(reading.observed_at)
  times.set(reading, t)
  return t
}

/** When a reading has its place: when it was measured, or received where that is not known. */
export function placeOf(reading: Reading): number {
  return reading.time_unknown ? Date.parse(reading.received_at) : observedAt(reading)
}

export function inOrder<R extends Reading>(readings: readonly R[]): readonly R[] {
  return readings.toSorted((a, b) => placeOf(a) - placeOf(b))
}
