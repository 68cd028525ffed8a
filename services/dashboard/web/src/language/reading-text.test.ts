import { expect, test } from 'vitest'
import type { Measurement } from '../api/model'
import { valueText } from './reading-text'
import { WORDS } from './words'

const said = (measurement: Measurement) => valueText(measurement, WORDS.en)

test('glucose beyond what its device can say is shown as its limit with the side', () => {
  const low: Measurement = { kind: 'blood_glucose', values: { glucose_value: 40, glucose_comparator: 'below' }, beyond: { glucose_value: '< 40' } }
  expect(said(low)).toEqual({ value: '< 40', unit: 'mg/dL', more: [] })
  expect(said({ kind: 'blood_glucose', values: { glucose_value: 104 } })?.value).toBe('104')
  expect(said({ kind: 'blood_glucose', values: {} })).toBeNull()
})

test('glucose sent in mmol/L is shown in mg/dL with what was sent', () => {
  const values = { glucose_value: 99.088, glucose_value_sent: 5.5, glucose_unit: 'mmol_L', glucose_method: 'finger_stick' } as const
  expect(said({ kind: 'blood_glucose', values })).toEqual({ value: '99.1', unit: 'mg/dL', more: ['5.5 mmol/L'] })
})

test('a measurement says beside its value what else was measured, in both languages', () => {
  const pressure: Measurement = { kind: 'blood_pressure', values: { systolic: 142, diastolic: 88, pulse_rate: 72, irregular_pulse: true } }
  expect(said(pressure)).toEqual({ value: '142/88', unit: 'mmHg', more: ['Pulse 72', 'irregular pulse'] })
  expect(valueText(pressure, WORDS.ja)?.more).toEqual(['脈拍 72', '不規則脈'])
  expect(said({ kind: 'blood_pressure', values: { systolic: 142, diastolic: 88, irregular_pulse: false } })?.more).toEqual([])
  expect(said({ kind: 'blood_glucose', values: { glucose_value: 104, meal_timing: 'unknown' } })?.more).toEqual([])
  expect(said({ kind: 'blood_glucose', values: { glucose_value: 104, meal_timing: 'fasting' } })?.more).toEqual(['fasting'])
  expect(said({ kind: 'weighing_scale', values: { body_weight: 61, body_fat: 24.1 } })).toEqual({ value: '61.0', unit: 'kg', more: ['Body fat 24.1 %'] })
  expect(valueText({ kind: 'activity', values: { step: 12345 } }, WORDS.ja)).toEqual({ value: '12,345', unit: '歩', more: [] })
})
