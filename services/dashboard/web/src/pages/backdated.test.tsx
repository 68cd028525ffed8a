import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { BackdatedReadings, Reading } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { BackdatedTable } from './backdated'

afterEach(() => {
  vi.unstubAllGlobals()
})

function shown(language: 'ja' | 'en', readings: readonly Reading[], truncated = false): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  const backdated = { patient: 'A/1', received_since: '2026-10-23T00:00:00Z', readings, truncated, time_zone: 'Asia/Tokyo', waiting_since: null } as BackdatedReadings
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">
        <BackdatedTable backdated={backdated} />
      </InZone>
    </LanguageProvider>,
  )
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ').replaceAll(' UTC+9', '')
}

const reading = (id: string, observed_at: string, received_at: string, of: Partial<Reading>) =>
  ({ id, observed_at, updated_at: received_at, received_at, outcome: 'historical', data_input: 'device', source: { manufacturer: 'ACME', model_number: null, serial: '7' }, ...of }) as Reading
const pressure = reading('pressure', '2025-11-22T07:12:00+09:00', '2026-11-22T07:13:00+09:00', { kind: 'blood_pressure', values: { systolic: 192, diastolic: 114 }, observed_long_ago: true })
const saturation = reading('saturation', '2025-11-21T07:12:00+09:00', '2026-11-21T07:13:00+09:00', { kind: 'oxygen_saturation', values: { spo2: 82 }, observed_long_ago: true })
const typed = reading('typed', '2025-11-20T07:12:00+09:00', '2026-11-20T07:13:00+09:00', { kind: 'weighing_scale', values: { body_weight: 61.4 }, data_input: 'manual' })

test('what came in lately with a date of long ago is listed by its receipt, in every kind, with its date and its mark', () => {
  const english = shown('en', [pressure, saturation, typed])
  expect(english).toMatch(/with a date of long ago .*No rule has judged/)
  expect(english).toMatch(/22 Nov 2025, 07:12 received 22 Nov 2026, 07:13: check the device date 22 Nov 2026, 07:13 .*192\/114 mmHg.*21 Nov 2025, 07:12 .*82 %.*20 Nov 2025, 07:12 20 Nov 2026, 07:13 .*61.4 kg/)
  expect(shown('ja', [pressure])).toMatch(/古い日付で受信.*2025\/11\/22 07:12 受信 2026\/11\/22 07:13：機器の日付を確認/)
})

test('where nothing came so there is no list, and where more came than it holds it says so', () => {
  expect(shown('en', [])).toBe('')
  expect(shown('en', [pressure], true)).toContain('These 1 were received last; there are more.')
})

test('a time that is not known is listed once: in the table of its chart, or here where its kind has none', () => {
  const of = (one: Reading) => reading('unset', '2021-01-01T00:03:00+09:00', '2026-11-22T07:13:00+09:00', { ...one, id: 'unset', observed_at: '2021-01-01T00:03:00+09:00', observed_long_ago: false, time_unknown: true })
  expect(shown('en', [of(pressure)])).toBe('')
  expect(shown('en', [of(saturation)])).toMatch(/measured at an unknown time, received .*82 %/)
})
