import { useId, useMemo } from 'react'
import { beyondOf, type ReadingOf } from '../api/model'
import { useLanguage } from '../language/language'
import { calculatedText, fieldLabel, fieldUnit, namedFieldText, numberOf } from '../language/reading-text'
import type { Words } from '../language/words'
import { ChartPanel, LegendItem } from './chart-panel'
import type { ChartProps } from './charted'
import { limitsOf, outOf, thresholdName, type Known } from './limits'
import { linePath } from './line-path'
import { observedAt } from './parted'
import { Plot, Thresholds, type Scale } from './plot'
import { SENSOR_GAP_MS, splitAtGaps, thin, type Point } from './segments'
import { extremesOf, spreadOf } from './statistics'
import { stopsOf } from './stops'

type Glucose = ReadingOf<'blood_glucose'>
type Side = NonNullable<Glucose['values']['glucose_comparator']>

/** Sensors draw a line that breaks where data is missing; finger-sticks and laboratory values stand alone. */
export default function GlucoseChart({ readings, apart, from, to, everAny, limits, evidence }: ChartProps<'blood_glucose'>) {
  const { words } = useLanguage()
  const own = useMemo(() => limitsOf(limits, 'blood_glucose', 'glucose_value'), [limits])
  const ofRules = useMemo(() => own.filter((limit) => limit.severity !== null), [own])
  const range = useMemo(() => own.filter((limit) => limit.severity === null), [own])
  const end = (side: 'below' | 'above') => range.find((limit) => limit.side === side)?.value
  const [lowest, highest] = [end('below') ?? -Infinity, end('above') ?? Infinity]
  const clip = useId()
  const sensor = useMemo(() => knownOf(readings.filter(isSensor)), [readings])
  const single = useMemo(() => knownOf(readings.filter((reading) => !isSensor(reading))), [readings])
  const behind = useMemo(() => knownOf(readings.filter((reading) => evidence.has(reading.id))), [readings, evidence])
  const stops = useMemo(() => stopsOf(readings, (reading) => [numberOf(reading, 'glucose_value')], words), [readings, words])
  // What is only known to be below or above a limit is the lowest or highest by that limit.
  const spread = useMemo(
    () => spreadOf(readings.filter(({ values }) => !values.glucose_comparator).map((reading) => numberOf(reading, 'glucose_value'))),
    [readings],
  )
  const beyond = useMemo(() => edgesOf(readings), [readings])
  const written = (v: number) => calculatedText('blood_glucose', 'glucose_value', v)
  const exact = spread ? [spread.lowest, spread.highest].map((v) => ({ v, text: written(v) })) : []
  const extremes = extremesOf([...beyond, ...exact])

  const draw = useMemo(
    () => (scale: Scale) => {
      const column = (to - from) / Math.max(1, scale.right - scale.left)
      const line = splitAtGaps(sensor, SENSOR_GAP_MS)
        .map((segment) => linePath(thin(segment, column), scale))
        .join('')
      const y = (value: number) => Math.min(scale.bottom, Math.max(scale.top, scale.y(value)))
      const [high, low] = [y(highest), y(lowest)]
      const wide = scale.right - scale.left
      return (
        <>
          <clipPath id={`${clip}-above`}>
            <rect x={scale.left} y={scale.top - 10} width={wide} height={high - scale.top + 10} />
          </clipPath>
          <clipPath id={`${clip}-in`}>
            <rect x={scale.left} y={high} width={wide} height={low - high} />
          </clipPath>
          <clipPath id={`${clip}-below`}>
            <rect x={scale.left} y={low} width={wide} height={scale.bottom - low + 10} />
          </clipPath>
          <rect className="band" x={scale.left} y={high} width={wide} height={low - high} />
          <Thresholds
            scale={scale}
            lines={[
              ...[lowest, highest].filter(Number.isFinite).map((v) => ({ v, name: 'threshold threshold-band' })),
              ...ofRules.map((limit) => ({ v: limit.value, name: thresholdName(limit) })),
            ]}
          />
          <path className="sensor sensor-above" d={line} clipPath={`url(#${clip}-above)`} />
          <path className="sensor" d={line} clipPath={`url(#${clip}-in)`} />
          <path className="sensor sensor-below" d={line} clipPath={`url(#${clip}-below)`} />
          {single.map((point) => (
            <path
              key={point.t}
              className={['stick', outOf(range, point)].filter(Boolean).join(' stick-')}
              d={`M${scale.x(point.t)} ${scale.y(point.v) - 4.5}l4.5 4.5l-4.5 4.5l-4.5-4.5z`}
            />
          ))}
          {beyond.map((point) => (
            <text
              key={`${point.t} ${point.side}`}
              className={`beyond beyond-${point.side}`}
              x={scale.x(point.t)}
              y={scale.y(point.v) + (point.side === 'below' ? 14 : -7)}
              textAnchor="middle"
            >
              {point.text}
            </text>
          ))}
          {behind.map((point) => (
            <circle key={point.t} className="evidence" cx={scale.x(point.t)} cy={scale.y(point.v)} r="8" />
          ))}
        </>
      )
    },
    [sensor, single, behind, beyond, clip, from, to, lowest, highest, range, ofRules],
  )

  const unit = fieldUnit('blood_glucose', 'glucose_value', words)
  const summary = [
    words.readingsCount(readings.length),
    extremes && `${words.lowest} ${extremes[0].text}`,
    extremes && `${words.highest} ${extremes[1].text}`,
  ]
  return (
    <ChartPanel
      title={words.kind.blood_glucose}
      unit={unit}
      readings={readings}
      apart={apart}
      everAny={everAny}
      summary={summary.filter(Boolean).join(' · ')}
      columns={[
        { name: fieldLabel('blood_glucose', 'glucose_value', words), cell: (reading) => namedFieldText(reading, 'glucose_value', words) ?? words.noValue },
        { name: fieldLabel('blood_glucose', 'glucose_method', words), cell: (reading) => circumstances(reading, words) },
      ]}
      legend={
        <>
          {Number.isFinite(lowest) && Number.isFinite(highest) && (
            <LegendItem swatch={<rect className="band" x="0" y="1" width="22" height="12" />}>{words.legendInRange(lowest, highest, unit)}</LegendItem>
          )}
          {sensor.length > 0 && (
            <LegendItem swatch={<path className="sensor" d="M1 9l5-4l4 3M14 6l3 2l4-5" />}>{words.legendSensor}</LegendItem>
          )}
          {single.length > 0 && (
            <LegendItem swatch={<path className="stick" d="M11 2.5l4.5 4.5l-4.5 4.5l-4.5-4.5z" />}>{words.legendFingerStick}</LegendItem>
          )}
          {behind.length > 0 && (
            <LegendItem swatch={<circle className="evidence" cx="11" cy="7" r="5.5" />}>{words.legendEvidence}</LegendItem>
          )}
        </>
      }
      plot={(describedBy) => (
        <Plot
          label={words.kind.blood_glucose}
          describedBy={describedBy}
          from={from}
          to={to}
          // Below a limit there is room for its label.
          min={beyond.some((point) => point.side === 'below') ? 0 : Math.min(40, spread?.lowest ?? 40)}
          max={Math.max(300, spread?.highest ?? 300, ...beyond.map((point) => point.v))}
          stops={stops}
          draw={draw}
        />
      )}
    />
  )
}

function circumstances(reading: Glucose, words: Words): string {
  return ['glucose_method', 'meal_timing'].flatMap((field) => namedFieldText(reading, field, words) ?? []).join(' · ')
}

function isSensor({ values }: Glucose): boolean {
  return values.glucose_method === 'continuous_sensor'
}

interface Edge extends Point {
  readonly side: Side
  readonly text: string
}

/** Where a value is beyond what its device can say: of a run of them the first, which carries the label. */
function edgesOf(readings: readonly Glucose[]): readonly Edge[] {
  let last: { readonly t: number; readonly text: string } | undefined
  return readings.flatMap((reading) => {
    const { glucose_comparator: side } = reading.values
    const v = numberOf(reading, 'glucose_value')
    const text = beyondOf(reading, 'glucose_value')
    if (side === undefined || v === undefined || text === undefined) return []
    const t = observedAt(reading)
    const isRun = last?.text === text && t - last.t <= SENSOR_GAP_MS
    last = { t, text }
    return isRun ? [] : [{ t, v, side, text }]
  })
}

function knownOf(readings: readonly Glucose[]): readonly (Point & Known)[] {
  return readings.flatMap((reading) => {
    const v = numberOf(reading, 'glucose_value')
    return v === undefined ? [] : [{ t: observedAt(reading), v, side: reading.values.glucose_comparator }]
  })
}
