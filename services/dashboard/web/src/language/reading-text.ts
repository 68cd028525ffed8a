import { beyondOf, valueOf, type Kind, type Measurement, type Reading, type ReadingOf, type Sex } from '../api/model'
import { possibleAges } from '../triage/patients'
import { KINDS, type Field } from './kinds.generated'
import type { Words } from './words'
import { JAPAN, offsetText, type Zone } from './zones'

export interface ValueText {
  readonly value: string
  readonly unit: string
  /** What else the reading says: pulse, irregular pulse, time around a meal, the number as it was sent. */
  readonly more: readonly string[]
}

/** A field of a measurement as a page writes it, without its unit; null where it says nothing. */
export function fieldText(measurement: Measurement, field: Field, words: Words): string | null {
  const value = valueOf(measurement, field.name)
  if (value === undefined || value === 'unknown') return null
  if (typeof value === 'number') return beyondOf(measurement, field.name) ?? numberText(value, field)
  if (typeof value === 'boolean') return value ? words.said(field.label) : null
  const code = field.codes[value]
  return code ? words.said(code) : value
}

/** The same of the field with a name, which its kind has. */
export function namedFieldText(measurement: Measurement, name: string, words: Words): string | null {
  const field = fieldOf(measurement.kind, name)
  return field ? fieldText(measurement, field, words) : null
}

function fieldOf(kind: Kind, name: string): Field | undefined {
  return KINDS[kind].fields.find((one) => one.name === name)
}

type FieldName<K extends Kind> = keyof ReadingOf<K>['values'] & string

/** What a field is called. */
export function fieldLabel<K extends Kind>(kind: K, name: FieldName<K>, words: Words): string {
  const field = fieldOf(kind, name)
  return field ? words.said(field.label) : name
}

/** The unit of a field; empty where it has none. */
export function fieldUnit<K extends Kind>(kind: K, name: FieldName<K>, words: Words): string {
  const field = fieldOf(kind, name)
  return field ? words.said(field.unit) : ''
}

/** A number of a field as it is judged against limits, to the precision with which rules remember it. */
function judged(value: number, { judged: places }: Field): number {
  return Math.round(value * 10 ** places) / 10 ** places
}

/** A number of a field, such as a mean: exactly the one that is judged, so that none is on one side of a limit and shown on the other. */
function numberText(value: number, field: Field): string {
  return formatOf(field).format(judged(value, field))
}

const formats = new Map<string, Intl.NumberFormat>()

/** A formatter takes a hundred times as long to make as to use. */
function formatOf({ decimals, judged: places }: Field): Intl.NumberFormat {
  const key = `${decimals} ${places}`
  const known = formats.get(key)
  if (known) return known
  const made = new Intl.NumberFormat('en', { minimumFractionDigits: decimals, maximumFractionDigits: places })
  formats.set(key, made)
  return made
}

/** The number of a field as it is drawn, counted and judged, which is the one that is written; undefined where it was not measured. */
export function numberOf<K extends Kind>(measurement: Measurement & { readonly kind: K }, name: FieldName<K>): number | undefined {
  const field = fieldOf(measurement.kind, name)
  const value = valueOf(measurement, name)
  return field && typeof value === 'number' ? judged(value, field) : undefined
}

/** A number that was calculated of values of a field, such as a mean, as they are written. */
export function calculatedText<K extends Kind>(kind: K, name: FieldName<K>, value: number): string {
  const field = fieldOf(kind, name)
  return field ? numberText(value, field) : String(value)
}

/**
 * How far a calculated number of a field has moved, which is the difference of the two numbers as they are written:
 * `+3`, `−0.4`, `±0`. Above 0 it has risen.
 */
export function changeOf<K extends Kind>(kind: K, name: FieldName<K>, value: number, before: number): { readonly text: string; readonly moved: number } {
  const field = fieldOf(kind, name)
  if (!field) return { text: '', moved: 0 }
  const moved = judged(judged(value, field) - judged(before, field), field)
  const sign = moved > 0 ? '+' : moved < 0 ? '−' : '±'
  return { text: `${sign}${numberText(Math.abs(moved), field)}`, moved }
}

/** What lists show of a measurement; null when the record does not hold it. */
export function valueText(measurement: Measurement, words: Words): ValueText | null {
  const { fields } = KINDS[measurement.kind]
  const listed = fields.filter((field) => field.listed)
  const values = listed.map((field) => fieldText(measurement, field, words))
  if (values.includes(null)) return null
  const more = [
    ...listed.map((field) => asSent(measurement, field, words)),
    ...fields.filter((field) => field.beside).map((field) => besideText(measurement, field, words)),
  ]
  const unit = listed[0] ? words.said(listed[0].unit) : ''
  return { value: values.join('/'), unit, more: more.filter((text) => text !== null) }
}

/** `Pulse 72`, `Body fat 24.1 %`; a flag and a code speak for themselves. */
function besideText(measurement: Measurement, field: Field, words: Words): string | null {
  const text = fieldText(measurement, field, words)
  if (text === null || field.type !== 'number') return text
  const unit = field.unit.en === '%' ? ' %' : ''
  return `${words.said(field.label)} ${text}${unit}`
}

/** The number and unit as they were sent, where those are other ones: `5.5 mmol/L`. */
function asSent(measurement: Measurement, { sent }: Field, words: Words): string | null {
  const number = sent && valueOf(measurement, sent.value)
  const unit = sent && namedFieldText(measurement, sent.unit, words)
  return number === undefined || !unit ? null : `${number} ${unit}`
}

export function personText(birthYear: number | null | undefined, sex: Sex, thisYear: number, words: Words): string {
  const age = birthYear == null ? words.unknownAge : words.age(...possibleAges(birthYear, thisYear))
  return birthYear == null && sex === 'unknown' ? age : `${age} · ${words.sex[sex]}`
}

/** Whose time is shown: that of the patient's zone, with its offset where it is not Japan's. */
export function zoneText(zone: Zone, words: Words, at: number): string {
  return zone.name === JAPAN.name ? words.timeZone : words.timeZoneOf(zone.name, offsetText(zone.offsetAt(at)))
}

export function sourceText(source: Reading['source'], words: Words): string {
  if ('test_lab_id' in source) return `${words.checkup} ${source.test_lab_id}`
  return [source.manufacturer, source.model_number].filter(Boolean).join(' ')
}
