import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { FixedNumber, PatientPlan, PlanContent } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { expectedOf, PlanForm } from './plan-form'

const DRAFT: PlanContent = { programme: 'copd', thresholds: {}, schedule: null, pauses: [], quiet_hours: null, reason: '' }

const fixed = (rule: string | null, label: string, value: number, unit: string, source: string): FixedNumber => ({
  rule, label_ja: `ja ${label}`, label_en: label, value, unit, source, recalled: source.endsWith('(recalled)'),
})

const PLAN: PatientPlan = {
  patient: 'A/1', version: 0, author: null, set_at: null, faults: [], plan: DRAFT,
  parameters: [
    {
      name: 'a.rule.limit', rule: 'a.rule', label_ja: '上限', label_en: 'limit', unit: 'mm[Hg]', value: 180, origin: 'default', source: 'JSH',
      default: 180, default_source: 'JSH', recalled: false, low: 120, high: 300, decimals: 0,
    },
  ],
  fixed: [
    fixed(null, 'judged within', 40, 'd', 'ours'),
    fixed('a.rule', 'repeated within', 15, 'min', 'ours: as people measure'),
    fixed('b.rule', 'flagged readings', 2, '', '2 of 3 (recalled)'),
  ],
  schedule_numbers: [
    { name: 'missing_after_days', label_ja: '欠測とする日数', label_en: 'missing after', unit: 'd', default: 4, source: 'a guideline', recalled: false, low: 1, high: 30 },
    { name: 'review_after_days', label_ja: '要確認とする日数', label_en: 'for review after', unit: 'd', default: 15, source: 'a guideline (recalled)', recalled: true, low: 2, high: 90 },
    { name: 'times_a_day', label_ja: '1日の回数', label_en: 'times a day', unit: '', default: 2, source: 'ours', recalled: false, low: 1, high: 24 },
  ],
  programmes: [{ name: 'copd', label_ja: 'COPD', label_en: 'COPD', values: [{ parameter: 'a.rule.limit', value: 88, source: 'a text (recalled)', recalled: true }] }],
}

function form(language: 'ja' | 'en', draft = DRAFT): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  return renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">
        <PlanForm plan={PLAN} draft={draft} busy={false} zone="Asia/Tokyo" change={() => {}} save={() => {}} />
      </InZone>
    </LanguageProvider>,
  )
}

const textOf = (html: string) => html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')

afterEach(() => {
  vi.unstubAllGlobals()
})

test('numbers that no plan changes stand folded under their rule, with source and what is recalled', () => {
  const html = form('en')
  // Within the rule's part of the table, behind its parameters.
  expect(html).toMatch(/<tbody role="rowgroup">.*a\.rule\.limit.*<details class="fixed-numbers"><summary>a\.rule: numbers that no plan changes \(1\)<\/summary>.*<\/details>.*<\/tbody>/)
  const text = textOf(html)
  expect(text).toContain('repeated within: 15 minutes (ours: as people measure)')
  // Of a rule without a parameter, and of all rules, they stand below.
  expect(text).toContain('flagged readings: 2 (2 of 3 (recalled)) (recalled: check before use)')
  expect(text).toMatch(/All rules: numbers that no plan changes \(1\) judged within: 40 days \(ours\)/)
  expect(text).not.toContain('(ours) (recalled')
  expect(textOf(form('ja'))).toContain('ja flagged readings: 2 (2 of 3 (recalled)) (出典未確認：使用前に確認してください)')
})

test('a Japanese page says that sources are in English, and marks them as such', () => {
  expect(textOf(form('ja'))).toContain('出典の記載は英語のみです')
  expect(form('ja')).toContain('<span class="rule-source" lang="en">JSH</span>')
})

test('what a programme gives is marked where its source was not read again', () => {
  expect(textOf(form('en'))).toContain('88 mmHg (a text (recalled)) (recalled: check before use)')
})

test('what is proposed of a kind that is expected is what the API says, with its source and its mark', () => {
  const one = expectedOf('blood_pressure', PLAN.schedule_numbers)
  expect(one).toEqual({ kind: 'blood_pressure', missing_after_days: 4, review_after_days: 15, times_a_day: 2, days: [] })
  const draft = { ...DRAFT, schedule: { time_zone: 'Asia/Tokyo', start: '2026-12-01', expected: [one] } }
  const english = textOf(form('en', draft))
  expect(english).toContain('missing after: 4 days (a guideline) for review after: 15 days (a guideline (recalled)) (recalled: check before use) times a day: 2 (ours)')
  expect(english).not.toContain('(a guideline) (recalled')
  expect(textOf(form('ja', draft))).toContain('要確認とする日数: 15 日 (a guideline (recalled)) (出典未確認：使用前に確認してください)')
  expect(form('en', draft)).toMatch(/for review after<\/label> <input[^>]*min="2" max="90"[^>]*value="15"/)
  expect(textOf(form('en')), 'nothing is expected').not.toContain('a guideline')
})
