import type { Alert, AlertCare, Care, Severity } from '../api/model'

const RANK: Readonly<Record<Severity, number>> = { urgent: 0, review: 1, technical: 2 }

export const SEVERITIES: readonly Severity[] = ['urgent', 'review', 'technical']

/** 0 is the worst; without an alert comes last. */
export function rankOf(severity: Severity | null | undefined): number {
  return severity ? RANK[severity] : 3
}

/** Open alerts by id. */
export type OpenAlerts = ReadonlyMap<string, Alert>

export function openAlertsOf(snapshot: readonly Alert[]): OpenAlerts {
  return new Map(snapshot.filter((alert) => alert.status === 'open').map((alert) => [alert.id, alert]))
}

/** The open alerts after one transition. An event older than what is known (a replay) changes nothing. */
export function withTransition(open: OpenAlerts, alert: Alert): OpenAlerts {
  const known = open.get(alert.id)
  if (known && Date.parse(alert.changed_at) < Date.parse(known.changed_at)) return open
  if (alert.status !== 'open' && !known) return open
  const next = new Map(open)
  if (alert.status === 'open') next.set(alert.id, withNewestCare(known, alert))
  else next.delete(alert.id)
  return next
}

/** The open alerts after somebody has done something about one of them. */
export function withCare(open: OpenAlerts, { alert: id, care }: AlertCare): OpenAlerts {
  const alert = open.get(id)
  if (!alert || isOlderCare(care, alert.care) || isSameCare(alert, { care })) return open
  return new Map(open).set(id, { ...alert, care })
}

/**
 * Whether what is said of people's acts is of before what is known: of an earlier change of the alert, or of the same
 * one and fewer acts. Answers, the stream and the list overtake one another.
 */
export function isOlderCare(care: Care | null | undefined, known: Care | null | undefined): boolean {
  if (care?.alert_changed_at === undefined || known?.alert_changed_at === undefined) return false
  const apart = Date.parse(care.alert_changed_at) - Date.parse(known.alert_changed_at)
  return apart < 0 || (apart === 0 && (care.acts ?? 0) < (known.acts ?? 0))
}

/** The alert with the newer of what it says people did and what is known. */
export function withNewestCare(known: Alert | undefined, alert: Alert): Alert {
  return known && isOlderCare(alert.care, known.care) ? { ...alert, care: known.care ?? null } : alert
}

/** Whether what people did about an alert is the same. */
export function isSameCare(a: Pick<Alert, 'care'>, b: Pick<Alert, 'care'>): boolean {
  return JSON.stringify(a.care ?? null) === JSON.stringify(b.care ?? null)
}

/** Worst first; of equal severity the one that changed last first. */
export function compareAlerts(a: Alert, b: Alert): number {
  return (
    rankOf(a.severity) - rankOf(b.severity) ||
    Date.parse(b.changed_at) - Date.parse(a.changed_at) ||
    (a.id < b.id ? -1 : 1)
  )
}

/** Whether nobody is to be called for an alert yet: it came within the patient's quiet hours. */
export function isHeldBack(alert: Alert, now: number): boolean {
  return alert.page_after != null && now < Date.parse(alert.page_after)
}

/** The worst severity among the alerts that somebody is to be called for now; null where there is none. */
export function dueSeverity(alerts: readonly Alert[], now: number): Severity | null {
  const due = alerts.filter((alert) => !isHeldBack(alert, now)).map(({ severity }) => severity)
  return SEVERITIES.find((severity) => due.includes(severity)) ?? null
}

/** When the next ones that are held back are due; null where none is held back. */
export function nextDue(alerts: Iterable<Alert>, now: number): number | null {
  const times = [...alerts].filter((alert) => isHeldBack(alert, now)).map(({ page_after }) => Date.parse(page_after ?? ''))
  return times.length === 0 ? null : Math.min(...times)
}

/** Whether an alert is to be announced to a physician: something new, or something that became worse. */
export function isNews(alert: Alert): boolean {
  return alert.status === 'open' && (alert.transition === 'raised' || alert.transition === 'escalated')
}
