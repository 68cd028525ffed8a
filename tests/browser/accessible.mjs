// What axe finds on a page, and what does not fit the window.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Every page that is opened from now on can be asked. */
export const prepare = (context) => context.addInitScript(AXE)

/** What depends on how wide texts are, and so on the language: the others find the same in each. */
export const OF_WIDTH = ['target-size', 'scrollable-region-focusable', 'link-in-text-block']

/** Rows of a long table are made alike: the first of them are looked at. */
const ROWS_ALIKE = ['.readings tbody tr:nth-child(n + 11)', '.quiet tbody tr:nth-child(n + 16)', '.trends tbody:nth-of-type(n + 11)']

/** What axe finds wrong, a line each, by all of its rules or by those that are named. */
export function violationsOf(page, rules) {
  const runOnly = rules ? { type: 'rule', values: rules } : { type: 'tag', values: RULES }
  return page.evaluate(async ([runOnly, exclude]) => {
    // What is just then beneath the header is no smaller for it.
    window.scrollTo(0, 0)
    const result = await window.axe.run({ exclude }, { runOnly, resultTypes: ['violations'], iframes: false, preload: false })
    return result.violations.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.slice(0, 3).map((node) => node.target.join(' ')).join(', ')}`)
  }, [runOnly, ROWS_ALIKE])
}

/** Charts are drawn anew some frames after the window has changed. */
const SETTLED_MS = 1_000

/** What is wider than the window, a line each; parts that scroll by themselves are not. */
export async function tooWide(page) {
  const fits = page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth, null, { timeout: SETTLED_MS })
  return fits.then(() => [], () => page.evaluate(wideOnes))
}

function wideOnes() {
  const width = document.documentElement.clientWidth
  const scrolls = (one) => one !== null && (getComputedStyle(one).overflowX !== 'visible' || scrolls(one.parentElement))
  const rightOf = (one) => Math.round(one.getBoundingClientRect().right)
  const wide = [...document.body.querySelectorAll('*')].filter((one) => rightOf(one) > width && !scrolls(one.parentElement))
  return wide.slice(-3).map((one) => `${one.localName} ${one.getAttribute('class') ?? ''} ends at ${rightOf(one)}`)
}
