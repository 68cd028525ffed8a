import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError, previewPlan } from '../api/client'
import type { Alert, PatientPlan, PlanContent, PlanFault, PlanPreview, PreviewedAlert } from '../api/model'
import { InZone, LanguageProvider } from '../language/language'
import { WORDS } from '../language/words'
import { AlertLine } from './alert-line'
import { differencesOf, saysTheSame } from './plan-differences'
import { linesOf, outcomeOf } from './plan'
import { faultsInForce, PlanFaults } from './plan-faults'
import { PlanForm } from './plan-form'
import { PlanPreviewSection } from './plan-preview'
import { failureOf, type Previewed } from './use-plan-preview'

const NOW = Date.parse('2026-11-22T09:00:00+09:00')

function rendered(language: 'ja' | 'en', page: React.ReactNode): string {
  vi.stubGlobal('localStorage', { getItem: () => language })
  return renderToStaticMarkup(
    <LanguageProvider>
      <InZone name="Asia/Tokyo">{page}</InZone>
    </LanguageProvider>,
  )
}

/** Without tags, and without the offset that is named where whoever looks is elsewhere. */
const textOf = (html: string) => html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ').replaceAll(' UTC+9', '')

beforeEach(() => {
  vi.unstubAllGlobals()
})

afterEach(() => {
  vi.unstubAllGlobals()
})

function alert(id: string, of: Partial<Alert> = {}): Alert {
  return {
    id, patient: 'A/1', rule: 'bp.severe_high', stage: 'confirmed', severity: 'urgent', status: 'resolved', transition: 'resolved', late: false,
    raised_at: '2026-11-20T07:31:00+09:00', news_at: '2026-11-20T07:31:00+09:00', changed_at: '2026-11-20T19:00:00+09:00', first_observed_at: '2026-11-20T07:29:00+09:00',
    last_observed_at: '2026-11-20T07:31:00+09:00', text: { ja: `血圧 ${id}`, en: `pressure ${id}` }, evidence: [], findings: {}, parameters: [],
    rule_set: '2026-11k', plan_version: 0, ...of,
  }
}

const one = (id: string, of: Partial<Alert> = {}, highest: Alert['severity'] = 'urgent', page_after: string | null = null): PreviewedAlert => ({ highest, page_after, alert: alert(id, of) })

function preview(present: PreviewedAlert[], proposed: PreviewedAlert[]): PlanPreview {
  return { patient: 'A/1', from: '2026-10-23T00:00:00Z', to: '2026-11-22T00:00:00Z', rule_set: '2026-11k', present, proposed }
}

const ids = (alerts: readonly PreviewedAlert[]) => alerts.map((it) => it.alert.id)

test('alerts are added, gone or the same by the reading with which they begin', () => {
  const { added, gone, same, otherwise } = differencesOf(preview([one('both'), one('old', { rule: 'weight.gain' })], [one('new', { rule: 'oxygen.low' }), one('both')]))
  expect([ids(added), ids(gone), ids(same), otherwise]).toEqual([['new'], ['old'], ['both'], []])
})

test('an alert that another limit begins earlier is the same one, and one of another day is not', () => {
  const later = one('b', { raised_at: '2026-11-20T12:00:00+09:00', changed_at: '2026-11-21T12:00:00+09:00' })
  expect(ids(differencesOf(preview([later], [one('a')])).same)).toEqual(['a'])
  const nextWeek = one('c', { raised_at: '2026-11-21T20:00:00+09:00', status: 'open' })
  const { added, gone, same } = differencesOf(preview([one('a')], [nextWeek]))
  expect([ids(added), ids(gone), same]).toEqual([['c'], ['a'], []])
  // What is open lasts until the end of the preview.
  const open = one('d', { status: 'open', changed_at: '2026-11-20T08:00:00+09:00' })
  expect(ids(differencesOf(preview([open], [nextWeek])).same)).toEqual(['c'])
})

test('each alert has one partner, and of two that could be it the one with the same id', () => {
  const [first, second] = [one('first'), one('second')]
  const { added, same } = differencesOf(preview([second], [first, second]))
  expect([ids(added), ids(same)]).toEqual([['first'], ['second']])
})

test('an alert that becomes urgent, or that quiet hours hold back, is raised otherwise', () => {
  const eased = differencesOf(preview([one('a', {}, 'review')], [one('a')]))
  expect(eased.otherwise.map((pair) => [pair.present.highest, pair.proposed.highest])).toEqual([['review', 'urgent']])
  const held = differencesOf(preview([one('a', {}, 'review')], [one('a', {}, 'review', '2026-11-21T07:00:00+09:00')]))
  expect([held.otherwise.length, held.same.length]).toEqual([1, 0])
})

const DRAFT: PlanContent = { programme: null, thresholds: {}, schedule: null, pauses: [], quiet_hours: null, reason: '' }

const section = (previewed: Previewed, draft = DRAFT) => <PlanPreviewSection previewed={previewed} draft={draft} now={NOW} ask={() => {}} />

test('a preview is shown in the words of the rule, with time and urgency, in both languages', () => {
  const found = preview([one('gone')], [one('added', { rule: 'glucose.low', status: 'open' }, 'review', '2026-11-21T07:00:00+09:00')])
  const english = textOf(rendered('en', section({ is: 'there', preview: found, of: DRAFT })))
  expect(english).toContain('Added: 1. No longer raised: 1. Raised otherwise: 0. The same: 0.')
  expect(english).toContain('Would be added Review pressure added 20 Nov, 07:31, still open on 22 Nov, 09:00 no call before 21 Nov, 07:00 (quiet hours)')
  expect(english).toContain('Would no longer be raised Urgent pressure gone 20 Nov, 07:31 – 20 Nov, 19:00')
  const japanese = textOf(rendered('ja', section({ is: 'there', preview: found, of: DRAFT })))
  expect(japanese).toContain('追加 1件、なくなる 1件、扱いが変わる 0件、変わらない 0件。')
  expect(japanese).toContain('追加されるアラート 要確認 血圧 added')
})

test('how far a preview is, is announced to screen readers, and that it is not of the plan as it is now', () => {
  expect(rendered('en', section({ is: 'asked' }))).toMatch(/aria-busy="true".*<p role="status">Looking at the last 30 days…/)
  const there: Previewed = { is: 'there', preview: preview([], []), of: DRAFT }
  expect(rendered('en', section(there))).toContain('<p role="status">No alerts, under either plan.</p>')
  expect(rendered('en', section(there, { ...DRAFT, reason: 'now with a reason' }))).not.toContain('Look again.')
  const edited = { ...DRAFT, thresholds: { 'bp.severe_high.systolic': 175 } }
  expect(rendered('en', section(there, edited))).toContain('<p role="status"><strong>The plan was edited after this look. Look again.')
  expect(rendered('en', section({ is: 'failed', why: 'store' }))).toMatch(/<div role="alert"><p[^>]*>The readings are not available/)
})

test('a plan says the same whatever the reason and the order of its numbers', () => {
  const thresholds = { a: 1, b: 2 }
  expect(saysTheSame({ ...DRAFT, thresholds }, { ...DRAFT, thresholds: { b: 2, a: 1 }, reason: 'x' })).toBe(true)
  expect(saysTheSame({ ...DRAFT, thresholds }, { ...DRAFT, thresholds: { a: 1 } })).toBe(false)
})

const PLAN: PatientPlan = {
  patient: 'A/1', version: 0, author: null, set_at: null, faults: [], plan: DRAFT, programmes: [], fixed: [], schedule_numbers: [],
  parameters: [
    {
      name: 'bp.severe_high.systolic', rule: 'bp.severe_high', label_ja: '収縮期', label_en: 'systolic', unit: 'mm[Hg]', value: 180, origin: 'default', source: 'JSH',
      default: 180, default_source: 'JSH', recalled: false, low: 120, high: 300, decimals: 0,
    },
  ],
}

function form(faults: readonly PlanFault[], draft: PlanContent): string {
  return rendered('en', (
    <PlanFaults value={faults}>
      <PlanForm plan={PLAN} draft={draft} busy={false} zone="Asia/Tokyo" change={() => {}} save={() => {}} />
    </PlanFaults>
  ))
}

test('what is wrong is shown at the field that its JSON pointer names, and marks it', () => {
  const draft: PlanContent = {
    ...DRAFT,
    schedule: { time_zone: 'Asia/Edo', start: '2026-12-01', expected: [{ kind: 'blood_pressure', missing_after_days: 0, review_after_days: 14, times_a_day: 1, days: [] }] },
    pauses: [{ from: '2026-12-20', until: '2026-12-01', reason: 'travel' }],
    quiet_hours: { from: '07:00', until: '07:00' },
  }
  const places = ['/thresholds/bp.severe_high.systolic', '/schedule/time_zone', '/schedule/expected/0/missing_after_days', '/pauses/0/until', '/quiet_hours/until', '/reason']
  const html = form(places.map((pointer) => ({ pointer, detail: `wrong: ${pointer}` })), draft)
  for (const place of places) expect(textOf(html)).toContain(`Correct this: wrong: ${place}`)
  const described = [...html.matchAll(/aria-invalid="true" aria-describedby="([^"]+)"/g)].map(([, id]) => id)
  // The pause and the quiet hours have two inputs each, of which the fault may be of either.
  expect(described).toHaveLength(8)
  for (const id of described) expect(html).toContain(`id="${id}" class="field-fault"`)
  expect(form([], draft)).not.toContain('aria-invalid')
})

test('a fault of another place of the same beginning marks nothing', () => {
  expect(form([{ pointer: '/reasonable', detail: 'x' }, { pointer: '/thresholds/bp.severe_high.systolic_2', detail: 'x' }], DRAFT)).not.toContain('aria-invalid')
})

test('what was wrong with a draft is shown at the fields of a draft that says the same, and of no other', () => {
  const pause = (until: string) => ({ from: '2026-12-20', until, reason: 'travel' as const })
  const of: PlanContent = { ...DRAFT, pauses: [pause('2026-12-01'), pause('2026-12-24')] }
  const faults = [{ pointer: '/pauses/0/until', detail: 'before it begins' }]
  const shown = (draft: PlanContent) => form(faultsInForce({ faults, of }, draft), draft)
  expect(shown({ ...of })).toContain('before it begins')
  expect(shown({ ...of, reason: 'a journey' })).toContain('before it begins')
  expect(shown({ ...of, pauses: of.pauses.with(0, pause('2026-12-22')) })).not.toContain('aria-invalid')
  // The row that moves to the place of a removed one has nothing wrong with it.
  expect(shown({ ...of, pauses: of.pauses.slice(1) })).not.toContain('aria-invalid')
})

test('what was wrong with a reason is shown until the reason is another one', () => {
  const faults = [{ pointer: '/reason', detail: 'is missing' }, { pointer: '/schedule', detail: 'is empty' }]
  expect(faultsInForce({ faults, of: DRAFT }, DRAFT)).toEqual(faults)
  expect(faultsInForce({ faults, of: DRAFT }, { ...DRAFT, reason: 'a journey' })).toEqual([faults[1]])
})

test('a plan that is refused keeps what was submitted beside its faults', () => {
  const faults = [{ pointer: '/schedule', detail: 'is no object' }]
  const refused = new ApiError(422, 'invalid', 'urn:mimamori:problem:invalid-plan', null, { faults })
  expect(outcomeOf(refused, DRAFT)).toEqual({ is: 'invalid', faults, of: DRAFT })
})

test('that a draft was edited after its faults were found is said', () => {
  const invalid: Previewed = { is: 'invalid', faults: [{ pointer: '/schedule', detail: 'is no object' }], of: DRAFT }
  expect(rendered('en', section(invalid))).not.toContain('Look again.')
  expect(rendered('en', section(invalid, { ...DRAFT, thresholds: { a: 1 } }))).toContain('Look again.')
})

test('why there is no preview is what the server says', async () => {
  const problem = (type: string, status: number, more = {}) => {
    vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ type: `urn:mimamori:problem:${type}`, status, ...more }), { status }))
    return previewPlan('A/1', DRAFT).then(() => null, (error: unknown) => failureOf(error, DRAFT))
  }
  expect(await problem('store-unavailable', 503)).toEqual({ is: 'failed', why: 'store' })
  expect(await problem('summaries-busy', 503)).toEqual({ is: 'failed', why: 'busy' })
  expect(await problem('too-many-readings', 400)).toEqual({ is: 'failed', why: 'too-many' })
  expect(await problem('body-too-large', 413)).toEqual({ is: 'failed', why: 'other' })
  const faults = [{ pointer: '/schedule', detail: 'is no object' }]
  expect(await problem('invalid-plan', 422, { faults })).toEqual({ is: 'invalid', faults, of: DRAFT })
  expect(failureOf(new ApiError(0, 'unreachable'), DRAFT)).toEqual({ is: 'failed', why: 'other' })
})

test('an alert that quiet hours hold back says until when, is not new before, and is after', () => {
  const held = alert('a', { severity: 'review', status: 'open', page_after: '2026-11-22T10:00:00+09:00' })
  const line = (language: 'ja' | 'en', now: number) => textOf(rendered(language, <AlertLine alert={held} isNew now={now} />))
  expect(line('en', NOW)).toContain('no call before 22 Nov, 10:00 (quiet hours)')
  expect(line('ja', NOW)).toContain('静穏時間：11/22 10:00 までは連絡しません')
  expect(line('en', NOW)).not.toContain('New')
  expect(line('en', NOW + 3_600_000)).toContain('New')
  expect(line('en', NOW + 3_600_000)).not.toContain('quiet hours')
})

const EXPECTED: PlanContent = {
  ...DRAFT,
  schedule: {
    time_zone: 'Asia/Tokyo', start: '2026-12-01',
    expected: [
      { kind: 'blood_pressure', missing_after_days: 3, review_after_days: 14, times_a_day: 2, days: [] },
      { kind: 'weighing_scale', missing_after_days: 7, review_after_days: 21, times_a_day: 1, days: [1, 4] },
    ],
  },
}

test('how often readings are expected is said in words where two versions are compared', () => {
  const lines = (language: 'ja' | 'en') => linesOf(EXPECTED, PLAN, { words: WORDS[language], language })
  expect(lines('en')).toContain('Blood pressure: missing after 3 days, review after 14 days, 2 a day, every day')
  expect(lines('en')).toContain('Weight: missing after 7 days, review after 21 days, 1 a day, Mo Th')
  expect(lines('ja')).toContain('血圧: 欠測 3日、要確認 14日、1日2回、毎日')
})

test('a plan says that no rule counts how often a day a kind is expected', () => {
  expect(textOf(form([], EXPECTED))).toContain('Times a day are for people to read: no rule counts them')
  expect(form([], DRAFT)).not.toContain('Times a day are for people to read')
})
