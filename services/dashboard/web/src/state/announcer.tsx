import { useLanguage } from '../language/language'
import { calledText } from '../pages/called'
import { useDashboardState } from './dashboard-state'

/** Tells screen readers what came: urgent alerts at once, others when there is a pause. */
export function Announcer() {
  const { announcement, patients } = useDashboardState()
  const { words, language } = useLanguage()
  const alert = announcement?.alert ?? null
  const text = alert
    ? words.announceAlert(words.severity[alert.severity], calledText(alert.patient, patients?.find((one) => one.patient === alert.patient)?.name), alert.text[language])
    : announcement
      ? words.announceMissed(announcement.missed)
      : ''
  const urgent = alert?.severity === 'urgent'
  return (
    <div className="visually-hidden">
      <div aria-live="assertive" data-testid="announce-urgent">
        {urgent ? text : ''}
      </div>
      <div aria-live="polite">{urgent ? '' : text}</div>
    </div>
  )
}
