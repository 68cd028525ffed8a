import { timeTicks, valueTicks } from '../charts/axis'
import { useLanguage } from '../language/language'
import { areaOf, lineOf } from '../summaries/profile-path'
import type { Aggregates } from './api'
import { middleOf, rangeOf, stretchesOf } from './stretches'

const WIDTH = 720
const HEIGHT = 220
const MARGIN = { left: 44, right: 16, top: 10, bottom: 24 }

/** A year, day by day: the mean as a line in the band from the lowest to the highest value. */
export default function YearChart({ year, label }: { year: Aggregates; label: string }) {
  const { times } = useLanguage()
  const [from, to] = [Date.parse(year.period.from), Date.parse(year.period.to)]
  const { bottom, top } = rangeOf(year.buckets)
  const x = (t: number) => MARGIN.left + ((t - from) / Math.max(1, to - from)) * (WIDTH - MARGIN.left - MARGIN.right)
  const y = (v: number) => HEIGHT - MARGIN.bottom - ((v - bottom) / (top - bottom)) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  return (
    <svg className="year" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {valueTicks(bottom, top, 4).map((v) => (
        <g key={v}>
          <line className="grid" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(v)} y2={y(v)} />
          <text className="tick" x={MARGIN.left - 6} y={y(v)} dy="0.32em" textAnchor="end">
            {v}
          </text>
        </g>
      ))}
      {timeTicks(from, to, 8, times.zone).map((tick) => (
        <text key={tick.t} className="tick" x={x(tick.t)} y={HEIGHT - 6} textAnchor="middle">
          {tick.unit === 'month' ? times.monthTick(tick.t) : times.dayTick(tick.t)}
        </text>
      ))}
      {stretchesOf(year.buckets).map((stretch) => {
        const [first] = stretch
        const means = stretch.flatMap((day) => (day.mean == null ? [] : [[x(middleOf(day)), y(day.mean)] as const]))
        return (
          <g key={first?.from}>
            {stretch.length > 1 && (
              <path
                className="year-band"
                d={areaOf(stretch.map((day) => [x(middleOf(day)), y(day.highest)]), stretch.map((day) => [x(middleOf(day)), y(day.lowest)]))}
              />
            )}
            {stretch.length === 1 && first && (
              <line className="year-alone" x1={x(middleOf(first))} x2={x(middleOf(first))} y1={y(first.lowest)} y2={y(first.highest)} />
            )}
            <path className="year-mean" d={lineOf(means)} />
            {means.length === 1 && <circle className="year-dot" cx={means[0]?.[0]} cy={means[0]?.[1]} r="2.5" />}
          </g>
        )
      })}
    </svg>
  )
}
