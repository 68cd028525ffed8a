// What people do about the mock's invented alerts, as far as the pages need it.
const COLLEAGUES = [{ id: 'dr.sato', name: '佐藤 陽子' }, { id: 'dr.suzuki', name: '鈴木 一郎' }]
const DUE_MS = { urgent: 30 * 60_000, review: 3 * 86_400_000, technical: 7 * 86_400_000 }
const RANK = { technical: 0, review: 1, urgent: 2 }

const acts = new Map()
const actsOf = (alert) => acts.get(alert.id) ?? []

/** Until when the newest acknowledgement holds: for a shift of an urgent alert. */
const holdsUntil = (alert, counted) => alert.severity !== 'urgent' ? null : new Date(Date.parse(counted.findLast((act) => act.kind === 'acknowledge').at) + 12 * 3_600_000).toISOString()

/** What the acts on an alert come to. */
export function careOf(alert) {
  const counted = actsOf(alert).filter((act) => !act.undone && act.kind !== 'undo')
  const last = (kind) => counted.findLast((act) => act.kind === kind && (kind !== 'acknowledge' || RANK[act.severity] >= RANK[alert.severity])) ?? null
  const mark = (act, more = {}) => act && { by: act.by, at: act.at, ...more }
  const [acknowledged, assigned, snoozed, closed] = ['acknowledge', 'assign', 'snooze', 'close'].map(last)
  // As the platform folds them: who acknowledges or closes ends a snooze, who puts it off ends a closing.
  const isPutOff = snoozed && counted.indexOf(snoozed) > Math.max(counted.indexOf(acknowledged), counted.indexOf(closed))
  const isClosed = closed && !isPutOff
  const isSeenTo = acknowledged ?? closed ?? snoozed
  const before = counted.find((act) => act.kind === 'acknowledge' && RANK[act.severity] < RANK[alert.severity])
  return {
    acknowledged: mark(acknowledged), assigned: assigned?.to ? mark(assigned, { to: assigned.to }) : null, snoozed: isPutOff ? mark(snoozed, { until: snoozed.until }) : null,
    closed: isClosed ? mark(closed, { outcome: closed.outcome }) : null, comments: counted.filter((act) => act.kind === 'comment').length,
    came_back_at: before && !isSeenTo ? alert.changed_at : null,
    due_at: alert.status !== 'open' || isClosed ? null : isPutOff ? snoozed.until : acknowledged ? holdsUntil(alert, counted) : new Date(Date.parse(alert.changed_at) + DUE_MS[alert.severity]).toISOString(),
  }
}

export const withCare = (alert) => ({ ...alert, care: careOf(alert) })
export const colleaguesOf = (patient) => ({ patient, colleagues: COLLEAGUES })
export const historyOf = (alert) => ({ alert: alert.id, patient: alert.patient, acts: actsOf(alert), care: careOf(alert) })

/** Does it, once for each id. Returns a status and what to answer. */
export function act(alert, { id, act: wanted, seen }) {
  const known = actsOf(alert)
  const by = COLLEAGUES[0]
  const answer = () => [200, { alert: alert.id, patient: alert.patient, care: careOf(alert) }]
  if (known.some((one) => one.id === id)) return answer()
  if (seen && RANK[seen.severity] < RANK[alert.severity]) return [409, 'The alert has become worse', { type: 'urn:mimamori:problem:has-become-worse' }]
  if (wanted.kind === 'undo') {
    const undone = known.find((one) => one.id === wanted.act)
    if (!undone || undone.undone) return [409, 'There is no such act to take back']
    undone.undone = { by, at: new Date().toISOString(), act: id }
  }
  const text = wanted.text ?? wanted.reason ?? null
  const made = { id, kind: wanted.kind, by, at: new Date().toISOString(), severity: seen?.severity ?? null, text, text_lost: false, to: COLLEAGUES.find((one) => one.id === wanted.to) ?? null, until: wanted.until ?? null, outcome: wanted.outcome ?? null, undoes: wanted.act ?? null, undone: null }
  acts.set(alert.id, [...known, made])
  return answer()
}

/** Who was notified of an alert: the first on the list did not get it, the second did. */
export function notificationsOf(alert) {
  const after = (seconds) => new Date(Date.parse(alert.raised_at ?? alert.changed_at) + seconds * 1000).toISOString()
  const message = (to, of, decided, changed) => ({ to, channel: 'email', severity: alert.severity, decided_at: after(decided), changed_at: after(changed), failed_attempts: 0, ...of })
  const notifications = alert.severity === 'technical' ? [] : [
    message(COLLEAGUES[0], { status: 'given_up', failed_attempts: 5 }, 0, 75),
    message(COLLEAGUES[1], { status: 'delivered', channel: 'webhook' }, 76, 77),
  ]
  return { alert: alert.id, patient: alert.patient, notifications, undelivered: [] }
}
