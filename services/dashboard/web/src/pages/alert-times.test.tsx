import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { Alert } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { AlertLine } from './alert-line'
import { EvidenceTable } from './evidence'

const NOW = Date.parse('2026-11-22T09:00:00+09:00')

afterEach(() => {
  vi.unstubAllGlobals()
})

function shown(language: 'ja' | 'en', page: React.ReactNode): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  const html = renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">{page}</InZone>
    </LanguageProvider>,
  )
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ').replaceAll(' UTC+9', '')
}

const observed = (observed_at: string, mark: { time_unknown?: true; observed_long_ago?: true } = {}) =>
  ({ reading: observed_at, kind: 'blood_pressure', observed_at, values: { systolic: 192, diastolic: 114 }, ...mark }) as Alert['evidence'][number]

/** Of which the receipt was at 07:30, and which was judged anew at 08:45. */
const alert = (severity: Alert['severity'], evidence: Alert['evidence']): Alert => ({
  id: 'a', patient: 'A/1', rule: 'r', stage: 'confirmed', severity, status: 'open', transition: 'updated', late: false,
  raised_at: '2026-11-22T07:30:00+09:00', changed_at: '2026-11-22T08:45:00+09:00', first_observed_at: '2026-11-22T07:30:00+09:00',
  last_observed_at: '2026-11-22T08:45:00+09:00', page_after: null, text: { ja: '時計が設定されていません', en: 'A clock is not set' }, evidence,
  findings: {}, parameters: [], rule_set: '2026-11', plan_version: 0,
})

test('a severe value of a clock that was not set is reported as of its receipt, and nowhere as of the time of the clock', () => {
  const review = alert('review', [observed('2021-01-01T00:03:00+09:00', { time_unknown: true })])
  const english = shown('en', <><AlertLine alert={review} isNew={false} now={NOW} /><EvidenceTable alert={review} /></>)
  expect(english).toContain('Since 1 h ago (22 Nov, 07:30)')
  expect(english).not.toContain('Measured')
  expect(english).not.toContain('08:45')
  expect(english).not.toContain('2021')
  expect(english).toMatch(/measured at an unknown time .*192\/114/)
  expect(shown('ja', <EvidenceTable alert={review} />)).toContain('測定時刻不明')
})

test('a severe value with a date of long ago says so beside its date, before what was measured since', () => {
  const since = Array.from({ length: 4 }, (_, n) => observed(`2026-11-22T07:0${n}:00+09:00`))
  const review = alert('review', [...since, observed('2025-11-22T07:12:00+09:00', { observed_long_ago: true })])
  expect(shown('en', <EvidenceTable alert={review} />)).toMatch(/22 Nov 2025, 07:12 a date of long ago: check the device date .*1 earlier/)
  expect(shown('ja', <EvidenceTable alert={review} />)).toContain('2025/11/22 07:12 古い日付です。機器の日付を確認してください')
})

test('a value that another one of its minute replaced is reported as of its receipt and keeps its time', () => {
  const review = alert('review', [observed('2026-11-22T07:12:00+09:00')])
  expect(shown('en', <AlertLine alert={review} isNew={false} now={NOW} />)).toContain('Since')
  expect(shown('en', <EvidenceTable alert={review} />)).toContain('22 Nov 2026, 07:12')
})

test('a technical alert is shown with its words and since when it is so', () => {
  const technical = shown('en', <AlertLine alert={alert('technical', [])} isNew={false} now={NOW} />)
  expect(technical).toMatch(/Technical.*A clock is not set.*Since/)
  expect(shown('ja', <AlertLine alert={alert('technical', [])} isNew={false} now={NOW} />)).toMatch(/機器・通信.*時計が設定されていません/)
})

test('of readings whose times are known the newest is when it was measured', () => {
  const pair = alert('urgent', [observed('2026-11-22T07:30:00+09:00'), observed('2026-11-22T08:45:00+09:00')])
  expect(shown('en', <AlertLine alert={pair} isNew={false} now={NOW} />)).toMatch(/Measured 15 min ago \(22 Nov, 08:45\)/)
})
