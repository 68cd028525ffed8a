import { useState, type FormEvent } from 'react'
import { listColleagues, serverNow } from '../api/client'
import type { Alert, CareOutcome, RequestedAct } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { HOUR_MS } from '../language/zones'
import { againAfterFailure } from '../state/questions'
import { useAnswer } from '../state/server-state'
import type { Acting } from './use-act'

const KINDS = ['assign', 'comment', 'snooze', 'close'] as const
type Kind = (typeof KINDS)[number]
const OUTCOMES: readonly CareOutcome[] = ['contacted', 'medication_changed', 'seen_in_clinic', 'sent_to_hospital', 'false_alarm']
/** How long is offered; the server holds the longest: 4 hours of an urgent alert, 14 days of others. */
const HOURS = { urgent: [1, 2, 4], others: [4, 24, 72, 168, 335] } as const
const MOST_CHARACTERS = 2_000

const lengthText = (hours: number, words: Words) => (hours < 24 ? words.acts.hours(hours) : words.acts.days(Math.round(hours / 24)))

/** The acts that need words or a choice. What was typed stays until it is recorded. */
export default function ActForm({ alert, acting }: { alert: Alert; acting: Acting }) {
  const { words } = useLanguage()
  const [kind, setKind] = useState<Kind>('comment')
  const [to, setTo] = useState('')
  const lengths = alert.severity === 'urgent' ? HOURS.urgent : HOURS.others
  const [hours, setHours] = useState<number>(lengths[0])
  const [outcome, setOutcome] = useState<CareOutcome>('contacted')
  const [text, setText] = useState('')
  const { answer } = useAnswer({ of: alert.patient, queryKey: ['colleagues', alert.patient], queryFn: () => listColleagues(alert.patient), enabled: kind === 'assign', ...againAfterFailure() })
  const said = text.trim()
  const isTextNeeded = kind === 'comment' || kind === 'snooze' || (kind === 'close' && outcome === 'false_alarm')
  const acts: Readonly<Record<Kind, () => RequestedAct>> = {
    assign: () => ({ kind: 'assign', to: to === '' ? null : to }),
    comment: () => ({ kind: 'comment', text: said }),
    snooze: () => ({ kind: 'snooze', until: new Date(serverNow() + Math.min(hours, Math.max(...lengths)) * HOUR_MS - 1_000).toISOString(), reason: said }),
    close: () => ({ kind: 'close', outcome, reason: said === '' ? null : said }),
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void acting.act(acts[kind]()).then((isDone) => isDone && setText(''))
  }
  return (
    <form className="act-form" onSubmit={submit}>
      <label>
        {words.acts.act}
        <select value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {words.acts.doing[one]}
            </option>
          ))}
        </select>
      </label>
      {kind === 'assign' && (
        <label>
          {words.acts.to}
          <select value={to} onChange={(event) => setTo(event.target.value)}>
            <option value="">{words.acts.team}</option>
            {answer?.colleagues.map(({ id, name }) => (
              <option key={id} value={id}>
                {name ?? id}
              </option>
            ))}
          </select>
        </label>
      )}
      {kind === 'snooze' && (
        <label>
          {words.acts.until}
          <select value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            {lengths.map((one) => (
              <option key={one} value={one}>
                {lengthText(one, words)}
              </option>
            ))}
          </select>
        </label>
      )}
      {kind === 'close' && (
        <label>
          {words.acts.outcome}
          <select value={outcome} onChange={(event) => setOutcome(event.target.value as CareOutcome)}>
            {OUTCOMES.map((one) => (
              <option key={one} value={one}>
                {words.acts.outcomes[one]}
              </option>
            ))}
          </select>
        </label>
      )}
      {kind !== 'assign' && (
        <label className="act-text">
          {kind === 'comment' ? words.acts.text : kind === 'close' ? words.acts.reasonOfClosing : words.acts.reason}
          <textarea rows={2} value={text} required={isTextNeeded} maxLength={MOST_CHARACTERS} onChange={(event) => setText(event.target.value)} />
        </label>
      )}
      <button type="submit" disabled={acting.isSending || (isTextNeeded && said === '')}>
        {acting.isSending ? words.acts.sending : words.acts.submit}
      </button>
    </form>
  )
}
