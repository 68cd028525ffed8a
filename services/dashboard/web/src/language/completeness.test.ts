import { expect, test } from 'vitest'
import { TRENDS, sentencesIn } from '../trends/words'
import { KINDS } from './kinds.generated'
import { CATALOGUES, WORDS } from './words'

const JAPANESE = /[\u3040-\u30ff\u3400-\u9fff]/
const LATIN_WORD = /[A-Za-z]{3,}/

/** What a text that is made of something may be made of: numbers, or the times of a target range. */
const NUMBER = 7
const RANGE = { low: NUMBER, high: NUMBER, below: NUMBER, in_range: NUMBER, above: NUMBER }

interface Text {
  readonly at: string
  readonly text: string
}

/** Every text of a catalogue, those that are made of something made of numbers. */
function textsOf(catalogue: unknown, at = ''): readonly Text[] {
  if (typeof catalogue === 'string') return [{ at, text: catalogue }]
  if (typeof catalogue === 'function') return textsOf(said(catalogue as (...of: unknown[]) => unknown), at)
  if (typeof catalogue !== 'object' || catalogue === null) return []
  return Object.entries(catalogue).flatMap(([name, part]) => textsOf(part, at === '' ? name : `${at}.${name}`))
}

function said(text: (...of: unknown[]) => unknown): unknown {
  try {
    return text(NUMBER, NUMBER, NUMBER, NUMBER)
  } catch {
    return text(RANGE)
  }
}

/** What physicians and devices write so in every language. */
const INTERNATIONAL = /SpO₂|HbA1c|mmHg|\bmin\b/g
const isEnglish = (text: string) => !JAPANESE.test(text) && LATIN_WORD.test(text.replaceAll(INTERNATIONAL, ''))
/** Each leads to the other language, in that language. */
const isOfTheOther = ({ at }: Text) => at === 'otherLanguage' || at === 'otherLanguageLabel'

test('no text of the Japanese catalogue is English, and none of the English one Japanese', () => {
  const [ja, en] = [textsOf(WORDS.ja), textsOf(WORDS.en)]
  expect(ja.length).toBeGreaterThan(200)
  expect(ja.filter((one) => isEnglish(one.text) && !isOfTheOther(one))).toEqual([])
  expect(en.filter((one) => JAPANESE.test(one.text) && !isOfTheOther(one))).toEqual([])
})

test('no two catalogues have a text of one name, where one would hide the other', () => {
  const names = CATALOGUES.flatMap((one) => Object.keys(one.en))
  expect(names.length).toBeGreaterThan(150)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  expect(names.filter((name) => ['acts', 'plan', 'preview', 'kind', 'said'].includes(name))).toEqual([])
})

test('both catalogues have the same texts, also where a list or a record would let one be missing', () => {
  const places = (catalogue: unknown) => textsOf(catalogue).map(({ at }) => at)
  expect(places(WORDS.ja)).toEqual(places(WORDS.en))
  expect(places(sentencesIn('ja'))).toEqual(places(sentencesIn('en')))
  expect(textsOf(WORDS.ja).filter(({ text }) => text.trim() === '')).toEqual([])
})

const FILES = import.meta.glob<string>('../**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true })
const SOURCES = Object.entries(FILES).filter(([file]) => !/\.test\.|schema\.d\.ts$/.test(file))

/** Labels that stand beside what they are of, `{ en: '…', ja: '…' }` on one line or more. */
const LABEL = /\ben:\s*(['"`])(?<en>.*?)\1,\s*ja:\s*(['"`])(?<ja>.*?)\3/gs

test('a label that stands in the code is in both languages', () => {
  const labels = SOURCES.flatMap(([file, text]) => [...text.matchAll(LABEL)].map(({ groups }) => ({ file, en: groups?.en ?? '', ja: groups?.ja ?? '' })))
  expect(labels.length).toBeGreaterThan(Object.keys(TRENDS).length)
  expect(labels.filter(({ en, ja }) => !JAPANESE.test(ja) || JAPANESE.test(en))).toEqual([])
})

test('every kind and field has a Japanese name', () => {
  const named = Object.entries(KINDS).flatMap(([kind, { label, fields }]) => [{ at: kind, label }, ...fields.map((field) => ({ at: `${kind}.${field.name}`, label: field.label }))])
  expect(named.filter(({ label }) => isEnglish(label.ja)).map(({ at, label }) => `${at}: ${label.ja}`)).toEqual([])
})

/** What is written into the elements themselves, or into attributes that are read aloud or shown. */
const WRITTEN = [/^\s*[A-Z][a-z]+(?: [A-Za-z]+)*[.…]?\s*$/, /<[a-z][\w-]*[^<>]*>\s*[A-Za-z]{2,}[^<>{}]*<\//, /\b(?:aria-label|aria-description|title|placeholder|alt)="[^"]*[A-Za-z]{2,}/, /\{['"][A-Z][a-z]+ [^'"]*['"]\}/]

test('no component says anything that is not of a catalogue', () => {
  const components = SOURCES.filter(([file]) => file.endsWith('.tsx'))
  expect(components.length).toBeGreaterThan(30)
  const written = components.flatMap(([file, text]) => text.split('\n').filter((line) => WRITTEN.some((one) => one.test(line))).map((line) => `${file}: ${line.trim()}`))
  expect(written).toEqual([])
})
