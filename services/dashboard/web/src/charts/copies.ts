import type { Reading } from '../api/model'

/** Readings parted into what is drawn and counted, and probable copies: the same measurements over another source. */
export function withoutCopies<R extends Reading>(all: readonly R[]): { readonly readings: readonly R[]; readonly copies: readonly R[] } {
  const isCopy = (reading: R) => reading.copy_of !== undefined
  return { readings: all.filter((reading) => !isCopy(reading)), copies: all.filter(isCopy) }
}

export function inOrder<R extends Reading>(readings: readonly R[]): readonly R[] {
  return readings.toSorted((a, b) => Date.parse(a.observed_at) - Date.parse(b.observed_at))
}
