import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Alert } from '../api/model'
import { lookWhenDue, NO_ALERTS, withAlert, withSnapshot, withReported, type LiveAlerts } from './reporting'

const SEVEN = '2026-11-23T07:00:00+09:00'
const DUE = Date.parse(SEVEN)
const BEFORE = DUE - 3_600_000

function alert(id: string, of: Partial<Alert> = {}): Alert {
  return {
    id, patient: 'A/1', rule: 'weight.gain', stage: 'confirmed', severity: 'review', status: 'open', transition: 'raised', late: false,
    raised_at: '2026-11-22T22:31:00+09:00', news_at: '2026-11-22T22:31:00+09:00', changed_at: '2026-11-22T22:31:00+09:00', first_observed_at: '2026-11-22T22:29:00+09:00',
    last_observed_at: '2026-11-22T22:31:00+09:00', text: { ja: '', en: '' }, evidence: [], findings: {}, parameters: [], rule_set: '2026-11',
    plan_version: 0, ...of,
  }
}

const held = (id: string, of: Partial<Alert> = {}) => alert(id, { page_after: SEVEN, ...of })

/** The page with a snapshot of alerts, looked at before the quiet hours are over. */
const opened = (...alerts: Alert[]) => withReported(withSnapshot(NO_ALERTS, alerts), alerts, BEFORE)

const announced = ({ announcement }: LiveAlerts) => announcement && (announcement.alert?.id ?? announcement.missed)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('what is open when the page is opened is not reported, and what is held back by then is reported when it is due', () => {
  const page = opened(alert('open'), held('a'))
  expect(announced(page)).toBeNull()
  const due = withReported(page, [alert('open'), held('a')], DUE)
  expect(announced(due)).toBe('a')
  // Once.
  expect(withReported(due, [alert('open'), held('a')], DUE + 60_000)).toBe(due)
})

test('an alert is reported when it comes, and at the end of the quiet hours where it comes within them', () => {
  const page = withAlert(opened(), alert('now'), BEFORE)
  expect(announced(page)).toBe('now')
  expect(withReported(page, [alert('now')], BEFORE)).toBe(page)
  const waiting = withReported(withAlert(opened(), held('a'), BEFORE), [held('a')], BEFORE)
  expect(announced(waiting)).toBeNull()
  expect(announced(withReported(waiting, [held('a')], DUE))).toBe('a')
})

test('what became due is reported at the next look, whatever came in between', () => {
  const page = withAlert(opened(held('a')), held('other', { page_after: '2026-11-23T08:00:00+09:00' }), DUE + 500)
  const shown = [held('a'), held('other', { page_after: '2026-11-23T08:00:00+09:00' })]
  expect(announced(withReported(page, shown, DUE + 500))).toBe('a')
})

test('after a reconnect what has come and what became due meanwhile are reported together', () => {
  const shown = [held('a'), alert('missed'), held('still', { page_after: '2026-11-23T08:00:00+09:00' })]
  const page = withReported(withSnapshot(opened(held('a')), shown), shown, DUE + 600_000)
  expect(announced(page)).toBe(2)
  expect(announced(withReported(page, shown, DUE + 3_600_000))).toBe('still')
})

test('a changed plan counts: without quiet hours what they held back is reported, and with longer ones not yet', () => {
  const page = opened(held('a'))
  expect(announced(withReported(page, [held('a', { page_after: null })], BEFORE + 1))).toBe('a')
  const longer = [held('a', { page_after: '2026-11-23T08:00:00+09:00' })]
  expect(announced(withReported(page, longer, DUE + 1_000))).toBeNull()
  expect(announced(withReported(withReported(page, longer, DUE + 1_000), longer, DUE + 3_600_000))).toBe('a')
})

test('what is resolved, or has become urgent meanwhile, is not reported at the end of the quiet hours', () => {
  const resolved = withAlert(opened(held('a')), held('a', { status: 'resolved', transition: 'resolved', changed_at: SEVEN }), BEFORE)
  expect(announced(withReported(resolved, [held('a')], DUE))).toBeNull()
  const urgent = alert('a', { severity: 'urgent', transition: 'escalated', changed_at: '2026-11-23T06:30:00+09:00' })
  const page = withAlert(opened(held('a')), urgent, BEFORE)
  expect(announced(page)).toBe('a')
  expect(withReported(page, [urgent], DUE)).toBe(page)
})

test('what has ended is kept as the stream said it, or as it was when the stream no longer had it, until it is open again', () => {
  const over = (id: string, of: Partial<Alert> = {}) => alert(id, { status: 'resolved', transition: 'resolved', changed_at: SEVEN, ...of })
  const page = withAlert(opened(alert('a'), alert('b'), alert('c')), over('a'), DUE)
  const ended = (page: LiveAlerts) => [...page.ended.values()].map(({ id, status }) => `${id}: ${status}`)
  expect(ended(page)).toEqual(['a: resolved'])
  // A replay of before changes nothing; a later transition of what has ended does.
  expect(ended(withAlert(page, over('a', { status: 'retracted', changed_at: '2026-11-22T22:40:00+09:00' }), DUE))).toEqual(['a: resolved'])
  expect(ended(withAlert(page, over('a', { status: 'retracted', changed_at: '2026-11-23T07:01:00+09:00' }), DUE))).toEqual(['a: retracted'])
  const reconnected = withSnapshot(page, [alert('c')])
  expect(ended(reconnected)).toEqual(['a: resolved', 'b: open'])
  expect(ended(withAlert(reconnected, over('b'), DUE))).toEqual(['a: resolved', 'b: resolved'])
  expect(ended(withAlert(reconnected, alert('a', { changed_at: '2026-11-23T07:02:00+09:00' }), DUE))).toEqual(['b: open'])
})

test('alerts are looked at at once and at each time that some are due, until it is ended', () => {
  vi.setSystemTime(BEFORE)
  const looks: number[] = []
  const shown = [held('a'), held('b', { page_after: '2026-11-23T08:00:00+09:00' })]
  const look = (now: number) => looks.push(now - DUE)
  const end = lookWhenDue(shown, Date.now, look)
  vi.advanceTimersByTime(3_600_500)
  end()
  expect(looks).toEqual([-3_600_000])
  // An update in the second after they are due.
  lookWhenDue(shown, Date.now, look)
  vi.advanceTimersByTime(86_400_000)
  expect(looks).toEqual([-3_600_000, 500, 3_601_000])
})
