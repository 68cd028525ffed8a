import { useId, useState, type ReactNode } from 'react'
import type { Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { inOrder } from './copies'
import { ReadingTable, type Column } from './reading-table'

interface ChartPanelProps<R extends Reading> {
  readonly title: string
  readonly unit: string
  /** Readings drawn, in order of time. */
  readonly readings: readonly R[]
  /** Probable copies of them, which only the table shows. */
  readonly copies: readonly R[]
  readonly summary: string
  readonly legend: ReactNode
  readonly columns: readonly Column<R>[]
  /** Whether this patient ever sent this kind. */
  readonly everAny: boolean
  plot(describedBy: string): ReactNode
}

/** One kind of reading: as a chart or, for whoever reads better so, as a table of the same readings. */
export function ChartPanel<R extends Reading>({ title, unit, readings, copies, summary, legend, columns, everAny, plot }: ChartPanelProps<R>) {
  const { words } = useLanguage()
  const [asTable, setAsTable] = useState(false)
  const id = useId()
  return (
    <section className="panel" aria-labelledby={`${id}-title`}>
      <div className="panel-head">
        <h2 id={`${id}-title`}>
          {title} <small>{unit}</small>
        </h2>
        <p id={`${id}-summary`} className="summary">
          {readings.length > 0 ? [summary, ...(copies.length > 0 ? [words.copiesCount(copies.length)] : [])].join(' · ') : everAny ? words.chartNone : words.chartNeverAny}
        </p>
        {readings.length > 0 && (
          <button aria-label={`${title}: ${asTable ? words.showChart : words.showTable}`} onClick={() => setAsTable(!asTable)}>
            {asTable ? words.showChart : words.showTable}
          </button>
        )}
      </div>
      {readings.length > 0 && asTable && <ReadingTable title={title} readings={inOrder([...readings, ...copies])} columns={columns} />}
      {readings.length > 0 && !asTable && (
        <>
          {plot(`${id}-summary`)}
          <ul className="legend">{legend}</ul>
        </>
      )}
    </section>
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
