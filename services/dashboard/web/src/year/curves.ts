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

/** The field that says how it was measured, and what it says of a way; undefined where that is not distinguished. */
export function methodOf(kind: Kind, method: string | null | undefined): { readonly field: Field; readonly label: Label } | undefined {
  for (const field of KINDS[kind].fields) {
    const label = field.codes[method ?? '']
    if (label) return { field, label }
  }
  return undefined
}

/** What a curve is called: its kind, its field where the kind has several, and how it was measured. */
export function nameOf(curve: Curve, said: (label: Label) => string): string {
  const kind = said(KINDS[curve.kind].label)
  const field = fieldOf(curve)
  const name = field ? said(field.label) : curve.field
  const method = methodOf(curve.kind, curve.method)?.label
  const parts = [kind, name === kind ? null : name, method ? said(method) : null]
  return parts.filter((part) => part !== null).join(' · ')
}
