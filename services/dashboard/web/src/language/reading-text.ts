import { flagOf, glucoseInMillimolesOf, mealTimingOf, numberOf, type Reading, type Sex } from '../api/model'
import { possibleAges } from '../triage/patients'
import { KINDS } from './kinds.generated'
import type { Words } from './words'

export interface ValueText {
  readonly value: string
  readonly unit: string
  /** What else the reading says: pulse, irregular pulse, time around a meal. */
  readonly more: readonly string[]
}

function digits(value: number | null, places = 0): string | null {
  return value === null ? null : value.toFixed(places)
}

/** What of a reading, or of an alert's evidence, makes its text. */
export type Shown = Pick<Reading, 'kind' | 'values' | 'beyond'>

/** Glucose in mg/dL, and where the device could only say a limit, on which side of it: `< 40`. */
export function glucoseText({ values, beyond }: Omit<Shown, 'kind'>): string | null {
  return beyond?.['glucose_value'] ?? digits(numberOf(values, 'glucose_value'))
}

/** The main value of a reading in words and unit; null when the record does not hold it. */
export function valueText(shown: Shown, words: Words): ValueText | null {
  const { kind, values } = shown
  const number = (field: string) => numberOf(values, field)
  const text = (value: string | null, unit: string, more: readonly string[] = []) =>
    value === null ? null : { value, unit, more }
  switch (kind) {
    case 'blood_pressure':
    case 'blood_pressure_checkup': {
      const systolic = digits(number('systolic'))
      const diastolic = digits(number('diastolic'))
      const pulse = digits(number('pulse_rate'))
      const more = []
      if (pulse !== null) more.push(`${words.pulse} ${pulse}`)
      if (flagOf(values, 'irregular_pulse')) more.push(words.irregularPulse)
      return systolic === null || diastolic === null ? null : text(`${systolic}/${diastolic}`, 'mmHg', more)
    }
    case 'blood_glucose': {
      const meal = mealTimingOf(values)
      const sent = glucoseInMillimolesOf(values)
      const more = []
      if (sent !== null) more.push(`${sent} mmol/L`)
      if (meal) more.push(words.mealTiming[meal])
      return text(glucoseText(shown), 'mg/dL', more)
    }
    case 'activity':
      return text(number('step')?.toLocaleString('en') ?? null, words.steps)
    default: {
      const listed = KINDS[kind].fields.filter((field) => field.listed)
      const shown = listed.map((field) => digits(number(field.name), field.decimals))
      return text(shown.includes(null) ? null : shown.join('/'), listed[0]?.unit ?? '')
    }
  }
}

export function personText(birthYear: number | null | undefined, sex: Sex, thisYear: number, words: Words): string {
  const age = birthYear == null ? words.unknownAge : words.age(...possibleAges(birthYear, thisYear))
  return birthYear == null && sex === 'unknown' ? age : `${age} · ${words.sex[sex]}`
}

export function sourceText(source: Reading['source'], words: Words): string {
  if ('test_lab_id' in source) return `${words.checkup} ${source.test_lab_id}`
  return [source.manufacturer, source.model_number].filter(Boolean).join(' ')
}
