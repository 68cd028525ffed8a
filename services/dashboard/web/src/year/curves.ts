import type { Kind } from '../api/model'
import { KINDS, type Field, type Label } from '../language/kinds.generated'
import type { Curve } from './api'

/** What there are charts of a year of, in their order. */
export const CURVES: readonly Curve[] = [
  { kind: 'blood_pressure', field: 'systolic' },
  { kind: 'blood_pressure', field: 'diastolic' },
  { kind: 'blood_pressure', field: 'pulse_rate' },
  { kind: 'blood_glucose', field: 'glucose_value', method: 'continuous_sensor' },
  { kind: 'blood_glucose', field: 'glucose_value', method: 'finger_stick' },
  { kind: 'weighing_scale', field: 'body_weight' },
  { kind: 'oxygen_saturation', field: 'spo2' },
  { kind: 'body_temperature', field: 'temperature' },
  { kind: 'respiratory_rate', field: 'respiratory_rate' },
  { kind: 'peak_expiratory_flow', field: 'peak_expiratory_flow' },
]

export function curvesOf(kinds: ReadonlySet<Kind>): readonly Curve[] {
  return CURVES.filter((curve) => kinds.has(curve.kind))
}

export function fieldOf({ kind, field }: Curve): Field | undefined {
  return KINDS[kind].fields.find((one) => one.name === field)
}

/** What a curve is called: its kind, its field where the kind has several, and how it was measured. */
export function nameOf(curve: Curve, said: (label: Label) => string): string {
  const kind = said(KINDS[curve.kind].label)
  const field = fieldOf(curve)
  const name = field ? said(field.label) : curve.field
  const methods = KINDS[curve.kind].fields.map((one) => one.codes[curve.method ?? ''])
  const method = methods.find((label) => label !== undefined)
  const parts = [kind, name === kind ? null : name, method ? said(method) : null]
  return parts.filter((part) => part !== null).join(' · ')
}
