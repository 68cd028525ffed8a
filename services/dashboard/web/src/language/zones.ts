export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** A time zone of the tz database, with its days. All instants are milliseconds since the epoch. */
export interface Zone {
  readonly name: string
  /** How far its civil time is ahead of UTC at an instant. */
  offsetAt(instant: number): number
  /** The last midnight at or before the instant. */
  startOfDay(instant: number): number
  /** The midnight `days` days after the one of the instant's day; days have 23 or 25 hours where clocks are moved. */
  addDays(instant: number, days: number): number
  /** The first instant of the month that lies `months` after the instant's own. */
  startOfMonth(instant: number, months?: number): number
  yearOf(instant: number): number
}

const known = new Map<string, Zone>()

/** The zone of a name; that of Japan where this browser does not know the name. */
export function zoneOf(name: string): Zone {
  const zone = known.get(name) ?? made(name)
  known.set(name, zone)
  return zone
}

function made(name: string): Zone {
  let parts: Intl.DateTimeFormat
  try {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
    parts = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', ...numeric })
  } catch {
    return JAPAN
  }
  const offsetAt = (instant: number) => {
    const of: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
    for (const { type, value } of parts.formatToParts(instant)) of[type] = Number(value)
    const civil = Date.UTC(of.year ?? 0, (of.month ?? 1) - 1, of.day, of.hour, of.minute, of.second)
    return civil - Math.floor(instant / 1000) * 1000
  }
  const civilOf = (instant: number) => new Date(instant + offsetAt(instant))
  /** The instant of a civil time; of two the earlier one, and where there is none that which follows. */
  const instantOf = (civil: number) => {
    const [before, after] = [offsetAt(civil - DAY_MS), offsetAt(civil + DAY_MS)]
    const earlier = civil - Math.max(before, after)
    return earlier + offsetAt(earlier) === civil ? earlier : civil - Math.min(before, after)
  }
  const midnight = (civil: Date, days: number) => instantOf(Date.UTC(civil.getUTCFullYear(), civil.getUTCMonth(), civil.getUTCDate() + days))
  return {
    name,
    offsetAt,
    startOfDay: (instant) => midnight(civilOf(instant), 0),
    addDays: (instant, days) => midnight(civilOf(instant), days),
    startOfMonth(instant, months = 0) {
      const civil = civilOf(instant)
      return instantOf(Date.UTC(civil.getUTCFullYear(), civil.getUTCMonth() + months))
    },
    yearOf: (instant) => civilOf(instant).getUTCFullYear(),
  }
}

export const JAPAN = zoneOf('Asia/Tokyo')

/** Where the browser is. */
export const VIEWER = zoneOf(Intl.DateTimeFormat().resolvedOptions().timeZone)

/** 'UTC+9', 'UTC-3:30' */
export function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / MINUTE_MS)
  const rest = minutes % 60
  const hours = `${Math.floor(minutes / 60)}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
  return offset === 0 ? 'UTC' : `UTC${offset < 0 ? '-' : '+'}${hours}`
}
