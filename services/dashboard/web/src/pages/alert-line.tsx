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

/** Since when an alert is, or when its newest reading was measured. */
interface When {
  /** By what it is known: the reading's own time, of a clock that is ahead the alert's, or no reading's. */
  readonly by: 'reading' | 'change' | 'beginning'
  readonly at: string
}

/**
 * Readings that do not come are no evidence: since when there is none is what counts. Nor do those count by whose times
 * the alert does not go: of clocks that were not set, or replaced. Its time is that of their receipt. What a clock that
 * is ahead measured had come when the alert told of it.
 */
function whenOf(alert: Alert): When {
  const [first, last] = [Date.parse(alert.first_observed_at), Date.parse(alert.last_observed_at)]
  const newest = alert.evidence.filter((one) => Date.parse(one.observed_at) === last)
  if (newest.length === 0 || last < first) return { by: 'beginning', at: alert.first_observed_at }
  const isOver = last > Date.parse(alert.changed_at)
  return { by: newest.some((one) => one.observed_ahead) ? 'change' : 'reading', at: isOver ? alert.changed_at : alert.last_observed_at }
}

/** One alert: how bad, what was seen against which limit, when. */
export function AlertLine({ alert, isNew, now }: { alert: Alert; isNew: boolean; now: number }) {
  const { words, times, language } = useLanguage()
  const technical = alert.severity === 'technical'
  const { by, at } = whenOf(alert)
  const hasReadings = by !== 'beginning'
  const when = hasReadings && technical ? alert.raised_at : at
  const isHeld = isHeldBack(alert, now)
  const laterThan = (time: string, than: string) => Date.parse(time) - Date.parse(than) > REPORTED_APART_MS
  const alertedLater = !technical && hasReadings && laterThan(alert.raised_at, alert.last_observed_at)
  // What came since the beginning, such as a severe value, has no time of its own that could be shown.
  const newsLater = !hasReadings && laterThan(alert.news_at, alert.first_observed_at)
  const escalatedLater = newsLater && Date.parse(alert.news_at) > Date.parse(alert.raised_at)
  return (
    <div className="alert-line">
      <p className="alert-what">
        <SeverityLabel severity={alert.severity} />
        {isNew && !isHeld && <span className="badge badge-new">{words.newAlert}</span>}
        <span className="alert-text">{alert.text[language]}</span>
      </p>
      <p className="alert-when">
        <time dateTime={when} title={times.full(when)}>
          {by === 'change' && !technical ? (
            <strong>{words.aheadOf(times.ago(when, now))}</strong>
          ) : (
            <>
              {technical || !hasReadings ? words.since : words.measured} <strong>{times.ago(when, now)}</strong>
            </>
          )}
          <span className="muted"> ({times.dateTime(when, now)})</span>
        </time>
        {(alertedLater || (newsLater && !escalatedLater)) && <span>{words.alertedAt(times.dateTime(alert.raised_at, now))}</span>}
        {escalatedLater && <strong>{words.escalatedAt(times.ago(alert.news_at, now), times.dateTime(alert.news_at, now))}</strong>}
        {alert.stage === 'unconfirmed' && (
          <span className="badge" title={words.unconfirmedTitle}>
            {words.unconfirmed}
          </span>
        )}
        {isHeld && <span className="badge">{words.quietUntil(times.dateTime(alert.page_after ?? '', now))}</span>}
        <CareBadges alert={alert} now={now} />
        {alert.late && <span className="badge">{words.late}</span>}
        {alert.transition === 'escalated' && !escalatedLater && <span className="badge">{words.escalated}</span>}
        {alert.transition === 'eased' && <span className="badge">{words.eased}</span>}
      </p>
    </div>
  )
}
