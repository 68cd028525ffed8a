import { Fragment, memo, useCallback } from 'react'
import type { PatientSummary } from '../api/model'
import { InZone, useLanguage } from '../language/language'
import { personText } from '../language/reading-text'
import { Link, pathOf } from '../route'
import { columnName } from './column-choice'
import { OTHERS, WHO } from './columns'
import { inOrder, LastReading, LatestValue } from './latest-values'
import { useWindowed } from './windowed'

interface TableProps {
  readonly patients: readonly PatientSummary[]
  readonly columns: readonly string[]
  readonly now: number
}

/** Patients without an open alert, one row each. Roles are said because small screens show no table, and rows have numbers because not all are in the document. */
export function QuietPatients({ patients, columns, now }: TableProps) {
  const { words } = useLanguage()
  // One step a minute is enough here, and spares drawing rows more often.
  const minute = Math.floor(now / 60_000) * 60_000 + 59_999
  const keyOf = useCallback((index: number) => patients[index]?.patient ?? String(index), [patients])
  const { body, isWhole, shown, below, measure } = useWindowed(patients.length, keyOf)
  const heads = [...columns.filter((one) => one === WHO), null, ...columns.filter((one) => one !== WHO)]
  return (
    <table className={isWhole ? 'quiet' : 'quiet quiet-windowed'} role="table" aria-rowcount={patients.length + 1} aria-labelledby="quiet">
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          <th role="columnheader" scope="col" className="quiet-patient">
            {words.patient}
          </th>
          {heads.map((column) => (
            <th key={column ?? ''} role="columnheader" scope="col" className={column === OTHERS ? 'others' : undefined}>
              {column === null ? words.lastReading : columnName(column, words)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" ref={body}>
        {shown.map(({ index, gap }) => {
          const patient = patients[index]
          if (!patient) return null
          return (
            <Fragment key={patient.patient}>
              {gap > 0 && <Gap height={gap} />}
              <Row patient={patient} columns={columns} now={minute} index={index} measure={measure} />
            </Fragment>
          )
        })}
        {below > 0 && <Gap height={below} />}
      </tbody>
    </table>
  )
}

/** The place of rows that are not drawn. */
function Gap({ height }: { height: number }) {
  return <tr className="quiet-gap" role="presentation" aria-hidden="true" style={{ height: `${height}px` }} />
}

interface RowProps {
  readonly patient: PatientSummary
  readonly columns: readonly string[]
  readonly now: number
  readonly index: number
  readonly measure: ((row: HTMLTableRowElement | null) => void) | undefined
}

const Row = memo(function Row(props: RowProps) {
  return (
    <InZone name={props.patient.time_zone}>
      <Cells {...props} />
    </InZone>
  )
})

function Cells({ patient, columns, now, index, measure }: RowProps) {
  const { words, times } = useLanguage()
  const others = inOrder(patient.latest).filter((reading) => !columns.includes(reading.kind))
  return (
    <tr role="row" aria-rowindex={index + 2} data-patient={patient.patient} data-index={index} ref={measure}>
      <th role="rowheader" scope="row">
        <Link data-row href={pathOf(patient.patient)}>{patient.patient}</Link>
      </th>
      {columns.includes(WHO) && (
        <td role="cell" className="quiet-who muted">
          {personText(patient.birth_year, patient.sex, times.zone.yearOf(now), words)}
        </td>
      )}
      <td role="cell" data-label={words.lastReading}>
        <LastReading patient={patient} now={now} />
      </td>
      {columns.map((column) => {
        if (column === WHO) return null
        if (column === OTHERS) {
          return (
            <td key={column} role="cell" className={others.length > 0 ? 'others' : 'others empty'}>
              {others.map((reading) => (
                <LatestValue key={reading.kind} reading={reading} now={now} named />
              ))}
            </td>
          )
        }
        const reading = patient.latest.find((one) => one.kind === column)
        return (
          <td key={column} role="cell" data-label={columnName(column, words)} className={reading ? undefined : 'empty'}>
            {reading ? <LatestValue reading={reading} now={now} named={false} /> : words.noValue}
          </td>
        )
      })}
    </tr>
  )
}
