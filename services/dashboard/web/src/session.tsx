import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { ApiError, currentSession, signOut } from './api/client'
import type { Session } from './api/model'
import { navigate } from './route'

export type SignedIn = Session | 'nobody' | 'unknown' | 'unreachable'

interface SessionState {
  readonly session: SignedIn
  /** The session ended by itself while a page was open. */
  readonly ended: boolean
  began(session: Session): void
  end(): Promise<void>
  /** Told of every failed request: a 401 ends the session. Returns whether it did. */
  checkFailure(error: unknown): boolean
  reload(): void
}

const SessionContext = createContext<SessionState | null>(null)

export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<SignedIn>('unknown')
  const [ended, setEnded] = useState(false)

  const reload = useCallback(() => {
    setSession('unknown')
    currentSession().then(setSession, (error: unknown) => {
      setSession(error instanceof ApiError && error.status === 401 ? 'nobody' : 'unreachable')
    })
  }, [])
  useEffect(reload, [reload])

  const state = useMemo<SessionState>(
    () => ({
      session,
      ended,
      began(started) {
        setEnded(false)
        setSession(started)
      },
      async end() {
        // Signed out only when the server says so: on a shared computer a false 'signed out' would be worse than an error.
        await signOut()
        navigate('/sign-in')
        setSession('nobody')
      },
      checkFailure(error) {
        const unauthorised = error instanceof ApiError && error.status === 401
        if (unauthorised) {
          setEnded(true)
          setSession('nobody')
        }
        return unauthorised
      },
      reload,
    }),
    [session, ended, reload],
  )
  return <SessionContext value={state}>{children}</SessionContext>
}

export function useSession(): SessionState {
  const state = use(SessionContext)
  if (!state) throw new Error('useSession outside SessionProvider')
  return state
}
