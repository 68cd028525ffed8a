import { useMemo } from 'react'
import type { BackdatedReadings, Reading } from '../api/model'
import { CHARTED_KINDS } from '../charts/list'
import { ReadingTable, type Column } from '../charts/reading-table'
import { useLanguage } from '../language/language'
import { valueText } from '../language/reading-text'
import type { BackdatedState } from './use-history'

/** What came in lately with a date of long ago, on the page of a patient. */
export function Backdated({ state: { backdated, failure, isSlow }, now }: { state: BackdatedState; now: number }) {
  const { words, times } = useLanguage()
  const asOf = backdated && words.historyAsOf(times.dateTime(backdated.at, now))
  return (
    <>
      {backdated && <BackdatedTable backdated={backdated} />}
      {failure !== null && failure !== 'not-yours' && (
        <p className="muted">
          {words.backdatedFailed} {asOf}
        </p>
      )}
      {failure === null && isSlow && backdated && isShown(backdated) && <p className="muted">{asOf}</p>}
    </>
  )
}

const receivedAt = (reading: Reading) => Date.parse(reading.received_at)

/** Of kinds that have a chart, its table lists by their receipt what clocks measured that were not set. */
const isInAChart = (reading: Reading) => reading.time_unknown === true && CHARTED_KINDS.includes(reading.kind)

const isListed = (reading: Reading) => !isInAChart(reading)
const isShown = ({ readings, truncated }: BackdatedReadings) => truncated || readings.some(isListed)

export function BackdatedTable({ backdated }: { backdated: BackdatedReadings }) {
  const { words, times } = useLanguage()
  const readings = useMemo(() => backdated.readings.filter(isListed).reverse(), [backdated])
  if (!isShown(backdated)) return null
  const columns: readonly Column<Reading>[] = [
    { name: words.received, cell: (reading) => times.full(reading.received_at) },
    {
      name: words.measurement,
      cell: (reading) => {
        const text = valueText(reading, words)
        return `${words.kind[reading.kind]} ${text ? `${text.value} ${text.unit}` : words.noValue}`
      },
    },
  ]
  return (
    <section className="panel" aria-labelledby="backdated">
      <div className="panel-head">
        <h2 id="backdated">{words.backdated}</h2>
        <p className="summary">{words.backdatedNote}</p>
      </div>
      {readings.length > 0 && (
        <ReadingTable title={words.measurement} readings={readings} columns={columns} placeOf={receivedAt} />
      )}
      {backdated.truncated && <p className="muted">{words.backdatedMore(backdated.readings.length)}</p>}
    </section>
  )
}
