import type { Alert, AlertCare } from './model'
import { openAlertsOf, withCare, withTransition, type OpenAlerts } from '../triage/alerts'
import { followLiveAlerts, type LiveAlertsListener } from './live-alerts'

/**
 * One live stream for all tabs of a session: HTTP/1.1 has six connections to a server, and a stream keeps one for good.
 * The tab that holds a lock has the stream and tells the others by a BroadcastChannel. When it is closed the lock goes
 * to another one, whose new stream begins with a snapshot: nothing between the two is lost.
 */
export interface Sharing {
  channel(name: string): Channel
  /**
   * Waits for the lock, or takes it from its holder, and holds it until what `held` returns is settled.
   * Rejects when the lock is taken away, or when the signal ends the wait.
   */
  lock(name: string, how: { steal: true } | { signal: AbortSignal }, held: () => Promise<void>): Promise<void>
  connect(listener: LiveAlertsListener): { stop(): void }
  isVisible(): boolean
  now(): number
  /** Calls again and again; returns how to end that. */
  every(ms: number, look: () => void): () => void
  /** Calls once, later; returns how to prevent that. */
  after(ms: number, then: () => void): () => void
  id(): string
}

export interface Channel {
  post(message: Message): void
  listen(heard: (message: Message) => void): void
  close(): void
}

export type Message =
  /** A tab that has just opened asks for what there is. */
  | { readonly kind: 'hello'; readonly from: string }
  /** A tab has the stream from now on; who had it before is not listened to any more. */
  | { readonly kind: 'leads'; readonly from: string }
  /** What came of the stream; `to` one tab, or to all. */
  | { readonly kind: 'came'; readonly from: string; readonly to: string | null; readonly call: Call; readonly args: readonly unknown[] }

type Call = keyof LiveAlertsListener

/** Everything that a stream says: TypeScript asks for what is missing here. */
const CALLS: { readonly [call in Call]: true } = {
  snapshot: true,
  alert: true,
  readings: true,
  care: true,
  contact: true,
  lost: true,
  unauthorised: true,
}

/** A tab that has the stream says something every 15 s. After this long it is frozen, and another one takes its place. */
export const FROZEN_AFTER_MS = 60_000
const LOOK_MS = 5_000
/** A lock that is refused at once is asked for again after this pause, and after so many refusals the tab follows alone. */
const REFUSED_MS = 1_000
const MOST_REFUSALS = 5

export function followShared(session: string, listener: LiveAlertsListener, sharing: Sharing): { stop(): void } {
  const name = `mimamori-live ${session}`
  const me = sharing.id()
  const channel = sharing.channel(name)
  const ended = new AbortController()
  let leader: string | null = null
  let heard = sharing.now()
  let hasSnapshot = false

  const deliver = (call: Call, args: readonly unknown[]) => {
    // Before the first snapshot an event says nothing about what is there.
    if (call === 'snapshot') hasSnapshot = true
    else if (call !== 'lost' && call !== 'unauthorised' && !hasSnapshot) return
    const method = listener[call] as (...args: readonly unknown[]) => void
    method.call(listener, ...args)
  }

  /** Has the stream until this tab stops or `lose` is called. */
  let lose: (() => void) | null = null
  let answer: (to: string) => void = () => {}
  const lead = () => {
    let open: OpenAlerts | null = null
    let isLost = false
    leader = me
    channel.post({ kind: 'leads', from: me })
    const tell = (to: string | null, call: Call, ...args: readonly unknown[]) => {
      channel.post({ kind: 'came', from: me, to, call, args })
    }
    const came = (call: Call, ...args: readonly unknown[]) => {
      if (call === 'snapshot') open = openAlertsOf(args[0] as readonly Alert[])
      else if (call === 'alert' && open) open = withTransition(open, args[0] as Alert)
      else if (call === 'care' && open) open = withCare(open, args[0] as AlertCare)
      if (call === 'snapshot' || call === 'lost') isLost = call === 'lost'
      tell(null, call, ...args)
      deliver(call, args)
    }
    answer = (to) => {
      if (open) tell(to, 'snapshot', [...open.values()])
      if (isLost) tell(to, 'lost')
    }
    const calls = Object.keys(CALLS) as readonly Call[]
    const everything = calls.map((call) => [call, (...args: readonly unknown[]) => came(call, ...args)])
    const stream = sharing.connect(Object.fromEntries(everything) as LiveAlertsListener)
    return new Promise<void>((resolve) => {
      lose = () => {
        stream.stop()
        lose = null
        answer = () => {}
        resolve()
      }
      if (ended.signal.aborted) lose()
    })
  }

  /** Where the browser gives no lock, this tab has a stream of its own, and hears no other. */
  let alone: { stop(): void } | null = null
  let refusals = 0
  let giveUpPause = () => {}
  const ask = () => {
    if (ended.signal.aborted || alone) return
    let isHeld = false
    const held = () => {
      isHeld = true
      refusals = 0
      return alone ? Promise.resolve() : lead()
    }
    const asked = sharing.now()
    void sharing.lock(name, { signal: ended.signal }, held).catch(() => {
      lose?.()
      if (ended.signal.aborted) return
      const isRefused = !isHeld && sharing.now() - asked < REFUSED_MS
      if (!isRefused) {
        ask()
        return
      }
      refusals += 1
      if (refusals < MOST_REFUSALS) giveUpPause = sharing.after(REFUSED_MS, ask)
      else alone = sharing.connect(listener)
    })
  }
  const again = () => {
    lose?.()
    ask()
  }

  channel.listen((message) => {
    if (ended.signal.aborted || alone) return
    if (message.kind === 'hello') {
      answer(message.from)
      return
    }
    if (message.kind === 'leads') leader = message.from
    leader ??= message.from
    if (message.from !== leader) return
    heard = sharing.now()
    if (message.kind === 'came' && (message.to === null || message.to === me)) deliver(message.call, message.args)
  })
  const stopLooking = sharing.every(LOOK_MS, () => {
    if (alone || leader === me || !sharing.isVisible() || sharing.now() - heard < FROZEN_AFTER_MS) return
    heard = sharing.now()
    void sharing.lock(name, { steal: true }, lead).catch(again)
  })
  channel.post({ kind: 'hello', from: me })
  again()

  return {
    stop() {
      ended.abort()
      stopLooking()
      giveUpPause()
      lose?.()
      alone?.stop()
      channel.close()
    },
  }
}

/** What browsers offer; null where one lacks something of it, and each tab has a stream of its own. */
export function sharingOfBrowser(): Sharing | null {
  if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined') return null
  return {
    channel(name) {
      const channel = new BroadcastChannel(name)
      return {
        post: (message) => channel.postMessage(message),
        listen: (heard) => channel.addEventListener('message', (event: MessageEvent<Message>) => heard(event.data)),
        close: () => channel.close(),
      }
    },
    lock: async (name, how, held) => {
      await navigator.locks.request(name, how, held)
    },
    connect: followLiveAlerts,
    isVisible: () => !document.hidden,
    now: () => performance.now(),
    every(ms, look) {
      const timer = setInterval(look, ms)
      return () => clearInterval(timer)
    },
    after(ms, then) {
      const timer = setTimeout(then, ms)
      return () => clearTimeout(timer)
    },
    id: () => crypto.randomUUID(),
  }
}

/** Follows the live alerts of a session, by one stream for all of its tabs where the browser can share one. */
export function followLive(session: string, listener: LiveAlertsListener): { stop(): void } {
  const sharing = sharingOfBrowser()
  return sharing ? followShared(session, listener, sharing) : followLiveAlerts(listener)
}
