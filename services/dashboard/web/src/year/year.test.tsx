import { renderToStaticMarkup } from 'react-dom/server'
import { beforeEach, expect, test, vi } from 'vitest'
import { LanguageProvider } from '../language/language'
import type { Kind } from '../api/model'
import type { Aggregates, Bucket } from './api'
import { curvesOf, nameOf } from './curves'
import { rangeOf, stretchesOf } from './stretches'
import YearChart from './year-chart'
import { YearTable } from './year-table'
import { YearPanel } from './year'

vi.mock('../state/dashboard-state', () => ({ useNow: () => Date.parse('2026-11-22T00:00:00Z') }))

function html(language: 'ja' | 'en', page: React.ReactNode): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  return renderToStaticMarkup(<LanguageProvider>{page}</LanguageProvider>)
}

const shown = (language: 'ja' | 'en', page: React.ReactNode) => html(language, page).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')

beforeEach(() => {
  vi.unstubAllGlobals()
})

const DAY = 86_400_000
const FROM = Date.parse('2025-11-21T15:00:00Z')

function day(number: number, mean: number | null, lowest: number, highest: number): Bucket {
  const from = FROM + number * DAY
  return { from: new Date(from).toISOString(), to: new Date(from + DAY).toISOString(), values: 3, values_beyond: 0, mean, lowest, highest }
}

const curve = { kind: 'blood_pressure', field: 'systolic' } as const
const year = {
  patient: 'A/1', kind: 'blood_pressure', field: 'systolic', method: null, by: 'day', as_of: '2026-11-21T23:00:00Z',
  period: { from: new Date(FROM).toISOString(), to: '2026-11-22T00:00:00Z', time_zone: 'Asia/Tokyo' },
  buckets: [day(0, 130, 120, 140), day(1, 132, 118, 150), day(40, 128, 126, 131)],
} satisfies Aggregates

test('days that are more than a week apart are not joined by a line', () => {
  expect(stretchesOf(year.buckets).map((stretch) => stretch.length)).toEqual([2, 1])
  expect(stretchesOf([day(0, 1, 1, 1), day(7, 1, 1, 1), day(14, 1, 1, 1)]).length).toBe(1)
  expect(stretchesOf([])).toEqual([])
})

test('the band reaches from the lowest to the highest value and all of it is in the chart', () => {
  const { bottom, top } = rangeOf(year.buckets)
  expect(bottom).toBeLessThan(118)
  expect(top).toBeGreaterThan(150)
  const steady = rangeOf([day(0, 60, 60, 60)])
  expect(steady.top - steady.bottom).toBeGreaterThan(5)
  const chart = html('en', <YearChart year={year} label="a year" />)
  expect(chart).toContain('class="year-band"')
  expect(chart).toContain('class="year-alone"')
  expect(chart).toContain('role="img" aria-label="a year"')
})

test('as of when the days are counted is said in both languages, and that they are not yet', () => {
  expect(shown('en', <YearPanel year={year} curve={curve} />)).toContain('Line: mean of all values of the day')
  expect(shown('ja', <YearPanel year={year} curve={curve} />)).toContain('線：その日の全測定値の平均')
  const notYet = { ...year, as_of: null, buckets: [] }
  expect(shown('en', <YearPanel year={notYet} curve={curve} />)).toContain('being prepared')
  expect(shown('ja', <YearPanel year={notYet} curve={curve} />)).toContain('集計を準備しています')
  const none = { ...year, buckets: [] }
  expect(shown('ja', <YearPanel year={none} curve={curve} />)).toContain('この期間の測定値はありません')
})

test('the table has each day with its mean and range, the newest first', () => {
  const table = shown('en', <YearTable year={{ ...year, buckets: [...year.buckets, day(41, null, 40, 40)] }} label="a year" />)
  expect(table.indexOf('128')).toBeLessThan(table.indexOf('132'))
  expect(table).toMatch(/132 118 150 3/)
  expect(table).toContain('Day mean of all values')
  expect(shown('ja', <YearTable year={year} label="" />)).toContain('日 全測定値の平均')
})

test('a patient has the curves of what was measured, each with a name of its own', () => {
  const curves = curvesOf(new Set<Kind>(['blood_glucose', 'activity']))
  const names = curves.map((one) => nameOf(one, (label) => label.en))
  expect(names).toEqual(['Glucose · continuous sensor', 'Glucose · finger-stick'])
  expect(nameOf(curve, (label) => label.ja)).toBe('血圧 · 収縮期')
  expect(curvesOf(new Set())).toEqual([])
})
