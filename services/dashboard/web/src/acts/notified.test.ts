import { expect, test } from 'vitest'
import type { AlertNotifications } from '../api/model'
import { WORDS } from '../language/words'
import { eventsOf } from './notified'

const at = (second: number) => new Date(Date.parse('2026-11-22T07:00:00Z') + second * 1000).toISOString()
const message = { to: { id: 'dr.sato', name: 'Sato' }, channel: 'email', severity: 'urgent', decided_at: at(0), failed_attempts: 5 } as const
const ANSWER: AlertNotifications = {
  alert: 'a',
  patient: 'A/1',
  notifications: [
    { ...message, status: 'given_up', changed_at: at(75) },
    { ...message, to: { id: 'dr.gone', name: null }, channel: 'webhook', status: 'delivered', changed_at: at(90), failed_attempts: 0 },
  ],
  undelivered: [{ at: at(80), reason: 'none_delivered' }],
}

test('messages and failures to reach anybody stand in the order of the clock, and say to whom and what became of them', () => {
  const shown = eventsOf(ANSWER, WORDS.en).map(({ who, what, isMissed }) => [who, what, isMissed])
  expect(shown).toEqual([
    ['Sato', 'mail: given up after 5 attempts', true],
    [null, 'Nobody could be notified: no message came through.', true],
    ['somebody who is on no list any more', 'paging service: delivered', false],
  ])
  expect(eventsOf(ANSWER, WORDS.ja).map(({ what }) => what)[0]).toBe('メール：5回失敗し、中断しました')
})

test('keys of the list are its own', () => {
  const keys = eventsOf(ANSWER, WORDS.en).map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
})
