import { useMemo } from 'react'
import { flagOf, numberOf, type Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { HIGH, levelOf, SEVERE, type Level } from './blood-pressure-level'
import { ChartPanel, LegendItem } from './chart-panel'
import { Plot, Threshold, type Scale } from './plot'
import { spreadOf, valuesOf } from './statistics'
import { stopsOf } from './stops'

export interface ChartProps {
  readonly readings: readonly Reading[]
  readonly from: number
  readonly to: number
  readonly everAny: boolean
  /** Ids of readings behind an open alert. */
  readonly evidence: ReadonlySet<string>
}

interface Bar {
  readonly t: number
  readonly systolic: number
  readonly diastolic: number
  readonly group: Level | 'checkup'
  readonly evidence: boolean
}

const GROUPS = ['checkup', 'below', 'high', 'severe'] as const

/** Each reading is a bar from its diastolic to its systolic pressure. */
export function BloodPressureChart({ readings, from, to, everAny, evidence }: ChartProps) {
  const { words } = useLanguage()
  const bars = useMemo(() => barsOf(readings, evidence), [readings, evidence])
  const stops = useMemo(() => stopsOf(readings, ['systolic', 'diastolic'], words), [readings, words])
  const draw = useMemo(() => (scale: Scale) => <Bars scale={scale} bars={bars} />, [bars])

  const home = readings.filter((reading) => reading.kind === 'blood_pressure')
  const systolic = spreadOf(valuesOf(home, 'systolic'))
  const diastolic = spreadOf(valuesOf(home, 'diastolic'))
  const summary = [
    words.readingsCount(readings.length),
    systolic && diastolic && `${words.mean} ${systolic.mean.toFixed(0)}/${diastolic.mean.toFixed(0)}`,
    systolic && `${words.systolic} ${systolic.lowest}–${systolic.highest}`,
    diastolic && `${words.diastolic} ${diastolic.lowest}–${diastolic.highest}`,
  ]
  const values = bars.flatMap((bar) => [bar.systolic, bar.diastolic])
  const min = Math.min(40, spreadOf(values)?.lowest ?? 40)
  // Room above the highest bar for its mark.
  const max = Math.max(200, (spreadOf(values)?.highest ?? 0) + 14)

  return (
    <ChartPanel
      title={words.kind.blood_pressure}
      unit="mmHg"
      readings={readings}
      everAny={everAny}
      summary={summary.filter(Boolean).join(' · ')}
      columns={[
        { name: words.systolic, cell: (reading) => String(numberOf(reading.values, 'systolic') ?? words.noValue) },
        { name: words.diastolic, cell: (reading) => String(numberOf(reading.values, 'diastolic') ?? words.noValue) },
        {
          name: words.pulse,
          cell: (reading) =>
            [numberOf(reading.values, 'pulse_rate') ?? words.noValue, flagOf(reading.values, 'irregular_pulse') && words.irregularPulse]
              .filter(Boolean)
              .join(' · '),
        },
      ]}
      legend={<Legend bars={bars} />}
      plot={(describedBy) => (
        <Plot
          label={words.kind.blood_pressure}
          describedBy={describedBy}
          from={from}
          to={to}
          min={min}
          max={max}
          stops={stops}
          draw={draw}
        />
      )}
    />
  )
}

function barsOf(readings: readonly Reading[], evidence: ReadonlySet<string>): readonly Bar[] {
  return readings.flatMap((reading) => {
    const systolic = numberOf(reading.values, 'systolic')
    const diastolic = numberOf(reading.values, 'diastolic')
    if (systolic === null || diastolic === null) return []
    const group = reading.kind === 'blood_pressure' ? levelOf(systolic, diastolic) : 'checkup'
    return [{ t: Date.parse(reading.observed_at), systolic, diastolic, group, evidence: evidence.has(reading.id) }]
  })
}

/** One path for all bars of a group: some thousand readings stay a handful of elements. */
function Bars({ scale, bars }: { scale: Scale; bars: readonly Bar[] }) {
  const width = Math.max(1.5, Math.min(5, (scale.right - scale.left) / Math.max(1, bars.length) / 1.6))
  const path = (group: Bar['group'], one: (x: number, top: number, bottom: number) => string) =>
    bars
      .filter((bar) => bar.group === group)
      .map((bar) => one(round(scale.x(bar.t)), round(scale.y(bar.systolic)), round(scale.y(bar.diastolic))))
      .join('')
  return (
    <>
      <Threshold scale={scale} v={HIGH.systolic} name="threshold threshold-high" />
      <Threshold scale={scale} v={HIGH.diastolic} name="threshold threshold-high" />
      <Threshold scale={scale} v={SEVERE.systolic} name="threshold threshold-severe" />
      <Threshold scale={scale} v={SEVERE.diastolic} name="threshold threshold-severe" />
      {GROUPS.map((group) => (
        <g key={group} className={`bp bp-${group}`}>
          <path d={path(group, (x, top, bottom) => `M${x} ${top}V${bottom}`)} strokeWidth={width} />
          {group === 'severe' && (
            <path className="bp-mark" d={path(group, (x, top) => `M${x} ${top - 11}l5 8h-10z`)} />
          )}
        </g>
      ))}
      {bars
        .filter((bar) => bar.evidence)
        .map((bar) => (
          <rect
            key={bar.t}
            className="evidence"
            x={scale.x(bar.t) - width / 2 - 3}
            y={scale.y(bar.systolic) - 5}
            width={width + 6}
            height={scale.y(bar.diastolic) - scale.y(bar.systolic) + 10}
            rx="4"
          />
        ))}
    </>
  )
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function Legend({ bars }: { bars: readonly Bar[] }) {
  const { words } = useLanguage()
  const any = (group: Bar['group']) => bars.some((bar) => bar.group === group)
  const swatch = (group: string) => (
    <g className={`bp bp-${group}`}>
      <path d="M11 3V12" strokeWidth="4" />
      {group === 'severe' && <path className="bp-mark" d="M11 0l5 7h-10z" />}
    </g>
  )
  return (
    <>
      <LegendItem swatch={swatch('below')}>{words.legendBelow}</LegendItem>
      <LegendItem swatch={swatch('high')}>{words.legendHigh}</LegendItem>
      <LegendItem swatch={swatch('severe')}>{words.legendSevere}</LegendItem>
      {any('checkup') && <LegendItem swatch={swatch('checkup')}>{words.legendCheckup}</LegendItem>}
      {bars.some((bar) => bar.evidence) && (
        <LegendItem swatch={<rect className="evidence" x="6" y="1" width="10" height="12" rx="3" />}>
          {words.legendEvidence}
        </LegendItem>
      )}
    </>
  )
}
