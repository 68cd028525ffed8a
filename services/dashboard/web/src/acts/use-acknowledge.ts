import { useState } from 'react'
import { actOnMany, ApiError, serverNow } from '../api/client'
import type { ActsRequest, Alert, PatientSummary } from '../api/model'
import { useLanguage } from '../language/language'
import { useSession } from '../session'
import { useDashboardState } from '../state/dashboard-state'
import { needsSomebody } from './attended'
import { failureOf, requestOf } from './use-act'

/** At most so many alerts go into one request. */
const MOST = 200

/** What is still to be acknowledged of alerts as they are shown. */
export function unseenOf(alerts: readonly Alert[], now: number): readonly Alert[] {
  return alerts.filter((alert) => needsSomebody(alert, now)).slice(0, MOST)
}

/** What has become of it, in words, and what can be done about it. */
interface Told {
  readonly text: string
  /** The same request once more, under the same id. */
  readonly again?: () => void
  readonly undo?: () => void
}

/** Acknowledges all alerts of patients at once, as they are shown, and takes it back. */
export function useAcknowledge() {
  const { acted } = useDashboardState()
  const { checkFailure } = useSession()
  const { words } = useLanguage()
  const [told, tell] = useState<Told | null>(null)
  const [isSending, setIsSending] = useState(false)

  const send = async (request: ActsRequest, whose: ReadonlyMap<string, string>, done: (alerts: readonly string[]) => Told) => {
    const name = [...new Set(whose.values())].join(' · ')
    setIsSending(true)
    try {
      const { answers } = await actOnMany(request)
      for (const { alert, care } of answers) if (care) acted({ alert, patient: whose.get(alert) ?? '', care })
      const recorded = answers.filter(({ status }) => status === 200).map(({ alert }) => alert)
      const said = recorded.length > 0 ? done(recorded) : { text: '' }
      const failed = answers.length - recorded.length
      tell(failed === 0 ? said : { ...said, text: [said.text, words.acts.someFailed(name, failed)].filter(Boolean).join(' ') })
    } catch (error) {
      if (checkFailure(error)) return
      const failure = failureOf(error)
      const text = failure === 'invalid' && error instanceof ApiError ? words.acts.someFailed(name, whose.size) : words.acts.failed[failure]
      tell(failure === 'unknown' ? { text, again: () => void send(request, whose, done) } : { text })
    } finally {
      setIsSending(false)
    }
  }

  const acknowledge = (patients: readonly PatientSummary[]) => {
    const alerts = unseenOf(patients.flatMap((patient) => patient.open_alerts), serverNow())
    const whose = new Map(alerts.map(({ id, patient }) => [id, patient]))
    const name = patients.map(({ patient }) => patient).join(' · ')
    if (alerts.length === 0) {
      tell({ text: words.acts.nothingTo(name) })
      return
    }
    const id = crypto.randomUUID()
    const act = { kind: 'acknowledge' } as const
    const undo = (recorded: readonly string[]) => {
      const back = { id: crypto.randomUUID(), act: { kind: 'undo', act: id } as const, alerts: recorded.map((alert) => ({ alert })) }
      void send(back, whose, () => ({ text: words.acts.takenBack(name) }))
    }
    const request = { id, act, alerts: alerts.map((alert) => ({ alert: alert.id, seen: requestOf(alert, act, id).seen ?? null })) }
    void send(request, whose, (recorded) => ({ text: words.acts.acknowledged(name, recorded.length), undo: () => undo(recorded) }))
  }
  return { acknowledge, told, isSending, close: () => tell(null) }
}
