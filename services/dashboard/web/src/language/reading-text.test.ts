import { expect, test } from 'vitest'
import { glucoseText, valueText } from './reading-text'
import { WORDS } from './words'

test('glucose beyond what its device can say is shown as its limit with the side', () => {
  const low = { values: { glucose_value: 40, glucose_comparator: 'below' }, beyond: { glucose_value: '< 40' } }
  expect(glucoseText(low)).toBe('< 40')
  expect(valueText({ kind: 'blood_glucose', ...low }, WORDS.ja)).toEqual({ value: '< 40', unit: 'mg/dL', more: [] })
  expect(glucoseText({ values: { glucose_value: 104 } })).toBe('104')
  expect(glucoseText({ values: {} })).toBeNull()
})

test('glucose sent in mmol/L is shown in mg/dL with what was sent', () => {
  const values = { glucose_value: 99.088, glucose_value_sent: 5.5, glucose_unit: 'mmol_L', glucose_method: 'finger_stick' }
  expect(valueText({ kind: 'blood_glucose', values }, WORDS.en)).toEqual({ value: '99', unit: 'mg/dL', more: ['5.5 mmol/L'] })
})
