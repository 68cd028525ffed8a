import { QueryClientProvider, useQuery, useQueryClient, type QueryKey, type UseQueryOptions } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import { useSession } from '../session'
import { throttled, type Throttled, type Pace } from './throttle'
import { answersOf, askAnew, shownOf, type Shown } from './questions'

/** What the server has answered a session: with another key, another session, nothing of it is left. */
export function ServerState({ children }: { children: ReactNode }) {
  const { checkFailure } = useSession()
  const fail = useRef(checkFailure)
  fail.current = checkFailure
  const [client] = useState(() => answersOf((error) => fail.current(error)))
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>
}

type Question<T> = Pick<UseQueryOptions<T>, 'queryKey' | 'enabled' | 'staleTime' | 'refetchInterval' | 'refetchIntervalInBackground'> & {
  /** Whose answers these are; what is shown of somebody else is forgotten. */
  readonly of: string
  readonly queryKey: QueryKey
  queryFn(): Promise<T>
}

/** What a page shows of a question, through other questions of the same kind and failures. */
export function useAnswer<T>({ of, ...question }: Question<T>) {
  const { status, data, error, isFetching } = useQuery<T>(question)
  const shown = useRef<Shown<T>>({ of, answer: undefined, failure: null })
  shown.current = shownOf(shown.current, of, { status, data, error })
  return { answer: shown.current.answer ?? null, failure: shown.current.failure, isFetching }
}

interface Following {
  /** Another number after each change. */
  readonly changes: number
  /** Whether the question is asked at all. */
  readonly isReady: boolean
  readonly pace: Pace
}

/** Asks a question anew whenever what it is about has changed, as often as its pace allows. Returns what asks it at once. */
export function useFollowing(queryKey: QueryKey, { changes, isReady, pace }: Following): () => void {
  const client = useQueryClient()
  const key = useRef(queryKey)
  key.current = queryKey
  const how = useRef(pace)
  const throttle = useRef<Throttled | null>(null)
  useEffect(() => {
    throttle.current = throttled(() => askAnew(client, key.current), how.current)
    return () => throttle.current?.stop()
  }, [client])
  const known = useRef(changes)
  useEffect(() => {
    if (isReady && known.current !== changes) throttle.current?.ask()
    known.current = changes
  }, [isReady, changes])
  return useCallback(() => void askAnew(client, key.current), [client])
}

function subscribe(changed: () => void): () => void {
  document.addEventListener('visibilitychange', changed)
  return () => document.removeEventListener('visibilitychange', changed)
}

/** Whether somebody can see the page. */
export function useSeen(): boolean {
  return !useSyncExternalStore(subscribe, () => document.hidden, () => false)
}

/** After so long without the next answer, a page says as of when what it shows is. */
const SLOW_MS = 2_000

/** Whether the next answer is waited for so long that the page says as of when the last one is. */
export function useSlow(isAsking: boolean): boolean {
  return useLasting(isAsking, SLOW_MS)
}

/** Whether something has been so for a while. */
export function useLasting(isSo: boolean, ms: number): boolean {
  const [lasts, setLasts] = useState(false)
  useEffect(() => {
    if (!isSo) return
    const timer = setTimeout(() => setLasts(true), ms)
    return () => {
      clearTimeout(timer)
      setLasts(false)
    }
  }, [isSo, ms])
  return isSo && lasts
}
