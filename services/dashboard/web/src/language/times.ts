import type { Language } from './words'
import { DAY_MS, HOUR_MS, JAPAN, MINUTE_MS, offsetText, VIEWER, type Zone } from './zones'

export type Instant = string | number | Date

function millis(instant: Instant): number {
  return typeof instant === 'number' ? instant : new Date(instant).getTime()
}

const WRITTEN_OFFSET = /([+-])(\d\d):(\d\d)$/

/** The offset of the civil time in which an instant is written; none where it is written in UTC. */
function writtenOffset(instant: Instant): number | null {
  const [, sign, hours, minutes] = (typeof instant === 'string' && WRITTEN_OFFSET.exec(instant)) || []
  return sign === undefined ? null : (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS)
}

/** Times in the civil time of a zone, or in that in which they are written: where the patient was. */
export interface Times {
  readonly zone: Zone
  /** '5 min ago', '5分前' */
  ago(instant: Instant, now: number): string
  /** Date and time; the year only when it is not this year's. The offset is named where it is not that of the zone, the viewer and Japan alike. */
  dateTime(instant: Instant, now: number): string
  /** Date, time and year, always: for tooltips and tables. */
  full(instant: Instant): string
  date(instant: Instant): string
  time(instant: Instant): string
  hourTick(instant: number): string
  dayTick(instant: number): string
  monthTick(instant: number): string
}

/** Written out, because browsers abbreviate differently ('min', 'min.'). */
const DISTANCE = {
  en: {
    now: 'just now',
    ahead: (n: number) => `in ${n} min`,
    minutes: (n: number) => `${n} min ago`,
    hours: (n: number) => `${n} h ago`,
    days: (n: number) => `${n} days ago`,
    months: (n: number) => `${n} months ago`,
    years: (n: number) => `${n} years ago`,
  },
  ja: {
    now: 'たった今',
    ahead: (n: number) => `${n}分後`,
    minutes: (n: number) => `${n}分前`,
    hours: (n: number) => `${n}時間前`,
    days: (n: number) => `${n}日前`,
    months: (n: number) => `${n}か月前`,
    years: (n: number) => `${n}年前`,
  },
} as const

function formats(language: Language) {
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB'
  const month = language === 'ja' ? 'numeric' : 'short'
  const clock = { hour: '2-digit', minute: '2-digit' } as const
  const formatter = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', hourCycle: 'h23', ...options })
  return {
    full: formatter({ year: 'numeric', month, day: 'numeric', ...clock }),
    short: formatter({ month, day: 'numeric', ...clock }),
    date: formatter({ year: 'numeric', month, day: 'numeric' }),
    time: formatter(clock),
    day: formatter({ month, day: 'numeric' }),
    month: formatter({ year: 'numeric', month }),
  }
}

const FORMATS = { en: formats('en'), ja: formats('ja') }

export function timesIn(language: Language, zone: Zone, viewer: Zone = VIEWER): Times {
  const distance = DISTANCE[language]
  const format = FORMATS[language]
  const written = (formatter: Intl.DateTimeFormat, instant: Instant, isClock: boolean) => {
    const t = millis(instant)
    const offset = writtenOffset(instant) ?? zone.offsetAt(t)
    const text = formatter.format(t + offset)
    const isKnown = [zone, viewer, JAPAN].every((one) => one.offsetAt(t) === offset)
    return isClock && !isKnown ? `${text} ${offsetText(offset)}` : text
  }
  return {
    zone,
    ago(instant, now) {
      const past = now - millis(instant)
      // A clock a little ahead is 'now'; one far ahead is shown as it is.
      if (past < -2 * MINUTE_MS) return distance.ahead(Math.ceil(-past / MINUTE_MS))
      if (past < MINUTE_MS) return distance.now
      if (past < HOUR_MS) return distance.minutes(Math.floor(past / MINUTE_MS))
      if (past < 2 * DAY_MS) return distance.hours(Math.floor(past / HOUR_MS))
      if (past < 90 * DAY_MS) return distance.days(Math.floor(past / DAY_MS))
      if (past < 730 * DAY_MS) return distance.months(Math.floor(past / (30.44 * DAY_MS)))
      return distance.years(Math.floor(past / (365.25 * DAY_MS)))
    },
    dateTime: (instant, now) => written(zone.yearOf(millis(instant)) === zone.yearOf(now) ? format.short : format.full, instant, true),
    full: (instant) => written(format.full, instant, true),
    date: (instant) => written(format.date, instant, false),
    time: (instant) => written(format.time, instant, true),
    hourTick: (instant) => written(format.time, instant, false),
    dayTick: (instant) => written(format.day, instant, false),
    monthTick: (instant) => written(format.month, instant, false),
  }
}
