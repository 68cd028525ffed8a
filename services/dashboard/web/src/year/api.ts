import { readOfPatient } from '../api/client'
import type { Kind } from '../api/model'
import { DAY_MS } from '../language/zones'
import type { components } from '../api/schema'

type Schemas = components['schemas']

export type Aggregates = Schemas['Aggregates']
export type Bucket = Schemas['AggregateBucket']

/** How long a chart of days is. */
export const YEARS = [1, 2] as const
export type Years = (typeof YEARS)[number]

/** A curve of a chart of years. */
export interface Curve {
  readonly kind: Kind
  readonly field: string
  /** How it was measured, where that is distinguished. */
  readonly method?: string
}

/** The days of a patient over so many years up to now. */
export function readYears(patient: string, { kind, field, method }: Curve, years: Years, now: number): Promise<Aggregates> {
  const from = new Date(now - years * 365 * DAY_MS).toISOString()
  const query = new URLSearchParams({ kind, field, by: 'day', from, ...(method === undefined ? {} : { method }) })
  return readOfPatient<Aggregates>(patient, `aggregates?${query}`)
}
