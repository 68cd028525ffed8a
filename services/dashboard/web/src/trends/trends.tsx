import { useEffect, useMemo, useRef, useState } from 'react'
import type { TrendsOfPatients } from '../api/model'
import { useLanguage } from '../language/language'
import { PageTitle } from '../pages/page-title'
import { ReadingsWait } from '../pages/readings-wait'
import { navigate, useSearch } from '../route'
import { useDashboardState, useNow } from '../state/dashboard-state'
import { useTyped } from '../state/use-typed'
import { filterOf, followed, queryOf, SHOWN, type Filter } from './filter'
import { TrendTable } from './trend-table'
import { useTrends } from './use-trends'
import { sentencesIn, TRENDS } from './words'

/** Counting is behind by a minute anyhow. */
const BEHIND_MS = 5 * 60_000

/** How the last days of all patients compare with those before, what matters first. */
export function TrendsPage() {
  const { words, times, language } = useLanguage()
  const now = useNow()
  const search = useSearch()
  const [filter, setFilter] = useState<Filter>(() => filterOf(search))
  // The page stays where a link or 'back' leads to the table with another address.
  useEffect(() => setFilter((filter) => followed(filter, search)), [search])
  const query = useTyped(queryOf(filter).toString())
  const { table: counted, hasFailed } = useTrends(query)
  const { patients, listFailed } = useDashboardState()
  // Alerts that are open now make rows higher: the table comes with them.
  const table = patients !== null || listFailed ? counted : null
  const status = useRef<HTMLParagraphElement>(null)

  const choose = (chosen: Partial<Filter>) => {
    const next = { ...filter, page: 1, ...chosen }
    setFilter(next)
    const chosenSearch = queryOf(next).toString()
    navigate(chosenSearch === '' ? location.pathname : `${location.pathname}?${chosenSearch}`, 'replace')
  }
  const turn = (page: number) => {
    choose({ page })
    // The next page is read aloud, and begins at its top.
    status.current?.focus()
  }

  return (
    <>
      <div className="title-row">
        <PageTitle title={words.said(TRENDS.title)} />
        <Find filter={filter} choose={choose} />
      </div>
      {table && <Choices answer={table.answer} filter={filter} choose={choose} />}
      {hasFailed && table === null && (
        <p className="notice notice-warning" role="alert">
          {words.said(TRENDS.failed)}
        </p>
      )}
      {hasFailed && table !== null && (
        <p className="notice notice-warning" role="alert">
          {sentencesIn(language).stale(times.dateTime(table.at, now))}
        </p>
      )}
      {table === null && !hasFailed && <p className="muted waiting">{words.loading}</p>}
      <p ref={status} className="trends-status" role="status" tabIndex={-1}>
        {table && shownText(table.answer, language)}
      </p>
      {table && <TrendsPanel answer={table.answer} isOld={table.query !== query} now={now} turn={turn} />}
    </>
  )
}

function shownText({ page, patients_per_page: most, patients, patients_found: found }: TrendsOfPatients, language: 'en' | 'ja'): string {
  const from = (page - 1) * most + 1
  return sentencesIn(language).shown(from, from + patients.length - 1, found)
}

interface PanelProps {
  readonly answer: TrendsOfPatients
  /** Another part was asked for, which has not come yet. */
  readonly isOld: boolean
  readonly now: number
  turn(page: number): void
}

export function TrendsPanel({ answer, isOld, now, turn }: PanelProps) {
  const { words, times, language } = useLanguage()
  const { patients: listed } = useDashboardState()
  const live = useMemo(() => new Map((listed ?? []).map((one) => [one.patient, one])), [listed])
  const sentences = sentencesIn(language)
  const { as_of: asOf, patients } = answer
  const isBehind = asOf != null && now - Date.parse(asOf) > BEHIND_MS
  return (
    <>
      <ReadingsWait since={answer.waiting_since ?? null} now={now} />
      {asOf == null && <p className="notice notice-info">{words.said(TRENDS.notYet)}</p>}
      {asOf != null && isBehind && (
        <p className="notice notice-warning" role="status">
          {sentences.behind(times.dateTime(asOf, now))}
        </p>
      )}
      {answer.patients_followed === 0 && <p>{words.noPatients}</p>}
      {answer.patients_followed > 0 && answer.patients_found === 0 && <p>{words.said(TRENDS.none)}</p>}
      {asOf != null && !isBehind && <p className="trends-as-of muted">{sentences.asOf(times.dateTime(asOf, now))}</p>}
      {patients.length > 0 && (
        <div className="trends-frame" aria-busy={isOld}>
          <TrendTable patients={patients} live={live} now={now} label={words.said(TRENDS.title)} />
        </div>
      )}
      <Turns answer={answer} turn={turn} />
      <div className="trends-notes muted">
        <p>{words.said(TRENDS.order)}</p>
        <p>{words.said(TRENDS.about)}</p>
      </div>
    </>
  )
}

function Turns({ answer, turn }: { answer: TrendsOfPatients; turn(page: number): void }) {
  const { words } = useLanguage()
  const { page, patients_per_page: most, patients_found: found } = answer
  const last = Math.max(1, Math.ceil(found / most))
  if (last === 1 && page === 1) return null
  return (
    <nav className="trends-turns" aria-label={words.said(TRENDS.pages)}>
      <button disabled={page <= 1} onClick={() => turn(Math.min(page - 1, last))}>
        ← {words.said(TRENDS.earlier)}
      </button>
      <span>
        {page} / {last}
      </span>
      <button disabled={page >= last} onClick={() => turn(page + 1)}>
        {words.said(TRENDS.later)} →
      </button>
    </nav>
  )
}

interface ChoicesProps {
  readonly filter: Filter
  choose(chosen: Partial<Filter>): void
}

function Find({ filter, choose }: ChoicesProps) {
  const { words } = useLanguage()
  return (
    <label className="find">
      <span className="visually-hidden">{words.findPatient}</span>
      <input
        type="search"
        value={filter.sought}
        placeholder={words.findPatient}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => choose({ sought: event.target.value })}
      />
    </label>
  )
}

function Choices({ answer, filter, choose }: ChoicesProps & { answer: TrendsOfPatients }) {
  const { words } = useLanguage()
  return (
    <div className="trends-choices">
      <label>
        {words.said(TRENDS.show)}{' '}
        <select value={filter.show} onChange={(event) => choose({ show: SHOWN.find((one) => one === event.target.value) ?? 'all' })}>
          {SHOWN.map((one) => (
            <option key={one} value={one}>
              {words.said(TRENDS[one])}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.said(TRENDS.kind)}{' '}
        <select value={filter.kind ?? ''} onChange={(event) => choose({ kind: answer.kinds.find((kind) => kind === event.target.value) ?? null })}>
          <option value="">{words.said(TRENDS.everyKind)}</option>
          {answer.kinds.map((kind) => (
            <option key={kind} value={kind}>
              {words.kind[kind]}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
