import type { Alert } from '../api/model'

type Acted = Pick<Alert, 'status' | 'care'>

/** Whether somebody has put it off, and that time has not come. */
export function isPutOff({ care }: Acted, now: number): boolean {
  return care?.snoozed != null && now < Date.parse(care.snoozed.until)
}

/**
 * Whether an acknowledgement says something about it. What was acknowledged and put off after that is due again
 * (`due_at`), so that somebody has seen it once is not enough.
 */
export function isToAcknowledge({ care }: Acted): boolean {
  return care == null || care.due_at != null || !(care.acknowledged ?? care.closed)
}

/** Whether an open alert is seen to by nobody: it was neither acknowledged nor closed as it is, nor is it put off still. */
export function needsSomebody(alert: Acted, now: number): boolean {
  return alert.status === 'open' && isToAcknowledge(alert) && !isPutOff(alert, now)
}
