import type { Reading } from '../api/model'

/** What is neither drawn nor part of a mean, only told of and listed. */
export interface Apart<R extends Reading> {
  /** Probable copies: the same measurements over another source. */
  readonly copies: readonly R[]
  /** From clocks that were not set: when they were measured is not known. */
  readonly undated: readonly R[]
}

/** Readings parted into what is drawn and counted, and what is not. */
export function parted<R extends Reading>(all: readonly R[]): { readonly readings: readonly R[]; readonly apart: Apart<R> } {
  const of = (reading: R) => (reading.time_unknown ? 'undated' : reading.copy_of !== undefined ? 'copies' : 'readings')
  const [readings, copies, undated] = (['readings', 'copies', 'undated'] as const).map((part) => all.filter((reading) => of(reading) === part))
  return { readings: readings ?? [], apart: { copies: copies ?? [], undated: undated ?? [] } }
}

/** When a reading has its place: when it was measured, or received where that is not known. */
export function placeOf(reading: Reading): number {
  return Date.parse(reading.time_unknown ? reading.received_at : reading.observed_at)
}

export function inOrder<R extends Reading>(readings: readonly R[]): readonly R[] {
  return readings.toSorted((a, b) => placeOf(a) - placeOf(b))
}
