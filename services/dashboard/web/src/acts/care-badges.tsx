import type { Alert, Colleague } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { isPutOff, needsSomebody, toCloseBy } from './attended'

export const nameOf = (person: Colleague, words: Words) => person.name ?? words.acts.unknownPerson

/** What people did about an alert, as far as it holds, and by when somebody is to see to it. */
export function CareBadges({ alert, now }: { alert: Alert; now: number }) {
  const { words, times } = useLanguage()
  const care = alert.care
  if (!care) return null
  const { acts } = words
  const at = (time: string) => times.dateTime(time, now)
  const isDue = needsSomebody(alert, now)
  const isOverdue = care.due_at != null && Date.parse(care.due_at) <= now
  const closeBy = isDue ? null : toCloseBy(alert)
  // A tick says that somebody sees to it.
  const [done, tick] = isDue ? ['badge', ''] : ['badge badge-done', '✓ ']
  return (
    <>
      {care.came_back_at && <span className="badge badge-came-back">{acts.cameBack(at(care.came_back_at))}</span>}
      {care.acknowledged && <span className={done}>{tick}{acts.acknowledgedBy(nameOf(care.acknowledged.by, words), at(care.acknowledged.at))}</span>}
      {care.closed && <span className={done}>{tick}{acts.closedAs(acts.outcomes[care.closed.outcome], nameOf(care.closed.by, words))}</span>}
      {care.assigned && <span className="badge">{acts.assignedTo(nameOf(care.assigned.to, words))}</span>}
      {care.snoozed && isPutOff(alert, now) && <span className="badge">{acts.snoozedUntil(at(care.snoozed.until))}</span>}
      {closeBy && <span className="muted">{acts.closeBy(at(closeBy))}</span>}
      {care.due_at && isDue && <span className={isOverdue ? 'badge badge-came-back' : 'muted'}>{isOverdue ? acts.overdue(at(care.due_at)) : acts.dueBy(at(care.due_at))}</span>}
    </>
  )
}
