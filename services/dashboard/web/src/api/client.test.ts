import { afterEach, expect, test, vi } from 'vitest'
import { ApiError, belongTo, currentSession, SESSION_HEADER, signOut } from './client'
import { followLiveAlerts, type LiveAlertsListener } from './live-alerts'

const SESSION = { id: 'a', user: 'dr.sato', name: '佐藤', role: 'physician' }

interface Answer {
  readonly status?: number
  readonly session?: string
  readonly body?: string
}

/** A server that answers everything alike; returns the sessions that were named to it. */
function serve({ status = 200, session, body = JSON.stringify(SESSION) }: Answer) {
  const named: (string | null)[] = []
  vi.stubGlobal('fetch', async (_path: string, init?: RequestInit) => {
    named.push(new Headers(init?.headers).get(SESSION_HEADER))
    return new Response(status === 204 ? null : body, { status, headers: session ? { [SESSION_HEADER]: session } : {} })
  })
  return named
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error as ApiError,
  )

afterEach(() => {
  belongTo(null)
  vi.unstubAllGlobals()
})

test('a page names its session, and none before there is one', async () => {
  const named = serve({ session: 'a' })
  await currentSession()
  belongTo('a')
  await currentSession()
  expect(named).toEqual([null, 'a'])
})

test('an answer of another session is no answer, whatever it says', async () => {
  serve({ session: 'b' })
  belongTo('a')
  const error = await failure(currentSession())
  expect([error?.status, error?.session]).toEqual([401, 'a'])
})

test('a problem says its type and the session that asked, also when the page belongs to another by then', async () => {
  serve({ status: 401, session: 'b', body: JSON.stringify({ type: 'urn:mimamori:problem:other-session' }) })
  belongTo('a')
  const asked = failure(signOut())
  belongTo('b')
  const error = await asked
  expect([error?.status, error?.type, error?.session]).toEqual([401, 'urn:mimamori:problem:other-session', 'a'])
})

/** What a stream says until it says that nobody is signed in. */
async function followed(answer: Answer): Promise<string[]> {
  vi.stubGlobal('window', { addEventListener() {}, removeEventListener() {} })
  const named = serve(answer)
  const said: string[] = []
  await new Promise<void>((resolve) => {
    const listener: LiveAlertsListener = {
      snapshot: (alerts) => said.push(`snapshot of ${alerts.length}`),
      alert: () => said.push('alert'),
      readings: () => said.push('readings'),
      care: () => said.push('care'),
      contact() {},
      lost: () => said.push('lost'),
      unauthorised: () => resolve(),
    }
    followLiveAlerts(listener)
  })
  expect(named).toEqual(['a'])
  return said
}

test('a stream that says that its session has ended is not followed any more', async () => {
  belongTo('a')
  const snapshot = 'event: snapshot\ndata: {"alerts":[]}\n\n'
  const body = `${snapshot}event: ended\ndata: {}\n\nevent: alert\ndata: {}\n\n`
  expect(await followed({ session: 'a', body })).toEqual(['snapshot of 0'])
})

test('a stream of another session is not read', async () => {
  belongTo('a')
  expect(await followed({ session: 'b', body: 'event: snapshot\ndata: {"alerts":[]}\n\n' })).toEqual([])
})
