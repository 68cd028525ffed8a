import type { PatientSummary, Reading } from '../api/model'
import { useDashboardState } from '../state/dashboard-state'
import { useLanguage } from '../language/language'
import { KIND_ORDER } from '../language/kinds.generated'
import { valueText } from '../language/reading-text'

export function inOrder(latest: readonly Reading[]): readonly Reading[] {
  return [...latest].sort((a, b) => KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind))
}

/** A value never stands without its age: yesterday's is not today's. */
export function LatestValue({ reading, now, named }: { reading: Reading; now: number; named: boolean }) {
  const { words, times } = useLanguage()
  const text = valueText(reading, words)
  if (!text) return null
  return (
    <span className="value" title={reading.time_unknown ? words.unknownTime(times.full(reading.received_at)) : times.full(reading.observed_at)}>
      {named && <span className="value-kind">{words.kind[reading.kind]} </span>}
      <span className="value-main">
        {text.value}
        <small> {text.unit}</small>
      </span>{' '}
      {reading.time_unknown ? (
        <span className="value-age">{words.unknownTime(times.ago(reading.received_at, now))}</span>
      ) : (
        <time className="value-age" dateTime={reading.observed_at}>
          {reading.observed_ahead ? words.aheadOf(times.ago(reading.received_at, now)) : times.ago(reading.observed_at, now)}
          {reading.observed_long_ago && ` · ${words.longAgoOf(times.ago(reading.received_at, now))}`}
        </time>
      )}
    </span>
  )
}

export function LastReading({ patient, now }: { patient: PatientSummary; now: number }) {
  const { words, times } = useLanguage()
  const { store, listedAt } = useDashboardState()
  if (!patient.last_reading_at) {
    // Without the store, or before the list has come, nobody can say that nothing was received.
    return store === 'available' && listedAt !== null ? <span className="never">{words.never}</span> : <span>{words.noValue}</span>
  }
  return (
    <time dateTime={patient.last_reading_at} title={times.full(patient.last_reading_at)}>
      {times.ago(patient.last_reading_at, now)}
      <span className="second-line">{times.dateTime(patient.last_reading_at, now)}</span>
    </time>
  )
}

/** When anything came, and the newest value of each kind. */
export function LatestValues({ patient, now }: { patient: PatientSummary; now: number }) {
  const { words } = useLanguage()
  return (
    <dl className="card-values">
      <div>
        <dt>{words.lastReading}</dt>
        <dd>
          <LastReading patient={patient} now={now} />
        </dd>
      </div>
      {inOrder(patient.latest).map((reading) => (
        <div key={reading.kind}>
          <dt>{words.kind[reading.kind]}</dt>
          <dd>
            <LatestValue reading={reading} now={now} named={false} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
