import type { components } from './schema'

type Schemas = components['schemas']

export type Session = Schemas['Session']
export type Severity = Schemas['Severity']
export type Kind = Schemas['Kind']
export type Sex = Schemas['Sex']
export type Alert = Schemas['Alert']
export type Reading = Schemas['Reading']
export type PatientSummary = Schemas['PatientSummary']
export type Patients = Schemas['Patients']
export type Limit = Schemas['Limit']
export type PatientReadings = Schemas['PatientReadings']
export type PatientAlerts = Schemas['PatientAlerts']
export type Values = Readonly<Record<string, unknown>>

/** A number among the values of a reading, whatever else the record holds. */
export function numberOf(values: unknown, field: string): number | null {
  if (typeof values !== 'object' || values === null) return null
  const value = (values as Values)[field]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

export function flagOf(values: unknown, field: string): boolean {
  return typeof values === 'object' && values !== null && (values as Values)[field] === true
}

const GLUCOSE_METHODS = ['finger_stick', 'continuous_sensor', 'laboratory'] as const
const MEAL_TIMINGS = ['fasting', 'before_meal', 'after_meal', 'bedtime'] as const
export type GlucoseMethod = (typeof GLUCOSE_METHODS)[number]
export type MealTiming = (typeof MEAL_TIMINGS)[number]

export function glucoseMethodOf(values: unknown): GlucoseMethod | null {
  return GLUCOSE_METHODS.find((method) => method === textOf(values, 'glucose_method')) ?? null
}

/** Null also where the sender said that it is unknown. */
export function mealTimingOf(values: unknown): MealTiming | null {
  return MEAL_TIMINGS.find((timing) => timing === textOf(values, 'meal_timing')) ?? null
}

const SIDES = ['below', 'above'] as const
export type Side = (typeof SIDES)[number]

/** Whether glucose is beyond what its device can say: then the value is the device's limit. */
export function glucoseSideOf(values: unknown): Side | null {
  return SIDES.find((side) => side === textOf(values, 'glucose_comparator')) ?? null
}

/** Whether glucose was sent in mmol/L, and the number that was sent. */
export function glucoseInMillimolesOf(values: unknown): number | null {
  return textOf(values, 'glucose_unit') === 'mmol_L' ? numberOf(values, 'glucose_value_sent') : null
}

function textOf(values: unknown, field: string): unknown {
  return typeof values === 'object' && values !== null ? (values as Values)[field] : undefined
}
