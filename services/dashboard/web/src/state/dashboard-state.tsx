import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { ApiError, listPatients, serverNow } from '../api/client'
import { followLive } from '../api/shared-stream'
import type { Alert, PatientSummary, Patients } from '../api/model'
import { useSession } from '../session'
import { isHeldBack, isNews, nextDue, openAlertsOf, withTransition, type OpenAlerts } from '../triage/alerts'
import { withLiveAlerts } from '../triage/patients'
import { AGAIN_MS, calmly, type Calm } from './calmly'
import { NO_CHANGES, withChanged, withUnknownChanges, type Changes } from './changes'

const REFRESH_MS = 60_000
/** The store follows the live alerts by a moment: asking at once would miss the reading that caused one. */
const AFTER_ALERT_MS = 2_000

/** A timer may be early by a moment, and what is due must be so by then. */
const AFTER_DUE_MS = 1_000

export type Connection = 'connecting' | 'live' | 'lost'

/** What a physician has before them: patients, live alerts, and how far both can be trusted. */
export interface DashboardState {
  /** Worst first; null until the first answer. */
  readonly patients: readonly PatientSummary[] | null
  readonly store: Patients['store']
  /** When the list last came, by the server's clock. */
  readonly listedAt: number | null
  readonly listFailed: boolean
  /** Since when readings wait unusually long for the store, by the newest list; null where none do. */
  readonly waitingSince: string | null
  /** Whose readings have changed since the page was opened. */
  readonly changes: Changes
  readonly connection: Connection
  readonly lastContact: number | null
  /** Ids of alerts that came, or became worse, while the page was open. */
  readonly news: ReadonlySet<string>
  readonly announcement: Announcement | null
  refresh(): void
  seen(patient: string): void
}

export interface Announcement {
  readonly alert: Alert | null
  /** How many came while the connection was away. */
  readonly missed: number
}

const DashboardStateContext = createContext<DashboardState | null>(null)

/** What is told aloud of alerts that have come; nothing else is told where none has. */
function announcementOf(come: readonly Alert[], before: Announcement | null): Announcement | null {
  const [alert] = come
  if (alert === undefined) return before
  return come.length === 1 ? { alert, missed: 0 } : { alert: null, missed: come.length }
}

interface LiveAlerts {
  readonly open: OpenAlerts | null
  readonly news: ReadonlySet<string>
  readonly announcement: Announcement | null
}

export function DashboardStateProvider({ children }: { children: ReactNode }) {
  const { session, checkFailure } = useSession()
  const sessionId = typeof session === 'object' ? (session.id ?? '') : ''
  const [list, setList] = useState<{ answer: Patients; at: number } | null>(null)
  const [listFailed, setListFailed] = useState(false)
  const [alerts, setAlerts] = useState<LiveAlerts>({ open: null, news: new Set(), announcement: null })
  const [connection, setConnection] = useState<Connection>('connecting')
  const [lastContact, setLastContact] = useState<number | null>(null)
  const [changes, setChanges] = useState(NO_CHANGES)
  const contact = useRef<number | null>(null)
  const fail = useRef(checkFailure)
  fail.current = checkFailure

  const calm = useRef<Calm | null>(null)
  const refresh = useCallback(() => calm.current?.ask(), [])

  useEffect(() => {
    calm.current = calmly(() =>
      listPatients().then(
        (answer) => {
          setList({ answer, at: serverNow() })
          setListFailed(false)
        },
        (error: unknown) => {
          if (!fail.current(error)) setListFailed(true)
        },
      ),
    )
    refresh()
    return () => calm.current?.stop()
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
    const refreshSoon = () => {
      clearTimeout(soon)
      soon = setTimeout(refresh, AFTER_ALERT_MS)
    }
    const following = followLive(sessionId, {
      snapshot(snapshot) {
        setConnection('live')
        setChanges(withUnknownChanges)
        refresh()
        setAlerts((before) => {
          const open = openAlertsOf(snapshot)
          const missed = before.open ? [...open.keys()].filter((id) => !before.open?.has(id)) : []
          const isTold = (alert: Alert | undefined) => alert !== undefined && !isHeldBack(alert, serverNow())
          const told = missed.filter((id) => isTold(open.get(id)))
          return {
            open,
            news: new Set([...before.news, ...missed].filter((id) => open.has(id))),
            announcement: told.length > 0 ? { alert: null, missed: told.length } : before.announcement,
          }
        })
      },
      alert(alert) {
        setAlerts((before) => {
          const known = before.open ?? new Map<string, Alert>()
          const open = withTransition(known, alert)
          if (open === known) return before
          const isReported = isNews(alert)
          return {
            open,
            news: isReported ? new Set(before.news).add(alert.id) : before.news,
            announcement: isReported && !isHeldBack(alert, serverNow()) ? { alert, missed: 0 } : before.announcement,
          }
        })
        refreshSoon()
      },
      readings(changed) {
        setChanges((before) => withChanged(before, changed.map(({ patient }) => patient)))
        if (!document.hidden) refresh()
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

  // What quiet hours hold back is told when they are over.
  useEffect(() => {
    const now = serverNow()
    const due = nextDue(alerts.open?.values() ?? [], now)
    if (due === null) return
    const tell = () =>
      setAlerts((before) => {
        const come = [...(before.open?.values() ?? [])].filter((alert) => alert.page_after != null && Date.parse(alert.page_after) === due)
        return { ...before, announcement: announcementOf(come, before.announcement) }
      })
    const timer = setTimeout(tell, due - now + AFTER_DUE_MS)
    return () => clearTimeout(timer)
  }, [alerts])

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

  const state = useMemo<DashboardState>(
    () => ({
      patients,
      store: list?.answer.store ?? 'available',
      listedAt: list?.at ?? null,
      listFailed,
      waitingSince: list?.answer.waiting_since ?? null,
      changes,
      connection,
      lastContact,
      news: alerts.news,
      announcement: alerts.announcement,
      refresh,
      seen,
    }),
    [patients, list, listFailed, changes, connection, lastContact, alerts, refresh, seen],
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
