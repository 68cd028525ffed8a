import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { ApiError, belongTo, currentSession, ownSession, signOut } from './api/client'
import type { Session } from './api/model'
import { navigate } from './route'
import { forgetSought } from './state/sought'
import { reactionTo, sessionChannel, type SessionChannel } from './session-news'

export type SignedIn = Session | 'nobody' | 'unknown' | 'unreachable'

interface SessionState {
  readonly session: SignedIn
  /** The session ended by itself while a page was open. */
  readonly ended: boolean
  began(session: Session): void
  end(): Promise<void>
  /** Reported of every failed request: a 401 clears the page and asks who is signed in. Returns whether it was one. */
  checkFailure(error: unknown): boolean
  reload(): void
}

const SessionContext = createContext<SessionState | null>(null)

export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<SignedIn>('unknown')
  const [ended, setEnded] = useState(false)
  const channel = useRef<SessionChannel | null>(null)
  const user = useRef<string | null>(null)
  /** The session that this page belonged to last: its end may be heard of from the server before another tab tells why. */
  const last = useRef<string | null>(null)
  /** Counts what has been settled: an answer that comes after that is too old. */
  const turn = useRef(0)

  /** This page belongs to a session from now on, or to none. */
  const settle = useCallback((settled: SignedIn) => {
    turn.current += 1
    const signedIn = typeof settled === 'object' ? settled : null
    belongTo(signedIn?.id ?? null)
    if (settled === 'nobody' || (signedIn && signedIn.id !== last.current)) forgetSought()
    // What the person before had open is not the next one's.
    if (signedIn && user.current !== null && user.current !== signedIn.user) navigate('/', 'replace')
    if (signedIn) {
      user.current = signedIn.user
      last.current = signedIn.id ?? null
    }
    setSession(settled)
  }, [])

  /** Shows nothing until it is known who is signed in. */
  const reload = useCallback(() => {
    const had = ownSession() !== null
    settle('unknown')
    const asked = turn.current
    const answered = (settled: SignedIn) => {
      if (asked !== turn.current) return
      if (settled === 'nobody' && had) setEnded(true)
      settle(settled)
    }
    currentSession().then(answered, (error: unknown) => {
      answered(error instanceof ApiError && error.status === 401 ? 'nobody' : 'unreachable')
    })
  }, [settle])
  useEffect(reload, [reload])

  const leave = useCallback(() => {
    user.current = null
    setEnded(false)
    navigate('/sign-in', 'replace')
    settle('nobody')
  }, [settle])

  useEffect(() => {
    const opened = sessionChannel((news) => {
      const reaction = reactionTo(news, ownSession() ?? last.current)
      if (reaction === 'leave') leave()
      if (reaction === 'ask who is signed in') reload()
    })
    channel.current = opened
    return () => opened.close()
  }, [leave, reload])

  const checkFailure = useCallback(
    (error: unknown) => {
      const unauthorised = error instanceof ApiError && error.status === 401
      // One of a session that is over for this page says nothing about the present one.
      if (unauthorised && error.session !== null && error.session === ownSession()) reload()
      return unauthorised
    },
    [reload],
  )

  useEffect(() => {
    // A page that the browser has kept, or that nobody has looked at, may be of a session that has ended.
    const shown = (event: PageTransitionEvent) => {
      if (event.persisted) reload()
    }
    const seen = () => {
      if (document.hidden) return
      const asked = turn.current
      // Without a session nothing moves under what is being typed, unless another tab has signed in meanwhile.
      const answered = (found: Session) => {
        if (asked === turn.current && ownSession() === null) settle(found)
      }
      currentSession().then(answered, checkFailure)
    }
    window.addEventListener('pageshow', shown)
    document.addEventListener('visibilitychange', seen)
    return () => {
      window.removeEventListener('pageshow', shown)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [checkFailure, reload, settle])

  const state = useMemo<SessionState>(
    () => ({
      session,
      ended,
      began(started) {
        setEnded(false)
        settle(started)
        if (started.id) channel.current?.tell({ kind: 'began', session: started.id })
      },
      async end() {
        // Signed out only when the server says so: on a shared computer a false 'signed out' would be worse than an error.
        const own = ownSession()
        let provider: string | null = null
        try {
          provider = await signOut()
        } catch (error) {
          if (checkFailure(error)) return
          throw error
        }
        leave()
        if (own) channel.current?.tell({ kind: 'signed-out', session: own })
        if (provider !== null) location.assign(provider)
      },
      checkFailure,
      reload,
    }),
    [session, ended, settle, leave, checkFailure, reload],
  )
  return <SessionContext value={state}>{children}</SessionContext>
}

export function useSession(): SessionState {
  const state = use(SessionContext)
  if (!state) throw new Error('useSession outside SessionProvider')
  return state
}
