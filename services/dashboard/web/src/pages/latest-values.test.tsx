import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { Reading } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { LatestValue } from './latest-values'

const NOW = Date.parse('2026-11-22T09:00:00+09:00')

afterEach(() => {
  vi.unstubAllGlobals()
})

function shown(language: 'ja' | 'en', of: Partial<Reading>): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  const reading = { id: 'r', kind: 'blood_pressure', values: { systolic: 192, diastolic: 114 }, received_at: '2026-11-22T06:00:00+09:00', ...of } as Reading
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">
        <LatestValue reading={reading} now={NOW} named={false} />
      </InZone>
    </LanguageProvider>,
  )
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ').trim()
}

test('a value of lists and trends stands with its age, and with what is doubted of its time', () => {
  const of = (observed_at: string, mark: Partial<Reading> = {}) => (['en', 'ja'] as const).map((language) => shown(language, { observed_at, ...mark }).replace('192/114 mmHg ', ''))
  expect(of('2026-11-22T06:00:00+09:00')).toEqual(['3 h ago', '3時間前'])
  expect(of('2025-11-22T07:12:00+09:00')).toEqual(['11 months ago', '11か月前'])
  const longAgo = ['11 months ago · received 3 h ago: check the device date', '11か月前 · 受信 3時間前：機器の日付を確認']
  expect(of('2025-11-22T07:12:00+09:00', { observed_long_ago: true })).toEqual(longAgo)
  const ahead = ['device clock ahead, received 3 h ago', '機器の時計が進んでいます（受信 3時間前）']
  expect(of('2026-11-22T09:40:00+09:00', { observed_ahead: true })).toEqual(ahead)
  const unset = ['measured at an unknown time, received 3 h ago', '測定時刻不明（受信 3時間前）']
  expect(of('2021-01-01T00:03:00+09:00', { time_unknown: true })).toEqual(unset)
})
