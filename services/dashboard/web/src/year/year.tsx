import { lazy, useId, useState } from 'react'
import { serverNow } from '../api/client'
import type { Kind } from '../api/model'
import { LoadedApart } from '../charts/loaded-apart'
import { useLanguage } from '../language/language'
import { AGAIN_MS } from '../state/throttle'
import { useNow } from '../state/dashboard-state'
import { whileSeen } from '../state/questions'
import { useAnswer, useSeen } from '../state/server-state'
import { readYears, YEARS, type Aggregates, type Curve, type Years } from './api'
import { curvesOf, fieldOf, nameOf } from './curves'
import { YearTable } from './year-table'

const YearChart = lazy(() => import('./year-chart'))

const TITLE = { en: 'Long term', ja: '長期の推移' }
const LENGTH = { en: 'Long term: period', ja: '長期の推移：期間' }
const NAMES = { 1: { en: 'One year', ja: '1年間' }, 2: { en: 'Two years', ja: '2年間' } } as const
const CHOOSE = { en: 'Shown', ja: '表示する項目' }
const BAND = { en: 'Band: lowest to highest value of the day', ja: '帯：その日の最低値～最高値' }
const LINE = { en: 'Line: mean of all values of the day', ja: '線：その日の全測定値の平均' }
const NONE = { en: 'No values in this time.', ja: 'この期間の測定値はありません。' }
const NOT_YET = { en: 'The days are being prepared. They are asked for again.', ja: '集計を準備しています。自動で再試行します。' }
const FAILED = { en: 'The days could not be loaded. They are asked for again.', ja: '長期の推移を読み込めませんでした。自動で再試行します。' }

/** Days are counted some time after they were stored; a page that is open asks for them so often. */
const ANEW_MS = 120_000

/** Years of a patient, day by day: of a sensor more than can be distinguished at five minutes. Nothing is asked for before somebody wants to see it. */
export function PatientYear({ patient, kinds }: { patient: string; kinds: ReadonlySet<Kind> }) {
  const { words } = useLanguage()
  const [shown, show] = useState<{ readonly of: string; readonly years: Years } | null>(null)
  const curves = curvesOf(kinds)
  if (curves.length === 0) return null
  const years = shown?.of === patient ? shown.years : null
  return (
    <section aria-labelledby="year">
      <h2 id="year">{words.said(TITLE)}</h2>
      <div className="range-buttons" role="group" aria-label={words.said(LENGTH)}>
        {YEARS.map((one) => (
          <button key={one} aria-pressed={one === years} onClick={() => show({ of: patient, years: one })}>
            {words.said(NAMES[one])}
          </button>
        ))}
      </div>
      {years !== null && <Chosen key={patient} patient={patient} curves={curves} years={years} />}
    </section>
  )
}

function Chosen({ patient, curves, years }: { patient: string; curves: readonly Curve[]; years: Years }) {
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
      <Asked key={nameOf(curve, words.said)} patient={patient} curve={curve} years={years} />
    </>
  )
}

function Asked({ patient, curve, years }: { patient: string; curve: Curve; years: Years }) {
  const { words } = useLanguage()
  const { year, hasFailed } = useYears(patient, curve, years)
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

function useYears(patient: string, curve: Curve, years: Years) {
  const { kind, field, method = null } = curve
  const { answer: year, failure } = useAnswer<Aggregates>({
    of: patient,
    queryKey: ['years', patient, kind, field, method, years],
    queryFn: () => readYears(patient, curve, years, serverNow()),
    ...whileSeen<Aggregates>(useSeen(), (answer) => (answer.as_of == null ? AGAIN_MS : ANEW_MS)),
  })
  return { year, hasFailed: failure !== null }
}
