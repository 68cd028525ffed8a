import type { ActAnswers, ActsRequest } from '../api/model'
import { failureOf, failureOfStatus } from './use-act'

/** At most so many alerts go into one request. */
const MOST = 200

export type Outcome = 'recorded' | 'refused' | 'unknown'

/** Of each alert what has become of the act. */
export type Outcomes = ReadonlyMap<string, Outcome>

function outcomeOf(status: number): Outcome {
  if (status === 200) return 'recorded'
  return failureOfStatus(status) === 'unknown' ? 'unknown' : 'refused'
}

interface Sending {
  post(request: ActsRequest): Promise<ActAnswers>
  answered(answers: ActAnswers['answers']): void
  /** Whether it says that the session is over: then nothing more is sent, or said. */
  isOver(error: unknown): boolean
}

/**
 * Does the same about any number of alerts, a list of 200 after the other, all under one id. Where an answer does not
 * come the lists after it are not sent: they would wait as long. Null where the session is over.
 */
export async function sendAll(request: ActsRequest, { post, answered, isOver }: Sending): Promise<Outcomes | null> {
  const outcomes = new Map<string, Outcome>(request.alerts.map(({ alert }) => [alert, 'unknown']))
  for (let from = 0; from < request.alerts.length; from += MOST) {
    const alerts = request.alerts.slice(from, from + MOST)
    try {
      const { answers } = await post({ ...request, alerts })
      answered(answers)
      for (const { alert, status } of answers) outcomes.set(alert, outcomeOf(status))
    } catch (error) {
      if (isOver(error)) return null
      if (failureOf(error) === 'unknown') break
      for (const { alert } of alerts) outcomes.set(alert, 'refused')
    }
  }
  return outcomes
}

/** The same request once more, for what is perhaps recorded. */
export function againOf(request: ActsRequest, outcomes: Outcomes): ActsRequest {
  return { ...request, alerts: request.alerts.filter(({ alert }) => (outcomes.get(alert) ?? 'unknown') === 'unknown') }
}

export const withOutcome = (outcomes: Outcomes, wanted: Outcome): readonly string[] => [...outcomes].filter(([, outcome]) => outcome === wanted).map(([alert]) => alert)

/** What has become of it, in words, and what can be done about it. */
export interface Notice {
  readonly key: string
  readonly text: string
  /** It stays until it is closed, or until it is sent again and answered. */
  readonly isFailure: boolean
  /** The same request once more, under the same id. */
  readonly again?: () => void
  readonly undo?: () => void
}

/** What is said after something new is: a success gives way to the next notice, a failure to its own alone. What was taken back is not taken back again. */
export function noticesAfter(before: readonly Notice[], notice: Notice, takenBack: string | null = null): readonly Notice[] {
  const left = before.filter((one) => one.isFailure && one.key !== notice.key)
  return [...left.map(({ undo, ...one }) => (one.key === takenBack || !undo ? one : { ...one, undo })), notice]
}
