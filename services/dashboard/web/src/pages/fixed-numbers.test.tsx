import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import type { FixedNumber, PatientPlan, PlanContent } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { PlanForm } from './plan-form'

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
  programmes: [{ name: 'copd', label_ja: 'COPD', label_en: 'COPD', values: [{ parameter: 'a.rule.limit', value: 88, source: 'a text (recalled)', recalled: true }] }],
}

function form(language: 'ja' | 'en'): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  return renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">
        <PlanForm plan={PLAN} draft={DRAFT} busy={false} zone="Asia/Tokyo" change={() => {}} save={() => {}} />
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
