import { useMutation, type UseMutationResult } from '@tanstack/react-query'
import { ApiError, previewPlan } from '../api/client'
import type { InvalidPlanProblem, PlanContent, PlanPreview } from '../api/model'
import type { FaultyDraft } from './plan-faults'

/** How far the question is what a plan would have raised. */
export type Previewed =
  | { readonly is: 'none' | 'asked' }
  | { readonly is: 'failed'; readonly why: 'store' | 'busy' | 'too-many' | 'not-yours' | 'other' }
  | ({ readonly is: 'invalid' } & FaultyDraft)
  | { readonly is: 'there'; readonly preview: PlanPreview; readonly of: PlanContent }

/** Why there is no preview of a plan. */
export function failureOf(error: unknown, of: PlanContent): Previewed {
  if (!(error instanceof ApiError)) return { is: 'failed', why: 'other' }
  if (error.status === 422) return { is: 'invalid', faults: (error.problem as InvalidPlanProblem).faults, of }
  const kind = error.type.slice(error.type.lastIndexOf(':') + 1)
  const why = { 'store-unavailable': 'store', 'summaries-busy': 'busy', 'too-many-readings': 'too-many', 'not-your-patient': 'not-yours' } as const
  return { is: 'failed', why: why[kind as keyof typeof why] ?? 'other' }
}

/** Asks what a plan would have raised. What was asked before, or before `forget`, is not answered any more. */
export function usePlanPreview(patient: string) {
  const asking = useMutation({ mutationFn: (plan: PlanContent) => previewPlan(patient, plan) })
  return { previewed: previewedOf(asking), ask: asking.mutate, forget: asking.reset }
}

type Asking = Pick<UseMutationResult<PlanPreview, Error, PlanContent>, 'data' | 'error' | 'variables' | 'isPending'>

/** How far the question is. */
export function previewedOf({ data, error, variables: of, isPending }: Asking): Previewed {
  if (of === undefined) return { is: 'none' }
  if (isPending) return { is: 'asked' }
  if (data !== undefined) return { is: 'there', preview: data, of }
  return failureOf(error, of)
}
