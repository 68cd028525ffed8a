import type { Kind, PatientSummary } from '../api/model'
import { DAY_MS } from '../language/zones'

/** Days, the first of them the last 24 hours; or all. */
export const RANGES = ['1', '7', '30', '90', 'all'] as const
export type Range = (typeof RANGES)[number]

/** What the charts show: `from` null means from the first reading on. */
export interface Period {
  readonly from: number | null
  readonly to: number
  /** The period ends at this newest reading instead of today. */
  readonly endsAtNewest: boolean
}

/** Older than this, an empty chart up to today would hide what there is. */
const OLD_MS = 7 * DAY_MS

export function periodOf(range: Range, newest: number | null, now: number): Period {
  const endsAtNewest = newest !== null && now - newest > OLD_MS
  const to = endsAtNewest ? newest : Math.max(now, newest ?? now)
  return { from: range === 'all' ? null : to - Number(range) * DAY_MS, to, endsAtNewest }
}

export function rangeOf(search: string): Range {
  const asked = new URLSearchParams(search).get('range')
  return RANGES.find((range) => range === asked) ?? '30'
}

/** The newest reading of a kind that has a chart; of any kind when none has. */
export function newestCharted(patient: PatientSummary, charted: readonly Kind[]): number | null {
  const times = patient.latest
    .filter((reading) => charted.includes(reading.kind) && !reading.time_unknown)
    .map((reading) => Date.parse(reading.observed_at))
  if (times.length > 0) return Math.max(...times)
  return patient.last_reading_at ? Date.parse(patient.last_reading_at) : null
}
