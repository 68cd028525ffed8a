import type { Alert } from '../api/model'

type Acted = Pick<Alert, 'status' | 'care'>

/** Whether somebody has put it off, and that time has not come. */
export function isPutOff({ care }: Acted, now: number): boolean {
  return care?.snoozed != null && now < Date.parse(care.snoozed.until)
}

/**
 * By when it has to be closed by whoever acknowledged it: an urgent alert is acknowledged for a shift. Null where an
 * acknowledgement holds for good, or there is none, or the alert was put off after it.
 */
export function toCloseBy({ care }: Acted): string | null {
  return care?.acknowledged != null && care.snoozed == null ? (care.due_at ?? null) : null
}

/** Whether an acknowledgement holds that is one for a shift. */
function isHeld(alert: Acted, now: number): boolean {
  const until = toCloseBy(alert)
  return until != null && now < Date.parse(until)
}

/**
 * Whether an acknowledgement says something about it. What was acknowledged and put off after that is due again
 * (`due_at`), and so is what was acknowledged a shift ago: that somebody has seen it once is not enough.
 */
export function isToAcknowledge(alert: Acted, now: number): boolean {
  const { care } = alert
  return care == null || (care.due_at != null && !isHeld(alert, now)) || !(care.acknowledged ?? care.closed)
}

/** Whether an open alert is seen to by nobody: it was neither acknowledged nor closed as it is, nor is it put off still. */
export function needsSomebody(alert: Acted, now: number): boolean {
  return alert.status === 'open' && isToAcknowledge(alert, now) && !isPutOff(alert, now)
}
