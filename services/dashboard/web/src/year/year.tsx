import { lazy, useId, useState } from 'react'
import type { Kind } from '../api/model'
import { LoadedApart } from '../charts/loaded-apart'
import { useLanguage } from '../language/language'
import { AGAIN_MS } from '../state/throttle'
import { useNow } from '../state/dashboard-state'
import { whileSeen } from '../state/questions'
import { useAnswer, useSeen } from '../state/server-state'
import { readYear, type Aggregates, type Curve } from './api'
import { curvesOf, fieldOf, nameOf } from './curves'
import { YearTable } from './year-table'

const YearChart = lazy(() => import('./year-chart'))

const TITLE = { en: 'One year', ja: '1年間の推移' }
const SHOW = { en: 'Show one year', ja: '1年間の推移を表示' }
const CHOOSE = { en: 'Shown', ja: '表示する項目' }
const BAND = { en: 'Band: lowest to highest value of the day', ja: '帯：その日の最低値～最高値' }
const LINE = { en: 'Line: mean of the day', ja: '線：その日の平均' }
const NONE = { en: 'No values in this year.', ja: 'この1年間の測定値はありません。' }
const NOT_YET = { en: 'The days are being prepared. They are asked for again.', ja: '集計を準備しています。自動で再試行します。' }
const FAILED = { en: 'The year could not be loaded. It is asked for again.', ja: '1年間の推移を読み込めませんでした。自動で再試行します。' }

/** Days are counted some time after they were stored; a page that is open asks for them so often. */
const ANEW_MS = 120_000

/** A year of a patient, day by day. Nothing is asked for before somebody wants to see it. */
export function PatientYear({ patient, kinds }: { patient: string; kinds: ReadonlySet<Kind> }) {
  const { words } = useLanguage()
  const [shownOf, show] = useState<string | null>(null)
  const curves = curvesOf(kinds)
  if (curves.length === 0) return null
  return (
    <section aria-labelledby="year">
      <h2 id="year">{words.said(TITLE)}</h2>
      {shownOf === patient ? <Year key={patient} patient={patient} curves={curves} /> : <button onClick={() => show(patient)}>{words.said(SHOW)}</button>}
    </section>
  )
}

function Year({ patient, curves }: { patient: string; curves: readonly Curve[] }) {
  const { words } = useLanguage()
  const [chosen, choose] = useState(0)
  const id = useId()
  const curve = curves[Math.min(chosen, curves.length - 1)]
  if (!curve) return null
  return (
    <>
      <p>
        <label htmlFor={id}>{words.said(CHOOSE)}</label>{' '}
        <select id={id} value={chosen} onChange={(event) => choose(Number(event.target.value))}>
          {curves.map((one, index) => (
            <option key={index} value={index}>
              {nameOf(one, words.said)}
            </option>
          ))}
        </select>
      </p>
      <Asked key={nameOf(curve, words.said)} patient={patient} curve={curve} />
    </>
  )
}

function Asked({ patient, curve }: { patient: string; curve: Curve }) {
  const { words } = useLanguage()
  const { year, hasFailed } = useYear(patient, curve)
  return (
    <>
      {hasFailed && <p className="muted">{words.said(FAILED)}</p>}
      {year === null && !hasFailed && <p className="muted">{words.loading}</p>}
      {year !== null && <YearPanel year={year} curve={curve} />}
    </>
  )
}

export function YearPanel({ year, curve }: { year: Aggregates; curve: Curve }) {
  const { words, times } = useLanguage()
  const now = useNow()
  const [asTable, setAsTable] = useState(false)
  const name = nameOf(curve, words.said)
  const field = fieldOf(curve)
  const label = `${words.said(TITLE)}: ${name}`
  return (
    <section className="panel" aria-labelledby="year-panel">
      <div className="panel-head">
        <h3 id="year-panel">
          {name} <small>{field ? words.said(field.unit) : ''}</small>
        </h3>
        <p className="summary">{year.as_of == null ? words.said(NOT_YET) : words.historyAsOf(times.dateTime(year.as_of, now))}</p>
        {year.buckets.length > 0 && (
          <button aria-label={`${label}: ${asTable ? words.showChart : words.showTable}`} onClick={() => setAsTable(!asTable)}>
            {asTable ? words.showChart : words.showTable}
          </button>
        )}
      </div>
      {year.buckets.length === 0 && year.as_of != null && <p>{words.said(NONE)}</p>}
      {year.buckets.length > 0 && asTable && <YearTable year={year} label={label} />}
      {year.buckets.length > 0 && !asTable && (
        <>
          <LoadedApart waiting="year-waiting">
            <YearChart year={year} label={label} />
          </LoadedApart>
          <ul className="legend">
            <li>{words.said(LINE)}</li>
            <li>{words.said(BAND)}</li>
          </ul>
        </>
      )}
    </section>
  )
}

function useYear(patient: string, curve: Curve) {
  const { kind, field, method = null } = curve
  const { answer: year, failure } = useAnswer<Aggregates>({
    of: patient,
    queryKey: ['year', patient, kind, field, method],
    queryFn: () => readYear(patient, curve),
    ...whileSeen<Aggregates>(useSeen(), (answer) => (answer.as_of == null ? AGAIN_MS : ANEW_MS)),
  })
  return { year, hasFailed: failure !== null }
}
