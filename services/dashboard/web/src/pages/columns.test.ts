import { expect, test } from 'vitest'
import { CHOICES, columnsOf, OTHERS, USUAL, WHO } from './columns'
import { gapsOf, withRow } from './windowed'

test('columns are those that were chosen, in one order, and the usual ones where what is stored is none of ours', () => {
  expect(columnsOf(null)).toEqual(CHOICES.filter((one) => USUAL.includes(one)))
  for (const stored of ['', '{"who":true}', '7', 'null', '"who"']) expect(columnsOf(stored)).toEqual(columnsOf(null))
  const kind = CHOICES.find((one) => one !== WHO && one !== OTHERS) ?? ''
  expect(columnsOf(JSON.stringify([OTHERS, 'no such kind', kind, WHO, 7]))).toEqual([WHO, kind, OTHERS])
  // Nothing is a choice, too.
  expect(columnsOf('[]')).toEqual([])
})

test('rows that are not drawn keep their place: before, between and after those that are', () => {
  const row = (index: number) => ({ index, start: 100 + index * 50, end: 150 + index * 50 })
  const of = (...rows: number[]) => {
    const { shown, below } = gapsOf(rows.map(row), 100, 100 + 1_000 * 50)
    return [...shown.map(({ gap }) => gap), below]
  }
  expect(of(0, 1, 2)).toEqual([0, 0, 0, 997 * 50])
  expect(of(10, 11, 999)).toEqual([500, 0, 987 * 50, 0])
  expect(of()).toEqual([50_000])
})

test('the row that has the focus is drawn wherever the window is, with its neighbours', () => {
  expect(withRow([0, 1, 2], 500, 1_000)).toEqual([0, 1, 2, 499, 500, 501])
  expect(withRow([0, 1, 2], 2, 1_000)).toEqual([0, 1, 2, 3])
  expect(withRow([10, 11], 0, 1_000)).toEqual([0, 1, 10, 11])
  expect(withRow([0], 999, 1_000)).toEqual([0, 998, 999])
})
