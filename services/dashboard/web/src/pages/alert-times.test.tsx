import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { Alert, Reading } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { AlertLine } from './alert-line'
import { EvidenceTable, knownOf } from './evidence'

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

const observed = (observed_at: string, mark: { time_unknown?: true; observed_long_ago?: true; observed_ahead?: true } = {}) =>
  ({ reading: observed_at, kind: 'blood_pressure', observed_at, values: { systolic: 192, diastolic: 114 }, ...mark }) as Alert['evidence'][number]

/** Of which the receipt was at 07:30, and which was judged anew at 08:45. */
const alert = (severity: Alert['severity'], evidence: Alert['evidence']): Alert => ({
  id: 'a', patient: 'A/1', rule: 'r', stage: 'confirmed', severity, status: 'open', transition: 'updated', late: false,
  raised_at: '2026-11-22T07:30:00+09:00', news_at: '2026-11-22T07:30:00+09:00', changed_at: '2026-11-22T08:45:00+09:00', first_observed_at: '2026-11-22T07:30:00+09:00',
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

/** What the page has of the reading behind evidence: received then, and saying what is said. */
function known(one: Alert['evidence'][number], received_at: string, of: Partial<Reading> = {}) {
  const reading = { ...one, id: one.reading, received_at, ...of } as Reading
  return knownOf(new Set([one.reading]), [[reading]])
}

const BOTH = ['en', 'ja'] as const

test('a severe value of a clock that is ahead was measured in no minutes to come', () => {
  const ahead = observed('2026-11-22T09:20:00+09:00', { observed_ahead: true })
  const urgent = { ...alert('urgent', [observed('2026-11-22T09:18:00+09:00', { observed_ahead: true }), ahead]), last_observed_at: ahead.observed_at }
  const line = (language: 'en' | 'ja') => shown(language, <AlertLine alert={urgent} isNew={false} now={NOW} />)
  // It had come when the alert told of it, at 08:45.
  expect(line('en')).toContain('device clock ahead, received 15 min ago (22 Nov, 08:45)')
  expect(line('ja')).toContain('機器の時計が進んでいます（受信 15分前） (11/22 08:45)')
  for (const language of BOTH) expect(line(language)).not.toMatch(/Measured|in 20 min|測定 |分後|09:20/)
  const table = (language: 'en' | 'ja', of: ReturnType<typeof known> = new Map()) => shown(language, <EvidenceTable alert={urgent} known={of} />)
  expect(table('en')).toMatch(/22 Nov 2026, 09:20 device clock ahead Blood pressure 192\/114/)
  expect(table('ja')).toMatch(/2026\/11\/22 09:20 機器の時計が進んでいます 血圧/)
  const received = known(ahead, '2026-11-22T08:44:00+09:00')
  expect(table('en', received)).toContain('device clock ahead, received 08:44')
  expect(table('ja', received)).toContain('機器の時計が進んでいます（受信 08:44）')
  // After a restart only the reading itself says that its clock was ahead.
  const unmarked = { ...urgent, evidence: [observed(ahead.observed_at)] }
  expect(shown('en', <EvidenceTable alert={unmarked} known={known(ahead, '2026-11-22T08:44:00+09:00')} />)).toContain('device clock ahead, received 08:44')
})

test('what a technical alert was told of ten days before says when the severe value came', () => {
  const unset = observed('2021-01-01T00:03:00+09:00', { time_unknown: true })
  const review = { ...alert('review', [unset]), raised_at: '2026-11-12T07:30:00+09:00', first_observed_at: '2026-11-12T07:30:00+09:00' }
  const line = (language: 'en' | 'ja', of: Alert = review) => shown(language, <AlertLine alert={of} isNew={false} now={NOW} />)
  expect(line('en')).toMatch(/Since 10 days ago \(12 Nov, 07:30\) escalated 1 h ago \(22 Nov, 07:30\)/)
  expect(line('ja')).toMatch(/開始 10日前 \(11\/12 07:30\) 重要度上昇 1時間前（11\/22 07:30）/)
  // It is said once.
  expect(line('en', { ...review, transition: 'escalated' })).not.toContain('Escalated')
  expect(line('en', { ...review, news_at: review.raised_at })).not.toContain('scalated')
  // Of readings that are missing, and of a date of long ago, the alert itself comes later.
  const later = '2026-11-14T08:30:00+09:00'
  expect(line('en', { ...review, raised_at: later, news_at: later })).toContain('alert 14 Nov, 08:30')
  expect(line('ja', { ...review, raised_at: later, news_at: later })).toContain('アラート 11/14 08:30')
})

test('evidence whose time says nothing says when it was received, where the page has its reading', () => {
  const unset = observed('2021-01-01T00:03:00+09:00', { time_unknown: true })
  const longAgo = observed('2025-11-22T07:12:00+09:00', { observed_long_ago: true })
  const table = (language: 'en' | 'ja', one: Alert['evidence'][number], of: ReturnType<typeof known>) => shown(language, <EvidenceTable alert={alert('review', [one])} known={of} />)
  const received = '2026-11-22T07:30:00+09:00'
  expect(table('en', unset, known(unset, received))).toContain('measured at an unknown time, received 22 Nov 2026, 07:30')
  expect(table('ja', unset, known(unset, received))).toContain('測定時刻不明（受信 2026/11/22 07:30）')
  expect(table('en', longAgo, known(longAgo, received))).toContain('22 Nov 2025, 07:12 received 22 Nov 2026, 07:30: check the device date')
  expect(table('ja', longAgo, known(longAgo, received))).toContain('受信 2026/11/22 07:30：機器の日付を確認')
  // All measurements of a clock that stands still have one id: the receipt of another one is not said.
  const other = known(unset, received, { values: { systolic: 121, diastolic: 78 } } as Partial<Reading>)
  expect(table('en', unset, other)).not.toContain('received')
})

test('of values whose times say nothing the one that was received last comes first', () => {
  const first = observed('2021-01-01T00:03:00+09:00', { time_unknown: true })
  const second = { ...observed('2021-01-01T00:02:00+09:00', { time_unknown: true }), values: { systolic: 196, diastolic: 116 } } as Alert['evidence'][number]
  const of = new Map([...known(first, '2026-11-12T07:30:00+09:00'), ...known(second, '2026-11-22T07:30:00+09:00')])
  expect(shown('en', <EvidenceTable alert={alert('review', [first, second])} known={of} />)).toMatch(/196\/116.*192\/114/)
})

test('a value that was replaced ten days after the alert began is not when the alert was judged anew', () => {
  const review = { ...alert('review', [observed('2026-11-22T07:12:00+09:00')]), first_observed_at: '2026-11-12T07:30:00+09:00', raised_at: '2026-11-12T07:30:00+09:00' }
  const line = shown('en', <AlertLine alert={review} isNew={false} now={NOW} />)
  expect(line).toContain('Since 10 days ago')
  expect(line).not.toContain('Measured')
})
