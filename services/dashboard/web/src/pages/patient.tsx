import { useEffect, useMemo, useState } from 'react'
import { ActPanel } from '../acts/act-panel'
import { serverNow } from '../api/client'
import type { Alert, PatientSummary, Reading } from '../api/model'
import { CHARTED_KINDS, CHARTS, fetchCharts } from '../charts/list'
import { newestCharted, rangeOf, RANGES, type Range } from '../charts/period'
import { changesOf } from '../state/changes'
import { useDashboardState, useNow } from '../state/dashboard-state'
import { withCares } from '../state/reporting'
import { isHeldBack } from '../triage/alerts'
import { withNewest } from '../triage/patients'
import { InZone, useLanguage } from '../language/language'
import { personText, zoneText } from '../language/reading-text'
import { JAPAN } from '../language/zones'
import { Link, navigate, planPathOf } from '../route'
import { AlertLine } from './alert-line'
import { Backdated } from './backdated'
import { Called } from './called'
import { Contacts, useIdentity } from './contacts'
import { EarlierAlerts, EvidenceTable, knownOf } from './evidence'
import { LatestValues } from './latest-values'
import { PageTitle } from './page-title'
import { ReadingsWait } from './readings-wait'
import { PatientSummaries } from '../summaries/summaries'
import { PatientYear } from '../year/year'
import { earlierOf, useAlerts, useBackdated, useChangesInForce, useReadings, type Failure, type History } from './use-history'

const NO_ALERTS: readonly Alert[] = []
const NO_READINGS: readonly Reading[] = []

export function PatientPage({ patient }: { patient: string }) {
  const { patients, listedAt, listFailed, news, ended, cares, seen, store, changes, changedAlerts, refresh } = useDashboardState()
  const { words } = useLanguage()
  const now = useNow()
  const [range, setRange] = useState<Range>(() => rangeOf(location.search))
  const listed = patients?.find((one) => one.patient === patient) ?? null
  const open = listed?.open_alerts ?? NO_ALERTS
  const evidence = useMemo(
    () => new Set(open.flatMap((alert) => alert.evidence.map((one) => one.reading))),
    [open],
  )
  const changed = { readings: changesOf(changes, patient), alerts: changesOf(changedAlerts, patient) }
  const { history, failure, since, isSlow, again } = useReadings(
    patient,
    range,
    listed ? newestCharted(listed, CHARTED_KINDS) : null,
    changed,
    patients !== null || listFailed,
  )
  // What comes later has its place kept, so that nothing moves under who reads; only open alerts wait for nothing.
  const isListed = listedAt !== null || listFailed
  // The header says of what is charted what the charts say.
  const summary = useMemo(() => listed && (history ? withNewest(listed, history, CHARTED_KINDS) : listed), [listed, history])
  const measured = useMemo(() => new Set((listed?.latest ?? []).map((reading) => reading.kind)), [listed])
  const { alerts, alertsAt, alertsFailure, alertsAreSlow } = useAlerts(patient, changed.readings + changed.alerts)
  const endedHere = useMemo(() => [...ended.values()].filter((alert) => alert.patient === patient), [ended, patient])
  const earlier = withCares(earlierOf(alerts, { open, ended: endedHere, isOld: alertsFailure !== null }), cares)
  const backdated = useBackdated(patient, changed.readings)
  // An alert says when what it rests on was measured, not when it was received.
  const known = useMemo(
    () => knownOf(evidence, [listed?.latest ?? NO_READINGS, history?.readings ?? NO_READINGS, backdated.backdated?.readings ?? NO_READINGS]),
    [evidence, listed, history, backdated.backdated],
  )
  // Summaries are by the patient's own ranges and days.
  const changesInForce = useChangesInForce(history)

  useEffect(fetchCharts, [])

  // Marked as seen when leaving: while the page is open, 'new' stays readable.
  useEffect(() => () => seen(patient), [seen, patient])

  const choose = (chosen: Range) => {
    setRange(chosen)
    navigate(`${location.pathname}?range=${chosen}`, 'replace')
  }

  return (
    <InZone name={history?.timeZone ?? listed?.time_zone ?? JAPAN.name}>
      <p className="back">
        <Link href="/">← {words.backToList}</Link> <Link href={planPathOf(patient)}>{words.plan.title}</Link>
      </p>
      <PatientHeader patient={patient} summary={summary} isListed={isListed} now={now} />
      {failure === 'not-yours' && <p className="notice notice-warning">{words.notYours}</p>}
      {failure !== 'not-yours' && !isListed && open.length === 0 && <p className="muted waiting">{words.loading}</p>}
      {failure !== 'not-yours' && (isListed || open.length > 0) && (
        <>
          <section aria-labelledby="open-alerts">
            <h2 id="open-alerts">{words.openAlerts}</h2>
            {isListed && patients === null && (
              <p className="notice notice-warning" role="alert">
                {words.listFailed} <button onClick={refresh}>{words.retry}</button>
              </p>
            )}
            {isListed && patients !== null && open.length === 0 && <p className="all-clear">{words.nothingOpen}</p>}
            {open.map((alert) => (
              <article key={alert.id} className={`card card-${isHeldBack(alert, now) ? 'none' : alert.severity} alert-detail`}>
                <AlertLine alert={alert} isNew={news.has(alert.id)} now={now} />
                <ActPanel alert={alert} now={now} />
                <EvidenceTable alert={alert} known={known} />
              </article>
            ))}
            {isListed && (
              <div className="earlier-place">
                {earlier.length > 0 && <EarlierAlerts alerts={earlier} now={now} />}
                {(alertsFailure !== null || (alertsAreSlow && earlier.length > 0)) && <AlertsAsOf hasFailed={alertsFailure !== null} since={alertsAt} now={now} />}
              </div>
            )}
          </section>
          {isListed && (
            <>
              <PatientSummaries patient={patient} changes={changed.readings + changesInForce} latest={listed?.latest ?? NO_READINGS} />
              <PatientYear patient={patient} kinds={measured} />

              <RangeBar range={range} history={history} choose={choose} />
              {history?.period.endsAtNewest && <EndsAtNewest history={history} now={now} />}
              {history?.truncated && <p className="notice notice-info">{words.truncated}</p>}
              {failure !== null && <HistoryFailure failure={store === 'unavailable' ? 'unavailable' : failure} since={since} now={now} again={again} />}
              {failure === null && history !== null && <ReadingsWait since={history.waitingSince} now={now} />}
              {failure === null && history !== null && isSlow && <AsOf at={history.at} now={now} />}
              {history === null && failure === null && <ChartsWaiting />}
              {history !== null && <Charts history={history} summary={summary} evidence={evidence} busy={history.range !== range} />}
              <Backdated state={backdated} now={now} />
            </>
          )}
        </>
      )}
    </InZone>
  )
}

interface PatientHeaderProps {
  readonly patient: string
  readonly summary: PatientSummary | null
  /** Before, open alerts may be known, and the newest values are not. */
  readonly isListed: boolean
  readonly now: number
}

function PatientHeader({ patient, summary, isListed, now }: PatientHeaderProps) {
  const { words, times } = useLanguage()
  const { identity, failure } = useIdentity(patient, summary ? (summary.name ?? null) : undefined)
  const name = identity?.name ?? summary?.name
  const urgent = summary?.severity === 'urgent' ? 1 : 0
  return (
    <div className={isListed ? 'patient-head' : 'patient-head patient-head-waiting'}>
      <PageTitle title={patient} count={urgent}>
        <Called patient={patient} name={name} />
      </PageTitle>
      {summary && (
        <p className="patient-who" title={summary.birth_year == null ? undefined : words.bornIn(summary.birth_year)}>
          {personText(summary.birth_year, summary.sex, times.zone.yearOf(now), words)}
        </p>
      )}
      <Contacts patient={patient} identity={identity} hasFailed={failure !== null} />
      {summary && <LatestValues patient={summary} now={now} />}
    </div>
  )
}

function RangeBar({ range, history, choose }: { range: Range; history: History | null; choose(range: Range): void }) {
  const { words, times } = useLanguage()
  return (
    <div className="range-bar">
      <div className="range-buttons" role="group" aria-label={words.range}>
        {RANGES.map((one) => (
          <button key={one} aria-pressed={one === range} onClick={() => choose(one)}>
            {one === 'all' ? words.all : one === '1' ? words.dayOf24 : words.days(Number(one))}
          </button>
        ))}
      </div>
      <p className="muted">
        {history && words.shownRange(times.date(history.from), times.date(history.period.to))}{' '}
        <span className="zone">{zoneText(times.zone, words, history?.period.to ?? serverNow())}</span>
      </p>
    </div>
  )
}

function EndsAtNewest({ history, now }: { history: History; now: number }) {
  const { words, times } = useLanguage()
  const { to } = history.period
  return <p className="notice notice-info">{words.endsAtNewest(times.full(to), times.ago(to, now))}</p>
}

/** Of earlier alerts the newest answer has failed, or takes long. `since`: when what is still shown was answered. */
function AlertsAsOf({ hasFailed, since, now }: { hasFailed: boolean; since: number | null; now: number }) {
  const { words, times } = useLanguage()
  return (
    <p className="muted">
      {hasFailed && words.alertsHistoryFailed} {since !== null && words.historyAsOf(times.dateTime(since, now))}
    </p>
  )
}

/** `since`: when what is still shown was answered. */
function HistoryFailure({ failure, since, now, again }: { failure: Failure; since: number | null; now: number; again(): void }) {
  const { words, times } = useLanguage()
  return (
    <p className="notice notice-warning" role="alert">
      {failure === 'unavailable' ? words.historyUnavailable : words.historyFailed} {since !== null && words.historyAsOf(times.dateTime(since, now))}{' '}
      <button onClick={again}>{words.retry}</button>
    </p>
  )
}

/** The newest answer takes long: what is shown is of an earlier one. */
function AsOf({ at, now }: { at: number; now: number }) {
  const { words, times } = useLanguage()
  return (
    <p className="notice notice-info" role="status">
      {words.historyAsOf(times.dateTime(at, now))}
    </p>
  )
}

function ChartsWaiting() {
  const { words } = useLanguage()
  return (
    <div className="panel panel-waiting">
      <p className="muted">{words.loading}</p>
    </div>
  )
}

interface ChartsProps {
  readonly history: History
  readonly summary: PatientSummary | null
  readonly evidence: ReadonlySet<string>
  readonly busy: boolean
}

/** Kinds with readings first: an empty chart is a line of text below them. */
function Charts({ history, summary, evidence, busy }: ChartsProps) {
  const { from, period, readings, limits } = history
  const filled = CHARTS.filter((chart) => chart.has(readings))
  const empty = CHARTS.filter((chart) => !chart.has(readings))
  return (
    <div className={busy ? 'charts charts-busy' : 'charts'} aria-busy={busy}>
      {[...filled, ...empty].map((chart) => {
        const everAny = summary?.latest.some((reading) => chart.kinds.includes(reading.kind)) ?? true
        return chart.draw(readings, { from, to: period.to, limits, evidence, everAny })
      })}
    </div>
  )
}
