import { useMemo } from 'react'
import { useLanguage } from '../language/language'
import { calculatedText, fieldLabel, fieldUnit, namedFieldText, numberOf } from '../language/reading-text'
import { DAY_MS } from '../language/zones'
import { ChartPanel } from './chart-panel'
import type { ChartProps } from './charted'
import { linePath } from './line-path'
import { observedAt } from './parted'
import { Plot, type Scale } from './plot'
import { splitAtGaps } from './segments'
import { spreadOf } from './statistics'
import { stopsOf } from './stops'

/** At least this many kilograms are shown, so that ordinary changes do not look dramatic. */
const LEAST_SPAN_KG = 6
/** Weight changes slowly: days may be missed, more than three are a gap. */
const GAP_MS = 3 * DAY_MS

export default function WeightChart({ readings, apart, from, to, everAny, evidence }: ChartProps<'weighing_scale'>) {
  const { words } = useLanguage()
  const points = useMemo(
    () =>
      readings.flatMap((reading) => {
        const v = numberOf(reading, 'body_weight')
        return v === undefined ? [] : [{ t: observedAt(reading), v, evidence: evidence.has(reading.id) }]
      }),
    [readings, evidence],
  )
  const stops = useMemo(() => stopsOf(readings, (reading) => [numberOf(reading, 'body_weight')], words), [readings, words])
  const spread = useMemo(() => spreadOf(points.map((point) => point.v)), [points])
  const draw = useMemo(
    () => (scale: Scale) => (
      <>
        <path className="values-line" d={splitAtGaps(points, GAP_MS).map((segment) => linePath(segment, scale)).join('')} />
        <path className="values-dots" d={points.map((point) => linePath([point], scale)).join('')} />
        {points
          .filter((point) => point.evidence)
          .map((point) => (
            <circle key={point.t} className="evidence" cx={scale.x(point.t)} cy={scale.y(point.v)} r="8" />
          ))}
      </>
    ),
    [points],
  )

  const middle = spread ? (spread.lowest + spread.highest) / 2 : 60
  const span = Math.max(LEAST_SPAN_KG, spread ? (spread.highest - spread.lowest) * 1.2 : 0)
  const written = (v: number) => calculatedText('weighing_scale', 'body_weight', v)
  const summary = [
    words.readingsCount(readings.length),
    spread && `${words.lowest} ${written(spread.lowest)}`,
    spread && `${words.highest} ${written(spread.highest)}`,
  ]
  return (
    <ChartPanel
      title={words.kind.weighing_scale}
      unit={fieldUnit('weighing_scale', 'body_weight', words)}
      readings={readings}
      apart={apart}
      everAny={everAny}
      summary={summary.filter(Boolean).join(' · ')}
      columns={[
        { name: fieldLabel('weighing_scale', 'body_weight', words), cell: (reading) => namedFieldText(reading, 'body_weight', words) ?? words.noValue },
        { name: fieldLabel('weighing_scale', 'body_fat', words), cell: (reading) => namedFieldText(reading, 'body_fat', words)?.concat(` ${fieldUnit('weighing_scale', 'body_fat', words)}`) ?? words.noValue },
      ]}
      legend={null}
      plot={(describedBy) => (
        <Plot
          label={words.kind.weighing_scale}
          describedBy={describedBy}
          from={from}
          to={to}
          min={middle - span / 2}
          max={middle + span / 2}
          stops={stops}
          draw={draw}
        />
      )}
    />
  )
}
