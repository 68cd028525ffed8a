// What an open patient's page shows is so without a reload, with invented patients (`npm run build` in
// services/dashboard/web first).
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { startBrowser, startMock } from './mock.mjs'

const PATIENT = 'BRW001/P1'
const PATH = `/api/v1/patients/${PATIENT}`
const SHOWN_WITHIN_MS = 10_000
/** So often the list is asked for, and so long an answer may take before the page says as of when it is. */
const LIST_ANEW_MS = 60_000
const SLOW_MS = 2_000
/** So often what a care plan gives charts is asked for. */
const IN_FORCE_ANEW_MS = 30_000

describe('an open page of a patient', () => {
  let mock
  let browser
  let page
  /** What the page has asked for, by path. */
  let asked

  before(async () => {
    mock = await startMock()
    browser = await startBrowser()
  })

  after(async () => {
    await browser?.close()
    await mock?.stop()
  })

  beforeEach(async () => {
    await page?.context().close()
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Asia/Tokyo' })
    context.setDefaultTimeout(SHOWN_WITHIN_MS)
    page = await context.newPage()
    await page.clock.install()
    asked = []
    await page.goto(`${mock.base}/`)
    await page.fill('#user', 'physician')
    await page.fill('#password', 'physician')
    await page.click('button[type=submit]')
    await page.waitForSelector('[data-connection="live"]')
    await page.goto(`${mock.base}/patients/${PATIENT}`)
    await page.waitForSelector('[data-connection="live"]')
    await page.waitForSelector('.plot')
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  })

  const tell = (alert) => fetch(`${mock.base}/dev/alert`, { method: 'POST', body: JSON.stringify({ patient: PATIENT, ...alert }) })
  const earlier = (text) => page.locator('.earlier li', { hasText: text }).waitFor({ state: 'attached' })
  const over = (id, of) => ({ id, status: 'resolved', transition: 'resolved', text: { ja: id, en: id }, ...of })

  test('an alert that is over when it is reported is among the earlier ones', async () => {
    await tell(over('a low that was over'))
    await earlier(/a low that was over.*Resolved/)
  })

  test('an earlier alert that is retracted is said to be', async () => {
    await tell(over('of a wrong value'))
    await earlier(/of a wrong value.*Resolved/)
    await tell(over('of a wrong value', { status: 'retracted', transition: 'retracted' }))
    await earlier(/of a wrong value.*Retracted/)
  })

  test('of many alerts that change together earlier ones are asked for a few times', async () => {
    for (let i = 0; i < 40; i += 1) await tell(over(`the alert ${i} of many`))
    await earlier('the alert 39 of many')
    assert.ok(asked.filter((path) => path === `${PATH}/alerts`).length <= 3, `${asked}`)
  })

  test('an alert is open or earlier, and never both', async () => {
    await tell({ id: 'one', text: { ja: 'of one course', en: 'of one course' } })
    await page.locator('.alert-detail', { hasText: 'of one course' }).waitFor()
    await tell(over('one', { text: { ja: 'of one course', en: 'of one course' } }))
    await earlier(/of one course.*Resolved/)
    await page.route(`**${PATH}/alerts`, (route) => route.abort())
    await tell({ id: 'one', status: 'open', transition: 'raised', text: { ja: 'of one course', en: 'of one course' } })
    await page.locator('.alert-detail', { hasText: 'of one course' }).waitFor()
    await page.locator('.earlier li', { hasText: 'of one course' }).waitFor({ state: 'detached' })
  })

  /** A colleague sets a plan, elsewhere. */
  async function setPlan(systolic) {
    const headers = { 'content-type': 'application/json' }
    const signedIn = await fetch(`${mock.base}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify({ user: 'physician', password: 'physician' }) })
    headers.cookie = signedIn.headers.get('set-cookie').split(';')[0]
    const { version, plan } = await (await fetch(`${mock.base}${PATH}/plan`, { headers })).json()
    const content = { ...plan, thresholds: { 'bp.severe_high.systolic': systolic }, reason: 'of a colleague' }
    const answer = await fetch(`${mock.base}${PATH}/plan`, { method: 'PUT', headers: { ...headers, 'if-match': `"${version}"` }, body: JSON.stringify(content) })
    assert.equal(answer.status, 200)
  }
  const limits = (text) => page.locator('.legend', { hasText: text }).first().waitFor()
  const ofReadings = () => asked.filter((path) => path === `${PATH}/readings`).length

  test('a chart has the limits of a plan that a colleague sets, for one question and no readings', async () => {
    await limits('180/110')
    const before = ofReadings()
    await setPlan(195)
    await page.clock.fastForward(IN_FORCE_ANEW_MS)
    await limits('195/110')
    assert.equal(ofReadings(), before + 1)
    assert.ok(asked.filter((path) => path.endsWith('/glucose/summary')).length >= 1, 'summaries are asked for anew')
    await setPlan(205)
    await page.clock.fastForward(IN_FORCE_ANEW_MS)
    await limits('205/110')
    // With an alert that a plan may have caused they are asked for at once.
    await setPlan(180)
    await tell({ id: 'of the plan', status: 'resolved', transition: 'criteria_changed' })
    await limits('180/110')
  })

  test('where it is not known which plan is in force the page says as of when it was', async () => {
    await page.route(`**${PATH}/readings?to=*`, (route) => route.abort())
    await page.clock.fastForward(IN_FORCE_ANEW_MS)
    await page.locator('.notice[role=alert]', { hasText: 'as of' }).waitFor()
    await page.unroute(`**${PATH}/readings?to=*`)
    await page.locator('.notice[role=alert] button').click()
    await page.locator('.notice[role=alert]').waitFor({ state: 'detached' })
  })

  /** While it runs, requests to a path are not answered. */
  async function whileHanging(path, run) {
    const held = []
    const hold = (route) => held.push(route)
    await page.route(path, hold)
    await run(() => waitUntil(() => held.length > 0, `${path} is asked for`))
    await Promise.all(held.map((route) => route.continue()))
    await page.unroute(path, hold)
  }

  test('a list that is not answered says as of when it is, on every page, and no more when it has come', async () => {
    const slow = page.locator('.trust .notice', { hasText: /Refreshing values takes long. They are as of \d\d:\d\d/ })
    for (const path of [`/patients/${PATIENT}`, '/', '/trends']) {
      await page.goto(`${mock.base}${path}`)
      await page.waitForSelector('[data-connection="live"]')
      await page.locator('.plot, .quiet, .trends').first().waitFor()
      assert.equal(await slow.count(), 0)
      await whileHanging('**/api/v1/patients', async (asked) => {
        await page.clock.fastForward(LIST_ANEW_MS)
        await asked()
        await page.clock.fastForward(SLOW_MS)
        await slow.waitFor()
      })
      await slow.waitFor({ state: 'detached' })
    }
  })

  test('lists of earlier alerts and of dates of long ago that are not answered say as of when they are', async () => {
    const of = 'EUR01/P1'
    await fetch(`${mock.base}/dev/alert`, { method: 'POST', body: JSON.stringify({ patient: of, ...over('an alert that was over') }) })
    await page.goto(`${mock.base}/patients/${of}`)
    await page.waitForSelector('[data-connection="live"]')
    await page.waitForSelector('section[aria-labelledby="backdated"]')
    await earlier('an alert that was over')
    const asOf = (place) => page.locator(place, { hasText: 'What is shown is as of' })
    for (const [path, place] of [['alerts', '.earlier-place > p'], ['readings/backdated', 'section[aria-labelledby="backdated"] + p']]) {
      await page.clock.fastForward(LIST_ANEW_MS)
      assert.equal(await asOf(place).count(), 0)
      await whileHanging(`**/api/v1/patients/${of}/${path}`, async (asked) => {
        await fetch(`${mock.base}/dev/wait`)
        await asked()
        await page.clock.fastForward(SLOW_MS)
        await asOf(place).waitFor()
      })
      await asOf(place).waitFor({ state: 'detached' })
    }
  })

  test('while neither list nor stream says what is open no page says that nothing is', async () => {
    const unknown = ['**/api/v1/patients', '**/api/v1/alerts/stream']
    for (const path of unknown) await page.route(path, (route) => route.fulfill({ status: 503, json: { title: 'Just started' } }))
    await page.reload()
    await page.waitForSelector('.plot')
    await page.locator('.notice[role=alert]', { hasText: 'list of patients could not be loaded' }).waitFor()
    assert.equal(await page.locator('.all-clear').count(), 0)
    // The stream alone would ask for the list by itself, and take the button away.
    const [list, stream] = unknown
    await page.unroute(list)
    await page.locator('.notice[role=alert] button').click()
    await page.locator('.notice[role=alert]').waitFor({ state: 'detached' })
    await page.unroute(stream)
    await page.locator('.alert-detail, .all-clear').first().waitFor()
  })

  test('while the list has not come nobody is said to have sent nothing', async () => {
    await tell({ id: 'without evidence', evidence: [], text: { ja: 'without evidence', en: 'without evidence' } })
    await page.route('**/api/v1/patients', (route) => route.fulfill({ status: 503, json: { title: 'Just started' } }))
    await page.route('**/api/v1/patients/**', (route) => route.abort())
    await page.goto(`${mock.base}/`)
    await page.locator('[data-testid=attention] .card', { hasText: 'without evidence' }).waitFor()
    assert.equal(await page.getByText('Nothing received yet').count(), 0)
  })
})

async function waitUntil(holds, what) {
  const deadline = Date.now() + SHOWN_WITHIN_MS
  while (!holds()) {
    assert.ok(Date.now() < deadline, what)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
