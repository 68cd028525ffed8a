import { readOfPatient } from '../api/client'
import type { Kind } from '../api/model'
import type { components } from '../api/schema'

type Schemas = components['schemas']

export type Aggregates = Schemas['Aggregates']
export type Bucket = Schemas['AggregateBucket']

/** A curve of a chart of a year. */
export interface Curve {
  readonly kind: Kind
  readonly field: string
  /** How it was measured, where that is told apart. */
  readonly method?: string
}

/** The days of a patient over the year up to now. */
export function readYear(patient: string, { kind, field, method }: Curve): Promise<Aggregates> {
  const query = new URLSearchParams({ kind, field, by: 'day', ...(method === undefined ? {} : { method }) })
  return readOfPatient<Aggregates>(patient, `aggregates?${query}`)
}
