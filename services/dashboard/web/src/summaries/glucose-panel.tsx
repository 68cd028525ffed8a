import { useState } from 'react'
import type { Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { calculatedText, fieldUnit } from '../language/reading-text'
import { atMost } from '../language/figures'
import { DAY_MS } from '../language/zones'
import type { GlucoseProfile, GlucoseSummary, TimeInBands } from './api'
import { ProfileChart } from './profile-chart'
import { clockText } from './profile-path'

/** From this percentage on it is said how many values mean and GMI leave out. Ours. */
const BEYOND_WORTH_SAYING = 1

/** As everywhere else: never rounded across a limit. */
const written = (value: number) => calculatedText('blood_glucose', 'glucose_value', value)

/** Whether there will be a summary, by the newest reading: it is of a sensor's fourteen days. */
export function isGlucoseExpected(latest: readonly Reading[], now: number): boolean {
  const isOfSensor = (one: Reading) => one.kind === 'blood_glucose' && one.values.glucose_method === 'continuous_sensor'
  return latest.some((one) => isOfSensor(one) && now - Date.parse(one.observed_at) < 14 * DAY_MS)
}

/** Times in ranges and the ambulatory glucose profile. */
export function GlucosePanel({ summary, profile }: { summary: GlucoseSummary; profile: GlucoseProfile }) {
  const { words } = useLanguage()
  const [asTable, setAsTable] = useState(false)
  const unit = fieldUnit('blood_glucose', 'glucose_value', words)
  const own = summary.time_in_own_range
  const beyond = summary.values === 0 ? 0 : (100 * summary.values_beyond) / summary.values
  const said = [
    summary.mean != null && `${words.mean} ${written(summary.mean)}`,
    summary.gmi_percent != null && `GMI ${summary.gmi_percent.toFixed(1)} %`,
    summary.coefficient_of_variation_percent != null && `CV ${atMost(summary.coefficient_of_variation_percent)}`,
    words.lowEvents(summary.events_below_70, summary.events_below_54),
    words.covered(summary.covered_percent),
  ]
  return (
    <section className="panel panel-profile" aria-labelledby="glucose-summary">
      <div className="panel-head">
        <h3 id="glucose-summary">
          {words.sensorGlucose} <small>{unit}</small>
        </h3>
        <p className="summary">{said.filter(Boolean).join(' · ')}</p>
        <button aria-label={`${words.sensorGlucose}: ${asTable ? words.showChart : words.showTable}`} onClick={() => setAsTable(!asTable)}>
          {asTable ? words.showChart : words.showTable}
        </button>
      </div>
      {!summary.is_enough && <p className="notice notice-info">{words.tooLittleSensor(summary.covered_percent)}</p>}
      {beyond > BEYOND_WORTH_SAYING && <p className="notice notice-info">{words.beyondSensor(beyond)}</p>}
      {own && <p>{words.targetRange(own)}</p>}
      {summary.time_in_bands && <BandBar time={summary.time_in_bands} />}
      <h4>{words.profile}</h4>
      {asTable ? <ProfileTable profile={profile} /> : <ProfileChart profile={profile} label={words.profileLabel} />}
    </section>
  )
}

/** The shares as a bar, which the list beneath it says in words. */
function BandBar({ time }: { time: TimeInBands }) {
  const { words } = useLanguage()
  const bands = [
    { name: 'very-low', text: '< 54', share: time.below_54 },
    { name: 'low', text: '54–69', share: time.from_54_to_69 },
    { name: 'in', text: '70–180', share: time.from_70_to_180 },
    { name: 'high', text: '181–250', share: time.from_181_to_250 },
    { name: 'very-high', text: '> 250', share: time.above_250 },
  ]
  const starts = bands.map((_, index) => bands.slice(0, index).reduce((sum, { share }) => sum + share, 0))
  return (
    <>
      <svg className="band-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        {bands.map(({ name, share }, index) => (
          <rect key={name} className={`share-${name}`} x={starts[index]} y="0" width={share} height="6" />
        ))}
      </svg>
      <ul className="legend" aria-label={words.timeInRanges}>
        {bands.map(({ name, text, share }) => (
          <li key={name}>
            <svg width="12" height="12" aria-hidden="true">
              <rect className={`share-${name}`} width="12" height="12" />
            </svg>
            {text}: {words.percent(share)}
          </li>
        ))}
      </ul>
    </>
  )
}

function ProfileTable({ profile }: { profile: GlucoseProfile }) {
  const { words } = useLanguage()
  const columns = ['p5', 'p25', 'p50', 'p75', 'p95'] as const
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={words.profileLabel}>
      <table className="readings figures">
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {words.percentile(Number(column.slice(1)))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {profile.slots.map((slot) => (
            <tr key={slot.minute_of_day}>
              <th scope="row">{clockText(slot.minute_of_day)}</th>
              {columns.map((column) => (
                <td key={column}>{written(slot[column])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
