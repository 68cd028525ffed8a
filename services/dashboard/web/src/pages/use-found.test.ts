import { expect, test } from 'vitest'
import { whatIsShown } from './use-found'

const FOUND = { found: [], last: ['A/1'], isAsking: false, hasFailed: false } as const

test('while a search runs the page says so, and rows of the former answer take no act', () => {
  expect(whatIsShown({ ...FOUND, isAsking: true })).toEqual({ shown: ['A/1'], isFormer: true, said: 'searching' })
  expect(whatIsShown({ ...FOUND, found: ['A/2'], isAsking: true })).toEqual({ shown: ['A/2'], isFormer: false, said: 'searching' })
})

test('an answer is no former one, and only an answer says that nobody matches', () => {
  expect(whatIsShown({ ...FOUND, found: ['A/2'] })).toEqual({ shown: ['A/2'], isFormer: false, said: null })
  expect(whatIsShown(FOUND)).toEqual({ shown: [], isFormer: false, said: 'noMatch' })
  expect(whatIsShown({ ...FOUND, hasFailed: true })).toEqual({ shown: [], isFormer: false, said: null })
})
