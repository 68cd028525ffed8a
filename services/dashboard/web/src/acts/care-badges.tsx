import type { Alert, Colleague } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'

export const nameOf = (person: Colleague, words: Words) => person.name ?? words.acts.unknownPerson

/** What people did about an alert, as far as it holds, and by when somebody is to see to it. */
export function CareBadges({ alert, now }: { alert: Alert; now: number }) {
  const { words, times } = useLanguage()
  const care = alert.care
  if (!care) return null
  const { acts } = words
  const at = (time: string) => times.dateTime(time, now)
  const isPutOff = care.snoozed && Date.parse(care.snoozed.until) > now
  const isDone = care.acknowledged ?? care.closed
  return (
    <>
      {care.came_back_at && <span className="badge badge-came-back">{acts.cameBack(at(care.came_back_at))}</span>}
      {care.acknowledged && <span className="badge badge-done">✓ {acts.acknowledgedBy(nameOf(care.acknowledged.by, words), at(care.acknowledged.at))}</span>}
      {care.closed && <span className="badge badge-done">✓ {acts.closedAs(acts.outcomes[care.closed.outcome], nameOf(care.closed.by, words))}</span>}
      {care.assigned && <span className="badge">{acts.assignedTo(nameOf(care.assigned.to, words))}</span>}
      {care.snoozed && isPutOff && <span className="badge">{acts.snoozedUntil(at(care.snoozed.until))}</span>}
      {care.due_at && !isDone && alert.status === 'open' && (
        <span className={Date.parse(care.due_at) < now ? 'badge badge-came-back' : 'muted'}>{Date.parse(care.due_at) < now ? acts.overdue(at(care.due_at)) : acts.dueBy(at(care.due_at))}</span>
      )}
    </>
  )
}
