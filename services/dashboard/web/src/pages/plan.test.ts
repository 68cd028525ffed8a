import { expect, test } from 'vitest'
import type { PatientPlan, PlanContent } from '../api/model'
import { outcomeBy } from './plan'

const typed: PlanContent = { reason: 'dizzy in the mornings', thresholds: { 'bp.low.systolic': 95, 'bp.low.diastolic': 55 }, programme: 'frail_elderly', pauses: [] }
const inForce = (version: number, plan: PlanContent) => ({ version, plan, author: 'dr.ito' }) as PatientPlan
const before: PlanContent = { reason: 'first', thresholds: {}, pauses: [] }

test('a plan of which nobody knows whether it was set stays as it was typed, to be submitted again, where nothing has changed', () => {
  expect(outcomeBy(inForce(3, before), 3, typed)).toEqual({ is: 'none' })
})

test('a plan that is in force after all is said to be set, in whatever order its members come', () => {
  const stored: PlanContent = { pauses: [], programme: 'frail_elderly', quiet_hours: null, schedule: null, thresholds: { 'bp.low.diastolic': 55, 'bp.low.systolic': 95 }, reason: typed.reason }
  expect(outcomeBy(inForce(4, stored), 3, typed)).toEqual({ is: 'set' })
})

test("another's plan that came meanwhile is shown beside what was typed", () => {
  expect(outcomeBy(inForce(4, before), 3, typed)).toMatchObject({ is: 'conflict', problem: { current: { version: 4 }, submitted: typed } })
})
