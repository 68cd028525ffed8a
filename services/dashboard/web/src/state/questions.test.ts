import { environmentManager, MutationObserver, QueryObserver, type QueryKey } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../api/client'
import { previewedOf } from '../pages/use-plan-preview'
import { throttled } from './throttle'
import { againAfterFailure, answersOf, askAnew, shownOf, whileSeen, type Shown } from './questions'

let page: EventTarget & { hidden: boolean; visibilityState: string }

beforeEach(() => {
  vi.useFakeTimers()
  page = Object.assign(new EventTarget(), { hidden: false, visibilityState: 'visible' })
  vi.stubGlobal('document', page)
  environmentManager.setIsServer(() => false)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const never = () => false
const after = <T>(ms: number, answer: T) => new Promise<T>((resolve) => setTimeout(() => resolve(answer), ms))

/** When it was asked; each answer takes so long, and the next is wanted so long after it. */
function asked(takes: number, pause: number, isSeen = true) {
  const times: number[] = []
  const started = Date.now()
  const options = (seen: boolean) => ({
    queryKey: ['table'] as QueryKey,
    queryFn: () => {
      times.push(Date.now() - started)
      return after(takes, times.length)
    },
    ...whileSeen<number>(seen, () => pause),
  })
  const observer = new QueryObserver<number>(answersOf(never), options(isSeen))
  const leave = observer.subscribe(() => {})
  const see = (seen: boolean) => {
    page.hidden = !seen
    page.visibilityState = seen ? 'visible' : 'hidden'
    observer.setOptions(options(seen))
  }
  return { times, leave, see }
}

test('an answer is waited for before the question is asked again', async () => {
  const { times, leave } = asked(25_000, 10_000)
  await vi.advanceTimersByTimeAsync(80_000)
  expect(times).toEqual([0, 35_000, 70_000])
  leave()
})

test('nothing is asked while nobody sees the page, and what is due when it is seen again', async () => {
  const { times, leave, see } = asked(0, 10_000)
  await vi.advanceTimersByTimeAsync(5_000)
  see(false)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(times).toEqual([0])
  see(true)
  await vi.advanceTimersByTimeAsync(0)
  expect(times).toEqual([0, 65_000])
  see(false)
  await vi.advanceTimersByTimeAsync(5_000)
  see(true)
  await vi.advanceTimersByTimeAsync(4_000)
  expect(times).toEqual([0, 65_000])
  // A look away puts nothing off.
  await vi.advanceTimersByTimeAsync(1_500)
  expect(times).toEqual([0, 65_000, 75_000])
  leave()
})

test('a page that is opened unseen asks when it is seen', async () => {
  const { times, leave, see } = asked(0, 10_000, false)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(times).toEqual([])
  see(true)
  await vi.advanceTimersByTimeAsync(0)
  expect(times).toEqual([30_000])
  leave()
})

test('what has been left asks no more, and nothing of it is shown to who comes back', async () => {
  const client = answersOf(never)
  let answers = 0
  const options = { queryKey: ['readings'], queryFn: async () => (answers += 1), ...whileSeen<number>(true, () => 10_000) }
  const leave = new QueryObserver(client, options).subscribe(() => {})
  await vi.advanceTimersByTimeAsync(1_000)
  leave()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(answers).toBe(1)
  expect(new QueryObserver(client, options).getCurrentResult().data).toBe(undefined)
})

test('a change while the first answer is on its way is asked for, and the older answer is not shown', async () => {
  const client = answersOf(never)
  const takes = [5_000, 1_000]
  let questions = 0
  const shown: (number | undefined)[] = []
  const observer = new QueryObserver<number>(client, { queryKey: ['readings'], queryFn: () => after(takes[questions] ?? 0, (questions += 1)) })
  const leave = observer.subscribe(({ data }) => void shown.push(data))
  await vi.advanceTimersByTimeAsync(500)
  const throttle = throttled(() => askAnew(client, ['readings']), { now: () => Date.now() })
  throttle.ask()
  await vi.advanceTimersByTimeAsync(10_000)
  expect([questions, observer.getCurrentResult().data]).toEqual([2, 2])
  expect(shown).not.toContain(1)
  throttle.stop()
  leave()
})

test('what failed is asked again by itself, and what is somebody else’s is not', async () => {
  let answers = 0
  const fails = (status: number) => async () => {
    answers += 1
    throw new ApiError(status, 'no')
  }
  const ask = (status: number) => {
    const again = againAfterFailure((error) => (error as ApiError).status !== 403)
    return new QueryObserver(answersOf(never), { queryKey: ['readings'], queryFn: fails(status), ...again }).subscribe(() => {})
  }
  const leave = ask(503)
  await vi.advanceTimersByTimeAsync(25_000)
  leave()
  expect(answers).toBe(3)
  answers = 0
  ask(403)
  await vi.advanceTimersByTimeAsync(25_000)
  expect(answers).toBe(1)
})

test('every failure is reported to the session, which ends with a 401', async () => {
  const reported: unknown[] = []
  const client = answersOf((error) => reported.push(error) > 0)
  const over = new ApiError(401, 'the session has ended')
  new QueryObserver(client, { queryKey: ['readings'], queryFn: () => Promise.reject(over) }).subscribe(() => {})
  await vi.advanceTimersByTimeAsync(0)
  expect(reported).toEqual([over])
})

test('the last answer stays until the next has come, and a failure until an answer has', () => {
  const nothing: Shown<number> = { of: 'A/1', answer: undefined, failure: null }
  const pending = { status: 'pending', data: undefined, error: null } as const
  const failure = new ApiError(503, 'away')
  const answered = shownOf(nothing, 'A/1', { status: 'success', data: 7, error: null })
  expect(shownOf(answered, 'A/1', pending)).toEqual({ of: 'A/1', answer: 7, failure: null })
  const failed = shownOf(answered, 'A/1', { status: 'error', data: undefined, error: failure })
  expect(failed).toEqual({ of: 'A/1', answer: 7, failure })
  expect(shownOf(failed, 'A/1', pending).failure).toBe(failure)
  expect(shownOf(failed, 'A/1', { status: 'success', data: 8, error: null })).toEqual({ of: 'A/1', answer: 8, failure: null })
})

test('of another patient nothing is left on the page', () => {
  const before: Shown<number> = { of: 'A/1', answer: 7, failure: new Error('away') }
  expect(shownOf(before, 'A/2', { status: 'pending', data: undefined, error: null })).toEqual({ of: 'A/2', answer: undefined, failure: null })
})

test('that the session is over is no failure of the page', () => {
  const before: Shown<number> = { of: 'A/1', answer: 7, failure: null }
  expect(shownOf(before, 'A/1', { status: 'error', data: 7, error: new ApiError(401, 'over') })).toEqual(before)
})

test('of two previews the later question is answered, and none after the plan has changed', async () => {
  const observer = new MutationObserver(answersOf(never), { mutationFn: (ms: number) => after(ms, ms) })
  const answered: unknown[] = []
  observer.subscribe(({ data }) => void answered.push(data))
  void observer.mutate(5_000)
  void observer.mutate(1_000)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(answered).not.toContain(5_000)
  void observer.mutate(2_000)
  observer.reset()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(answered).not.toContain(2_000)
  expect(previewedOf({ data: undefined, error: null, variables: undefined, isPending: false })).toEqual({ is: 'none' })
})
