import { build } from 'vite'
import { expect, test, vi } from 'vitest'

/** What a page is asked to need at most, 200 kB, with room for what is to come. */
const MOST_BYTES = 140_000

interface Piece {
  readonly code: string
  readonly imports: readonly string[]
  readonly modules: readonly string[]
}

/** What a browser fetches before it shows anything: the first file and all that it imports. */
async function firstPaint(): Promise<readonly Piece[]> {
  // As it is shipped: a test's own environment would have React's developer build in it.
  vi.stubEnv('NODE_ENV', 'production')
  const built = await build({ mode: 'production', logLevel: 'silent', build: { write: false } })
  vi.unstubAllEnvs()
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []))
  const chunks = outputs.flatMap((one) => (one.type === 'chunk' ? [one] : []))
  const pieces = new Map(chunks.map((one) => [one.fileName, { code: one.code, imports: one.imports, modules: Object.keys(one.modules) }]))
  const names = new Set(chunks.filter((one) => one.isEntry).map((one) => one.fileName))
  for (const name of names) pieces.get(name)?.imports.forEach((one) => names.add(one))
  return [...names].flatMap((name) => pieces.get(name) ?? [])
}

async function compressed({ code }: Piece): Promise<number> {
  const stream = new Blob([code]).stream().pipeThrough(new CompressionStream('gzip'))
  return (await new Response(stream).arrayBuffer()).byteLength
}

test('what a page begins with is small, and holds nothing that only draws charts', { timeout: 60_000 }, async () => {
  const pieces = await firstPaint()
  const modules = pieces.flatMap((piece) => piece.modules)
  expect(modules.some((name) => name.endsWith('/pages/patient.tsx'))).toBe(true)
  const drawing = /\/(?:plot|chart-panel|blood-pressure|glucose|weight|year-chart|segments|line-path)\.tsx?$/
  expect(modules.filter((name) => name.includes('/src/') && drawing.test(name))).toEqual([])
  const sizes = await Promise.all(pieces.map(compressed))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES)
})
