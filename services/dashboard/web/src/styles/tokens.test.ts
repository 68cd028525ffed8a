import { expect, test } from 'vitest'

const TOKENS = './tokens.css'

interface Line {
  readonly file: string
  readonly text: string
}

function linesOf(files: Readonly<Record<string, string>>): readonly Line[] {
  const own = Object.entries(files).filter(([file]) => !/\.test\.|schema\.d\.ts$/.test(file))
  return own.flatMap(([file, content]) => content.split('\n').map((text) => ({ file, text })))
}

const CSS = import.meta.glob<string>('./*.css', { query: '?raw', import: 'default', eager: true })
const styles = linesOf(CSS)
const elsewhere = styles.filter(({ file }) => file !== TOKENS)
const sources = linesOf(import.meta.glob<string>('../**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true }))

const found = (lines: readonly Line[], what: RegExp) => lines.filter(({ text }) => what.test(text)).map(({ file, text }) => `${file}: ${text.trim()}`)

const HEX = /#[0-9a-f]{3,8}\b/i
const FUNCTION = /\b(rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix)\(/i
/** A value of CSS that begins with a word, where only a colour by its name would be one. */
const NAMED = /\b(color|background|background-color|border-color|fill|stroke|outline-color):\s*(?!var\(|inherit\b|currentColor\b|none\b|transparent\b|linear-gradient\()[a-z]/i

test('no colour is named outside of the tokens', () => {
  expect([styles.length > 1_000, sources.length > 4_000]).toEqual([true, true])
  for (const colour of [HEX, FUNCTION, NAMED]) expect(found(elsewhere, colour)).toEqual([])
  for (const colour of [/['"`]#[0-9a-f]{3,8}['"`]/i, /\b(fill|stroke|color|background)=?[:=]\s*['"](?!none|currentColor)/i]) expect(found(sources, colour)).toEqual([])
})

test('sizes of type, spaces, corners, layers and times are tokens everywhere', () => {
  const raw = [
    /font-size:(?!\s*(var\(|inherit))/,
    /font-family:(?!\s*(var\(|inherit))/,
    /border-radius:(?!\s*(var\(|0;|50%))/,
    /z-index:(?!\s*var\()/,
    /(?:^|[\s;{])(?:(?:row-|column-)?gap|(?:padding|margin)(?:-[a-z]+)?):[^;]*(?<![\d.])(?:\d|1\d|\d*\.\d+)rem/,
    /(?:animation|transition)[a-z-]*:[^;]*(?:[1-9]\d*|\.\d+)m?s\b/,
  ]
  for (const one of raw) expect(found(elsewhere, one)).toEqual([])
})

const tokenOf = (text: string) => /^\s*(--[a-z0-9-]+):/.exec(text)?.[1]

test('every token that is used is there, and every one that is there is used', () => {
  const declared = new Set(styles.flatMap(({ text }) => tokenOf(text) ?? []))
  expect(found(elsewhere, /^\s*--[a-z0-9-]+:/)).toEqual([])
  const used = new Set(styles.flatMap(({ text }) => [...text.matchAll(/var\((--[a-z0-9-]+)/g)].map((match) => match[1] ?? '')))
  expect([...used].filter((name) => !declared.has(name))).toEqual([])
  expect([...declared].filter((name) => !used.has(name))).toEqual([])
})

/** The tokens of the light pages and those that are otherwise in the dark. */
function colours(): readonly Map<string, string>[] {
  const text = CSS[TOKENS] ?? ''
  const of = (part: string) => new Map([...part.matchAll(/(--[a-z-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1] ?? '', match[2] ?? '']))
  const [light = '', dark = ''] = text.split('@media (prefers-color-scheme: dark)')
  return [of(light), of(dark)]
}

function luminance(hex: string): number {
  const part = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

function contrast(one: string, other: string): number {
  const [lower = 0, higher = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (higher + 0.05) / (lower + 0.05)
}

/** What is written on what (4.5, WCAG 2.2 1.4.3), and what is drawn on what (3, 1.4.11). */
const WRITTEN = [
  ['text', 'ground'], ['text', 'surface'], ['text', 'accent-ground'], ['muted', 'ground'], ['muted', 'surface'], ['accent', 'ground'], ['accent', 'surface'],
  ['accent', 'accent-ground'], ['on-accent', 'accent'], ['urgent', 'ground'], ['urgent', 'surface'], ['urgent', 'urgent-ground'], ['review', 'surface'],
  ['review', 'review-ground'], ['technical', 'surface'], ['technical', 'technical-ground'], ['good', 'ground'], ['good', 'surface'], ['text', 'urgent-ground'],
] as const
const DRAWN = [['control', 'surface'], ['plot', 'surface'], ['plot', 'band']] as const

test('every colour is there in light and dark, and what is written or drawn stands out', () => {
  const [light = new Map<string, string>(), dark = new Map<string, string>()] = colours()
  expect([...dark.keys()].sort()).toEqual([...light.keys()].sort())
  for (const scheme of [light, dark]) {
    const ratio = ([on, ground]: readonly [string, string]) => contrast(scheme.get(`--${on}`) ?? '', scheme.get(`--${ground}`) ?? '')
    expect(WRITTEN.filter((pair) => !(ratio(pair) >= 4.5))).toEqual([])
    expect(DRAWN.filter((pair) => !(ratio(pair) >= 3))).toEqual([])
  }
})
