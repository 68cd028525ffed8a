import { useState } from 'react'
import { actOn, ApiError } from '../api/client'
import type { ActRequest, Alert, RequestedAct } from '../api/model'
import { useSession } from '../session'
import { useDashboardState } from '../state/dashboard-state'

export type ActFailure = 'unknown' | 'worse' | 'conflict' | 'not-yours' | 'invalid'

/** What somebody saw is what the act covers; a comment, an assignment and an undo cover nothing. */
const COVERING = ['acknowledge', 'snooze', 'close']

/** An act on an alert as it is shown, under an id of its own: sent again under the same id it is the same act. */
export function requestOf(alert: Pick<Alert, 'changed_at' | 'severity'>, act: RequestedAct, id: string = crypto.randomUUID()): ActRequest {
  const { changed_at, severity } = alert
  return { id, act, ...(COVERING.includes(act.kind) && { seen: { changed_at, severity } }) }
}

/** What a person has to know of a refusal. Where nobody can say whether the act was done, the same is sent again. */
export function failureOf(error: unknown): ActFailure {
  if (!(error instanceof ApiError)) return 'unknown'
  if (error.status === 409) return error.type.endsWith(':has-become-worse') ? 'worse' : 'conflict'
  if (error.status === 403 || error.status === 404) return 'not-yours'
  return [400, 413, 422].includes(error.status) ? 'invalid' : 'unknown'
}

interface Failed {
  readonly request: ActRequest
  readonly failure: ActFailure
  readonly detail: string
}

/** Acts on one alert, one at a time. */
export function useAct(alert: Alert) {
  const { acted } = useDashboardState()
  const { checkFailure } = useSession()
  const [isSending, setIsSending] = useState(false)
  const [failed, setFailed] = useState<Failed | null>(null)
  const send = async (request: ActRequest): Promise<boolean> => {
    setIsSending(true)
    try {
      acted(await actOn(alert.id, request))
      setFailed(null)
      return true
    } catch (error) {
      if (!checkFailure(error)) setFailed({ request, failure: failureOf(error), detail: error instanceof ApiError ? error.message : '' })
      return false
    } finally {
      setIsSending(false)
    }
  }
  return {
    isSending,
    failed,
    act: (what: RequestedAct) => send(requestOf(alert, what)),
    again: () => (failed ? send(failed.request) : Promise.resolve(false)),
    leave: () => setFailed(null),
  }
}

export type Acting = ReturnType<typeof useAct>
