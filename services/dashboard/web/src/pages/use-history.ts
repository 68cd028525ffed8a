import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, listAlertsOf, listReadings, serverNow } from '../api/client'
import type { Alert, Kind, Limit } from '../api/model'
import { inOrder, withoutCopies, type Counted } from '../charts/copies'
import { periodOf, type Period, type Range } from '../charts/period'
import { useSession } from '../session'

export interface Charted {
  readonly range: Range
  readonly period: Period
  /** Where the axis begins: the period's begin, or the first reading when all are shown. */
  readonly from: number
  readonly bloodPressure: Counted
  readonly glucose: Counted
  readonly weight: Counted
  readonly truncated: boolean
  readonly limits: readonly Limit[]
}

export type Failure = 'not-yours' | 'unavailable' | 'failed'

const MOST = 50_000

/** The readings of the charts. Asked anew for another range, and when a newer reading is known of. */
export function useReadings(patient: string, range: Range, newest: number | null, ready: boolean) {
  const { checkFailure } = useSession()
  const [charted, setCharted] = useState<Charted | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(0)
  const fail = useRef(checkFailure)
  fail.current = checkFailure

  useEffect(() => {
    if (!ready) return
    const mine = (latest.current += 1)
    const period = periodOf(range, newest, serverNow())
    const of = (kind: Kind) => listReadings(patient, { kind, from: period.from, limit: MOST })
    Promise.all([of('blood_pressure'), of('blood_pressure_checkup'), of('blood_glucose'), of('weighing_scale')]).then(
      (answers) => {
        if (mine !== latest.current) return
        const [home, checkup, glucose, weight] = answers.map((answer) => answer.readings)
        const bloodPressure = inOrder([...(home ?? []), ...(checkup ?? [])])
        const first = Math.min(
          ...[bloodPressure[0], glucose?.[0], weight?.[0]].flatMap((one) => (one ? [Date.parse(one.observed_at)] : [])),
        )
        setFailure(null)
        setCharted({
          range,
          period,
          from: period.from ?? (Number.isFinite(first) ? first : period.to - 30 * 86_400_000),
          bloodPressure: withoutCopies(bloodPressure),
          glucose: withoutCopies(glucose ?? []),
          weight: withoutCopies(weight ?? []),
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
  return { charted, failure, again }
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
