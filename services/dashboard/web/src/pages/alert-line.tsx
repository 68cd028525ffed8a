import { CareBadges } from '../acts/care-badges'
import type { Alert } from '../api/model'
import { useLanguage } from '../language/language'
import { isHeldBack } from '../triage/alerts'
import { SeverityIcon } from './icons'

const REPORTED_APART_MS = 10 * 60_000

export function SeverityLabel({ severity }: { severity: Alert['severity'] }) {
  const { words } = useLanguage()
  return (
    <span className={`severity severity-${severity}`}>
      <SeverityIcon severity={severity} />
      {words.severity[severity]}
    </span>
  )
}

/** One alert: how bad, what was seen against which limit, when. */
export function AlertLine({ alert, isNew, now }: { alert: Alert; isNew: boolean; now: number }) {
  const { words, times, language } = useLanguage()
  const technical = alert.severity === 'technical'
  // Readings that do not come are no evidence: since when there is none is what counts. Nor do those count that are all
  // from before it began: of clocks that were not set, or replaced. Its time is that of their receipt.
  const hasReadings = alert.evidence.some((one) => Date.parse(one.observed_at) >= Date.parse(alert.first_observed_at))
  const when = !hasReadings ? alert.first_observed_at : technical ? alert.raised_at : alert.last_observed_at
  const isHeld = isHeldBack(alert, now)
  const alertedLater = Date.parse(alert.raised_at) - Date.parse(alert.last_observed_at) > REPORTED_APART_MS
  return (
    <div className="alert-line">
      <p className="alert-what">
        <SeverityLabel severity={alert.severity} />
        {isNew && !isHeld && <span className="badge badge-new">{words.newAlert}</span>}
        <span className="alert-text">{alert.text[language]}</span>
      </p>
      <p className="alert-when">
        <time dateTime={when} title={times.full(when)}>
          {technical || !hasReadings ? words.since : words.measured} <strong>{times.ago(when, now)}</strong>
          <span className="muted"> ({times.dateTime(when, now)})</span>
        </time>
        {!technical && hasReadings && alertedLater && <span>{words.alertedAt(times.dateTime(alert.raised_at, now))}</span>}
        {alert.stage === 'unconfirmed' && (
          <span className="badge" title={words.unconfirmedTitle}>
            {words.unconfirmed}
          </span>
        )}
        {isHeld && <span className="badge">{words.quietUntil(times.dateTime(alert.page_after ?? '', now))}</span>}
        <CareBadges alert={alert} now={now} />
        {alert.late && <span className="badge">{words.late}</span>}
        {alert.transition === 'escalated' && <span className="badge">{words.escalated}</span>}
        {alert.transition === 'eased' && <span className="badge">{words.eased}</span>}
      </p>
    </div>
  )
}
