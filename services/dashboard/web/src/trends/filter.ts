import type { Kind } from '../api/model'
import { KIND_ORDER } from '../language/kinds.generated'
import { CURVES } from '../year/curves'

export const SHOWN = ['all', 'alerts', 'few'] as const
export type Shown = (typeof SHOWN)[number]

/** Which part of the table is seen. */
export interface Filter {
  readonly kind: Kind | null
  readonly show: Shown
  readonly sought: string
  /** From 1. */
  readonly page: number
}

/** What the table compares: the API answers nothing to other kinds. It is what a year is drawn of. */
export const COMPARED: readonly Kind[] = KIND_ORDER.filter((kind) => CURVES.some((curve) => curve.kind === kind))

/** The filter that an address names: what it does not name, or names wrongly, is as at the beginning. */
export function filterOf(search: string): Filter {
  const named = new URLSearchParams(search)
  const page = Number(named.get('page') ?? 1)
  return {
    kind: COMPARED.find((kind) => kind === named.get('kind')) ?? null,
    show: SHOWN.find((one) => one === named.get('show')) ?? 'all',
    sought: named.get('sought') ?? '',
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  }
}

/** The filter after the address has changed: the same where it says the same, so that what is being typed stays. */
export function followed(filter: Filter, search: string): Filter {
  const named = filterOf(search)
  return queryOf(named).toString() === queryOf(filter).toString() ? filter : named
}

/** The filter as an address and the API have it: nothing of what is as at the beginning. */
export function queryOf({ kind, show, sought, page }: Filter): URLSearchParams {
  const query = new URLSearchParams()
  if (kind !== null) query.set('kind', kind)
  if (show !== 'all') query.set('show', show)
  if (sought.trim() !== '') query.set('sought', sought.trim())
  if (page > 1) query.set('page', String(page))
  return query
}
