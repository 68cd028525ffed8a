import { memo } from 'react'
import type { PatientSummary } from '../api/model'
import { InZone, useLanguage } from '../language/language'
import { personText } from '../language/reading-text'
import { Link, pathOf } from '../route'
import { Called, Numbers } from './called'
import { columnName } from './column-choice'
import { OTHERS, WHO } from './columns'
import { inOrder, LastReading, LatestValue } from './latest-values'

export interface QuietProps {
  readonly patients: readonly PatientSummary[]
  readonly columns: readonly string[]
  readonly now: number
}

/** The place of rows that are not drawn. */
export function Gap({ height }: { height: number }) {
  return <tr className="quiet-gap" role="presentation" aria-hidden="true" style={{ height: `${height}px` }} />
}

interface RowProps {
  readonly patient: PatientSummary
  readonly columns: readonly string[]
  readonly now: number
  readonly index: number
  readonly measure: ((row: HTMLTableRowElement | null) => void) | undefined
}

export const Row = memo(function Row(props: RowProps) {
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
        <Link data-row href={pathOf(patient.patient)}>
          <Called patient={patient.patient} name={patient.name} />
        </Link>
        <Numbers patient={patient.patient} name={patient.name} chart={words.chartNumber} />
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
