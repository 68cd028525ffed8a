import { Fragment, useId, useState } from 'react'
import type { Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { sourceText } from '../language/reading-text'
import { placeOf as placeOfReading } from './parted'
import { hasHistory, ReadingVersions } from './reading-versions'

export interface Column<R extends Reading> {
  readonly name: string
  readonly cell: (reading: R) => string
}

interface ReadingTableProps<R extends Reading> {
  readonly title: string
  readonly readings: readonly R[]
  readonly columns: readonly Column<R>[]
  /** By what readings are in order, and parted into days; when they were measured where nothing is said. */
  readonly placeOf?: (reading: R) => number
}

const FIRST = 50
const MORE = 500

/** The readings of a chart in rows, newest first; a line parts the patient's days. */
export function ReadingTable<R extends Reading>({ title, readings, columns, placeOf = placeOfReading }: ReadingTableProps<R>) {
  const { words, times } = useLanguage()
  const [shown, setShown] = useState(FIRST)
  const [opened, setOpened] = useState<string | null>(null)
  const versionsId = useId()
  const rows = readings.slice(-shown).reverse()
  const left = readings.length - rows.length
  const dayOf = (reading: R) => times.zone.startOfDay(placeOf(reading))
  const isNewDay = (above: R | undefined, reading: R) => above !== undefined && dayOf(above) !== dayOf(reading)
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={title}>
      <table className="readings">
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            {columns.map((column) => (
              <th key={column.name} scope="col">
                {column.name}
              </th>
            ))}
            <th scope="col">{words.entered}</th>
            <th scope="col">{words.source}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((reading, index) => (
            <Fragment key={reading.id}>
              <tr className={isNewDay(rows[index - 1], reading) ? 'new-day' : undefined}>
                <th scope="row">
                  {reading.time_unknown ? words.unknownTime(times.full(reading.received_at)) : times.full(reading.observed_at)}
                  {reading.observed_long_ago && <span className="badge">{words.longAgoOf(times.full(reading.received_at))}</span>}
                  {reading.observed_ahead && <span className="badge">{words.aheadOf(times.time(reading.received_at))}</span>}
                </th>
                {columns.map((column) => (
                  <td key={column.name}>{column.cell(reading)}</td>
                ))}
                <td>
                  {words.dataInput[reading.data_input]}
                  {reading.outcome === 'correction' && <span className="badge">{words.corrected}</span>}
                  {reading.outcome === 'conflict' && <span className="badge">{words.conflict}</span>}
                  {reading.copy_of && <span className="badge">{words.copy}</span>}
                  {hasHistory(reading) && (
                    <button
                      className="versions-toggle"
                      aria-expanded={opened === reading.id}
                      aria-controls={opened === reading.id ? versionsId : undefined}
                      aria-label={words.versionsOf(times.full(reading.observed_at))}
                      onClick={() => setOpened(opened === reading.id ? null : reading.id)}
                    >
                      {words.versions}
                    </button>
                  )}
                </td>
                <td>{sourceText(reading.source, words)}</td>
              </tr>
              {opened === reading.id && (
                <tr id={versionsId}>
                  <td colSpan={columns.length + 3}>
                    <ReadingVersions reading={reading} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
      {left > 0 && (
        <button onClick={() => setShown(shown + MORE)}>{words.showMore(Math.min(MORE, left))}</button>
      )}
    </div>
  )
}
