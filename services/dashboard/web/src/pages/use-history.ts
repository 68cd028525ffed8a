import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, listAlertsOf, listReadings, serverNow } from '../api/client'
import type { Alert, Limit, PatientReadings, Reading } from '../api/model'
import { inOrder, placeOf } from '../charts/parted'
import { CHARTED_KINDS } from '../charts/list'
import { periodOf, type Period, type Range } from '../charts/period'
import { useSession } from '../session'
import { AGAIN_MS, calmly, type Calm } from '../state/calmly'
import { DAY_MS } from '../language/zones'

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
  /** Since when readings of the patient waited for the store then; null where none did. */
  readonly waitingSince: string | null
}

export type Failure = 'not-yours' | 'unavailable' | 'failed'

const MOST = 50_000

/** With this pause and a wait of `SLOW_MS` what an open page shows is so within ten seconds, or it says as of when. */
const MOST_PAUSE_MS = 5_000
const SLOW_MS = 2_000

/** The readings of the charts. Asked anew for another range, and whenever the patient's readings have changed. */
export function useReadings(patient: string, range: Range, newest: number | null, changes: number, ready: boolean) {
  const { checkFailure } = useSession()
  const [history, setHistory] = useState<History | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [isSlow, setSlow] = useState(false)
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(0)
  const slow = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const fail = useRef(checkFailure)
  fail.current = checkFailure

  const ask = async () => {
    const mine = (latest.current += 1)
    const { from } = periodOf(range, newest, serverNow())
    clearTimeout(slow.current)
    slow.current = setTimeout(() => setSlow(true), SLOW_MS)
    const answered = () => {
      clearTimeout(slow.current)
      setSlow(false)
    }
    const asked = CHARTED_KINDS.map((kind) => listReadings(patient, { kind, from, limit: MOST }))
    try {
      const answers = await Promise.all(asked)
      if (mine !== latest.current) return
      answered()
      setFailure(null)
      setHistory(historyOf(answers, range, newest, serverNow()))
    } catch (error) {
      if (mine !== latest.current) return
      answered()
      if (fail.current(error)) return
      setFailure(failureOf(error))
    }
  }
  const question = useRef(ask)
  question.current = ask
  const calm = useRef<Calm | null>(null)
  useEffect(() => {
    calm.current = calmly(() => question.current(), { mostPause: MOST_PAUSE_MS })
    return () => {
      calm.current?.stop()
      clearTimeout(slow.current)
    }
  }, [])

  // What the viewer chose is not kept waiting; what changed by itself may come often.
  useEffect(() => {
    if (ready) void question.current()
  }, [patient, range, newest, ready, attempt])
  const known = useRef(changes)
  useEffect(() => {
    if (ready && known.current !== changes) calm.current?.ask()
    known.current = changes
  }, [ready, changes])
  useEffect(() => {
    if (failure === null || failure === 'not-yours') return
    const timer = setInterval(() => calm.current?.ask(), AGAIN_MS)
    return () => clearInterval(timer)
  }, [failure])

  const again = useCallback(() => setAttempt((n) => n + 1), [])
  return { history, failure, isSlow, again }
}

/** What the charts show of answers: their own newest reading counts, though the list does not know it yet. */
export function historyOf(answers: readonly PatientReadings[], range: Range, listed: number | null, now: number): History {
  const all = inOrder(answers.flatMap((answer) => answer.readings))
  const times = all.filter((reading) => !reading.time_unknown).map((reading) => Date.parse(reading.observed_at))
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
    waitingSince: waiting.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null,
  }
}

/** Alerts that are no longer open. Asked anew whenever the open ones change, and after a failure. */
export function useEarlierAlerts(patient: string, openKey: string) {
  const { checkFailure } = useSession()
  const [earlier, setEarlier] = useState<readonly Alert[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [attempt, setAttempt] = useState(0)
  const fail = useRef(checkFailure)
  fail.current = checkFailure
  useEffect(() => {
    let left = false
    let again: ReturnType<typeof setTimeout> | undefined
    listAlertsOf(patient).then(
      (answer) => {
        if (left) return
        setFailure(null)
        setEarlier(answer.alerts.filter((alert) => alert.status !== 'open'))
      },
      (error: unknown) => {
        if (left || fail.current(error)) return
        const failed = failureOf(error)
        setFailure(failed)
        if (failed !== 'not-yours') again = setTimeout(() => setAttempt((n) => n + 1), AGAIN_MS)
      },
    )
    return () => {
      left = true
      clearTimeout(again)
    }
  }, [patient, openKey, attempt])
  return { earlier, failure }
}

function failureOf(error: unknown): Failure {
  const status = error instanceof ApiError ? error.status : 0
  if (status === 403 || status === 404) return 'not-yours'
  return status === 503 ? 'unavailable' : 'failed'
}
