import { afterEach, expect, test } from 'vitest'
import { belongTo } from '../api/client'
import { forgetSought, keptAs, soughtOf } from '../state/sought'

afterEach(() => {
  belongTo(null)
  forgetSought()
})

test('who was looked for is kept for the session that looked, and for no other one', () => {
  belongTo('a')
  const state = keptAs('見本', null)
  expect(soughtOf(state)).toBe('見本')
  belongTo('b')
  expect(soughtOf(state)).toBe('')
})

test('the history of the browser holds no text, and who has signed out leaves none', () => {
  belongTo('a')
  const state = keptAs('見本', null)
  expect(JSON.stringify(state)).not.toContain('見本')
  forgetSought()
  expect(soughtOf(state)).toBe('')
})

test('a longer text takes the place of the one before it, and none leaves nothing', () => {
  const first = keptAs('見', null)
  const longer = keptAs('見本', first)
  expect([soughtOf(first), soughtOf(longer)]).toEqual(['見本', '見本'])
  expect(keptAs('', longer)).toBe(null)
  expect(soughtOf(longer)).toBe('')
})

test('an entry of the history that is not ours looks for nobody', () => {
  for (const state of [null, undefined, 'x', {}, { sought: 'x' }, { sought: 7 }]) expect(soughtOf(state)).toBe('')
})
