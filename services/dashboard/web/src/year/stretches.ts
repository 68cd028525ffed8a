import { DAY_MS } from '../language/zones'
import type { Bucket } from './api'

/** Days apart by more than this are not joined by a line: who measures each week has one line. */
const GAP_MS = 8.5 * DAY_MS

/** The middle of a bucket's time. */
export function middleOf(bucket: Bucket): number {
  return (Date.parse(bucket.from) + Date.parse(bucket.to)) / 2
}

/** Days in order, each stretch without a gap for itself: where nothing was measured nothing is drawn. */
export function stretchesOf(buckets: readonly Bucket[]): readonly (readonly Bucket[])[] {
  const stretches: Bucket[][] = []
  let last = Number.NEGATIVE_INFINITY
  for (const bucket of buckets) {
    if (middleOf(bucket) - last <= GAP_MS) stretches.at(-1)?.push(bucket)
    else stretches.push([bucket])
    last = middleOf(bucket)
  }
  return stretches
}

/** Within which values a chart is drawn: some more than there are, and not less than a tenth of them. */
export function rangeOf(buckets: readonly Bucket[]): { readonly bottom: number; readonly top: number } {
  const lowest = Math.min(...buckets.map((bucket) => bucket.lowest))
  const highest = Math.max(...buckets.map((bucket) => bucket.highest))
  const span = Math.max(highest - lowest, Math.abs(highest) * 0.1, 1) * 1.1
  const middle = (lowest + highest) / 2
  return { bottom: middle - span / 2, top: middle + span / 2 }
}
