import { listNotifications } from '../api/client'
import type { Alert, AlertNotifications } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { whileSeen } from '../state/questions'
import { useAnswer, useSeen } from '../state/server-state'
import { nameOf } from './care-badges'

/** A message may be on its way while somebody looks. Each question is recorded as an access. */
const ANEW_MS = 60_000

/** Who was notified of an alert, and when nobody could be; asked for while it is shown. */
export function Notified({ alert, now }: { alert: Alert; now: number }) {
  const { words, times } = useLanguage()
  const { answer, failure } = useAnswer({
    of: alert.id,
    queryKey: ['notifications', alert.id],
    queryFn: () => listNotifications(alert.id),
    ...whileSeen(useSeen(), () => ANEW_MS),
  })
  const all = answer === null ? [] : eventsOf(answer, words)
  return (
    <div className="act-notified">
      <p>
        <strong>{words.notified.title}</strong>
      </p>
      {failure !== null && <p className="muted">{words.notified.failed}</p>}
      {answer === null && failure === null && <p className="muted">{words.loading}</p>}
      {answer !== null && all.length === 0 && <p className="muted">{words.notified.none}</p>}
      <ol>
        {all.map(({ key, at, who, what, isMissed }) => (
          <li key={key}>
            <span>
              {who && <strong>{who}</strong>} {isMissed ? <strong>{what}</strong> : what}
            </span>
            <span className="muted">{times.dateTime(at, now)}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}

interface NotifiedEvent {
  readonly key: string
  readonly at: string
  readonly who: string | null
  readonly what: string
  readonly isMissed: boolean
}

/** Messages and failures to reach anybody in the order in which they came to what they are. */
export function eventsOf({ notifications, undelivered }: AlertNotifications, words: Words): readonly NotifiedEvent[] {
  const { channel, status, nobody } = words.notified
  const messages = notifications.map((one, place) => ({
    key: `message ${place}`,
    at: one.changed_at,
    who: nameOf(one.to, words),
    what: `${channel[one.channel]}${words.notified.colon}${status[one.status](one.failed_attempts)}`,
    isMissed: one.status === 'given_up',
  }))
  const missed = undelivered.map(({ at, reason }, place) => ({ key: `nobody ${place}`, at, who: null, what: nobody[reason], isMissed: true }))
  return [...messages, ...missed].sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
}
