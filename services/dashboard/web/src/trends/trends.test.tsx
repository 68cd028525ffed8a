import { renderToStaticMarkup } from 'react-dom/server'
import { beforeEach, expect, test, vi } from 'vitest'
import type { ComparedDays, PatientSummary, PatientTrends, TrendsOfPatients } from '../api/model'
import { LanguageProvider } from '../language/language'
import { changeOf } from '../language/reading-text'
import { Links } from '../route'
import { KIND_ORDER } from '../language/kinds.generated'
import { COMPARED, filterOf, followed, queryOf } from './filter'
import { TrendTable } from './trend-table'
import { TrendsPanel } from './trends'

const now = Date.parse('2026-11-22T00:00:00Z')
let live: readonly PatientSummary[] = []
vi.mock('../state/dashboard-state', () => ({ useNow: () => now, useDashboardState: () => ({ patients: live }) }))

function html(language: 'ja' | 'en', page: React.ReactNode): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  return renderToStaticMarkup(
    <LanguageProvider>
      <Links>{page}</Links>
    </LanguageProvider>,
  )
}

const textOf = (page: string) => page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
const shown = (language: 'ja' | 'en', page: React.ReactNode) => textOf(html(language, page))

beforeEach(() => {
  vi.unstubAllGlobals()
  live = []
})

const enough: ComparedDays = {
  days_of_period: 7, days: 6, days_needed: 5, covered_percent: null, is_enough: true, values: 12, values_beyond: 0,
  means: [{ field: 'systolic', mean: 134.6, before: 131.4 }, { field: 'diastolic', mean: 82.2, before: 82.4 }],
  time_in_bands: null, time_in_bands_before: null,
}
const few: ComparedDays = { ...enough, days: 3, is_enough: false, means: [{ field: 'systolic', mean: 150, before: null }, { field: 'diastolic', mean: 90, before: null }] }
const month: ComparedDays = { ...enough, days_of_period: 30, days: 25, days_needed: 22 }
const bands = { below_54: 0.4, from_54_to_69: 2.1, from_70_to_180: 76.5, from_181_to_250: 16, above_250: 5, below_70: 2.5, above_180: 21 }
const sensor: ComparedDays = {
  ...enough, days: 7, days_needed: null, covered_percent: 93.1, means: [{ field: 'glucose_value', mean: 148.24, before: 151.3 }],
}

function patient(week: ComparedDays, of: Partial<PatientTrends> = {}): PatientTrends {
  return {
    patient: 'A/1', birth_year: 1957, sex: 'female', severity: null, time_zone: 'Asia/Kolkata', today: '2026-11-22',
    rows: [{ kind: 'blood_pressure', method: null, last_day: '2026-11-21', week, month }], ...of,
  }
}

const glucose = (week: ComparedDays, of: Partial<ComparedDays> = {}) =>
  patient(week, { rows: [{ kind: 'blood_glucose', method: 'continuous_sensor', last_day: '2026-11-22', week, month: { ...sensor, days_of_period: 30, days: 30, ...of } }] })

const table = (of: PatientTrends) => <TrendTable patients={[of]} live={new Map(live.map((one) => [one.patient, one]))} now={now} label="Trends" />

test('a mean stands with its days and its change, which is that of the numbers as they are written', () => {
  expect(shown('en', table(patient(enough)))).toContain('135/82 ↑ risen +4/±0 6 of 7 days')
  expect(shown('ja', table(patient(enough)))).toContain('135/82 ↑ 上昇 +4/±0 7日中6日')
})

test('a mean says that it is one of all values, where rules and summaries weigh occasions and days', () => {
  expect(shown('en', table(patient(enough)))).toContain('Last 7 days, mean of all values Last 30 days, mean of all values')
  expect(shown('ja', table(patient(enough)))).toContain('直近7日間（全測定値の平均） 直近30日間（全測定値の平均）')
  // On a small screen each cell says it.
  expect(html('ja', table(patient(enough)))).toContain('data-label="直近7日間（全測定値の平均）"')
})

test('a mean of too few days says so in both languages and has no change', () => {
  const english = html('en', table(patient(few)))
  expect(textOf(english)).toContain('150/90 3 of 7 days · too few')
  expect(english).toContain('class="trends-mean of-few"')
  expect(textOf(english)).not.toMatch(/150\/90 [↑↓→]/)
  expect(shown('ja', table(patient(few)))).toContain('150/90 7日中3日 · 不足')
  const none = { ...few, days: 0, means: [{ field: 'systolic', mean: null, before: null }] }
  expect(shown('en', table(patient(none)))).toContain('– 0 of 7 days · too few')
})

test('times in range are said of thirty days that are covered, and else how much is', () => {
  const covered = { time_in_bands: bands, time_in_bands_before: { ...bands, from_70_to_180: 70.2 } }
  expect(shown('en', table(glucose(sensor, covered)))).toContain('76.5 % before: 70.2 % below 70: 2.5 %')
  expect(shown('en', table(glucose(sensor)))).toContain('148.2 ↓ fallen −3.1 7 of 7 days')
  const little = { ...sensor, covered_percent: 69.97, is_enough: false }
  expect(shown('en', table(glucose(little)))).toContain('69.9 % of the time covered, 70 % needed')
  expect(shown('ja', table(glucose(little)))).toContain('データのある時間 69.9 %（70 %必要）')
})

test('a mean says how much of the values it leaves out, where that is more than a hundredth', () => {
  const above = { ...sensor, values: 2000, values_beyond: 160, means: [{ field: 'glucose_value', mean: 205, before: null }] }
  expect(shown('en', table(glucose(above)))).toContain('205 7 of 7 days 8.0 % beyond what the device can say, not in the mean')
  expect(shown('ja', table(glucose(above)))).toContain('機器の測定範囲外 8.0 %（平均に含まず）')
  expect(shown('en', table(glucose({ ...above, values_beyond: 20 })))).not.toContain('beyond')
  expect(shown('en', panel({}))).toContain('all values but those beyond what a device can say')
})

test('the change of a number is the difference of the two numbers that are written', () => {
  const all = [[134.4, 134.6], [134.6, 134.4], [120.2, 120.4]] as const
  expect(all.map(([value, before]) => changeOf('blood_pressure', 'systolic', value, before).text)).toEqual(['−1', '+1', '±0'])
  expect(changeOf('weighing_scale', 'body_weight', 61.25, 60)).toEqual({ text: '+1.25', moved: 1.25 })
})

test('the table is one for a screen reader, a group of rows a patient, on small screens too', () => {
  const page = html('en', table(glucose(sensor)))
  expect(page).toContain('<table class="trends" role="table" aria-label="Trends">')
  expect(page.match(/role="columnheader" scope="col"/g)?.length).toBe(6)
  expect(html('en', table(patient(enough))).match(/role="columnheader"/g)?.length, 'nobody here wears a sensor').toBe(5)
  expect(page).toContain('scope="rowgroup" rowSpan="1"')
  expect(page).toContain('role="rowheader" scope="row"')
  expect(page).toContain('href="/patients/A/1"')
})

test('the newest reading is that of the row, and where it was measured otherwise the last day is said', () => {
  const newest = { id: 'r', kind: 'blood_glucose', observed_at: '2026-11-21T23:00:00Z', received_at: '2026-11-21T23:00:00Z', values: { glucose_value: 104, glucose_method: 'continuous_sensor' } }
  const summary = { patient: 'A/1', open_alerts: [], severity: null, latest: [newest] } as unknown as PatientSummary
  live = [summary]
  expect(shown('en', table(glucose(sensor)))).toContain('104 mg/dL 1 h ago')
  live = [{ ...summary, latest: [{ ...newest, values: { glucose_value: 104, glucose_method: 'finger_stick' } }] } as unknown as PatientSummary]
  const other = shown('en', table(glucose(sensor)))
  expect(other).not.toContain('104')
  expect(other).toContain('22 Nov 2026')
})

test('an alert that is open now is shown before the table is counted again', () => {
  live = [{ patient: 'A/1', severity: 'urgent', latest: [], open_alerts: [{ severity: 'urgent', page_after: null, text: { en: 'Severe.', ja: '重症域です。' } }] } as unknown as PatientSummary]
  expect(shown('en', table(patient(enough)))).toContain('Urgent Severe.')
  live = []
  expect(shown('en', table(patient(enough, { severity: 'review' })))).toContain('Review')
})

const answer: TrendsOfPatients = {
  as_of: '2026-11-21T23:59:10Z', waiting_since: null, patients_followed: 120, patients_found: 120, page: 2, patients_per_page: 50,
  kinds: ['blood_pressure'], patients: [patient(enough)],
}
const panel = (of: Partial<TrendsOfPatients>) => <TrendsPanel answer={{ ...answer, ...of }} isOld={false} now={now} turn={() => {}} />

test('since when it is not known is said where counting or the store is behind', () => {
  expect(shown('en', panel({}))).toContain('Counted as of')
  expect(html('en', panel({}))).not.toContain('notice')
  expect(shown('en', panel({ as_of: '2026-11-21T23:50:00Z' }))).toContain('Counting is behind')
  expect(shown('ja', panel({ as_of: '2026-11-21T23:50:00Z' }))).toContain('集計が遅れています')
  expect(shown('en', panel({ as_of: null }))).toContain('being prepared')
  expect(shown('en', panel({ waiting_since: '2026-11-21T23:58:00Z' }))).toContain('are not shown yet')
})

test('pages are turned by buttons, and a patient of whom nothing came is in the table', () => {
  const page = html('en', panel({}))
  expect(textOf(page)).toContain('2 / 3')
  expect(page).toContain('<nav class="trends-turns" aria-label="Pages of the table">')
  expect(html('en', panel({ page: 3 }))).toMatch(/disabled=""[^>]*>Next page/)
  expect(html('en', panel({ page: 1, patients_found: 50 }))).not.toContain('trends-turns')
  expect(shown('ja', panel({ patients: [patient(enough, { rows: [] })] }))).toContain('直近60日間に、この表で比較する測定値はありません。')
  expect(shown('en', panel({ patients: [patient(enough, { rows: [] })] })), 'steps and check-ups may have come').toContain('No values that this table compares in the last 60 days.')
})

test('what is seen is in the address, and what an address says wrongly is as at the beginning', () => {
  const filter = { kind: 'blood_pressure', show: 'few', sought: 'A/1', page: 3 } as const
  expect(queryOf(filter).toString()).toBe('kind=blood_pressure&show=few&sought=A%2F1&page=3')
  expect(filterOf(`?${queryOf(filter)}`)).toEqual(filter)
  const beginning = { kind: null, show: 'all', sought: '', page: 1 } as const
  expect(filterOf('?kind=steps&show=none&page=-1')).toEqual(beginning)
  expect(queryOf(beginning).toString()).toBe('')
})

test('an address names no kind that the table does not compare, which the API refuses', () => {
  for (const kind of KIND_ORDER) expect(filterOf(`?kind=${kind}`).kind).toBe(COMPARED.includes(kind) ? kind : null)
  for (const kind of ['activity', 'hba1c', 'blood_pressure_checkup'] as const) expect(COMPARED).not.toContain(kind)
})

test('the table follows its address, and what is being typed stays', () => {
  const typed = { kind: null, show: 'alerts', sought: 'A/1 ', page: 1 } as const
  expect(followed(typed, '?show=alerts&sought=A%2F1')).toBe(typed)
  expect(followed(typed, '')).toEqual({ kind: null, show: 'all', sought: '', page: 1 })
  expect(followed(typed, '?kind=weighing_scale').kind).toBe('weighing_scale')
})
