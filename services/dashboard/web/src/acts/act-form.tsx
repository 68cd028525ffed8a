import { useEffect, useRef, useState, type FormEvent } from 'react'
import { listColleagues, serverNow } from '../api/client'
import type { Alert, CareOutcome, RequestedAct } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { againAfterFailure } from '../state/questions'
import { useAnswer } from '../state/server-state'
import { actOf, EMPTY, hoursOf, isSameDraft, kindsOf, written, type Draft } from './draft'
import type { Acting } from './use-act'

const OUTCOMES: readonly CareOutcome[] = ['contacted', 'medication_changed', 'seen_in_clinic', 'sent_to_hospital', 'false_alarm']
/** How long is offered; the server holds the longest: 4 hours of an urgent alert, 14 days of others. */
const HOURS = { urgent: [1, 2, 4], others: [4, 24, 72, 168, 335] } as const
const MOST_CHARACTERS = 2_000

const lengthText = (hours: number, words: Words) => (hours < 24 ? words.acts.hours(hours) : words.acts.days(Math.round(hours / 24)))

/** The acts that need words or a choice. What was typed stays until it is recorded. */
export default function ActForm({ alert, acting }: { alert: Alert; acting: Acting }) {
  const { words } = useLanguage()
  const [draft, setDraft] = useState(EMPTY)
  const sent = useRef<{ draft: Draft; act: RequestedAct } | null>(null)
  const { kind, to, outcome, text } = draft
  const lengths: readonly number[] = alert.severity === 'urgent' ? HOURS.urgent : HOURS.others
  const { answer } = useAnswer({ of: alert.patient, queryKey: ['colleagues', alert.patient], queryFn: () => listColleagues(alert.patient), enabled: kind === 'assign', ...againAfterFailure() })
  const said = text.trim()
  const isTextNeeded = kind === 'comment' || kind === 'snooze' || (kind === 'close' && outcome === 'false_alarm')
  const write = (what: Partial<Draft>) => setDraft((before) => written(before, what, alert))

  // Recorded, whichever button sent it: what was written since is another act.
  const { recorded } = acting
  useEffect(() => {
    const mine = sent.current
    if (!mine || recorded !== mine.act) return
    sent.current = null
    setDraft((before) => (isSameDraft(before, mine.draft) ? EMPTY : before))
  }, [recorded])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    // The same once more is the same act, whose end does not move with the clock.
    if (!sent.current || !isSameDraft(sent.current.draft, draft)) sent.current = { draft, act: actOf(draft, lengths, serverNow()) }
    void acting.act(sent.current.act, draft.seen ?? alert).then((failure) => {
      if (failure === null || failure === 'unknown') return
      sent.current = null
      // Whoever is warned that it is worse now looks at it as it is now.
      if (failure === 'worse') setDraft((before) => ({ ...before, seen: null }))
    })
  }
  return (
    <form className="act-form" onSubmit={submit}>
      <label>
        {words.acts.act}
        <select value={kind} onChange={(event) => write({ kind: event.target.value as Draft['kind'] })}>
          {kindsOf(alert).map((one) => (
            <option key={one} value={one}>
              {words.acts.doing[one]}
            </option>
          ))}
        </select>
      </label>
      {kind === 'assign' && (
        <label>
          {words.acts.to}
          <select value={to} onChange={(event) => write({ to: event.target.value })}>
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
          <select value={hoursOf(draft.hours, lengths)} onChange={(event) => write({ hours: Number(event.target.value) })}>
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
          <select value={outcome} onChange={(event) => write({ outcome: event.target.value as CareOutcome })}>
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
          <textarea rows={2} value={text} required={isTextNeeded} maxLength={MOST_CHARACTERS} onChange={(event) => write({ text: event.target.value })} />
        </label>
      )}
      <button type="submit" disabled={acting.isSending || (isTextNeeded && said === '')}>
        {acting.isSending ? words.acts.sending : words.acts.submit}
      </button>
    </form>
  )
}
