import { afterEach, expect, test } from 'vitest'
import { belongTo } from '../api/client'
import { soughtOf } from './use-sought'

afterEach(() => belongTo(null))

test('who was looked for is kept for the session that looked, and for no other one', () => {
  belongTo('a')
  const state = { sought: '見本', session: 'a' }
  expect(soughtOf(state)).toBe('見本')
  belongTo('b')
  expect(soughtOf(state)).toBe('')
})

test('an entry of the history that is not ours looks for nobody', () => {
  for (const state of [null, undefined, 'x', {}, { sought: 'x' }, { sought: 7, session: null }]) expect(soughtOf(state)).toBe('')
})
