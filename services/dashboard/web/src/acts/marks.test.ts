import { expect, test } from 'vitest'
import type { Alert, PatientSummary } from '../api/model'
import { markedOf, marksShown, NO_MARKS, withMark } from './marks'

const NOW = Date.parse('2026-11-22T08:00:00Z')
const SATO = { by: { id: 'dr.sato', name: 'Sato' }, at: '2026-11-22T07:00:00Z' }
const alert = (id: string, of: Partial<Alert> = {}) => ({ id, patient: 'A/1', severity: 'review', status: 'open', changed_at: '2026-11-22T07:00:00Z', care: null, ...of }) as Alert
const patient = (...open_alerts: Alert[]): PatientSummary => ({ patient: 'A/1', open_alerts }) as unknown as PatientSummary
const idsOf = (marks: typeof NO_MARKS) => [...marks.values()].flat().map(({ id, severity, changed_at }) => `${id} ${severity} ${changed_at.slice(11, 16)}`)

test('a mark is of the alerts as they were then, and says so where one has come or changed since', () => {
  const marks = withMark(NO_MARKS, patient(alert('a')), NOW)
  expect(markedOf(marks, patient(alert('a')), NOW)).toBe('all')
  const raised = patient(alert('a'), alert('urgent', { severity: 'urgent' }))
  const worse = patient(alert('a', { severity: 'urgent', changed_at: '2026-11-22T07:30:00Z' }))
  for (const since of [raised, worse]) {
    expect(markedOf(marks, since, NOW)).toBe('part')
    expect(idsOf(marksShown(marks, [since], NOW))).toEqual(['a review 07:00'])
  }
  // Marked once more it is of what is shown by now, and once more of nothing.
  const again = withMark(marks, worse, NOW)
  expect(idsOf(again)).toEqual(['a urgent 07:30'])
  expect(withMark(again, worse, NOW).size).toBe(0)
})

test('what is not shown, is over or was seen to by somebody else is not marked any more', () => {
  const marks = withMark(NO_MARKS, patient(alert('a'), alert('b')), NOW)
  expect(marksShown(marks, [patient(alert('a'), alert('b'))], NOW)).toBe(marks)
  expect(marksShown(marks, [], NOW).size).toBe(0)
  const care = { comments: 0, acknowledged: SATO, assigned: null, snoozed: null, closed: null, came_back_at: null, due_at: null } as NonNullable<Alert['care']>
  expect(idsOf(marksShown(marks, [patient(alert('a', { care }), alert('b'))], NOW))).toEqual(['b review 07:00'])
  expect(marksShown(marks, [patient(alert('a', { care }))], NOW).size).toBe(0)
  expect(markedOf(NO_MARKS, patient(alert('a', { care })), NOW)).toBe('nothing to mark')
})
