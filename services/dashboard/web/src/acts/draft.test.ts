import { expect, test, vi } from 'vitest'
import { actOf, EMPTY, isSameDraft, written } from './draft'
import { failuresAfter, requestFor, requestOf, type Failed } from './use-act'

vi.mock('../state/dashboard-state', () => ({ useDashboardState: () => ({}) }))

const NOW = Date.parse('2026-11-22T08:00:00Z')
const before = { changed_at: '2026-11-22T07:00:00Z', severity: 'review' } as const
const worse = { changed_at: '2026-11-22T07:59:00Z', severity: 'urgent' } as const
const failed = (of: Partial<Failed> & Pick<Failed, 'request'>): Failed => ({ failure: 'unknown', detail: '', ...of })

test('an act covers what was seen when its writing began, though the alert has become worse since', () => {
  const begun = written(EMPTY, { kind: 'close' }, before)
  const done = written(begun, { text: 'called' }, worse)
  expect(done.seen).toEqual(before)
  expect(requestOf(done.seen ?? worse, actOf(done, [1], NOW)).seen).toEqual(before)
  expect(isSameDraft(done, written(written(EMPTY, { kind: 'close' }, worse), { text: 'called' }, worse))).toBe(true)
})

test('the longest snooze leaves a minute for clocks that differ and for the way', () => {
  const draft = written(EMPTY, { kind: 'snooze', hours: 4, text: 'asked' }, worse)
  expect(actOf(draft, [1, 2, 4], NOW)).toEqual({ kind: 'snooze', until: '2026-11-22T11:59:00.000Z', reason: 'asked' })
  // What is not offered any more is not sent though it is not shown.
  expect(actOf({ ...draft, hours: 24 }, [1, 2, 4], NOW)).toMatchObject({ until: '2026-11-22T08:59:00.000Z' })
})

test('what is perhaps recorded is sent again under its id, whichever button sends it', () => {
  const comment = { kind: 'comment', text: 'called' } as const
  const request = requestOf(before, comment)
  expect(requestFor([failed({ request })], worse, { ...comment })).toBe(request)
  expect(requestFor([failed({ request })], worse, { ...comment, text: 'called twice' }).id).not.toBe(request.id)
  // What was refused is another act when it is done anew, and covers what is seen now.
  const acknowledged = requestOf(before, { kind: 'acknowledge' })
  const anew = requestFor([failed({ request: acknowledged, failure: 'worse' })], worse, { kind: 'acknowledge' })
  expect([anew.id === acknowledged.id, anew.seen]).toEqual([false, worse])
})

test('that something is perhaps recorded is said until it is known or left, whatever is done beside it', () => {
  const comment = failed({ request: requestOf(before, { kind: 'comment', text: 'called' }) })
  const refused = failed({ request: requestOf(before, { kind: 'close', outcome: 'contacted' }), failure: 'conflict' })
  const both = failuresAfter([comment], refused.request, refused)
  expect(both).toEqual([comment, refused])
  expect(failuresAfter(both, requestOf(before, { kind: 'comment', text: 'another' }), null)).toEqual(both)
  expect(failuresAfter(both, requestOf(before, { kind: 'close', outcome: 'contacted' }), null)).toEqual([comment])
  expect(failuresAfter(both, comment.request, null)).toEqual([refused])
})
