// Every page in a real browser, with invented patients (`npm run build` in services/dashboard/web first):
//   CHROMIUM           the browser (default /usr/bin/chromium)
//   SCREENSHOT_DIR     where screenshots of every page go; none are made without it
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OF_WIDTH, prepare, tooWide, violationsOf } from './accessible.mjs'
import { isForeign, textsOf } from './language.mjs'
import { startBrowser, startMock } from './mock.mjs'
import { STATIONS } from './walk.mjs'

const STEP_DEADLINE_MS = 20_000
const ALL = null
/** A phone in the dark, a laptop, and a wall. The pages are alike in both languages but for how wide texts are: one asks axe for all in one window, the other in the other. */
const WINDOWS = [
  { width: 360, height: 740, colorScheme: 'dark', asked: { ja: OF_WIDTH, en: ALL } },
  { width: 3840, height: process.env.SCREENSHOT_DIR ? 2160 : 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'light', asked: { ja: ALL, en: OF_WIDTH } },
]
const shots = process.env.SCREENSHOT_DIR

test('what is foreign is distinguished from units, abbreviations and identifiers', () => {
  const foreign = (language, texts) => texts.filter((text) => isForeign(text, language))
  const japanese = ['収縮期 142 mmHg', 'ルール bp.severe_high、ルールセット 2026-11k', '時刻別（AGP）', 'DEMO01/P0003', '（Europe/Berlin、UTC+1）', 'OMRON HEM-7600T']
  assert.deepEqual(foreign('ja', japanese), [])
  const english = ['plan', 'Loading…', '血圧 (systolic)', 'Apple', 'mmHgs', '3 d', 'must be between 120 and 300']
  assert.deepEqual(foreign('ja', english), english)
  assert.deepEqual(foreign('en', ['Measured 5 min ago', '120–300', 'Signed in: 佐藤 陽子']), [])
  assert.deepEqual(foreign('en', ['測定', '5分前', 'Programme：none']), ['測定', '5分前', 'Programme：none'])
})

// Both walks at once, each with patients of its own.
describe('every page', { concurrency: true }, () => {
  for (const [language, locale] of [['ja', 'ja-JP'], ['en', 'en-GB']]) walkIn(language, locale)
})

function walkIn(language, locale) {
  describe(`in ${language}`, { concurrency: false }, () => {
    let mock
    let browser
    let page

    before(async () => {
      if (shots) await mkdir(shots, { recursive: true })
      mock = await startMock()
      browser = await startBrowser()
      const context = await browser.newContext({ locale, timezoneId: 'Asia/Tokyo', viewport: { width: 1280, height: 900 } })
      context.setDefaultTimeout(STEP_DEADLINE_MS)
      await prepare(context)
      page = await context.newPage()
    })

    after(async () => {
      await browser?.close()
      await mock?.stop()
    })

    for (const [name, go] of STATIONS) {
      test(name, async () => {
        let looks = 0
        const found = new Map()
        const wrong = new Map()
        const look = async (what = '', { isAlike = false } = {}) => {
          looks += 1
          assert.equal(await page.getAttribute('html', 'lang'), language)
          const texts = await textsOf(page)
          assert.ok(texts.length > 2, `${name} ${what} says something`)
          for (const { at, text } of texts) if (isForeign(text, language)) found.set(`${at}: ${text}`, what)
          for (const { width, height, colorScheme, asked } of WINDOWS) {
            await page.setViewportSize({ width, height })
            await page.emulateMedia({ colorScheme })
            for (const line of await tooWide(page)) wrong.set(`at ${width} px: ${line}`, what)
            if (asked && !isAlike) for (const line of await violationsOf(page, asked[language])) wrong.set(`at ${width} px, ${colorScheme}: ${line}`, what)
            if (shots) await page.screenshot({ path: join(shots, `${`${name} ${what} ${language} ${width}`.replace(/[^\p{L}\d]+/gu, '-')}.png`), fullPage: width < 3840 })
          }
        }
        await go({ page, base: mock.base, look })
        assert.ok(looks > 0)
        assert.deepEqual([...found].map(([text, what]) => `${what} ${text}`.trim()), [], `in ${language === 'ja' ? 'English' : 'Japanese'}`)
        assert.deepEqual([...wrong].map(([text, what]) => `${what} ${text}`.trim()), [], 'not for everybody')
      })
    }
  })
}
