import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { paceOfList, throttled, type Pace } from './throttle'
import { changesOf, NO_CHANGES, withChanged, withUnknownChanges } from './changes'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function asked(takes: number, pace: Pace = {}) {
  const times: number[] = []
  const started = Date.now()
  const throttle = throttled(() => {
    times.push(Date.now() - started)
    return new Promise((resolve) => setTimeout(resolve, takes))
  }, pace)
  return { times, throttle }
}

test('a change is asked for at once, and many of them together, after a pause', async () => {
  const { times, throttle } = asked(100)
  for (let i = 0; i < 50; i += 1) {
    throttle.ask()
    await vi.advanceTimersByTimeAsync(200)
  }
  await vi.advanceTimersByTimeAsync(60_000)
  expect(times).toEqual([0, 3_000, 6_000, 9_000, 12_000])
})

test('what is wanted while an answer is awaited is asked again: that answer may be without it', async () => {
  const { times, throttle } = asked(5_000)
  throttle.ask()
  await vi.advanceTimersByTimeAsync(1_000)
  throttle.ask()
  await vi.advanceTimersByTimeAsync(200_000)
  expect(times).toEqual([0, 50_000])
})

test('where a page is to be true within seconds, a slow answer does not make the pause longer', async () => {
  const { times, throttle } = asked(5_000, { mostPause: () => 8_000 })
  throttle.ask()
  await vi.advanceTimersByTimeAsync(1_000)
  throttle.ask()
  await vi.advanceTimersByTimeAsync(200_000)
  expect(times).toEqual([0, 8_000])
})

test('a list of few patients is asked for within seconds however slow its answer, and one of thousands is not', async () => {
  const pauseOf = async (patients: number) => {
    const { times, throttle } = asked(1_500, paceOfList(() => patients))
    throttle.ask()
    await vi.advanceTimersByTimeAsync(1_000)
    throttle.ask()
    await vi.advanceTimersByTimeAsync(200_000)
    return times[1]
  }
  expect([await pauseOf(200), await pauseOf(201)]).toEqual([5_000, 15_000])
})

test('a clock that is set back keeps no question waiting', async () => {
  let times = 0
  const throttle = throttled(() => Promise.resolve((times += 1)))
  throttle.ask()
  await vi.advanceTimersByTimeAsync(100)
  vi.setSystemTime(Date.now() - 600_000)
  throttle.ask()
  await vi.advanceTimersByTimeAsync(3_000)
  expect(times).toBe(2)
})

test('a question that fails is asked again when it is wanted', async () => {
  let times = 0
  const throttle = throttled(() => {
    times += 1
    return Promise.reject(new Error('away'))
  })
  throttle.ask()
  await vi.advanceTimersByTimeAsync(5_000)
  throttle.ask()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(times).toBe(2)
})

test('nothing is asked after the end', async () => {
  const { times, throttle } = asked(100)
  throttle.ask()
  throttle.ask()
  throttle.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(times).toEqual([0])
})

test('a change of one patient is none of another, and a new beginning may be a change of all', () => {
  const changed = withChanged(NO_CHANGES, ['A/1'])
  expect([changesOf(changed, 'A/1'), changesOf(changed, 'A/2')]).toEqual([1, 0])
  const anew = withUnknownChanges(changed)
  expect([changesOf(anew, 'A/1'), changesOf(anew, 'A/2')]).toEqual([2, 1])
})
