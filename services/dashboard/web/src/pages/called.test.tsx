import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Called, calledText, Numbers } from './called'

const NAME = { name: '見本 花子', kana: 'ミホン ハナコ', birth_date: '1950-03-02', chart_number: '0012345' }
const chart = (number: string) => `chart ${number}`

test('a patient is called by name and reading, and numbers stand beside it', () => {
  const called = renderToStaticMarkup(<Called patient="A/1" name={NAME} />)
  expect(called).toContain('見本 花子')
  expect(called).toContain('ミホン ハナコ')
  expect(called).not.toContain('A/1')
  expect(called).toContain('lang="ja"')
  const numbers = renderToStaticMarkup(<Numbers patient="A/1" name={NAME} chart={chart} />)
  expect(numbers).toContain('>A/1<')
  expect(numbers).toContain('>chart 0012345<')
  expect(calledText('A/1', NAME)).toBe('見本 花子')
})

test('a patient without a name is called by the ID, once', () => {
  expect(renderToStaticMarkup(<Called patient="A/1" name={null} />)).toBe('A/1')
  expect(renderToStaticMarkup(<Numbers patient="A/1" name={null} chart={chart} />)).toBe('')
  expect(calledText('A/1', undefined)).toBe('A/1')
})
