import type { Alert, PatientSummary } from '../api/model'
import { needsSomebody } from './attended'

/** An alert as somebody saw it. */
export type SeenAlert = Pick<Alert, 'id' | 'patient' | 'changed_at' | 'severity'>

/** Of each patient who is marked, the alerts as they were then: no others are acknowledged. */
export type Marks = ReadonlyMap<string, readonly SeenAlert[]>

export const NO_MARKS: Marks = new Map()

type Shown = Pick<PatientSummary, 'patient' | 'open_alerts'>

/** What is still to be acknowledged of a patient, as it is shown. */
export function seenOf({ open_alerts }: Shown, now: number): readonly SeenAlert[] {
  return open_alerts.filter((alert) => needsSomebody(alert, now)).map(({ id, patient, changed_at, severity }) => ({ id, patient, changed_at, severity }))
}

/** Part of a patient is marked where an alert has come or changed since: somebody has to look again. */
export type Marked = 'all' | 'part' | 'none' | 'nothing to mark'

export function markedOf(marks: Marks, patient: Shown, now: number): Marked {
  const shown = seenOf(patient, now)
  if (shown.length === 0) return 'nothing to mark'
  const marked = marks.get(patient.patient)
  if (!marked) return 'none'
  return shown.every(({ id, changed_at }) => marked.some((one) => one.id === id && one.changed_at === changed_at)) ? 'all' : 'part'
}

/** After a patient's box was used. */
export function withMark(marks: Marks, patient: Shown, now: number): Marks {
  const next = new Map(marks)
  if (markedOf(marks, patient, now) === 'all') next.delete(patient.patient)
  else next.set(patient.patient, seenOf(patient, now))
  return next
}

/** The marks that are seen: of patients who are shown, and of alerts that nobody has seen to meanwhile. */
export function marksShown(marks: Marks, patients: readonly Shown[], now: number): Marks {
  if (marks.size === 0) return marks
  const shown = new Map<string, readonly SeenAlert[]>()
  for (const patient of patients) {
    const open = new Set(seenOf(patient, now).map(({ id }) => id))
    const left = (marks.get(patient.patient) ?? []).filter(({ id }) => open.has(id))
    if (left.length > 0) shown.set(patient.patient, left)
  }
  const isSame = shown.size === marks.size && [...marks].every(([patient, alerts]) => shown.get(patient)?.length === alerts.length)
  return isSame ? marks : shown
}
