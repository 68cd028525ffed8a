import { MINUTE_MS } from '../language/zones'

export interface Point {
  /** Milliseconds since the epoch. */
  readonly t: number
  readonly v: number
}

/** A sensor measures every 5 or 15 minutes: over a longer silence nothing is known, and no line is drawn. */
export const SENSOR_GAP_MS = 30 * MINUTE_MS

/** Cuts points in order of time wherever more than `gap` lies between two of them. */
export function splitAtGaps(points: readonly Point[], gap: number): readonly (readonly Point[])[] {
  const segments: Point[][] = []
  let last: Point | undefined
  for (const point of points) {
    if (last && point.t - last.t <= gap) segments.at(-1)?.push(point)
    else segments.push([point])
    last = point
  }
  return segments
}

/**
 * Thins one segment to what can be seen: of each column of `column` milliseconds
 * the first, lowest, highest and last point stay, so no peak is lost.
 */
export function thin(points: readonly Point[], column: number): readonly Point[] {
  if (points.length < 5 || column <= 0) return points
  const kept: Point[] = []
  let start = 0
  while (start < points.length) {
    const first = points[start] as Point
    const index = Math.floor(first.t / column)
    let end = start
    let low = first
    let high = first
    for (; end < points.length; end += 1) {
      const point = points[end] as Point
      if (Math.floor(point.t / column) !== index) break
      if (point.v < low.v) low = point
      if (point.v > high.v) high = point
    }
    const last = points[end - 1] as Point
    for (const point of [first, ...(low.t <= high.t ? [low, high] : [high, low]), last]) {
      if (kept.at(-1) !== point) kept.push(point)
    }
    start = end
  }
  return kept
}
