import { memo, useCallback, useEffect, useId, useMemo, useState } from 'react'
import { useAcknowledging } from '../acts/acknowledging'
import { Acted, actByKey } from '../acts/list-acts'
import { markedOf, marksShown, NO_MARKS, withMark, type Marked } from '../acts/marks'
import { serverNow } from '../api/client'
import type { PatientSummary } from '../api/model'
import { useDashboardState, useNow } from '../state/dashboard-state'
import { useLasting } from '../state/server-state'
import { InZone, useLanguage } from '../language/language'
import { personText } from '../language/reading-text'
import { Link, pathOf } from '../route'
import { dueSeverity, SEVERITIES } from '../triage/alerts'
import { triageOf } from '../triage/patients'
import { AlertLine, SeverityLabel } from './alert-line'
import { Called, calledText, Numbers } from './called'
import { ColumnChoice } from './column-choice'
import { useColumns } from './columns'
import { KeysHelp, useKeysHelp } from './keys-help'
import { moveByKey } from './list-keys'
import { LatestValues } from './latest-values'
import { PageTitle } from './page-title'
import { QuietPatients } from './quiet-patients'
import { ReadingsWait } from './readings-wait'
import { NO_GROUPS, SilentGroupsNotice, useSilentGroups } from './silent-groups'
import { useFound } from './use-found'
import { useSought } from './use-sought'

const LIST_WAITS_MS = 300

export function LiveListPage() {
  const { patients, listFailed, waitingSince, news, refresh } = useDashboardState()
  const { words } = useLanguage()
  const now = useNow()
  const { sought, typed, seek } = useSought()
  const keys = useId()
  const help = useKeysHelp()
  const acknowledging = useAcknowledging()
  const [marks, setMarks] = useState(NO_MARKS)
  const mark = useCallback((patient: PatientSummary) => setMarks((before) => withMark(before, patient, serverNow())), [])
  const { columns, choose } = useColumns()
  const { groups, isKnown } = useSilentGroups()
  // What stands above the list comes first, or the list would move under who reads it. It waits for no more than a moment.
  const hasWaited = useLasting(true, LIST_WAITS_MS)
  const isShown = patients !== null && (isKnown || hasWaited)

  const { found, isFormer, said, namesFailed } = useFound(patients, sought, typed)
  // What nobody sees is not marked either, nor is it when it is found again.
  const marked = useMemo(() => marksShown(marks, found, now), [marks, found, now])
  useEffect(() => setMarks((before) => marksShown(before, found, now)), [found, now])
  const acknowledgeMarked = () => {
    acknowledging.acknowledge([...marked.values()].flat(), [...marked.keys()].join(' · '))
    setMarks(NO_MARKS)
  }
  const { attention, later, others } = useMemo(() => triageOf(found, now), [found, now])
  const urgent = (patients ?? []).filter((patient) => patient.severity === 'urgent').length
  const acted = <Acted {...acknowledging} marks={marked} acknowledgeMarked={acknowledgeMarked} />

  return (
    <>
      <div className="title-row">
        <PageTitle title={words.liveList} count={urgent} />
        <SeverityCounts patients={patients ?? []} now={now} />
        <p className="find-said muted" role="status">
          {patients !== null && patients.length > 0 && said !== null && words[said]}
        </p>
        <label className="find">
          <span className="visually-hidden">{words.findPatient}</span>
          <input
            type="search"
            value={sought}
            placeholder={words.findBy}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => seek(event.target.value)}
          />
        </label>
      </div>

      <ReadingsWait since={waitingSince} now={now} />
      <SilentGroupsNotice groups={isShown || listFailed ? groups : NO_GROUPS} now={now} />
      {!isShown && !listFailed && <p className="muted waiting">{words.loading}</p>}
      {listFailed && (patients === null || patients.length === 0) && (
        <p className="notice notice-warning" role="alert">
          {words.listFailed} <button onClick={refresh}>{words.retry}</button>
        </p>
      )}
      {patients !== null && patients.length === 0 && !listFailed && <p>{words.noPatients}</p>}
      {namesFailed && (
        <p className="notice notice-warning" role="alert">
          {words.searchFailed}
        </p>
      )}
      {isShown && found.length === 0 && <div className="list-acted-still">{acted}</div>}

      {isShown && found.length > 0 && (
        <div className="list" inert={isFormer} role="group" aria-label={words.liveList} aria-describedby={keys} onKeyDown={(event) => help.showByKey(event) || actByKey(event, found, acknowledging) || moveByKey(event)}>
          <KeysHelp id={keys} dialog={help.dialog} show={help.show} />
          <section aria-labelledby="attention">
            <h2 id="attention">
              {words.needsAttention} <span className="count">{words.countPatients(attention.length)}</span>
            </h2>
            {attention.length === 0 && <p className="all-clear">{words.nothingOpen}</p>}
            <ul className="cards" data-testid="attention">
              {attention.map((patient) => (
                <AttentionCard key={patient.patient} patient={patient} news={news} now={now} marked={markedOf(marked, patient, now)} mark={mark} />
              ))}
            </ul>
          </section>
          {later.length > 0 && (
            <section aria-labelledby="later">
              <h2 id="later">
                {words.laterAlerts} <span className="count">{words.countPatients(later.length)}</span>
              </h2>
              <ul className="cards" data-testid="later">
                {later.map((patient) => (
                  <AttentionCard key={patient.patient} patient={patient} news={news} now={now} marked={markedOf(marked, patient, now)} mark={mark} />
                ))}
              </ul>
            </section>
          )}
          {others.length > 0 && (
            <section aria-labelledby="quiet">
              <h2 id="quiet">
                {words.otherPatients} <span className="count">{words.countPatients(others.length)}</span>
              </h2>
              <ColumnChoice columns={columns} choose={choose} />
              <QuietPatients patients={others} columns={columns} now={now} />
            </section>
          )}
          {acted}
        </div>
      )}
    </>
  )
}

function SeverityCounts({ patients, now }: { patients: readonly PatientSummary[]; now: number }) {
  const due = patients.map((patient) => dueSeverity(patient.open_alerts, now))
  const counts = SEVERITIES.map((severity) => [severity, due.filter((one) => one === severity).length] as const).filter(([, count]) => count > 0)
  return (
    <p className="counts">
      {counts.map(([severity, count]) => (
        <span key={severity}>
          <SeverityLabel severity={severity} /> <strong>{count}</strong>
        </span>
      ))}
    </p>
  )
}

interface CardProps {
  readonly patient: PatientSummary
  readonly news: ReadonlySet<string>
  readonly now: number
  readonly marked: Marked
  mark(patient: PatientSummary): void
}

const AttentionCard = memo(function AttentionCard(props: CardProps) {
  return (
    <InZone name={props.patient.time_zone}>
      <Card {...props} />
    </InZone>
  )
})

function Card({ patient, news, now, marked, mark }: CardProps) {
  const { words, times } = useLanguage()
  return (
    <li className={`card card-${dueSeverity(patient.open_alerts, now) ?? 'none'}`} data-patient={patient.patient}>
      <div className="card-who">
        <input
          className="card-mark"
          type="checkbox"
          ref={(box) => {
            if (box) box.indeterminate = marked === 'part'
          }}
          checked={marked === 'all'}
          disabled={marked === 'nothing to mark'}
          aria-label={words.acts.mark(calledText(patient.patient, patient.name))}
          onChange={() => mark(patient)}
        />
        <h3>
          <Link className="card-link" data-row href={pathOf(patient.patient)}>
            <Called patient={patient.patient} name={patient.name} />
          </Link>
        </h3>
        <Numbers patient={patient.patient} name={patient.name} chart={words.chartNumber} />
        <span className="muted" title={patient.birth_year == null ? undefined : words.bornIn(patient.birth_year)}>
          {personText(patient.birth_year, patient.sex, times.zone.yearOf(now), words)}
        </span>
      </div>
      <div className="card-alerts">
        {patient.open_alerts.map((alert) => (
          <AlertLine key={alert.id} alert={alert} isNew={news.has(alert.id)} now={now} />
        ))}
      </div>
      <LatestValues patient={patient} now={now} />
    </li>
  )
}
