import type { Alert, CareOutcome, RequestedAct } from '../api/model'
import { HOUR_MS } from '../language/zones'
import type { Seen } from './use-act'

const KINDS = ['assign', 'comment', 'snooze', 'close'] as const

/** What can be written about an alert; one that is over is nobody's task, and is not put off. */
export function kindsOf({ status }: Pick<Alert, 'status'>): readonly (typeof KINDS)[number][] {
  return status === 'open' ? KINDS : ['comment', 'close']
}

/** An act that is being written. */
export interface Draft {
  readonly kind: (typeof KINDS)[number]
  readonly to: string
  /** For how long it is put off; null for the shortest that is offered. */
  readonly hours: number | null
  readonly outcome: CareOutcome
  readonly text: string
  /** The alert as it was when the writing began: what the act covers, though the alert may become worse meanwhile. */
  readonly seen: Seen | null
}

export const EMPTY: Draft = { kind: 'comment', to: '', hours: null, outcome: 'contacted', text: '', seen: null }

/** The server takes the longest time and no second more, by its own clock. */
const LEFT_MS = 60_000

/** The draft after some of it was written. */
export function written(draft: Draft, what: Partial<Draft>, { changed_at, severity }: Seen): Draft {
  return { ...draft, ...what, seen: draft.seen ?? { changed_at, severity } }
}

/** For how long it is put off: as chosen, if that is offered still. */
export function hoursOf(hours: number | null, lengths: readonly number[]): number {
  return hours !== null && lengths.includes(hours) ? hours : (lengths[0] ?? 1)
}

/** The act that is written; `lengths` are the hours that are offered. */
export function actOf({ kind, to, hours, outcome, text }: Draft, lengths: readonly number[], now: number): RequestedAct {
  const said = text.trim()
  if (kind === 'assign') return { kind, to: to === '' ? null : to }
  if (kind === 'comment') return { kind, text: said }
  if (kind === 'close') return { kind, outcome, reason: said === '' ? null : said }
  return { kind, until: new Date(now + hoursOf(hours, lengths) * HOUR_MS - LEFT_MS).toISOString(), reason: said }
}

/** Whether two say the same, whenever their writing began. */
export const isSameDraft = (a: Draft, b: Draft) => JSON.stringify({ ...a, seen: null }) === JSON.stringify({ ...b, seen: null })
