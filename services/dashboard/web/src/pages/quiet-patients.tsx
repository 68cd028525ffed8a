import { memo } from 'react'
import type { PatientSummary } from '../api/model'
import { CHARTS } from '../charts/list'
import { InZone, useLanguage } from '../language/language'
import { personText } from '../language/reading-text'
import { Link, pathOf } from '../route'
import { inOrder, LastReading, LatestValue } from './latest-values'

/** What has a chart has a column, too. */
const COLUMNS = CHARTS.map((chart) => chart.kinds[0])

/** Patients without an open alert: one line each, a few hundred of them. */
export function QuietPatients({ patients, now }: { patients: readonly PatientSummary[]; now: number }) {
  const { words } = useLanguage()
  // One step a minute is enough here, and spares drawing hundreds of rows more often.
  const minute = Math.floor(now / 60_000) * 60_000 + 59_999
  return (
    <table className="quiet">
      <thead>
        <tr>
          <th scope="col">{words.patient}</th>
          <th scope="col">{words.ageSex}</th>
          <th scope="col">{words.lastReading}</th>
          {COLUMNS.map((kind) => (
            <th key={kind} scope="col">
              {words.kind[kind]}
            </th>
          ))}
          <th scope="col">{words.otherValues}</th>
        </tr>
      </thead>
      <tbody>
        {patients.map((patient) => (
          <Row key={patient.patient} patient={patient} now={minute} />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  readonly patient: PatientSummary
  readonly now: number
}

const Row = memo(function Row(props: RowProps) {
  return (
    <InZone name={props.patient.time_zone}>
      <Cells {...props} />
    </InZone>
  )
})

function Cells({ patient, now }: RowProps) {
  const { words, times } = useLanguage()
  const others = inOrder(patient.latest).filter((reading) => !COLUMNS.includes(reading.kind))
  return (
    <tr data-patient={patient.patient}>
      <th scope="row">
        <Link data-row href={pathOf(patient.patient)}>{patient.patient}</Link>
      </th>
      <td className="muted">{personText(patient.birth_year, patient.sex, times.zone.yearOf(now), words)}</td>
      <td data-label={words.lastReading}>
        <LastReading patient={patient} now={now} />
      </td>
      {COLUMNS.map((kind) => {
        const reading = patient.latest.find((one) => one.kind === kind)
        return (
          <td key={kind} data-label={words.kind[kind]} className={reading ? undefined : 'empty'}>
            {reading ? <LatestValue reading={reading} now={now} named={false} /> : words.noValue}
          </td>
        )
      })}
      <td className={others.length > 0 ? 'others' : 'others empty'}>
        {others.map((reading) => (
          <LatestValue key={reading.kind} reading={reading} now={now} named />
        ))}
      </td>
    </tr>
  )
}
