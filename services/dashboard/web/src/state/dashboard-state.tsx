import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { ApiError, listPatients, serverNow } from '../api/client'
import { followLive } from '../api/shared-stream'
import type { Alert, AlertCare, Care, PatientSummary, Patients } from '../api/model'
import { useSession } from '../session'
import { withLiveAlerts } from '../triage/patients'
import { useSlow } from './server-state'
import { AGAIN_MS, paceOfList, throttled, type Throttled } from './throttle'
import { NO_CHANGES, withChanged, withUnknownChanges, type Changes } from './changes'
import { lookWhenDue, NO_ALERTS, withAlert, withCareOf, withSnapshot, withReported, type Announcement } from './reporting'

const REFRESH_MS = 60_000
/** The store, and another instance, follow the live alerts by a moment: asking at once alone would miss the reading that caused one. */
const AFTER_ALERT_MS = 2_000

export type Connection = 'connecting' | 'live' | 'lost'

/** What a physician has before them: patients, live alerts, and how far both can be trusted. */
export interface DashboardState {
  /** Worst first; null until the first answer. */
  readonly patients: readonly PatientSummary[] | null
  readonly store: Patients['store']
  /** When the list last came, by the server's clock. */
  readonly listedAt: number | null
  readonly listFailed: boolean
  /** The next list takes long: the one that is shown may be of before a change. */
  readonly listIsSlow: boolean
  /** Since when readings wait unusually long for the store, by the newest list; null where none do. */
  readonly waitingSince: string | null
  /** Whose readings have changed since the page was opened. */
  readonly changes: Changes
  /** Whose alerts have changed since then, also those that are not open. */
  readonly changedAlerts: Changes
  readonly connection: Connection
  readonly lastContact: number | null
  /** Ids of alerts that came, or became worse, while the page was open. */
  readonly news: ReadonlySet<string>
  /** Alerts that have ended while the page was open, by id. */
  readonly ended: ReadonlyMap<string, Alert>
  /** What people did since then about alerts that are not open. */
  readonly cares: ReadonlyMap<string, Care>
  readonly announcement: Announcement | null
  refresh(): void
  /** What an act of one's own came to: the stream says it to the others. */
  acted(care: AlertCare): void
  seen(patient: string): void
}

const DashboardStateContext = createContext<DashboardState | null>(null)

export function DashboardStateProvider({ children }: { children: ReactNode }) {
  const { session, checkFailure } = useSession()
  const sessionId = typeof session === 'object' ? (session.id ?? '') : ''
  const [list, setList] = useState<{ answer: Patients; at: number } | null>(null)
  const [listFailed, setListFailed] = useState(false)
  const [isAsking, setIsAsking] = useState(false)
  const listIsSlow = useSlow(isAsking)
  const [alerts, setAlerts] = useState(NO_ALERTS)
  const [connection, setConnection] = useState<Connection>('connecting')
  const [lastContact, setLastContact] = useState<number | null>(null)
  const [changes, setChanges] = useState(NO_CHANGES)
  const [changedAlerts, setChangedAlerts] = useState(NO_CHANGES)
  const contact = useRef<number | null>(null)
  const fail = useRef(checkFailure)
  fail.current = checkFailure

  const throttle = useRef<Throttled | null>(null)
  const listed = useRef(0)
  const refresh = useCallback(() => throttle.current?.ask(), [])

  useEffect(() => {
    throttle.current = throttled(() => {
      setIsAsking(true)
      return listPatients()
        .then(
          (answer) => {
            listed.current = answer.patients.length
            setList({ answer, at: serverNow() })
            setListFailed(false)
          },
          (error: unknown) => {
            if (!fail.current(error)) setListFailed(true)
          },
        )
        .finally(() => setIsAsking(false))
    }, paceOfList(() => listed.current))
    refresh()
    return () => throttle.current?.stop()
  }, [refresh])

  useEffect(() => {
    const visible = () => {
      if (!document.hidden) refresh()
    }
    const timer = setInterval(visible, REFRESH_MS)
    document.addEventListener('visibilitychange', visible)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', visible)
    }
  }, [refresh])

  // What is missing is asked for until it comes, not a minute later.
  const isMissing = listFailed || list?.answer.store === 'unavailable'
  useEffect(() => {
    if (!isMissing) return
    const timer = setInterval(refresh, AGAIN_MS)
    return () => clearInterval(timer)
  }, [isMissing, refresh])

  useEffect(() => {
    let soon: ReturnType<typeof setTimeout> | undefined
    const alerted = new Set<string>()
    const refreshSoon = (patient: string) => {
      alerted.add(patient)
      clearTimeout(soon)
      soon = setTimeout(() => {
        refresh()
        const patients = [...alerted]
        setChangedAlerts((before) => withChanged(before, patients))
        alerted.clear()
      }, AFTER_ALERT_MS)
    }
    const following = followLive(sessionId, {
      snapshot(snapshot) {
        setConnection('live')
        setChanges(withUnknownChanges)
        setChangedAlerts(withUnknownChanges)
        refresh()
        setAlerts((before) => withSnapshot(before, snapshot))
      },
      alert(alert) {
        const now = serverNow()
        setAlerts((before) => withAlert(before, alert, now))
        setChangedAlerts((before) => withChanged(before, [alert.patient]))
        refreshSoon(alert.patient)
      },
      readings(changed) {
        setChanges((before) => withChanged(before, changed.map(({ patient }) => patient)))
        if (!document.hidden) refresh()
      },
      care(care) {
        setAlerts((before) => withCareOf(before, care))
      },
      contact() {
        contact.current = serverNow()
      },
      lost() {
        setConnection('lost')
        setLastContact(contact.current)
      },
      unauthorised() {
        fail.current(new ApiError(401, 'the session has ended', '', sessionId))
      },
    })
    return () => {
      clearTimeout(soon)
      following.stop()
    }
  }, [sessionId, refresh])

  const acted = useCallback((care: AlertCare) => setAlerts((before) => withCareOf(before, care)), [])

  const seen = useCallback((patient: string) => {
    setAlerts((before) => {
      const left = [...before.news].filter((id) => before.open?.get(id)?.patient !== patient)
      return left.length === before.news.size ? before : { ...before, news: new Set(left) }
    })
  }, [])

  const patients = useMemo(() => {
    // Alerts do not wait for the store: they are shown although the list has not come.
    if (!list && !alerts.open?.size) return null
    return withLiveAlerts(list?.answer.patients ?? [], alerts.open)
  }, [list, alerts.open])

  // Announced as it is shown: the list follows a changed plan, which the live alerts do not.
  useEffect(() => {
    const shown = (patients ?? []).flatMap((patient) => patient.open_alerts)
    return lookWhenDue(shown, serverNow, (now) => setAlerts((before) => withReported(before, shown, now)))
  }, [patients])

  const state = useMemo<DashboardState>(
    () => ({
      patients,
      store: list?.answer.store ?? 'available',
      listedAt: list?.at ?? null,
      listFailed,
      listIsSlow,
      waitingSince: list?.answer.waiting_since ?? null,
      changes,
      changedAlerts,
      connection,
      lastContact,
      news: alerts.news,
      ended: alerts.ended,
      cares: alerts.cares,
      announcement: alerts.announcement,
      refresh,
      acted,
      seen,
    }),
    [patients, list, listFailed, listIsSlow, changes, changedAlerts, connection, lastContact, alerts, refresh, acted, seen],
  )
  return <DashboardStateContext value={state}>{children}</DashboardStateContext>
}

export function useDashboardState(): DashboardState {
  const state = use(DashboardStateContext)
  if (!state) throw new Error('useDashboardState outside DashboardStateProvider')
  return state
}

/** Now by the server's clock, renewed often enough for 'minutes ago'. */
export function useNow(): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 15_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
