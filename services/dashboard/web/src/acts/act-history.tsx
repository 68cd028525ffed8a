import { listActs } from '../api/client'
import type { Alert, RecordedAct } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { againAfterFailure } from '../state/questions'
import { useAnswer } from '../state/server-state'
import { nameOf } from './care-badges'
import { Notified } from './notified'
import type { Acting } from './use-act'

/** Everything that was done about an alert, what was taken back included; asked for while it is shown, and anew when something was done. */
export default function ActHistory({ alert, acting, now }: { alert: Alert; acting: Acting; now: number }) {
  const { words, times } = useLanguage()
  const { answer, failure } = useAnswer({
    of: alert.id,
    queryKey: ['acts', alert.id, JSON.stringify(alert.care ?? null)],
    queryFn: () => listActs(alert.id),
    ...againAfterFailure(),
  })
  return (
    <>
      {failure !== null && <p className="muted">{words.acts.historyFailed}</p>}
      {answer === null && failure === null && <p className="muted">{words.loading}</p>}
      {answer?.acts.length === 0 && <p className="muted">{words.acts.historyNone}</p>}
      <ol className="act-history">
        {answer?.acts.map((act) => (
          <li key={act.id} className={act.undone ? 'act-undone' : undefined}>
            <span>
              <strong>{words.acts.kind[act.kind]}</strong> {detailOf(act, words, (time) => times.dateTime(time, now))}
            </span>
            <span className="muted">
              {nameOf(act.by, words)} · {times.dateTime(act.at, now)}
              {act.undone && ` · ${words.acts.undoneBy(nameOf(act.undone.by, words), times.dateTime(act.undone.at, now))}`}
            </span>
            {act.text && <q>{act.text}</q>}
            {act.text_lost && <span className="muted">{words.acts.textLost}</span>}
            {!act.undone && act.kind !== 'undo' && (
              <button disabled={acting.isSending} aria-label={words.acts.undoOf(words.acts.kind[act.kind])} onClick={() => void acting.act({ kind: 'undo', act: act.id })}>
                {words.acts.undo}
              </button>
            )}
          </li>
        ))}
      </ol>
      <Notified alert={alert} now={now} />
    </>
  )
}

function detailOf(act: RecordedAct, words: Words, time: (time: string) => string): string {
  if (act.kind === 'assign') return act.to ? nameOf(act.to, words) : words.acts.gaveBack
  if (act.kind === 'snooze' && act.until) return words.acts.untilTime(time(act.until))
  return act.kind === 'close' && act.outcome ? words.acts.outcomes[act.outcome] : ''
}
