import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'
import { useLanguage } from '../language/language'
import { timeTicks, valueTicks, type TimeTick } from './axis'
import { nearest, type Stops } from './stops'

export interface Scale {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  x(t: number): number
  y(v: number): number
}

interface PlotProps {
  readonly label: string
  readonly describedBy: string
  readonly from: number
  readonly to: number
  readonly min: number
  readonly max: number
  /** Not empty. */
  readonly stops: Stops
  draw(scale: Scale): ReactNode
}

const HEIGHT = 230
const MARGIN = { left: 40, right: 40, top: 12, bottom: 26 }
const DAY_STEP = 24 * 3_600_000

/** Axes, cursor and keyboard for one chart; what is drawn in it is `draw`'s. */
export function Plot({ label, describedBy, from, to, min, max, stops, draw }: PlotProps) {
  const { words, times } = useLanguage()
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [cursor, setCursor] = useState<number | null>(null)
  // Where the keyboard was left, so that coming back continues there.
  const [place, setPlace] = useState(Number.MAX_SAFE_INTEGER)

  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const scale = useMemo<Scale>(() => {
    const right = Math.max(MARGIN.left + 10, width - MARGIN.right)
    const bottom = HEIGHT - MARGIN.bottom
    // A few pixels at both ends keep the first and the newest reading whole.
    const inner = right - MARGIN.left - 12
    return {
      left: MARGIN.left,
      right,
      top: MARGIN.top,
      bottom,
      x: (t) => MARGIN.left + 6 + ((t - from) / Math.max(1, to - from)) * inner,
      y: (v) => bottom - ((v - min) / (max - min)) * (bottom - MARGIN.top),
    }
  }, [width, from, to, min, max])

  const marks = useMemo(() => (width > 0 ? draw(scale) : null), [draw, scale, width])
  const dates = useMemo(() => timeTicks(from, to, Math.max(2, Math.floor((scale.right - scale.left) / 76)), times.zone), [from, to, scale, times])
  const tickLabel = (tick: TimeTick) =>
    tick.unit === 'hour' ? times.hourTick(tick.t) : tick.unit === 'day' ? times.dayTick(tick.t) : times.monthTick(tick.t)

  const last = stops.length - 1
  const current = Math.min(place, last)
  const shown = cursor === null ? undefined : stops.stopAt(Math.min(cursor, last))
  const spoken = stops.stopAt(current)

  const go = (index: number) => {
    const to = Math.max(0, Math.min(last, index))
    setCursor(to)
    setPlace(to)
  }
  const keys = (event: KeyboardEvent) => {
    const here = spoken?.t ?? 0
    const moves: Record<string, () => number> = {
      ArrowLeft: () => current - 1,
      ArrowDown: () => current - 1,
      ArrowRight: () => current + 1,
      ArrowUp: () => current + 1,
      PageUp: () => Math.min(current - 1, nearest(stops, here - DAY_STEP)),
      PageDown: () => Math.max(current + 1, nearest(stops, here + DAY_STEP)),
      Home: () => 0,
      End: () => last,
    }
    if (event.key === 'Escape') setCursor(null)
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    go(move())
  }
  const point = (event: PointerEvent) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    const inner = scale.right - scale.left - 12
    setCursor(nearest(stops, from + ((x - MARGIN.left - 6) / inner) * (to - from)))
  }

  return (
    <div
      ref={box}
      className="plot"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-describedby={describedBy}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={current}
      aria-valuetext={spoken ? `${times.full(spoken.t)}, ${spoken.value} ${spoken.notes}` : ''}
      onKeyDown={keys}
      onFocus={(event) => event.currentTarget.matches(':focus-visible') && setCursor(current)}
      onBlur={() => setCursor(null)}
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={() => setCursor(null)}
    >
      <svg width={width} height={HEIGHT} aria-hidden="true">
        {valueTicks(min, max, 5).map((v) => (
          <g key={v}>
            <line className="grid" x1={scale.left} x2={scale.right} y1={scale.y(v)} y2={scale.y(v)} />
            <text className="tick" x={scale.left - 6} y={scale.y(v)} dy="0.32em" textAnchor="end">
              {v}
            </text>
          </g>
        ))}
        {dates.map((tick) => (
          <g key={tick.t}>
            <line className="grid" x1={scale.x(tick.t)} x2={scale.x(tick.t)} y1={scale.top} y2={scale.bottom} />
            <text className="tick" x={scale.x(tick.t)} y={scale.bottom + 17} textAnchor="middle">
              {tickLabel(tick)}
            </text>
          </g>
        ))}
        {marks}
        {shown && (
          <g className="cursor">
            <line x1={scale.x(shown.t)} x2={scale.x(shown.t)} y1={scale.top} y2={scale.bottom} />
            {shown.at.map((v) => (
              <circle key={v} cx={scale.x(shown.t)} cy={scale.y(v)} r="5" />
            ))}
          </g>
        )}
      </svg>
      {shown && (
        <div
          className={scale.x(shown.t) > width / 2 ? 'tip tip-left' : 'tip'}
          style={{ left: `${Math.round(scale.x(shown.t))}px` }}
          aria-hidden="true"
        >
          <strong>{shown.value}</strong>
          <span>{times.full(shown.t)}</span>
          {shown.notes && <span>{shown.notes}</span>}
        </div>
      )}
      <span className="visually-hidden">{words.chartHint}</span>
    </div>
  )
}

const LABEL_HEIGHT = 12

/** Where labels go that belong at these heights, top first, so that none covers another. */
export function apart(heights: readonly number[]): readonly number[] {
  let least = -Infinity
  return heights.map((height) => {
    const place = Math.max(height, least)
    least = place + LABEL_HEIGHT
    return place
  })
}

/** Lines across the chart, each with its value at the right edge. */
export function Thresholds({ scale, lines }: { scale: Scale; lines: readonly { readonly v: number; readonly name: string }[] }) {
  const fromTop = [...lines].sort((one, other) => other.v - one.v)
  const labels = apart(fromTop.map(({ v }) => scale.y(v)))
  return fromTop.map(({ v, name }, index) => (
    <g key={`${name} ${v}`} className={name}>
      <line x1={scale.left} x2={scale.right} y1={scale.y(v)} y2={scale.y(v)} />
      <text x={scale.right + 5} y={labels[index]} dy="0.32em">
        {v}
      </text>
    </g>
  ))
}
