import { isOfAnother, noteServerDate, ownSession, sessionHeaders } from './client'
import { EventStreamParser } from './event-stream'
import type { Alert, AlertCare, ChangedPatient } from './model'

/** Keep-alives come every 15 s: after this long without a byte the connection is dead, whatever the socket says. */
const SILENCE_MS = 40_000
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000]

export interface LiveAlertsListener {
  snapshot(alerts: readonly Alert[]): void
  alert(alert: Alert): void
  /** Readings of patients have changed, or wait for the store for too long: the API says more. */
  readings(changed: readonly ChangedPatient[]): void
  /** Somebody has done something about an alert. */
  care(care: AlertCare): void
  /** Something came from the server. */
  contact(): void
  /** The connection is gone; another attempt follows by itself. */
  lost(): void
  /** The session has ended, or has given way to another one: no further attempt. */
  unauthorised(): void
}

/**
 * Follows the live alerts until `stop` is called. Written on fetch, not EventSource:
 * EventSource hides the keep-alives (a dead connection looks alive) and the status (401 looks like an outage).
 */
export function followLiveAlerts(listener: LiveAlertsListener): { stop(): void } {
  const own = ownSession()
  let stopped = false
  let attempt = 0
  let current: AbortController | null = null
  let retry: ReturnType<typeof setTimeout> | undefined

  const connect = async () => {
    clearTimeout(retry)
    const controller = new AbortController()
    current = controller
    let silence = setTimeout(() => controller.abort(), SILENCE_MS)
    try {
      const response = await fetch('/api/v1/alerts/stream', {
        headers: { accept: 'text/event-stream', ...sessionHeaders(own) },
        credentials: 'same-origin',
        cache: 'no-store',
        signal: controller.signal,
      })
      if (response.status === 401 || response.status === 403 || isOfAnother(response, own)) {
        const isSignedOut = response.status !== 403 && !stopped
        stopped = true
        if (isSignedOut) listener.unauthorised()
        return
      }
      noteServerDate(response.headers.get('date'))
      if (response.ok && response.body) {
        const parser = new EventStreamParser()
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
        for (;;) {
          const { done, value } = await reader.read()
          if (done || stopped) break
          clearTimeout(silence)
          silence = setTimeout(() => controller.abort(), SILENCE_MS)
          for (const event of parser.push(value)) {
            if (event.event === 'snapshot') {
              attempt = 0
              listener.snapshot((JSON.parse(event.data) as { alerts: Alert[] }).alerts)
            } else if (event.event === 'alert') {
              listener.alert(JSON.parse(event.data) as Alert)
            } else if (event.event === 'care') {
              listener.care(JSON.parse(event.data) as AlertCare)
            } else if (event.event === 'ended') {
              stopped = true
              listener.unauthorised()
              return
            } else if (event.event === 'readings') {
              listener.readings((JSON.parse(event.data) as { patients: ChangedPatient[] }).patients)
            }
          }
          listener.contact()
        }
      }
    } catch {
      // Refused, cut, silent or unreadable: all are answered by connecting anew, which brings a fresh snapshot.
    } finally {
      clearTimeout(silence)
      controller.abort()
      if (!stopped && current === controller) {
        listener.lost()
        const pause = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 10_000
        attempt += 1
        retry = setTimeout(() => void connect(), pause * (0.75 + Math.random() / 2))
      }
    }
  }

  const again = () => {
    if (stopped) return
    attempt = 0
    const previous = current
    current = null
    previous?.abort()
    void connect()
  }
  window.addEventListener('online', again)
  void connect()

  return {
    stop() {
      stopped = true
      window.removeEventListener('online', again)
      clearTimeout(retry)
      current?.abort()
    },
  }
}
