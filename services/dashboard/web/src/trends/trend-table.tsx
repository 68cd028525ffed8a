import { memo } from 'react'
import type { ComparedDays, PatientSummary, PatientTrends, TrendRow } from '../api/model'
import { valueOf } from '../api/model'
import { InZone, useLanguage } from '../language/language'
import { calculatedText, changeOf, fieldUnit, personText } from '../language/reading-text'
import { SeverityLabel } from '../pages/alert-line'
import { LatestValue } from '../pages/latest-values'
import { Called, Numbers } from '../pages/called'
import { Link, pathOf } from '../route'
import { dueSeverity } from '../triage/alerts'
import { methodOf } from '../year/curves'
import { sentencesIn, TRENDS } from './words'

interface TableProps {
  readonly patients: readonly PatientTrends[]
  /** What the live list says of the patients, by their ids. */
  readonly live: ReadonlyMap<string, PatientSummary>
  readonly now: number
  readonly label: string
}

/** Each patient is a group of rows, one for each kind. The roles are said because small screens show no table. */
export function TrendTable({ patients, live, now, label }: TableProps) {
  const { words } = useLanguage()
  // Without a sensor on this page nobody needs the column of sensors.
  const hasSensor = patients.some(({ rows }) => rows.some((row) => row.month.covered_percent != null))
  const columns = [TRENDS.patient, TRENDS.what, TRENDS.week, TRENDS.month, ...(hasSensor ? [TRENDS.inRange] : []), TRENDS.last]
  return (
    <table className="trends" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.en} role="columnheader" scope="col">
              {words.said(column)}
            </th>
          ))}
        </tr>
      </thead>
      {patients.map((patient) => (
        <Patient key={patient.patient} patient={patient} live={live.get(patient.patient)} now={now} hasSensor={hasSensor} />
      ))}
    </table>
  )
}

interface PatientProps {
  readonly patient: PatientTrends
  readonly live: PatientSummary | undefined
  readonly now: number
  readonly hasSensor: boolean
}

const Patient = memo(function Patient(props: PatientProps) {
  return (
    <InZone name={props.patient.time_zone}>
      <Rows {...props} />
    </InZone>
  )
})

function Rows({ patient, live, now, hasSensor }: PatientProps) {
  const { words } = useLanguage()
  const who = <Who patient={patient} live={live} now={now} rows={Math.max(1, patient.rows.length)} />
  return (
    <tbody role="rowgroup" data-patient={patient.patient}>
      {patient.rows.length === 0 && (
        <tr role="row">
          {who}
          <td role="cell" className="muted" colSpan={hasSensor ? 5 : 4}>
            {words.said(TRENDS.nothing)}
          </td>
        </tr>
      )}
      {patient.rows.map((row, index) => (
        <tr key={`${row.kind} ${row.method}`} role="row">
          {index === 0 && who}
          <Cells row={row} live={live} now={now} hasSensor={hasSensor} />
        </tr>
      ))}
    </tbody>
  )
}

function Who({ patient, live, now, rows }: Omit<PatientProps, 'hasSensor'> & { readonly rows: number }) {
  const { words, times, language } = useLanguage()
  // The live list knows sooner what is open; before it has come, the table says it.
  const severity = live ? dueSeverity(live.open_alerts, now) : (patient.severity ?? null)
  const alert = live?.open_alerts.find((one) => one.severity === severity)
  return (
    <th role="rowheader" scope="rowgroup" rowSpan={rows} className="trends-who">
      <Link href={pathOf(patient.patient)}>
        <Called patient={patient.patient} name={live?.name} />
      </Link>
      <Numbers patient={patient.patient} name={live?.name} chart={words.chartNumber} />
      <span className="muted">{personText(patient.birth_year, patient.sex, times.zone.yearOf(now), words)}</span>
      {severity && <SeverityLabel severity={severity} />}
      {alert && <span className="trends-alert">{alert.text[language]}</span>}
    </th>
  )
}

function Cells({ row, live, now, hasSensor }: Omit<PatientProps, 'patient'> & { readonly row: TrendRow }) {
  const { words } = useLanguage()
  const method = methodOf(row.kind, row.method)
  const [first] = row.week.means
  const unit = first ? fieldUnit(row.kind, first.field as never, words) : ''
  return (
    <>
      <th role="rowheader" scope="row" className="trends-what">
        {words.kind[row.kind]}
        {method && <span className="muted"> · {words.said(method.label)}</span>} <small>{unit}</small>
      </th>
      <td role="cell" data-label={words.said(TRENDS.week)}>
        <Days row={row} of={row.week} />
      </td>
      <td role="cell" data-label={words.said(TRENDS.month)}>
        <Days row={row} of={row.month} />
      </td>
      {hasSensor && (
        <td role="cell" data-label={words.said(TRENDS.inRange)} className={row.month.time_in_bands ? undefined : 'empty'}>
          <InRange row={row} />
        </td>
      )}
      <td role="cell" data-label={words.said(TRENDS.last)}>
        <Last row={row} live={live} now={now} />
      </td>
    </>
  )
}

/** The mean never stands without its days, nor without how much it leaves out; of too few it is not compared. */
function Days({ row, of }: { row: TrendRow; of: ComparedDays }) {
  const { words, language } = useLanguage()
  const sentences = sentencesIn(language)
  const means = of.means.flatMap(({ field, mean }) => (mean == null ? [] : [calculatedText(row.kind, field as never, mean)]))
  const days = sentences.days(of.days, of.days_of_period)
  const isWithoutMany = 100 * of.values_beyond > of.values
  return (
    <>
      <span className={of.is_enough ? 'trends-mean' : 'trends-mean of-few'}>{means.length > 0 ? means.join('/') : words.noValue}</span>{' '}
      <Change row={row} of={of} />
      <span className={of.is_enough ? 'trends-days' : 'trends-days few'}>
        {of.is_enough ? days : `${days} · ${words.said(TRENDS.tooFew)}`}
        {!of.is_enough && of.covered_percent != null && <span className="covered">{sentences.covered(of.covered_percent)}</span>}
        {isWithoutMany && <span className="covered">{sentences.beyond(words.percent((100 * of.values_beyond) / of.values))}</span>}
      </span>
    </>
  )
}

function Change({ row, of }: { row: TrendRow; of: ComparedDays }) {
  const { words } = useLanguage()
  const changes = of.means.flatMap(({ field, mean, before }) => (mean == null || before == null ? [] : [changeOf(row.kind, field as never, mean, before)]))
  const [first] = changes
  if (!first) return null
  const { mark, said } = first.moved > 0 ? { mark: '↑', said: TRENDS.rose } : first.moved < 0 ? { mark: '↓', said: TRENDS.fell } : { mark: '→', said: TRENDS.same }
  return (
    <span className="trends-change">
      <span aria-hidden="true">{mark}</span>
      <span className="visually-hidden">{words.said(said)}</span> {changes.map(({ text }) => text).join('/')}
    </span>
  )
}

function InRange({ row }: { row: TrendRow }) {
  const { words, language } = useLanguage()
  const { time_in_bands: time, time_in_bands_before: before } = row.month
  if (!time) return <>{words.noValue}</>
  return (
    <>
      <span className="trends-mean">{words.percent(time.from_70_to_180)}</span>
      {before && <span className="trends-change"> {sentencesIn(language).before(words.percent(before.from_70_to_180))}</span>}
      <span className="trends-days">
        {`${words.said(TRENDS.belowRange)}: ${words.percent(time.below_70)}`}
      </span>
    </>
  )
}

/** The newest reading as lists say it; where it was measured in another way, the last day that has values. */
function Last({ row, live, now }: { row: TrendRow; live: PatientSummary | undefined; now: number }) {
  const { times } = useLanguage()
  const newest = live?.latest.find((reading) => reading.kind === row.kind)
  const method = methodOf(row.kind, row.method)
  const isOfRow = newest && (!method || valueOf(newest, method.field.name) === row.method)
  if (newest && isOfRow) return <LatestValue reading={newest} now={now} named={false} />
  return <span className="muted">{times.date(`${row.last_day}T00:00:00+00:00`)}</span>
}
