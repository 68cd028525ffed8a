import { expect, test, vi } from 'vitest'
import { ApiError } from '../api/client'
import type { Alert, AlertCare, Care, PatientSummary } from '../api/model'
import { NO_ALERTS, withCareOf, withSnapshot } from '../state/reporting'
import { withLiveAlerts } from '../triage/patients'
import { failureOf, requestOf } from './use-act'
import { unseenOf } from './use-acknowledge'

vi.mock('../state/dashboard-state', () => ({ useDashboardState: () => ({}) }))

const AT = '2026-11-22T07:00:00+09:00'
const NOW = Date.parse('2026-11-22T08:00:00+09:00')
const SATO = { by: { id: 'dr.sato', name: '佐藤' }, at: AT }
const care = (of: Partial<Care> = {}): Care => ({ comments: 0, acknowledged: null, assigned: null, snoozed: null, closed: null, came_back_at: null, due_at: null, ...of })
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
  expect(unseenOf(alerts, NOW).map(({ id }) => id)).toEqual(['new', 'unread'])
})

test('what somebody has done is shown at once, over what the list says, and is no news', () => {
  const page = withSnapshot(NO_ALERTS, [alert('a'), alert('b')])
  const after = withCareOf(page, acted('a', { acknowledged: SATO }))
  expect([after.open?.get('a')?.care?.acknowledged, after.announcement, after.news.size]).toEqual([SATO, null, 0])
  // Of an alert that is not open here, and of what is known, nothing changes.
  expect(withCareOf(after, acted('a', { acknowledged: SATO }))).toBe(after)
  expect(withCareOf(after, acted('elsewhere', {}))).toBe(after)
  const listed = { patient: 'A/1', open_alerts: [alert('a'), alert('b')], severity: 'review', last_reading_at: AT } as unknown as PatientSummary
  const [shown] = withLiveAlerts([listed], after.open)
  expect(shown?.open_alerts.map((one) => one.care?.acknowledged ?? null)).toEqual([SATO, null])
  // Before the acts have been read the stream says nothing of them, and the list stands.
  const unread = withSnapshot(NO_ALERTS, [alert('a', { care: null }), alert('b', { care: null })])
  expect(withLiveAlerts([listed], unread.open)[0]).toBe(listed)
})
