import type { Alert, AlertCare, Care } from '../api/model'
import { isHeldBack, isNews, isOlderCare, nextDue, openAlertsOf, withCare, withNewestCare, withTransition, type OpenAlerts } from '../triage/alerts'

/** A timer may be early by a moment, and what is due must be so by then. */
const AFTER_DUE_MS = 1_000

export interface Announcement {
  readonly alert: Alert | null
  /** How many came together, where it is not one. */
  readonly missed: number
}

export interface LiveAlerts {
  /** Null until the first snapshot. */
  readonly open: OpenAlerts | null
  readonly news: ReadonlySet<string>
  /** Ids of those that are still to be announced: that came while the connection was away, or that quiet hours hold back. */
  readonly unreported: ReadonlySet<string>
  /** Those that have ended while the page was open, by id: as the stream said, or as they were when it no longer had them. */
  readonly ended: ReadonlyMap<string, Alert>
  /** What people did, while the page was open, about alerts that are not. */
  readonly cares: ReadonlyMap<string, Care>
  readonly announcement: Announcement | null
}

export const NO_ALERTS: LiveAlerts = { open: null, news: new Set(), unreported: new Set(), ended: new Map(), cares: new Map(), announcement: null }

/** A page that is open for days keeps so many; the list of a patient's alerts has them all. */
const ENDED_KEPT = 1_000

function withEnded(before: LiveAlerts['ended'], open: OpenAlerts, alerts: readonly Alert[]): LiveAlerts['ended'] {
  const ended = new Map([...before].filter(([id]) => !open.has(id)))
  for (const alert of alerts) {
    const known = ended.get(alert.id)
    if (!known || Date.parse(known.changed_at) <= Date.parse(alert.changed_at)) ended.set(alert.id, alert)
  }
  return new Map([...ended].slice(-ENDED_KEPT))
}

/** After a snapshot: what is open that was not before has come while the connection was away. */
export function withSnapshot(before: LiveAlerts, snapshot: readonly Alert[]): LiveAlerts {
  const open = new Map([...openAlertsOf(snapshot)].map(([id, alert]) => [id, withNewestCare(before.open?.get(id), alert)]))
  const missed = before.open ? [...open.keys()].filter((id) => !before.open?.has(id)) : []
  const ofOpen = (ids: readonly string[]) => new Set(ids.filter((id) => open.has(id)))
  const ended = withEnded(before.ended, open, [...(before.open?.values() ?? [])].filter(({ id }) => !open.has(id)))
  return { ...before, open, ended, news: ofOpen([...before.news, ...missed]), unreported: ofOpen([...before.unreported, ...missed]) }
}

/** After one transition of an alert, which is reported at once unless it is held back. */
export function withAlert(before: LiveAlerts, alert: Alert, now: number): LiveAlerts {
  const known = before.open ?? new Map<string, Alert>()
  const open = withTransition(known, alert)
  const ended = alert.status === 'open' ? withEnded(before.ended, open, []) : open.has(alert.id) ? before.ended : withEnded(before.ended, open, [alert])
  if (open === known) return alert.status === 'open' ? before : { ...before, ended }
  if (!isNews(alert)) return { ...before, open, ended }
  const news = new Set(before.news).add(alert.id)
  const unreported = new Set(before.unreported).add(alert.id)
  if (isHeldBack(alert, now)) return { ...before, open, ended, news, unreported }
  unreported.delete(alert.id)
  return { ...before, open, ended, news, unreported, announcement: { alert, missed: 0 } }
}

/** After somebody has done something about an alert, which is no news. */
export function withCareOf(before: LiveAlerts, care: AlertCare): LiveAlerts {
  if (before.open && !before.open.has(care.alert)) return withCareOfOver(before, care)
  const open = before.open && withCare(before.open, care)
  return open === before.open ? before : { ...before, open }
}

function withCareOfOver(before: LiveAlerts, { alert, care }: AlertCare): LiveAlerts {
  if (isOlderCare(care, before.cares.get(alert))) return before
  const others = [...before.cares].filter(([id]) => id !== alert)
  return { ...before, cares: new Map([...others, [alert, care] as const].slice(-ENDED_KEPT)) }
}

/** Alerts that are over with what people did about them since they were answered. */
export function withCares(alerts: readonly Alert[], cares: LiveAlerts['cares']): readonly Alert[] {
  return alerts.map((alert) => {
    const care = cares.get(alert.id)
    return care === undefined || isOlderCare(care, alert.care) ? alert : { ...alert, care }
  })
}

/**
 * After reporting what is to be reported now of the alerts as they are shown. What is held back is reported once it is
 * not any more: because its time has come, whenever that is looked at, or because the plan has changed.
 */
export function withReported(before: LiveAlerts, shown: readonly Alert[], now: number): LiveAlerts {
  const isOpen = (id: string) => before.open?.has(id) ?? true
  const come = shown.filter((alert) => before.unreported.has(alert.id) && isOpen(alert.id) && !isHeldBack(alert, now))
  const held = shown.filter((alert) => isHeldBack(alert, now)).map(({ id }) => id)
  const reported = new Set(come.map(({ id }) => id))
  const unreported = new Set([...before.unreported, ...held].filter((id) => isOpen(id) && !reported.has(id)))
  const [alert] = come
  if (alert === undefined) return sameIds(unreported, before.unreported) ? before : { ...before, unreported }
  return { ...before, unreported, announcement: come.length === 1 ? { alert, missed: 0 } : { alert: null, missed: come.length } }
}

function sameIds(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id))
}

/** Has alerts looked at now, and whenever some that are held back are due. Returns what ends it. */
export function lookWhenDue(shown: readonly Alert[], clock: () => number, look: (now: number) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const turn = () => {
    const now = clock()
    look(now)
    const due = nextDue(shown, now)
    if (due !== null) timer = setTimeout(turn, due - now + AFTER_DUE_MS)
  }
  turn()
  return () => clearTimeout(timer)
}
