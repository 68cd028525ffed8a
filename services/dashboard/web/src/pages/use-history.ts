import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, listAlertsOf, listReadings, serverNow } from '../api/client'
import type { Alert, Limit, Reading } from '../api/model'
import { inOrder } from '../charts/copies'
import { CHARTED_KINDS } from '../charts/list'
import { periodOf, type Period, type Range } from '../charts/period'
import { useSession } from '../session'

export interface History {
  readonly range: Range
  readonly period: Period
  /** Where the axis begins: the period's begin, or the first reading when all are shown. */
  readonly from: number
  /** Of all kinds that have a chart, in order of time. */
  readonly readings: readonly Reading[]
  readonly truncated: boolean
  readonly limits: readonly Limit[]
}

export type Failure = 'not-yours' | 'unavailable' | 'failed'

const MOST = 50_000

/** The readings of the charts. Asked anew for another range, and when a newer reading is known of. */
export function useReadings(patient: string, range: Range, newest: number | null, ready: boolean) {
  const { checkFailure } = useSession()
  const [history, setHistory] = useState<History | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(0)
  const fail = useRef(checkFailure)
  fail.current = checkFailure

  useEffect(() => {
    if (!ready) return
    const mine = (latest.current += 1)
    const period = periodOf(range, newest, serverNow())
    const asked = CHARTED_KINDS.map((kind) => listReadings(patient, { kind, from: period.from, limit: MOST }))
    Promise.all(asked).then(
      (answers) => {
        if (mine !== latest.current) return
        const readings = inOrder(answers.flatMap((answer) => answer.readings))
        const first = readings[0] && Date.parse(readings[0].observed_at)
        setFailure(null)
        setHistory({
          range,
          period,
          from: period.from ?? first ?? period.to - 30 * 86_400_000,
          readings,
          truncated: answers.some((answer) => answer.truncated),
          limits: answers.flatMap((answer) => answer.limits),
        })
      },
      (error: unknown) => {
        if (mine !== latest.current || fail.current(error)) return
        setFailure(failureOf(error))
      },
    )
  }, [patient, range, newest, ready, attempt])

  const again = useCallback(() => setAttempt((n) => n + 1), [])
  return { history, failure, again }
}

/** Alerts that are no longer open. Asked anew whenever the open ones change. */
export function useEarlierAlerts(patient: string, openKey: string) {
  const { checkFailure } = useSession()
  const [earlier, setEarlier] = useState<readonly Alert[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const fail = useRef(checkFailure)
  fail.current = checkFailure
  useEffect(() => {
    let left = false
    listAlertsOf(patient).then(
      (answer) => {
        if (left) return
        setFailure(null)
        setEarlier(answer.alerts.filter((alert) => alert.status !== 'open'))
      },
      (error: unknown) => {
        if (!left && !fail.current(error)) setFailure(failureOf(error))
      },
    )
    return () => {
      left = true
    }
  }, [patient, openKey])
  return { earlier, failure }
}

function failureOf(error: unknown): Failure {
  const status = error instanceof ApiError ? error.status : 0
  if (status === 403 || status === 404) return 'not-yours'
  return status === 503 ? 'unavailable' : 'failed'
}
