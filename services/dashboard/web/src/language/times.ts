import type { Language } from './words'

/** Patients and physicians are in Japan: one time zone for all, wherever the browser is. It has no summer time. */
export const TIME_ZONE = 'Asia/Tokyo'
const OFFSET_MS = 9 * 3_600_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export type Instant = string | number | Date

function millis(instant: Instant): number {
  return typeof instant === 'number' ? instant : new Date(instant).getTime()
}

/** The last midnight in Japan at or before the instant. */
export function startOfDay(instant: number): number {
  return Math.floor((instant + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS
}

/** The first instant, in Japan, of the month that lies `months` after the instant's own. */
export function startOfMonth(instant: number, months = 0): number {
  const local = new Date(instant + OFFSET_MS)
  return Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + months, 1) - OFFSET_MS
}

export function yearOf(instant: number): number {
  return new Date(instant + OFFSET_MS).getUTCFullYear()
}

export interface Times {
  /** '5 min ago', '5分前' */
  ago(instant: Instant, now: number): string
  /** Date and time; the year only when it is not this year's. */
  dateTime(instant: Instant, now: number): string
  /** Date, time and year, always: for tooltips and tables. */
  full(instant: Instant): string
  date(instant: Instant): string
  time(instant: Instant): string
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

function timesOf(language: Language): Times {
  const distance = DISTANCE[language]
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB'
  const formatter = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: TIME_ZONE, hourCycle: 'h23', ...options })
  const month = language === 'ja' ? 'numeric' : 'short'
  const clock = { hour: '2-digit', minute: '2-digit' } as const
  const full = formatter({ year: 'numeric', month, day: 'numeric', ...clock })
  const short = formatter({ month, day: 'numeric', ...clock })
  const date = formatter({ year: 'numeric', month, day: 'numeric' })
  const time = formatter(clock)
  const day = formatter({ month: language === 'ja' ? 'numeric' : 'short', day: 'numeric' })
  const monthOnly = formatter({ year: 'numeric', month })
  return {
    ago(instant, now) {
      const past = now - millis(instant)
      // A clock a little ahead is 'now'; one far ahead is told as it is.
      if (past < -2 * MINUTE_MS) return distance.ahead(Math.ceil(-past / MINUTE_MS))
      if (past < MINUTE_MS) return distance.now
      if (past < HOUR_MS) return distance.minutes(Math.floor(past / MINUTE_MS))
      if (past < 2 * DAY_MS) return distance.hours(Math.floor(past / HOUR_MS))
      if (past < 90 * DAY_MS) return distance.days(Math.floor(past / DAY_MS))
      if (past < 730 * DAY_MS) return distance.months(Math.floor(past / (30.44 * DAY_MS)))
      return distance.years(Math.floor(past / (365.25 * DAY_MS)))
    },
    dateTime: (instant, now) => (yearOf(millis(instant)) === yearOf(now) ? short : full).format(millis(instant)),
    full: (instant) => full.format(millis(instant)),
    date: (instant) => date.format(millis(instant)),
    time: (instant) => time.format(millis(instant)),
    dayTick: (instant) => day.format(instant),
    monthTick: (instant) => monthOnly.format(instant),
  }
}

export const TIMES: Readonly<Record<Language, Times>> = { en: timesOf('en'), ja: timesOf('ja') }
