import type { Reading } from '../api/model'

export interface Counted {
  /** What is drawn and counted. */
  readonly readings: readonly Reading[]
  /** Probable copies: the same measurements over another source. */
  readonly copies: readonly Reading[]
}

export function withoutCopies(all: readonly Reading[]): Counted {
  const isCopy = (reading: Reading) => reading.copy_of !== undefined
  return { readings: all.filter((reading) => !isCopy(reading)), copies: all.filter(isCopy) }
}

export function inOrder(readings: readonly Reading[]): readonly Reading[] {
  return readings.toSorted((a, b) => Date.parse(a.observed_at) - Date.parse(b.observed_at))
}
