import type { Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { fieldUnit } from '../language/reading-text'
import { downToTenth } from '../language/figures'
import { DAY_MS } from '../language/zones'
import type { MeanOfDays, PressureSummary } from './api'

/** Whether there will be a summary, by the newest reading: it is of seven days. */
export function isPressureExpected(latest: readonly Reading[], now: number): boolean {
  return latest.some((one) => one.kind === 'blood_pressure' && now - Date.parse(one.observed_at) < 7 * DAY_MS)
}

/** Means of mornings and evenings against the target. */
export function PressurePanel({ summary }: { summary: PressureSummary }) {
  const { words } = useLanguage()
  const unit = fieldUnit('blood_pressure', 'systolic', words)
  const { target, systolic_variability: spread } = summary
  const rows = [
    { name: words.mornings, of: summary.morning },
    { name: words.evenings, of: summary.evening },
    { name: words.bothParts, of: summary.mean },
  ]
  const said = [
    words.measuredDays(summary.days.length, summary.days_of_period),
    target && words.targetBelow(`${target.systolic}/${target.diastolic}`),
    summary.above_target_percent != null && words.shareAbove(summary.above_target_percent),
    spread.average_real_variability != null && words.variability(spread.average_real_variability, spread.coefficient_of_variation_percent ?? 0),
  ]
  return (
    <section className="panel panel-means" aria-labelledby="pressure-summary">
      <div className="panel-head">
        <h3 id="pressure-summary">
          {`${words.kind.blood_pressure} · ${words.mean}`} <small>{unit}</small>
        </h3>
        <p className="summary">{said.filter(Boolean).join(' · ')}</p>
      </div>
      {!summary.is_enough && <p className="notice notice-info">{words.tooFewDays(summary.days.length, summary.days_needed)}</p>}
      <div className="table-scroll" tabIndex={0} role="region" aria-label={words.partOfDay}>
        <table className="readings figures">
          <thead>
            <tr>
              <th scope="col">{words.partOfDay}</th>
              <th scope="col">{words.mean}</th>
              <th scope="col">{words.daysMeasured}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, of }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{of ? <Mean of={of} target={target ?? null} /> : words.noValue}</td>
                <td>{of?.days ?? 0}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Mean({ of, target }: { of: MeanOfDays; target: PressureSummary['target'] | null }) {
  const { words } = useLanguage()
  const isAbove = target != null && (of.systolic >= target.systolic || of.diastolic >= target.diastolic)
  return (
    <>
      <strong>{`${downToTenth(of.systolic)}/${downToTenth(of.diastolic)}`}</strong>
      {isAbove && <span className="above-target"> {words.aboveTarget}</span>}
    </>
  )
}
