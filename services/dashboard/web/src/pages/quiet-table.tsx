import type { ReactNode, Ref } from 'react'
import { useLanguage } from '../language/language'
import { columnName } from './column-choice'
import { OTHERS, WHO } from './columns'

interface TableProps {
  readonly count: number
  readonly columns: readonly string[]
  readonly isWindowed: boolean
  readonly body?: Ref<HTMLTableSectionElement>
  readonly children: ReactNode
}

/** The head and the frame of the table of quiet patients. Roles are said because small screens show no table, and rows have numbers because not all are in the document. */
export function QuietTable({ count, columns, isWindowed, body, children }: TableProps) {
  const { words } = useLanguage()
  const heads = [...columns.filter((one) => one === WHO), null, ...columns.filter((one) => one !== WHO)]
  return (
    <table className={isWindowed ? 'quiet quiet-windowed' : 'quiet'} role="table" aria-rowcount={count + 1} aria-labelledby="quiet">
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
        {children}
      </tbody>
    </table>
  )
}
