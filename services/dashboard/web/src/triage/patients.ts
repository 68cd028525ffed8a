import { needsSomebody } from '../acts/attended'
import type { Alert, Kind, PatientSummary, Reading, Severity } from '../api/model'
import { JAPAN } from '../language/zones'
import { compareAlerts, dueSeverity, isHeldBack, isOlderCare, isSameCare, rankOf, type OpenAlerts } from './alerts'

/** Worst first: open alerts by severity, then longest without a reading; 'never' is longest. */
export function comparePatients(a: PatientSummary, b: PatientSummary): number {
  return (
    rankOf(a.severity) - rankOf(b.severity) ||
    lastOf(a) - lastOf(b) ||
    (a.patient < b.patient ? -1 : a.patient > b.patient ? 1 : 0)
  )
}

const lastTimes = new WeakMap<PatientSummary, number>()

/** When anything came last. Thousands are sorted by it again and again: it is read once. */
function lastOf(patient: PatientSummary): number {
  const known = lastTimes.get(patient)
  if (known !== undefined) return known
  const time = timeOf(patient.last_reading_at)
  lastTimes.set(patient, time)
  return time
}

function timeOf(time: string | null | undefined): number {
  return time ? Date.parse(time) : Number.NEGATIVE_INFINITY
}

export interface Triage {
  /** With an alert that somebody is to be called for now, the worst first. */
  readonly attention: readonly PatientSummary[]
  /** With alerts that quiet hours hold back, and no other. */
  readonly later: readonly PatientSummary[]
  readonly others: readonly PatientSummary[]
}

/** Since when the longest of the alerts of a severity that are due waits for somebody; infinite where each is seen to. */
function waitsSince({ open_alerts }: PatientSummary, severity: Severity | null, now: number): number {
  const waiting = open_alerts.filter((alert) => alert.severity === severity && !isHeldBack(alert, now) && needsSomebody(alert, now))
  return Math.min(...waiting.map(({ news_at, changed_at }) => Date.parse(news_at ?? changed_at)))
}

/**
 * Patients, who are sorted as `comparePatients` says, by what is to be done now. Of equal severity those come first whom
 * nobody sees to, the one who has waited longest above all: what was acknowledged days ago hides no new alert.
 */
export function triageOf(patients: readonly PatientSummary[], now: number): Triage {
  const due = new Map(patients.map((patient) => [patient, dueSeverity(patient.open_alerts, now)]))
  const rank = (patient: PatientSummary) => rankOf(due.get(patient))
  const waits = new Map(patients.map((patient) => [patient, waitsSince(patient, due.get(patient) ?? null, now)]))
  const longest = (a: number, b: number) => (a === b ? 0 : a - b)
  return {
    attention: patients.filter((patient) => due.get(patient) !== null).sort((a, b) => rank(a) - rank(b) || longest(waits.get(a) ?? Infinity, waits.get(b) ?? Infinity)),
    later: patients.filter((patient) => due.get(patient) === null && patient.open_alerts.length > 0),
    others: patients.filter((patient) => patient.open_alerts.length === 0),
  }
}

/**
 * The fetched list with the live alerts laid over it. Until the first snapshot (`null`) the list's own alerts stand.
 * Patients whom nothing changed keep their object, so that their rows need no new drawing.
 */
export function withLiveAlerts(
  patients: readonly PatientSummary[],
  open: OpenAlerts | null,
): readonly PatientSummary[] {
  if (!open) return [...patients].sort(comparePatients)
  const byPatient = new Map<string, Alert[]>()
  for (const alert of open.values()) {
    const alerts = byPatient.get(alert.patient)
    if (alerts) alerts.push(alert)
    else byPatient.set(alert.patient, [alert])
  }
  const listed = patients.map((summary) => {
    const live = (byPatient.get(summary.patient) ?? []).sort(compareAlerts)
    // Of one and the same transition the list is newer: it says until when the plan of now holds it back.
    const alerts = live.map((alert) => asListed(alert, summary.open_alerts.find((one) => isSameTransition(one, alert))))
    byPatient.delete(summary.patient)
    const last_reading_at = newestOf(summary.last_reading_at ?? null, alerts)
    return sameAlerts(summary.open_alerts, alerts) && last_reading_at === (summary.last_reading_at ?? null)
      ? summary
      : { ...summary, open_alerts: alerts, severity: alerts[0]?.severity ?? null, last_reading_at }
  })
  // An alert may reach the page before the list names its patient: it must not be hidden for that.
  const unlisted = [...byPatient].map(
    ([patient, alerts]): PatientSummary => ({
      patient,
      name: null,
      birth_year: null,
      sex: 'unknown',
      severity: alerts.sort(compareAlerts)[0]?.severity ?? null,
      open_alerts: alerts,
      time_zone: JAPAN.name,
      last_reading_at: newestOf(null, alerts),
      latest: [],
    }),
  )
  return [...listed, ...unlisted].sort(comparePatients)
}

/**
 * A reading behind an alert has come, though the list does not know it yet. Taken into account at once,
 * or the patient would change places again when the list follows.
 */
function newestOf(listed: string | null, alerts: readonly Alert[]): string | null {
  let newest = listed
  for (const { evidence, changed_at } of alerts) {
    for (const { observed_at } of evidence) {
      // Of a clock that is ahead: it had come when the alert reported it.
      const measuredBy = timeOf(observed_at) > timeOf(changed_at) ? changed_at : observed_at
      if (timeOf(measuredBy) > timeOf(newest)) newest = measuredBy
    }
  }
  return newest
}

/** Of what people did the live alert is newer, where it says that. */
function asListed(alert: Alert, listed: Alert | undefined): Alert {
  if (!listed) return alert
  return !alert.care || isOlderCare(alert.care, listed.care) || isSameCare(alert, listed) ? listed : { ...listed, care: alert.care }
}

function sameAlerts(a: readonly Alert[], b: readonly Alert[]): boolean {
  return a.length === b.length && a.every((alert, i) => alert === b[i] || (isSameTransition(alert, b[i]) && isSameCare(alert, b[i] ?? {})))
}

function isSameTransition(a: Alert, b: Alert | undefined): boolean {
  return a.id === b?.id && a.changed_at === b.changed_at
}

/**
 * A patient with the newest values as an answer for the charts says them: what it has of a kind, and of what it does
 * not reach back to what the list has. So what is shown of a corrected or withdrawn reading is one, wherever it is shown.
 */
export function withNewest(patient: PatientSummary, shown: { readonly from: number; readonly readings: readonly Reading[] }, kinds: readonly Kind[]): PatientSummary {
  const others = patient.latest.filter((reading) => !kinds.includes(reading.kind) || measuredBy(reading) < shown.from)
  const newest = new Map(others.map((reading) => [reading.kind, reading]))
  for (const reading of shown.readings.filter((one) => one.copy_of === undefined)) {
    const known = newest.get(reading.kind)
    if (!known || isNewer(reading, known)) newest.set(reading.kind, reading)
  }
  const latest = [...newest.values()]
  const last = latest.length === 0 ? null : latest.reduce((a, b) => (measuredBy(b) > measuredBy(a) ? b : a))
  return { ...patient, latest, last_reading_at: last && (isClockWrong(last) ? last.received_at : last.observed_at) }
}

/** As the list chooses: by observation time, though not later than receipt; where clocks were not set, last. */
function isNewer(a: Reading, b: Reading): boolean {
  if ((a.time_unknown ?? false) !== (b.time_unknown ?? false)) return !a.time_unknown
  return measuredBy(a) > measuredBy(b)
}

function isClockWrong(reading: Reading): boolean {
  return Boolean(reading.time_unknown || reading.observed_ahead)
}

/** By when a reading was measured for certain. */
function measuredBy(reading: Reading): number {
  return Date.parse(isClockWrong(reading) ? reading.received_at : reading.observed_at)
}

/** 'CGM005/S001' → consortium and person. */
export function partsOf(patient: string): readonly [consortium: string, person: string] {
  const slash = patient.indexOf('/')
  return slash < 0 ? ['', patient] : [patient.slice(0, slash), patient.slice(slash + 1)]
}

/** Of a birth year alone two ages are possible: before and after this year's birthday. */
export function possibleAges(birthYear: number, thisYear: number): readonly [number, number] {
  const older = Math.max(0, thisYear - birthYear)
  return [Math.max(0, older - 1), older]
}
