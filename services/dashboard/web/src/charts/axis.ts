import { DAY_MS, HOUR_MS, type Zone } from '../language/zones'

export interface TimeTick {
  readonly t: number
  readonly unit: 'hour' | 'day' | 'month'
}

const HOUR_STEPS = [1, 3, 6, 12]
const DAY_STEPS = [1, 2, 7, 14]
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60]

/** At most `most` ticks on hours, midnights or firsts of a month of a zone. */
export function timeTicks(from: number, to: number, most: number, zone: Zone): readonly TimeTick[] {
  const length = to - from
  if (length <= 0 || most < 1) return []
  const ticks = (unit: TimeTick['unit'], first: number, next: (t: number) => number) => {
    const found: TimeTick[] = []
    for (let t = first; t <= to; t = next(t)) if (t >= from) found.push({ t, unit })
    return found
  }
  const midnight = zone.startOfDay(from)
  if (length < 2 * DAY_MS) {
    const step = HOUR_STEPS.find((hours) => length / (hours * HOUR_MS) <= most)
    if (step) return ticks('hour', midnight, (t) => t + step * HOUR_MS)
  }
  const days = DAY_STEPS.find((step) => length / (step * DAY_MS) <= most)
  if (days) {
    // Counted back from the end, so that the newest day is named.
    const back = Math.floor((zone.startOfDay(to) - from) / (days * DAY_MS))
    return ticks('day', zone.addDays(to, -back * days), (t) => zone.addDays(t, days))
  }
  const months = MONTH_STEPS.find((step) => length / (step * 30.44 * DAY_MS) <= most) ?? 120
  return ticks('month', zone.startOfMonth(from), (t) => zone.startOfMonth(t, months))
}

/** Round values from `min` to `max`, about `about` of them. */
export function valueTicks(min: number, max: number, about: number): readonly number[] {
  const raw = (max - min) / Math.max(1, about)
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power
  const ticks: number[] = []
  for (let i = Math.ceil(min / step); i * step <= max + step / 1e6; i += 1) ticks.push(Number((i * step).toFixed(6)))
  return ticks
}
