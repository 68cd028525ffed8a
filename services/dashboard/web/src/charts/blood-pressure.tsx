import { useMemo } from 'react'
import type { Limit, ReadingOf } from '../api/model'
import { useLanguage } from '../language/language'
import { fieldLabel, fieldUnit, namedFieldText, numberOf } from '../language/reading-text'
import { ChartPanel, LegendItem } from './chart-panel'
import type { ChartProps } from './charted'
import { levelOf, limitsOf, limitText, thresholdName, type Level } from './limits'
import { observedAt } from './parted'
import { Plot, Thresholds, type Scale } from './plot'
import { spreadOf } from './statistics'
import { stopsOf } from './stops'

type Kinds = 'blood_pressure' | 'blood_pressure_checkup'

interface Bar {
  readonly t: number
  readonly systolic: number
  readonly diastolic: number
  readonly group: Level | 'checkup'
  readonly evidence: boolean
}

const GROUPS = ['checkup', 'below', 'high', 'severe'] as const

interface Limits {
  readonly systolic: readonly Limit[]
  readonly diastolic: readonly Limit[]
}

/** Each reading is a bar from its diastolic to its systolic pressure. */
export default function BloodPressureChart({ readings, apart, from, to, everAny, limits, evidence }: ChartProps<Kinds>) {
  const { words } = useLanguage()
  const own = useMemo(() => {
    const of = (field: string) => limitsOf(limits, 'blood_pressure', field)
    return { systolic: of('systolic'), diastolic: of('diastolic') }
  }, [limits])
  const bars = useMemo(() => barsOf(readings, own, evidence), [readings, own, evidence])
  const stops = useMemo(() => stopsOf(readings, (reading) => [numberOf(reading, 'systolic'), numberOf(reading, 'diastolic')], words), [readings, words])
  const draw = useMemo(() => (scale: Scale) => <Bars scale={scale} bars={bars} limits={own} />, [bars, own])

  const home = readings.filter((reading) => reading.kind === 'blood_pressure')
  const systolic = spreadOf(home.map((reading) => numberOf(reading, 'systolic')))
  const diastolic = spreadOf(home.map((reading) => numberOf(reading, 'diastolic')))
  const label = (field: 'systolic' | 'diastolic' | 'pulse_rate') => fieldLabel('blood_pressure', field, words)
  const summary = [
    words.readingsCount(readings.length),
    systolic && `${label('systolic')} ${systolic.lowest}–${systolic.highest}`,
    diastolic && `${label('diastolic')} ${diastolic.lowest}–${diastolic.highest}`,
  ]
  const values = bars.flatMap((bar) => [bar.systolic, bar.diastolic])
  const min = Math.min(40, spreadOf(values)?.lowest ?? 40)
  // Room above the highest bar for its mark.
  const max = Math.max(200, (spreadOf(values)?.highest ?? 0) + 14)

  return (
    <ChartPanel
      title={words.kind.blood_pressure}
      unit={fieldUnit('blood_pressure', 'systolic', words)}
      readings={readings}
      apart={apart}
      everAny={everAny}
      summary={summary.filter(Boolean).join(' · ')}
      columns={[
        { name: label('systolic'), cell: (reading) => namedFieldText(reading, 'systolic', words) ?? words.noValue },
        { name: label('diastolic'), cell: (reading) => namedFieldText(reading, 'diastolic', words) ?? words.noValue },
        {
          name: label('pulse_rate'),
          cell: (reading) =>
            [namedFieldText(reading, 'pulse_rate', words) ?? words.noValue, namedFieldText(reading, 'irregular_pulse', words)]
              .filter(Boolean)
              .join(' · '),
        },
      ]}
      legend={<Legend bars={bars} limits={own} />}
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

function barsOf(readings: readonly ReadingOf<Kinds>[], limits: Limits, evidence: ReadonlySet<string>): readonly Bar[] {
  return readings.flatMap((reading) => {
    const [systolic, diastolic] = [numberOf(reading, 'systolic'), numberOf(reading, 'diastolic')]
    if (systolic === undefined || diastolic === undefined) return []
    const level = () => levelOf([[systolic, limits.systolic], [diastolic, limits.diastolic]])
    const group = reading.kind === 'blood_pressure' ? level() : 'checkup'
    return [{ t: observedAt(reading), systolic, diastolic, group, evidence: evidence.has(reading.id) }]
  })
}

/** One path for all bars of a group: some thousand readings stay a handful of elements. */
function Bars({ scale, bars, limits }: { scale: Scale; bars: readonly Bar[]; limits: Limits }) {
  const width = Math.max(1.5, Math.min(5, (scale.right - scale.left) / Math.max(1, bars.length) / 1.6))
  const path = (group: Bar['group'], one: (x: number, top: number, bottom: number) => string) =>
    bars
      .filter((bar) => bar.group === group)
      .map((bar) => one(round(scale.x(bar.t)), round(scale.y(bar.systolic)), round(scale.y(bar.diastolic))))
      .join('')
  return (
    <>
      <Thresholds scale={scale} lines={[...limits.systolic, ...limits.diastolic].map((limit) => ({ v: limit.value, name: thresholdName(limit) }))} />
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

function Legend({ bars, limits }: { bars: readonly Bar[]; limits: Limits }) {
  const { words } = useLanguage()
  const fields = [limits.systolic, limits.diastolic]
  const [severe, high] = [limitText(fields, 'urgent'), limitText(fields, 'target')]
  const any = (group: Bar['group']) => bars.some((bar) => bar.group === group)
  const swatch = (group: string) => (
    <g className={`bp bp-${group}`}>
      <path d="M11 3V12" strokeWidth="4" />
      {group === 'severe' && <path className="bp-mark" d="M11 0l5 7h-10z" />}
    </g>
  )
  return (
    <>
      {high && <LegendItem swatch={swatch('below')}>{words.legendBelow(high)}</LegendItem>}
      {high && <LegendItem swatch={swatch('high')}>{words.legendHigh(high)}</LegendItem>}
      {severe && <LegendItem swatch={swatch('severe')}>{words.legendSevere(severe)}</LegendItem>}
      {any('checkup') && <LegendItem swatch={swatch('checkup')}>{words.legendCheckup}</LegendItem>}
      {bars.some((bar) => bar.evidence) && (
        <LegendItem swatch={<rect className="evidence" x="6" y="1" width="10" height="12" rx="3" />}>
          {words.legendEvidence}
        </LegendItem>
      )}
    </>
  )
}
