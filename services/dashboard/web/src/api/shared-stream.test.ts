import { beforeEach, expect, test } from 'vitest'
import type { LiveAlertsListener } from './live-alerts'
import type { Alert, ChangedPatient } from './model'
import { followShared, FROZEN_AFTER_MS, type Message, type Sharing } from './shared-stream'

/** A browser: its tabs, one lock, one channel, and the server's end of the streams. */
class Browser {
  now = 0
  readonly streams: LiveAlertsListener[] = []
  private readonly listeners = new Map<object, (message: Message) => void>()
  private readonly looks = new Set<() => void>()
  private holder: { end(): void; taken(): void } | null = null
  private readonly waiting: (() => void)[] = []
  private readonly later = new Set<{ at: number; then(): void }>()
  private tabs = 0
  /** How often a lock was refused; none is given while this is not null. */
  refused: number | null = null

  sharing(tab: { frozen?: boolean; hidden?: boolean } = {}): Sharing {
    return {
      channel: () => {
        const me = {}
        const queue: Message[] = []
        return {
          post: (message) => {
            const copy = structuredClone(message)
            for (const [other, heard] of this.listeners) if (other !== me) heard(copy)
          },
          listen: (heard) => {
            this.listeners.set(me, (message) => {
              if (tab.frozen) queue.push(message)
              else for (const one of [...queue.splice(0), message]) heard(one)
            })
          },
          close: () => this.listeners.delete(me),
        }
      },
      lock: (_name, how, held) =>
        new Promise<void>((resolve, reject) => {
          if (this.refused !== null) {
            this.refused += 1
            reject(new Error('refused'))
            return
          }
          const take = () => {
            const mine = { end: () => {}, taken: () => reject(new Error('taken away')) }
            this.holder = mine
            void held().then(() => {
              resolve()
              if (this.holder !== mine) return
              this.holder = null
              this.waiting.shift()?.()
            })
          }
          if ('steal' in how) {
            this.holder?.taken()
            take()
          } else if (this.holder) {
            this.waiting.push(take)
            how.signal.addEventListener('abort', () => {
              const at = this.waiting.indexOf(take)
              if (at >= 0) this.waiting.splice(at, 1)
              reject(new Error('given up'))
            })
          } else take()
        }),
      connect: (listener) => {
        this.streams.push(listener)
        return { stop: () => this.streams.splice(this.streams.indexOf(listener), 1) }
      },
      isVisible: () => !tab.hidden && !tab.frozen,
      now: () => this.now,
      every: (_ms, look) => {
        this.looks.add(look)
        return () => this.looks.delete(look)
      },
      after: (ms, then) => {
        const one = { at: this.now + ms, then }
        this.later.add(one)
        return () => this.later.delete(one)
      },
      id: () => `tab ${(this.tabs += 1)}`,
    }
  }

  open(tab: { frozen?: boolean; hidden?: boolean } = {}) {
    const seen: string[] = []
    const listener: LiveAlertsListener = {
      snapshot: (alerts) => seen.push(`snapshot ${alerts.map(({ id }) => id).join(' ')}`.trim()),
      alert: ({ id, status }) => seen.push(`${id} ${status}`),
      readings: (changed) => seen.push(`readings of ${changed.map(({ patient }) => patient).join(' ')}`),
      care: ({ alert }) => seen.push(`care of ${alert}`),
      contact: () => {},
      lost: () => seen.push('lost'),
      unauthorised: () => seen.push('unauthorised'),
    }
    return { seen, ...followShared('session', listener, this.sharing(tab)) }
  }

  get stream(): LiveAlertsListener {
    expect(this.streams.length).toBe(1)
    return this.streams[0]!
  }

  async pass(ms: number) {
    this.now += ms
    for (const look of [...this.looks]) look()
    for (const one of [...this.later]) {
      if (one.at > this.now) continue
      this.later.delete(one)
      one.then()
    }
    await settled()
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve))
const alert = (id: string, status: Alert['status'] = 'open') => ({ id, status, changed_at: '2026-11-22T07:31:00Z' }) as Alert

let browser: Browser
beforeEach(() => {
  browser = new Browser()
})

test('ten tabs have one stream, and each sees all of it', () => {
  const tabs = Array.from({ length: 10 }, () => browser.open())
  browser.stream.snapshot([alert('a')])
  browser.stream.alert(alert('b'))
  browser.stream.readings([{ patient: 'A/1', kinds: ['blood_pressure'] } as ChangedPatient])
  for (const { seen } of tabs) expect(seen).toEqual(['snapshot a', 'b open', 'readings of A/1'])
})

test('a tab that opens later begins with what is open by then', () => {
  browser.open()
  browser.stream.snapshot([alert('a'), alert('b')])
  browser.stream.alert(alert('c'))
  browser.stream.alert(alert('a', 'resolved'))
  const late = browser.open()
  browser.stream.alert(alert('d'))
  expect(late.seen).toEqual(['snapshot b c', 'd open'])
})

test('nothing is shown before there is a snapshot', () => {
  browser.open()
  const early = browser.open()
  browser.stream.alert(alert('a'))
  browser.stream.contact()
  expect(early.seen).toEqual([])
  browser.stream.snapshot([alert('a')])
  expect(early.seen).toEqual(['snapshot a'])
})

test('when the tab with the stream is closed another one takes its place, with a snapshot', async () => {
  const [first, second, third] = [browser.open(), browser.open(), browser.open()]
  browser.stream.snapshot([])
  first.stop()
  await settled()
  browser.stream.snapshot([alert('meanwhile')])
  for (const { seen } of [second, third]) expect(seen).toEqual(['snapshot', 'snapshot meanwhile'])
  expect(first.seen).toEqual(['snapshot'])
  second.stop()
  third.stop()
  await settled()
  expect(browser.streams).toEqual([])
})

test('a lost connection and an ended session are reported to all, also to a tab that opens then', () => {
  const tab = browser.open()
  browser.stream.snapshot([])
  browser.stream.lost()
  const late = browser.open()
  expect(tab.seen).toEqual(['snapshot', 'lost'])
  expect(late.seen).toEqual(['snapshot', 'lost'])
  browser.stream.unauthorised()
  expect([tab.seen.at(-1), late.seen.at(-1)]).toEqual(['unauthorised', 'unauthorised'])
})

test('a tab that is frozen gives the stream up to one that is looked at, and what it says late is not heard', async () => {
  const frozen: { frozen?: boolean } = {}
  const [asleep, hidden] = [browser.open(frozen), browser.open({ hidden: true })]
  const visible = browser.open()
  browser.stream.snapshot([alert('a')])
  const before = browser.stream
  frozen.frozen = true
  await browser.pass(FROZEN_AFTER_MS - 1)
  expect(browser.stream).toBe(before)
  await browser.pass(1)
  expect(browser.stream).not.toBe(before)
  browser.stream.snapshot([])
  before.alert(alert('a'))
  expect(visible.seen).toEqual(['snapshot a', 'snapshot'])
  expect(hidden.seen).toEqual(['snapshot a', 'snapshot'])
  frozen.frozen = false
  browser.stream.alert(alert('b'))
  expect(asleep.seen.at(-1)).toBe('b open')
  visible.stop()
  await settled()
  expect(browser.streams.length).toBe(1)
})

test('a tab that says something in time keeps the stream', async () => {
  browser.open()
  browser.open()
  const { stream } = browser
  stream.snapshot([])
  for (let minute = 0; minute < 10; minute += 1) {
    stream.contact()
    await browser.pass(FROZEN_AFTER_MS / 2)
  }
  expect(browser.stream).toBe(stream)
})

test('a lock that is refused at once is asked for again after a pause, and given later it is shared', async () => {
  browser.refused = 0
  const tab = browser.open()
  await settled()
  expect([browser.refused, browser.streams.length]).toEqual([1, 0])
  await browser.pass(999)
  expect(browser.refused).toBe(1)
  browser.refused = null
  await browser.pass(1)
  browser.stream.snapshot([alert('a')])
  expect(browser.open().seen).toEqual(['snapshot a'])
  expect(tab.seen).toEqual(['snapshot a'])
})

test('a tab that is refused the lock again and again follows alone', async () => {
  browser.refused = 0
  const tab = browser.open()
  for (let second = 0; second < 60; second += 1) {
    await settled()
    await browser.pass(1_000)
  }
  expect(browser.refused).toBe(5)
  browser.stream.snapshot([alert('a')])
  expect(tab.seen).toEqual(['snapshot a'])
  tab.stop()
  expect(browser.streams).toEqual([])
})
