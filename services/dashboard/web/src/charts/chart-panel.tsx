import { useId, useState, type ReactNode } from 'react'
import type { Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { valueText } from '../language/reading-text'
import { inOrder, type Apart } from './parted'
import { ReadingTable, type Column } from './reading-table'

interface ChartPanelProps<R extends Reading> {
  readonly title: string
  readonly unit: string
  /** Readings drawn, in order of time. */
  readonly readings: readonly R[]
  /** What only the table shows. */
  readonly apart: Apart<R>
  readonly summary: string
  readonly legend: ReactNode
  readonly columns: readonly Column<R>[]
  /** Whether this patient ever sent this kind. */
  readonly everAny: boolean
  plot(describedBy: string): ReactNode
}

/** One kind of reading: as a chart or, for whoever reads better so, as a table of the same readings. */
export function ChartPanel<R extends Reading>({ title, unit, readings, apart, summary, legend, columns, everAny, plot }: ChartPanelProps<R>) {
  const { words } = useLanguage()
  const [asTable, setAsTable] = useState(false)
  const id = useId()
  const { copies, undated } = apart
  const isEmpty = readings.length === 0 && undated.length === 0
  const counted = readings.length > 0 ? [summary] : [everAny || undated.length > 0 ? words.chartNone : words.chartNeverAny]
  return (
    <section className="panel" aria-labelledby={`${id}-title`}>
      <div className="panel-head">
        <h2 id={`${id}-title`}>
          {title} <small>{unit}</small>
        </h2>
        <p id={`${id}-summary`} className="summary">
          {[...counted, ...(copies.length > 0 ? [words.copiesCount(copies.length)] : [])].join(' · ')}
        </p>
        {!isEmpty && (
          <button aria-label={`${title}: ${asTable ? words.showChart : words.showTable}`} onClick={() => setAsTable(!asTable)}>
            {asTable ? words.showChart : words.showTable}
          </button>
        )}
      </div>
      {!isEmpty && asTable && <ReadingTable title={title} readings={inOrder([...readings, ...copies, ...undated])} columns={columns} />}
      {readings.length > 0 && !asTable && (
        <>
          {plot(`${id}-summary`)}
          <ul className="legend">{legend}</ul>
        </>
      )}
      {!asTable && <Undated readings={undated} />}
    </section>
  )
}

const UNDATED_SHOWN = 3

/** Beneath the chart, where they have no place: what clocks measured that were not set, the one received last first. */
function Undated({ readings }: { readings: readonly Reading[] }) {
  const { words, times } = useLanguage()
  if (readings.length === 0) return null
  const shown = inOrder(readings).slice(-UNDATED_SHOWN).reverse()
  return (
    <ul className="undated">
      {shown.map((reading) => {
        const text = valueText(reading, words)
        return (
          <li key={reading.id}>
            <strong>{text ? `${text.value} ${text.unit}` : words.noValue}</strong> {words.unknownTime(times.full(reading.received_at))}
          </li>
        )
      })}
      {readings.length > shown.length && <li>{words.undatedMore(readings.length - shown.length)}</li>}
    </ul>
  )
}

export function LegendItem({ swatch, children }: { swatch: ReactNode; children: ReactNode }) {
  return (
    <li>
      <svg width="22" height="14" viewBox="0 0 22 14" aria-hidden="true">
        {swatch}
      </svg>
      {children}
    </li>
  )
}
