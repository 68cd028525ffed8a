import { renderToStaticMarkup } from 'react-dom/server'
import { beforeEach, expect, test, vi } from 'vitest'
import type { ReadingOf } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import BloodPressureChart from './blood-pressure'
import { parted } from './parted'
import { ReadingTable } from './reading-table'

const reading = (id: string, observed_at: string, of: Partial<ReadingOf<'blood_pressure'>> = {}) =>
  ({
    id, kind: 'blood_pressure', observed_at, updated_at: observed_at, received_at: observed_at, outcome: 'new', data_input: 'device',
    source: { manufacturer: 'ACME', model_number: null, serial: '7' }, values: { systolic: 142, diastolic: 91 }, ...of,
  }) as ReadingOf<'blood_pressure'>
const unset = reading('unset', '2021-01-01T00:03:00+01:00', { time_unknown: true, received_at: '2026-11-22T07:30:00Z' })
const ahead = reading('ahead', '2026-11-22T09:55:00+01:00', { observed_ahead: true, received_at: '2026-11-22T08:00:00Z' })
const copy = reading('copy', '2026-11-21T09:56:00+01:00', { copy_of: 'ahead' })

function shown(language: 'ja' | 'en', page: React.ReactNode): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Europe/Berlin">{page}</InZone>
    </LanguageProvider>,
  )
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
}

beforeEach(() => {
  vi.unstubAllGlobals()
})

const table = <ReadingTable title="" readings={[unset, copy, ahead]} columns={[]} />
const chart = (readings: ReadingOf<'blood_pressure'>[]) => (
  <BloodPressureChart {...parted(readings)} from={0} to={Date.parse('2026-11-22T12:00:00Z')} limits={[]} evidence={new Set()} everAny />
)

test("a table marks what its clock says falsely, in the patient's time", () => {
  const english = shown('en', table)
  expect(english).toContain('measured at an unknown time, received 22 Nov 2026, 08:30 UTC+1')
  expect(english).not.toContain('2021')
  expect(english).toContain('22 Nov 2026, 09:55 UTC+1 device clock ahead, received 09:00 UTC+1')
  expect(english).toContain('copy, not counted')
  const japanese = shown('ja', table)
  expect(japanese).toContain('測定時刻不明（受信 2026/11/22 08:30 UTC+1）')
  expect(japanese).toContain('機器の時計が進んでいます（受信 09:00 UTC+1）')
})

test('a table says of a date of long ago when it was received, and leaves it where it is', () => {
  const longAgo = reading('long ago', '2025-11-22T09:50:00+01:00', { observed_long_ago: true, received_at: '2026-11-22T08:51:00Z' })
  const table = <ReadingTable title="" readings={[longAgo]} columns={[]} />
  expect(shown('en', table)).toContain('22 Nov 2025, 09:50 UTC+1 received 22 Nov 2026, 09:51 UTC+1: check the device date')
  expect(shown('ja', table)).toContain('受信 2026/11/22 09:51 UTC+1：機器の日付を確認')
})

test('a line beneath the chart tells of what was measured at an unknown time, and no statistic counts it', () => {
  const english = shown('en', chart([unset, ahead]))
  expect(english).toContain('1 reading · Systolic 142–142')
  expect(english).toContain('142/91 mmHg measured at an unknown time, received 22 Nov 2026, 08:30 UTC+1')
  const alone = shown('en', chart([unset]))
  expect(alone).toContain('No readings in this period.')
  expect(alone).toContain('Show as table')
  const many = Array.from({ length: 5 }, (_, n) => ({ ...unset, id: `unset ${n}` }))
  expect(shown('ja', chart(many))).toContain('測定時刻不明がほかに2件（表にすべて表示）')
})

test("a line in the table parts the patient's days, not those of Japan", () => {
  const at = (time: string) => reading(time, `2026-11-${time}Z`)
  // In Berlin the day begins at 23:00 UTC, in Japan at 15:00.
  const rows = [at('20T14:00:00'), at('20T16:00:00'), at('20T22:30:00'), at('20T23:30:00')]
  vi.stubGlobal('localStorage', { getItem: () => 'en' })
  const of = (zone: string) => {
    const html = renderToStaticMarkup(
      <LanguageProvider>
        <InZone name={zone}>
          <ReadingTable title="" readings={rows} columns={[]} />
        </InZone>
      </LanguageProvider>,
    )
    return [...html.matchAll(/<tr( class="new-day")?><th scope="row"/g)].map(([, isNew]) => isNew !== undefined)
  }
  expect(of('Europe/Berlin')).toEqual([false, true, false, false])
  expect(of('Asia/Tokyo')).toEqual([false, false, false, true])
})
