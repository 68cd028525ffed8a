import { useMemo } from 'react'
import type { BackdatedReadings, Reading } from '../api/model'
import { CHARTED_KINDS } from '../charts/list'
import { ReadingTable, type Column } from '../charts/reading-table'
import { useLanguage } from '../language/language'
import { valueText } from '../language/reading-text'
import { useBackdated } from './use-history'

/** What came in lately with a date of long ago, on the page of a patient. */
export function Backdated({ patient, changes, now }: { patient: string; changes: number; now: number }) {
  const { words, times } = useLanguage()
  const { backdated, backdatedFailure } = useBackdated(patient, changes)
  return (
    <>
      {backdated && <BackdatedTable backdated={backdated} />}
      {backdatedFailure !== null && backdatedFailure !== 'not-yours' && (
        <p className="muted">
          {words.backdatedFailed} {backdated && words.historyAsOf(times.dateTime(backdated.at, now))}
        </p>
      )}
    </>
  )
}

const receivedAt = (reading: Reading) => Date.parse(reading.received_at)

/** Of kinds that have a chart, its table lists by their receipt what clocks measured that were not set. */
const isInAChart = (reading: Reading) => reading.time_unknown === true && CHARTED_KINDS.includes(reading.kind)

export function BackdatedTable({ backdated }: { backdated: BackdatedReadings }) {
  const { words, times } = useLanguage()
  const readings = useMemo(() => backdated.readings.filter((reading) => !isInAChart(reading)).reverse(), [backdated])
  if (readings.length === 0 && !backdated.truncated) return null
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
