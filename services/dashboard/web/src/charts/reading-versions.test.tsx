import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import type { ReadingVersion } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { ReadingTable } from './reading-table'
import { VersionTable } from './reading-versions'

const typed: ReadingVersion = {
  id: 'A/1/blood_pressure/20261122T085000Z/0000000000000001',
  kind: 'blood_pressure',
  observed_at: '2026-11-22T09:50:00+01:00',
  updated_at: '2026-11-22T08:50:00Z',
  received_at: '2026-11-22T08:51:00Z',
  outcome: 'new',
  source: { manufacturer: 'ACME', model_number: 'BP1', serial: '7' },
  data_input: 'manual',
  values: { systolic: 182, diastolic: 79 },
  is_current: false,
  entered_in_error: false,
  vendor: 'acme',
}
const corrected: ReadingVersion = { ...typed, updated_at: '2026-11-22T09:10:00Z', received_at: '2026-11-22T09:11:00Z', outcome: 'correction', data_input: 'modified', values: { systolic: 128, diastolic: 79 }, is_current: true }
const late: ReadingVersion = { ...typed, updated_at: '2026-11-22T08:40:00Z', received_at: '2026-11-22T10:00:00Z', outcome: 'stale', vendor: null }

function shown(language: 'ja' | 'en', element: React.JSX.Element): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Europe/Berlin">{element}</InZone>
    </LanguageProvider>,
  )
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
}

test('versions say when, by whom and from where each came, and which one holds', () => {
  const versions = <VersionTable versions={[corrected, typed, late]} />
  const english = shown('en', versions)
  expect(english).toContain('22 Nov 2026, 10:10 UTC+1 current 22 Nov 2026, 10:11 UTC+1 128/79 mmHg Changed by hand ACME BP1 acme')
  expect(english).toContain('182/79 mmHg Typed by hand')
  expect(english).toContain('09:40 UTC+1 came too late, not used')
  const japanese = shown('ja', versions)
  expect(japanese).toContain('現行')
  expect(japanese).toContain('古い版のため不採用')
  expect(japanese).not.toMatch(/current|Sent by/)
})

test('a version that takes the reading back shows no value of it', () => {
  const error = { ...corrected, entered_in_error: true }
  expect(shown('en', <VersionTable versions={[error, typed]} />)).toContain('entered in error: no such reading Changed by hand')
  expect(shown('ja', <VersionTable versions={[error]} />)).not.toContain('128')
})

test('a reading that was typed or corrected opens its versions, and one of a device has none to open', () => {
  const toggles = (readings: readonly ReadingVersion[]) => shown('en', <ReadingTable title="" readings={readings} columns={[]} />).split('Versions').length - 1
  const ofDevice: ReadingVersion = { ...typed, data_input: 'device' }
  expect(toggles([typed])).toBe(1)
  expect(toggles([corrected])).toBe(1)
  expect(toggles([{ ...ofDevice, outcome: 'conflict' }])).toBe(1)
  expect(toggles([ofDevice])).toBe(0)
})
