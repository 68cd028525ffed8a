import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { whileSeen } from './while-seen'

let page: EventTarget & { hidden: boolean }

beforeEach(() => {
  vi.useFakeTimers()
  page = Object.assign(new EventTarget(), { hidden: false })
  vi.stubGlobal('document', page)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function see(seen: boolean) {
  page.hidden = !seen
  page.dispatchEvent(new Event('visibilitychange'))
}

/** When it was asked; each answer takes so long, and the next is wanted so long after it. */
function asked(takes: number, pause: number) {
  const times: number[] = []
  const started = Date.now()
  const asking = whileSeen(() => {
    times.push(Date.now() - started)
    return new Promise((resolve) => setTimeout(() => resolve(pause), takes))
  })
  return { times, asking }
}

test('an answer is waited for before the question is asked again', async () => {
  const { times, asking } = asked(25_000, 10_000)
  await vi.advanceTimersByTimeAsync(80_000)
  expect(times).toEqual([0, 35_000, 70_000])
  asking.stop()
})

test('nothing is asked while nobody sees the page, and what is due when it is seen again', async () => {
  const { times, asking } = asked(0, 10_000)
  await vi.advanceTimersByTimeAsync(5_000)
  see(false)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(times).toEqual([0])
  see(true)
  expect(times).toEqual([0, 65_000])
  see(false)
  await vi.advanceTimersByTimeAsync(5_000)
  see(true)
  expect(times).toEqual([0, 65_000])
  asking.stop()
})

test('a page that is opened unseen asks when it is seen', async () => {
  see(false)
  const { times, asking } = asked(0, 10_000)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(times).toEqual([])
  see(true)
  expect(times).toEqual([30_000])
  asking.stop()
})

test('what has ended asks no more', async () => {
  const { times, asking } = asked(1_000, 10_000)
  asking.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  see(false)
  see(true)
  expect(times).toEqual([0])
})
