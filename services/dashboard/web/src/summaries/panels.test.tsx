import { renderToStaticMarkup } from 'react-dom/server'
import { beforeEach, expect, test, vi } from 'vitest'
import { LanguageProvider } from '../language/language'
import type { GlucoseProfile, GlucoseSummary, PressureSummary } from './api'
import { GlucosePanel } from './glucose-panel'
import { PressurePanel } from './pressure-panel'

function shown(language: 'ja' | 'en', page: React.ReactNode): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  const html = renderToStaticMarkup(<LanguageProvider>{page}</LanguageProvider>)
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
}

beforeEach(() => {
  vi.unstubAllGlobals()
})

const period = { from: '2026-11-08T00:00:00Z', to: '2026-11-22T00:00:00Z', time_zone: 'Asia/Tokyo' }
const spread = { standard_deviation: 6.2, coefficient_of_variation_percent: 4.6, average_real_variability: 5.4 }
const days = Array.from({ length: 4 }, (_, index) => ({ day: `2026-11-1${index}`, mean: { systolic: 134, diastolic: 82 } }))
const pressure = {
  patient: 'A/1', period, readings: 8, days_of_period: 7, days_needed: 5, is_enough: false, target: { systolic: 135, diastolic: 85 },
  mean: { systolic: 134.9, diastolic: 84.9, days: 4 }, morning: { systolic: 130, diastolic: 85, days: 4 }, evening: null,
  systolic_variability: spread, diastolic_variability: spread, above_target_percent: 46.4, days,
} satisfies PressureSummary

test('a mean at the target is said to be above it, and too few days are said', () => {
  const english = shown('en', <PressurePanel summary={pressure} />)
  expect(english).toContain('130.0/85.0 above target')
  expect(english).not.toContain('134.9/84.9 above target')
  expect(english).toContain('4 of 7 days measured · target below 135/85 · readings above target: 46.4 %')
  expect(english).toContain('4 days were measured; 5 are needed.')
  expect(english).toMatch(/Evenings[^–]+–03:59\) – 0/)
  expect(shown('ja', <PressurePanel summary={{ ...pressure, is_enough: true }} />)).not.toContain('参考値')
})

const profile: GlucoseProfile = { patient: 'A/1', period, slot_minutes: 15, slots: [], limits: [] }
const glucose = {
  patient: 'A/1', period, days_with_values: 9, days_of_period: 15, values: 2000, expected_values: 4032, values_beyond: 0, covered_percent: 69.97, is_enough: false,
  mean: 148.2, gmi_percent: 6.85, coefficient_of_variation_percent: 35.2, events_below_70: 3, events_below_54: 1, events_extended: 0, conga: [],
  time_in_bands: { below_54: 0.4, from_54_to_69: 2.1, from_70_to_180: 76.5, from_181_to_250: 16, above_250: 5, below_70: 2.5, above_180: 21 },
} satisfies GlucoseSummary

test('times in ranges are said in words, and too little data is', () => {
  const english = shown('en', <GlucosePanel summary={glucose} profile={profile} />)
  expect(english).toContain('mean 148.2 · GMI 6.8 % · CV 35.2 % · events below 70: 3, below 54: 1 · 69.9 % of the time covered')
  expect(english).toContain('&lt; 54: 0.4 %')
  expect(english).toContain('54–69: 2.1 %')
  expect(english).toContain('Values cover 69.9 % of 14 days; 70 % are needed.')
  expect(shown('ja', <GlucosePanel summary={glucose} profile={profile} />)).toContain('判断には70 %が必要です')
})

test('no number is shown on the other side of a limit than the one that is judged', () => {
  const bands = { ...glucose.time_in_bands, from_70_to_180: 69.96, below_70: 3.97 }
  const nearly = { ...glucose, mean: 69.6, coefficient_of_variation_percent: 36.02, time_in_bands: bands }
  const english = shown('en', <GlucosePanel summary={nearly} profile={profile} />)
  expect(english).toContain('mean 69.6 ')
  expect(english).toContain('CV 36.1 %')
  expect(english).toContain('70–180: 69.9 %')
  const high = { ...pressure, mean: { systolic: 134.97, diastolic: 84.97, days: 4 } }
  expect(shown('en', <PressurePanel summary={high} />)).toContain('134.9/84.9')
})

test('what mean and GMI leave out is said, and times by the range of the plan, whichever it is', () => {
  const high = { ...glucose, values: 3800, values_beyond: 800, time_in_own_range: { low: 70, high: 160, below: 1, in_range: 60.4, above: 38.6 } }
  const english = shown('en', <GlucosePanel summary={high} profile={profile} />)
  expect(english).toContain('21.0 % of the values are beyond what the sensor can say. Mean, GMI and CV leave them out')
  expect(english).toContain('Target range 70–160: 60.4 % (below: 1.0 %, above: 38.6 %)')
  const usual = shown('en', <GlucosePanel summary={{ ...high, values_beyond: 38, time_in_own_range: null }} profile={profile} />)
  expect(usual).not.toContain('beyond what')
  expect(usual).not.toContain('Target range')
})
