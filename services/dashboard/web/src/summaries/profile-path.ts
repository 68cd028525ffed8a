import type { Percentiles } from './api'

/** '07:15' */
export function clockText(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** Slots that follow each other, each stretch for itself: where data is missing nothing is drawn. */
export function stretchesOf(slots: readonly Percentiles[], slotMinutes: number): readonly (readonly Percentiles[])[] {
  const stretches: Percentiles[][] = []
  let last: Percentiles | undefined
  for (const slot of slots) {
    if (last && slot.minute_of_day - last.minute_of_day === slotMinutes) stretches.at(-1)?.push(slot)
    else stretches.push([slot])
    last = slot
  }
  return stretches
}

type Place = readonly [x: number, y: number]

export function lineOf(points: readonly Place[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
}

/** The area between two lines. */
export function areaOf(upper: readonly Place[], lower: readonly Place[]): string {
  return upper.length === 0 ? '' : `${lineOf([...upper, ...[...lower].reverse()])}Z`
}
