import { useLanguage } from '../language/language'
import type { GlucoseProfile, Percentiles } from './api'
import { areaOf, clockText, lineOf, stretchesOf } from './profile-path'

const WIDTH = 720
const HEIGHT = 220
const MARGIN = { left: 40, right: 40, top: 10, bottom: 24 }
const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24]
const DAY = 24 * 60

/** Percentiles by the time of day: the median as a line in bands of a half and of nine tenths of all values. */
export function ProfileChart({ profile, label }: { profile: GlucoseProfile; label: string }) {
  const { words } = useLanguage()
  const { slots, slot_minutes: slotMinutes } = profile
  const top = Math.max(300, ...slots.map((slot) => slot.p95))
  const bottom = Math.min(40, ...slots.map((slot) => slot.p5))
  const x = (minutes: number) => MARGIN.left + (minutes / DAY) * (WIDTH - MARGIN.left - MARGIN.right)
  const y = (v: number) => HEIGHT - MARGIN.bottom - ((v - bottom) / (top - bottom)) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  // A slot's values are of its minutes: they are drawn at its middle.
  const at = (v: (slot: Percentiles) => number) => (slot: Percentiles) => [x(slot.minute_of_day + slotMinutes / 2), y(v(slot))] as const
  const stretches = stretchesOf(slots, slotMinutes)
  const range = profile.limits.filter((limit) => limit.severity == null)
  return (
    <>
      <svg className="profile" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        {HOURS.map((hour) => (
          <g key={hour}>
            <line className="grid" x1={x(hour * 60)} x2={x(hour * 60)} y1={MARGIN.top} y2={HEIGHT - MARGIN.bottom} />
            <text className="tick" x={x(hour * 60)} y={HEIGHT - 6} textAnchor="middle">
              {clockText(hour * 60)}
            </text>
          </g>
        ))}
        {stretches.map((stretch) => (
          <g key={stretch[0]?.minute_of_day}>
            <path className="profile-outer" d={areaOf(stretch.map(at((slot) => slot.p95)), stretch.map(at((slot) => slot.p5)))} />
            <path className="profile-inner" d={areaOf(stretch.map(at((slot) => slot.p75)), stretch.map(at((slot) => slot.p25)))} />
            <path className="profile-median" d={lineOf(stretch.map(at((slot) => slot.p50)))} />
          </g>
        ))}
        {range.map(({ value }) => (
          <g key={value} className="threshold threshold-band">
            <line x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(value)} y2={y(value)} />
            <text x={WIDTH - MARGIN.right + 5} y={y(value)} dy="0.32em">
              {value}
            </text>
          </g>
        ))}
      </svg>
      <ul className="legend">
        <li>{words.profileMedian}</li>
        <li>{words.profileInner}</li>
        <li>{words.profileOuter}</li>
      </ul>
    </>
  )
}
