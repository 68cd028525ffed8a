import { useCallback, useMemo, useRef } from 'react'
import { ApiError, listAlertsOf, listBackdated, listReadings, readLimits, serverNow } from '../api/client'
import type { Alert, BackdatedReadings, Limit, PatientReadings, Reading } from '../api/model'
import { inOrder, observedAt, placeOf } from '../charts/parted'
import { CHARTED_KINDS } from '../charts/list'
import { periodOf, type Period, type Range } from '../charts/period'
import { DAY_MS } from '../language/zones'
import { againAfterFailure, whileSeen } from '../state/questions'
import { useAnswer, useFollowing, useLasting, useSeen, useSlow } from '../state/server-state'
import { SHORT_PAUSE } from '../state/throttle'

export interface History {
  readonly range: Range
  readonly period: Period
  /** Where the axis begins: the period's begin, or the first reading when all are shown. */
  readonly from: number
  /** Of all kinds that have a chart, in order of time. */
  readonly readings: readonly Reading[]
  readonly truncated: boolean
  readonly limits: readonly Limit[]
  /** The patient's time zone. */
  readonly timeZone: string | null
  /** When it was answered, by the server's clock. */
  readonly at: number
  /** When it was asked, by a clock that nobody sets. */
  readonly asked: number
  /** Since when readings of the patient waited for the store then; null where none did. */
  readonly waitingSince: string | null
}

/** What the care plan and the rule set give charts. */
export type InForce = Pick<History, 'limits' | 'timeZone' | 'at' | 'asked'>

export type Failure = 'not-yours' | 'unavailable' | 'failed'

const MOST = 50_000
const NO_ALERTS: readonly Alert[] = []

/** The live stream tells of no care plan and no rule set. A page that is seen asks what they give its charts so often. */
const IN_FORCE_ANEW_MS = 30_000

interface ChangesOf {
  readonly readings: number
  readonly alerts: number
}

/** The readings of the charts. Asked anew for another range, and whenever the patient's readings have changed. */
export function useReadings(patient: string, range: Range, newest: number | null, changes: ChangesOf, isReady: boolean) {
  const queryKey = ['readings', patient, range, newest]
  const { answer, failure, isFetching } = useAnswer({
    of: patient,
    queryKey,
    queryFn: async () => {
      const asked = performance.now()
      const { from } = periodOf(range, newest, serverNow())
      const answers = await Promise.all(CHARTED_KINDS.map((kind) => listReadings(patient, { kind, from, limit: MOST })))
      return historyOf(answers, range, newest, serverNow(), asked)
    },
    enabled: isReady,
    ...againAfterFailure(isWorthAsking),
  })
  // What the viewer chose is not kept waiting; what changed by itself may come often.
  const askReadings = useFollowing(queryKey, { changes: changes.readings, isReady, pace: SHORT_PAUSE })
  const isSlow = useSlow(isFetching)
  const { inForce, inForceFailure, askInForce } = useInForce(patient, answer !== null, changes.alerts)
  const history = useMemo(() => answer && withInForce(answer, inForce), [answer, inForce])
  const isOfReadings = failure !== null || answer === null
  const again = useCallback(() => {
    askReadings()
    askInForce()
  }, [askReadings, askInForce])
  return {
    history,
    failure: isOfReadings ? failureOf(failure) : inForceFailure,
    /** As of when all of what is shown is so, where something has failed. */
    since: answer && (isOfReadings ? answer.at : Math.max(answer.at, inForce?.at ?? answer.at)),
    isSlow,
    again,
  }
}

/**
 * What is in force of the patient's care plan and the rule set, asked anew every so often once charts are shown, and
 * when an alert has changed, which a plan may have caused.
 */
function useInForce(patient: string, areShown: boolean, changedAlerts: number) {
  // The charts' own answer says it at first.
  const isDue = useLasting(areShown, IN_FORCE_ANEW_MS)
  const queryKey = ['limits', patient]
  const asking = whileSeen<InForce>(useSeen() && isDue, () => IN_FORCE_ANEW_MS)
  const { answer, failure } = useAnswer<InForce>({
    of: patient,
    queryKey,
    queryFn: async () => {
      const asked = performance.now()
      return inForceOf(await readLimits(patient), serverNow(), asked)
    },
    ...asking,
    refetchInterval: (query) => isWorthAsking(query.state.error) && asking.refetchInterval(query),
  })
  const askInForce = useFollowing(queryKey, { changes: changedAlerts, isReady: isDue, pace: SHORT_PAUSE })
  return { inForce: answer, inForceFailure: failureOf(failure), askInForce }
}

/** Of an answer without readings, in the order of the charts' answers. */
export function inForceOf(answer: PatientReadings, at: number, asked: number): InForce {
  const limits = CHARTED_KINDS.flatMap((kind) => answer.limits.filter((limit) => limit.kind === kind))
  return { limits, timeZone: answer.time_zone, at, asked }
}

/** What charts show with what is in force by now. Where that is what they show they need no new drawing. */
export function withInForce(history: History, inForce: InForce | null): History {
  if (inForce === null || inForce.asked <= history.asked || textOf(inForce) === textOf(history)) return history
  const { limits, timeZone } = inForce
  return { ...history, limits, timeZone }
}

function textOf({ limits, timeZone }: Pick<InForce, 'limits' | 'timeZone'>): string {
  return JSON.stringify([timeZone, limits])
}

/** Another number whenever what is in force for the charts has changed. */
export function useChangesInForce(history: History | null): number {
  const text = useMemo(() => history && textOf(history), [history])
  const known = useRef({ text, changes: 0 })
  if (text !== null && text !== known.current.text) {
    const isFirst = known.current.text === null
    known.current = { text, changes: known.current.changes + (isFirst ? 0 : 1) }
  }
  return known.current.changes
}

/** What the charts show of answers: their own newest reading counts, though the list does not know it yet. */
export function historyOf(answers: readonly PatientReadings[], range: Range, listed: number | null, now: number, asked = 0): History {
  const all = inOrder(answers.flatMap((answer) => answer.readings))
  const times = all.filter((reading) => !reading.time_unknown).map(observedAt)
  const last = times.at(-1) ?? null
  const newest = last === null || listed === null ? (last ?? listed) : Math.max(last, listed)
  const period = periodOf(range, newest, now)
  const from = period.from ?? times[0] ?? period.to - 30 * DAY_MS
  const waiting = answers.flatMap(({ waiting_since }) => waiting_since ?? [])
  return {
    range,
    period,
    from,
    readings: all.filter((reading) => placeOf(reading) >= from),
    truncated: answers.some((answer) => answer.truncated),
    limits: answers.flatMap((answer) => answer.limits),
    timeZone: answers[0]?.time_zone ?? null,
    at: now,
    asked,
    waitingSince: waiting.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null,
  }
}

/** Every alert of a patient. Asked anew whenever one of them has changed, or readings that they are of. */
export function useAlerts(patient: string, changes: number) {
  const queryKey = ['alerts', patient]
  const { answer, failure, isFetching } = useAnswer({
    of: patient,
    queryKey,
    queryFn: async () => ({ alerts: (await listAlertsOf(patient)).alerts, at: serverNow() }),
    ...againAfterFailure(isWorthAsking),
  })
  useFollowing(queryKey, { changes, isReady: true, pace: SHORT_PAUSE })
  const alertsAreSlow = useSlow(isFetching)
  return { alerts: answer?.alerts ?? NO_ALERTS, alertsAt: answer?.at ?? null, alertsFailure: failureOf(failure), alertsAreSlow }
}

/** What came in lately with a date of long ago, and how far that is known. */
export interface BackdatedState {
  readonly backdated: (BackdatedReadings & { readonly at: number }) | null
  readonly failure: Failure | null
  readonly isSlow: boolean
}

/** What came in lately with a date of long ago. Asked anew whenever the patient's readings have changed. */
export function useBackdated(patient: string, changes: number): BackdatedState {
  const queryKey = ['backdated', patient]
  const { answer, failure, isFetching } = useAnswer({
    of: patient,
    queryKey,
    queryFn: async () => ({ ...(await listBackdated(patient)), at: serverNow() }),
    ...againAfterFailure(isWorthAsking),
  })
  useFollowing(queryKey, { changes, isReady: true, pace: SHORT_PAUSE })
  return { backdated: answer, failure: failureOf(failure), isSlow: useSlow(isFetching) }
}

interface LiveOnes {
  /** What is open by the live stream, which knows first. */
  readonly open: readonly Alert[]
  /** What it has seen end. */
  readonly ended: Iterable<Alert>
  /** Whether the answer may be of before: it could not be asked for again. */
  readonly isOld: boolean
}

/**
 * The alerts that are over. What has ended since the answer is among them, also where the answer does not come: no
 * alert is in neither list. One whose end nobody has reported yet is still said to be open in itself.
 */
export function earlierOf(alerts: readonly Alert[], { open, ended, isOld }: LiveOnes): readonly Alert[] {
  const known = new Map(alerts.map((alert) => [alert.id, alert]))
  const over = new Map<string, Alert>()
  for (const alert of ended) {
    const answered = known.get(alert.id)
    if (!answered || answered.status === 'open' || Date.parse(answered.changed_at) < Date.parse(alert.changed_at)) over.set(alert.id, alert)
  }
  const unanswered = [...over.values()].filter(({ id }) => !known.has(id)).reverse()
  return [...unanswered, ...alerts.map((alert) => over.get(alert.id) ?? alert)].filter(
    ({ id, status }) => !open.some((one) => one.id === id) && (status !== 'open' || isOld || over.has(id)),
  )
}

const isWorthAsking = (error: unknown) => failureOf(error) !== 'not-yours'

function failureOf(error: unknown): Failure | null {
  if (error === null) return null
  const status = error instanceof ApiError ? error.status : 0
  if (status === 403 || status === 404) return 'not-yours'
  return status === 503 ? 'unavailable' : 'failed'
}
