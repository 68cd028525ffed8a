import { QueryCache, QueryClient, type Query, type QueryKey } from '@tanstack/react-query'
import { ApiError } from '../api/client'
import { AGAIN_MS } from './throttle'

/**
 * What one session has been answered. Nothing is kept that no page shows: a value from an earlier visit would be
 * shown as current until the next answer.
 */
export function answersOf(checkFailure: (error: unknown) => boolean): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: checkFailure }),
    defaultOptions: {
      queries: {
        gcTime: 0,
        staleTime: 0,
        // Whoever asks says when it is asked again, and shows the failure meanwhile.
        retry: false,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // A browser's opinion of being offline is no reason to say nothing.
        networkMode: 'always',
        // Thousands of readings are not worth comparing.
        structuralSharing: false,
      },
      mutations: { networkMode: 'always' },
    },
  })
}

/** What a page shows of a question. */
export interface Shown<T> {
  /** Whose it is: of another patient nothing is left. */
  readonly of: string
  readonly answer: T | undefined
  readonly failure: unknown
}

interface Asked<T> {
  readonly status: 'pending' | 'error' | 'success'
  readonly data: T | undefined
  readonly error: unknown
}

/** The last answer stays until the next has come, and a failure until an answer has. That a session is over is no failure of the page. */
export function shownOf<T>(before: Shown<T>, of: string, { status, data, error }: Asked<T>): Shown<T> {
  const kept: Shown<T> = before.of === of ? before : { of, answer: undefined, failure: null }
  const answer = data ?? kept.answer
  if (status === 'pending') return kept
  if (status === 'success') return { of, answer, failure: null }
  const isOver = error instanceof ApiError && error.status === 401
  return { of, answer, failure: isOver ? kept.failure : error }
}

/** Asks anew also where an answer is on its way: that one may be of before the change. */
export async function askAnew(client: QueryClient, queryKey: QueryKey): Promise<void> {
  const exactly = { queryKey, exact: true }
  // Without an answer yet, asking once more would only wait for the first one.
  if (client.getQueryState(queryKey)?.data === undefined) await client.cancelQueries(exactly)
  await client.refetchQueries(exactly)
}

/** Asks again some time after a failure, until there is an answer. */
export function againAfterFailure(isWorthIt: (error: unknown) => boolean = () => true) {
  return {
    refetchInterval: (query: Pick<Query, 'state'>) => (query.state.error !== null && isWorthIt(query.state.error) ? AGAIN_MS : false),
    refetchIntervalInBackground: true,
  } as const
}

/**
 * Asks again so many milliseconds after each answer as it says, and AGAIN_MS after a failure. While nobody sees the
 * page nothing is asked, because each question is recorded as an access: what is due then is asked when the page is
 * seen again.
 */
export function whileSeen<T>(isSeen: boolean, pauseAfter: (answer: T) => number) {
  type Asking = Pick<Query<T, Error, T, QueryKey>, 'state'>
  const pauseOf = ({ state }: Asking) => (state.status === 'success' && state.data !== undefined ? pauseAfter(state.data) : AGAIN_MS)
  return {
    enabled: isSeen,
    staleTime: pauseOf,
    refetchInterval: (query: Asking) => {
      const { fetchStatus, dataUpdatedAt, errorUpdatedAt } = query.state
      if (fetchStatus === 'fetching') return false
      const pause = pauseOf(query)
      const left = Math.max(dataUpdatedAt, errorUpdatedAt) + pause - Date.now()
      return Math.min(pause, Math.max(1, left))
    },
  } as const
}
