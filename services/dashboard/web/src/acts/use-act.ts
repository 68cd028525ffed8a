import { useRef, useState } from 'react'
import { actOn, ApiError } from '../api/client'
import type { ActRequest, Alert, RequestedAct } from '../api/model'
import { useSession } from '../session'
import { useDashboardState } from '../state/dashboard-state'

export type ActFailure = 'unknown' | 'worse' | 'conflict' | 'not-yours' | 'invalid'

/** What a person saw of an alert. */
export type Seen = Pick<Alert, 'changed_at' | 'severity'>

/** What somebody saw is what the act covers; a comment, an assignment and an undo cover nothing. */
const COVERING = ['acknowledge', 'snooze', 'close']

/** An act on an alert as it was seen, under an id of its own: sent again under the same id it is the same act. */
export function requestOf({ changed_at, severity }: Seen, act: RequestedAct, id: string = crypto.randomUUID()): ActRequest {
  return { id, act, ...(COVERING.includes(act.kind) && { seen: { changed_at, severity } }) }
}

/** What a person has to know of a refusal. Where nobody can say whether the act was done, the same is sent again. */
export function failureOf(error: unknown): ActFailure {
  return error instanceof ApiError ? failureOfStatus(error.status, error.type) : 'unknown'
}

export function failureOfStatus(status: number, type = ''): ActFailure {
  if (status === 409) return type.endsWith(':has-become-worse') ? 'worse' : 'conflict'
  if (status === 403 || status === 404) return 'not-yours'
  return [400, 413, 422].includes(status) ? 'invalid' : 'unknown'
}

export interface Failed {
  readonly request: ActRequest
  readonly failure: ActFailure
  readonly detail: string
}

const isSameAct = (a: RequestedAct, b: RequestedAct) => JSON.stringify(a) === JSON.stringify(b)

/** The request for an act: of one that is perhaps recorded, the same once more, so that it counts once. */
export function requestFor(failures: readonly Failed[], seen: Seen, act: RequestedAct): ActRequest {
  const perhaps = failures.find(({ request, failure }) => failure === 'unknown' && isSameAct(request.act, act))
  return perhaps?.request ?? requestOf(seen, act)
}

/** The failures after a request was answered: a refusal gives way to the next act of its kind, what is perhaps recorded to its own answer alone. */
export function failuresAfter(before: readonly Failed[], request: ActRequest, failed: Failed | null): readonly Failed[] {
  const isLeft = (one: Failed) => one.request.id !== request.id && (one.failure === 'unknown' || one.request.act.kind !== request.act.kind)
  return [...before.filter(isLeft), ...(failed ? [failed] : [])]
}

/** Acts on one alert, one at a time. */
export function useAct(alert: Alert) {
  const { acted } = useDashboardState()
  const { checkFailure } = useSession()
  const [isSending, setIsSending] = useState(false)
  const isBusy = useRef(false)
  const [failures, setFailures] = useState<readonly Failed[]>([])
  const [recorded, setRecorded] = useState<RequestedAct | null>(null)
  const send = async (request: ActRequest): Promise<ActFailure | null> => {
    if (isBusy.current) return 'unknown'
    isBusy.current = true
    setIsSending(true)
    try {
      acted(await actOn(alert.id, request))
      setFailures((before) => failuresAfter(before, request, null))
      setRecorded(request.act)
      return null
    } catch (error) {
      const failure = failureOf(error)
      const failed = { request, failure, detail: error instanceof ApiError ? error.message : '' }
      if (!checkFailure(error)) setFailures((before) => failuresAfter(before, request, failed))
      return failure
    } finally {
      isBusy.current = false
      setIsSending(false)
    }
  }
  return {
    isSending,
    failures,
    /** What was recorded last. */
    recorded,
    /** Does it; what it covers is what was seen, the alert as it is shown unless that was before. Resolves to why it was not done. */
    act: (what: RequestedAct, seen: Seen = alert) => send(requestFor(failures, seen, what)),
    again: ({ request }: Failed) => send(request),
    leave: ({ request }: Failed) => setFailures((before) => before.filter((one) => one.request.id !== request.id)),
  }
}

export type Acting = ReturnType<typeof useAct>
