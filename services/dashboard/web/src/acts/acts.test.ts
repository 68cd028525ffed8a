import { expect, test, vi } from 'vitest'
import { ApiError } from '../api/client'
import type { Alert, AlertCare, Care, PatientSummary } from '../api/model'
import { NO_ALERTS, withAlert, withCareOf, withCares, withSnapshot } from '../state/reporting'
import { withLiveAlerts } from '../triage/patients'
import { failureOf, requestOf } from './use-act'
import { seenOf } from './marks'

vi.mock('../state/dashboard-state', () => ({ useDashboardState: () => ({}) }))

const AT = '2026-11-22T07:00:00+09:00'
const NOW = Date.parse('2026-11-22T08:00:00+09:00')
const SATO = { by: { id: 'dr.sato', name: '佐藤' }, at: AT }
const care = (of: Partial<Care> = {}): Care => ({ comments: 0, acknowledged: null, assigned: null, snoozed: null, closed: null, came_back_at: null, due_at: null, ...of }) as Care
const alert = (id: string, of: Partial<Alert> = {}) => ({ id, patient: 'A/1', severity: 'review', status: 'open', changed_at: AT, evidence: [], care: care(), ...of }) as Alert
const acted = (id: string, of: Partial<Care>): AlertCare => ({ alert: id, patient: 'A/1', care: care(of) })

test('an act says what was seen where it covers that, and has an id of its own', () => {
  const seen = { changed_at: AT, severity: 'review' }
  for (const act of [{ kind: 'acknowledge' }, { kind: 'snooze', until: AT, reason: '–' }, { kind: 'close', outcome: 'contacted' }] as const) expect(requestOf(alert('a'), act)).toMatchObject({ act, seen })
  for (const act of [{ kind: 'comment', text: '–' }, { kind: 'assign', to: null }, { kind: 'undo', act: 'b' }] as const) expect(requestOf(alert('a'), act).seen).toBeUndefined()
  const ids = Array.from({ length: 100 }, () => requestOf(alert('a'), { kind: 'acknowledge' }).id)
  expect(new Set(ids).size).toBe(100)
  expect(ids[0]).toMatch(/^[A-Za-z0-9._-]{1,64}$/)
})

test('only where nobody can say whether an act was done is it sent again', () => {
  const of = (status: number, type = '') => failureOf(new ApiError(status, '', type))
  expect([0, 408, 500, 503].map((status) => of(status))).toEqual(['unknown', 'unknown', 'unknown', 'unknown'])
  expect([of(409, 'urn:mimamori:problem:has-become-worse'), of(409), of(403), of(422)]).toEqual(['worse', 'conflict', 'not-yours', 'invalid'])
  expect(failureOf(new TypeError('no answer'))).toBe('unknown')
})

test('what is acknowledged or closed, or over, is not acknowledged again', () => {
  const alerts = [alert('new'), alert('seen', { care: care({ acknowledged: SATO }) }), alert('closed', { care: care({ closed: { ...SATO, outcome: 'contacted' } }) }), alert('over', { status: 'resolved' }), alert('unread', { care: null })]
  expect(seenOf({ patient: 'A/1', open_alerts: alerts }, NOW).map(({ id }) => id)).toEqual(['new', 'unread'])
})

test('what somebody has done is shown at once, over what the list says, and is no news', () => {
  const page = withSnapshot(NO_ALERTS, [alert('a'), alert('b')])
  const after = withCareOf(page, acted('a', { acknowledged: SATO }))
  expect([after.open?.get('a')?.care?.acknowledged, after.announcement, after.news.size]).toEqual([SATO, null, 0])
  // Of what is known nothing changes, and of an alert that is not open nothing that is.
  expect(withCareOf(after, acted('a', { acknowledged: SATO }))).toBe(after)
  const over = withCareOf(after, acted('elsewhere', { acknowledged: SATO }))
  expect(over.open).toBe(after.open)
  expect(withCares([alert('elsewhere', { status: 'resolved' })], over.cares)[0]?.care?.acknowledged).toEqual(SATO)
  const listed = { patient: 'A/1', open_alerts: [alert('a'), alert('b')], severity: 'review', last_reading_at: AT } as unknown as PatientSummary
  const [shown] = withLiveAlerts([listed], after.open)
  expect(shown?.open_alerts.map((one) => one.care?.acknowledged ?? null)).toEqual([SATO, null])
  // Before the acts have been read the stream says nothing of them, and the list stands.
  const unread = withSnapshot(NO_ALERTS, [alert('a', { care: null }), alert('b', { care: null })])
  expect(withLiveAlerts([listed], unread.open)[0]).toBe(listed)
})

test('what is said of acts after something newer was said of them changes nothing', () => {
  const later = '2026-11-22T07:30:00+09:00'
  const of = (alert_changed_at: string, acts: number, more: Partial<Care> = {}) => care({ alert_changed_at, acts, ...more })
  const said = (one: Care): AlertCare => ({ alert: 'a', patient: 'A/1', care: one })
  const known = of(AT, 2, { acknowledged: SATO })
  const page = withSnapshot(NO_ALERTS, [alert('a', { care: known })])
  const careAfter = (one: Care) => withCareOf(page, said(one)).open?.get('a')?.care
  expect(careAfter(of(AT, 1))).toBe(known)
  expect(careAfter(of('2026-11-22T06:30:00+09:00', 3))).toBe(known)
  for (const newer of [of(AT, 2), of(AT, 3), of(later, 1)]) expect(careAfter(newer)).toBe(newer)
  // Whoever says it: the stream, a snapshot after the connection was away, the list.
  const old = alert('a', { care: of(AT, 1) })
  expect(withAlert(page, old, NOW).open?.get('a')?.care).toBe(known)
  expect(withSnapshot(page, [old]).open?.get('a')?.care).toBe(known)
  const listed = (one: Care) => ({ patient: 'A/1', open_alerts: [alert('a', { care: one })], severity: 'review', last_reading_at: AT }) as unknown as PatientSummary
  const shown = (one: Care) => withLiveAlerts([listed(one)], page.open)[0]?.open_alerts[0]?.care
  expect(shown(of(AT, 1))).toBe(known)
  expect((shown(of(AT, 3)) as Care).acts).toBe(3)
  const over = withCareOf(page, { alert: 'over', patient: 'A/1', care: known })
  expect(withCareOf(over, { alert: 'over', patient: 'A/1', care: of(AT, 1) }).cares.get('over')).toBe(known)
  expect(withCares([alert('over', { care: of(AT, 3) })], over.cares)[0]?.care).toEqual(of(AT, 3))
})
