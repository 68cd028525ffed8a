import { expect, test, vi } from 'vitest'
import { ApiError } from '../api/client'
import type { ActsRequest } from '../api/model'
import { againOf, noticesAfter, sendAll, withOutcome, type Notice } from './batch'

vi.mock('../state/dashboard-state', () => ({ useDashboardState: () => ({}) }))

const request = (n: number): ActsRequest => ({ id: 'x', act: { kind: 'acknowledge' }, alerts: Array.from({ length: n }, (_, i) => ({ alert: `a${i}` })) })
const answering = (statusOf: (alert: string) => number) => {
  const sent: ActsRequest[] = []
  const post = (one: ActsRequest) => {
    sent.push(one)
    return Promise.resolve({ answers: one.alerts.map(({ alert }) => ({ alert, status: statusOf(alert) })) })
  }
  return { sent, sending: { post, answered: () => {}, isOver: () => false } }
}

test('more alerts than one request takes are sent in further ones under the same id', async () => {
  const { sent, sending } = answering(() => 200)
  const outcomes = await sendAll(request(450), sending)
  expect(sent.map(({ id, alerts }) => [id, alerts.length])).toEqual([['x', 200], ['x', 200], ['x', 50]])
  expect(withOutcome(outcomes ?? new Map(), 'recorded').length).toBe(450)
})

test('of each alert it is reported whether nobody knows if it was recorded, and only that is sent again', async () => {
  const status: Record<string, number> = { a0: 200, a1: 409, a2: 503, a3: 408, a4: 404 }
  const { sending } = answering((alert) => status[alert] ?? 0)
  const outcomes = (await sendAll(request(5), sending)) ?? new Map()
  expect(Object.fromEntries(outcomes)).toEqual({ a0: 'recorded', a1: 'refused', a2: 'unknown', a3: 'unknown', a4: 'refused' })
  expect(againOf(request(5), outcomes)).toEqual({ ...request(5), alerts: [{ alert: 'a2' }, { alert: 'a3' }] })
})

test('where no answer comes nothing is said to be refused, and after the end of a session nothing is said', async () => {
  const answers = answering(() => 200)
  let calls = 0
  const post = (one: ActsRequest) => (++calls === 2 ? Promise.reject(new ApiError(503, '')) : answers.sending.post(one))
  const outcomes = (await sendAll(request(600), { ...answers.sending, post })) ?? new Map()
  expect([calls, withOutcome(outcomes, 'recorded').length, withOutcome(outcomes, 'unknown').length]).toEqual([2, 200, 400])
  const refusing = { ...answers.sending, post: () => Promise.reject(new ApiError(403, '')) }
  expect(withOutcome((await sendAll(request(2), refusing)) ?? new Map(), 'refused').length).toBe(2)
  expect(await sendAll(request(2), { ...refusing, isOver: () => true })).toBeNull()
})

test('what failed is shown until it is closed or answered, and a success gives way to the next', () => {
  const notice = (key: string, isFailure: boolean, of: Partial<Notice> = {}): Notice => ({ key, text: key, isFailure, ...of })
  const undo = () => {}
  let notices = noticesAfter([], notice('A', true, { undo }))
  notices = noticesAfter(notices, notice('B', false))
  notices = noticesAfter(notices, notice('C', false))
  expect(notices.map(({ key }) => key)).toEqual(['A', 'C'])
  expect(noticesAfter(notices, notice('D', false), 'A')[0]?.undo).toBeUndefined()
  expect(noticesAfter(notices, notice('A', false)).map(({ key, isFailure }) => [key, isFailure])).toEqual([['A', false]])
})
