// The dashboard in a real browser, against a running stack:
//   DASHBOARD_URL DASHBOARD_USER DASHBOARD_PASSWORD   a physician who follows the patient
//   OPERATOR_USER OPERATOR_PASSWORD                   an operator, who sees no patient
//   PATIENT            e.g. BRW001/P1, without an open urgent alert
//   OTHER_PATIENT      another one of the physician, the same
//   GATEWAY_URL DEVICE_TOKEN                          may write for the patient's consortium
//   SCREENSHOT_DIR     where the screenshots go
//   CHROMIUM           the browser (default /usr/bin/chromium)
import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { exchangeDocument } from './exchange-document.mjs'

const ALERT_DEADLINE_MS = 30_000
const STEP_DEADLINE_MS = 20_000
const CHANGE_DEADLINE_MS = 10_000
const DAY_MS = 86_400_000
/** Half of what is called good (web.dev, Cumulative Layout Shift). */
const MOST_SHIFT = 0.05

const need = (name) => {
  const value = process.env[name]
  if (!value) throw new Error(`Set ${name}; the head of dashboard.test.mjs says what it is.`)
  return value
}
const base = need('DASHBOARD_URL').replace(/\/$/, '')
const gateway = need('GATEWAY_URL').replace(/\/$/, '')
const patient = need('PATIENT')
const otherPatient = need('OTHER_PATIENT')
const shots = need('SCREENSHOT_DIR')
const [user, password, token] = ['DASHBOARD_USER', 'DASHBOARD_PASSWORD', 'DEVICE_TOKEN'].map(need)
const [operator, operatorPassword] = ['OPERATOR_USER', 'OPERATOR_PASSWORD'].map(need)

/** A name of this machine that a browser does not take for it: plain HTTP to it is plain HTTP over the network. */
const NAMED = 'dashboard.example'

/** Tabs that a physician may have open: more than the connections that a browser makes to a server. */
const TABS = 10

const cardOf = (who) => `[data-testid="attention"] [data-patient="${who}"]`
const card = cardOf(patient)
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe('the dashboard in a browser', { timeout: 180_000 }, () => {
  let browser
  let context
  let page
  let tabs = []
  let failed = false
  const complaints = []

  before(async () => {
    await mkdir(shots, { recursive: true })
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP ${NAMED} 127.0.0.1`],
    })
    context = await browser.newContext({ locale: 'ja-JP', timezoneId: 'Asia/Tokyo', viewport: { width: 1280, height: 900 } })
    context.setDefaultTimeout(STEP_DEADLINE_MS)
    page = await context.newPage()
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`)
      })
    })
    page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
    page.on('console', (message) => {
      // Asking who is signed in while nobody is answers 401; the browser reports it by itself.
      const expected = /\/api\/v1\/(session|alerts\/stream)$/.test(message.location().url) && message.text().includes('401')
        // So is a plan that is not valid, which one step asks for.
        || message.location().url.endsWith('/plan/preview') && message.text().includes('422')
      if (message.type() === 'error' && !expected) complaints.push(message.text())
    })
  })

  after(async () => {
    await browser?.close()
  })

  // Each step stands on the one before: after a failure the rest would only repeat it.
  const step = (name, run) =>
    test(name, async (t) => {
      if (failed) return t.skip('an earlier step failed')
      try {
        await run()
      } catch (error) {
        failed = true
        await page?.screenshot({ path: join(shots, 'failure.png') }).catch(() => {})
        throw error
      }
    })
  const shot = (name) => page.screenshot({ path: join(shots, `${name}.png`) })
  afterEach(() => assert.deepEqual(complaints.splice(0), [], 'the browser complained'))

  step('who is not signed in sees the sign-in page only', async () => {
    await page.goto(`${base}/`)
    await page.waitForSelector('#user')
    assert.equal(new URL(page.url()).pathname, '/sign-in')
    await isAccessible(page)
    await shot('sign-in')
  })

  step('over plain HTTP the page says that TLS is missing, and sends no password', async () => {
    const tab = await context.newPage()
    await tab.goto(`http://${NAMED}:${new URL(base).port}/`)
    await tab.waitForSelector('#user')
    assert.match((await tab.textContent('.form-failure')) ?? '', /TLS/)
    assert.equal(await tab.isDisabled('button[type=submit]'), true)
    await tab.close()
  })

  step('signing in leads to the live list', async () => {
    await page.fill('#user', user)
    await page.fill('#password', password)
    await page.click('button[type=submit]')
    await page.waitForSelector('[data-connection="live"]')
    await page.waitForSelector(`[data-patient="${patient}"]`)
    assert.equal(await page.locator(`${card} .severity-urgent`).count(), 0, `${patient} already has an open urgent alert: name another patient`)
    await isAccessible(page)
    await shot('live-list')
  })

  step('two severe readings become an urgent alert on the open page, without a reload', async () => {
    await page.evaluate(() => {
      window.neverReloaded = true
    })
    const started = Date.now()
    await send({ systolic: 192, diastolic: 114, minutesAgo: 3 })
    await send({ systolic: 190, diastolic: 112, minutesAgo: 1 })
    await page.waitForSelector(`${card} .severity-urgent`, { timeout: ALERT_DEADLINE_MS })
    console.log(`# the urgent alert was on the page ${Date.now() - started} ms after the first reading was sent`)
    assert.equal(await page.evaluate(() => window.neverReloaded), true, 'the page was loaded anew')
    // What was judged, the mean of the two, and the limits it broke.
    assert.match(await page.textContent(card), /191\/113 mmHg（収縮期が180以上、拡張期が110以上）/)
    const announced = page.locator('[data-testid="announce-urgent"]')
    await waitUntil(async () => (await announced.textContent())?.includes(patient), 'the alert is announced to screen readers')
    // Colours in the middle of a change have no contrast to speak of.
    await page.evaluate(() => {
      const ends = (animation) => animation.effect?.getComputedTiming().iterations !== Infinity
      return Promise.allSettled(document.getAnimations().filter(ends).map((animation) => animation.finished))
    })
    await isAccessible(page)
    await shot('urgent-alert')
  })

  step('the language changes on the spot and is remembered', async () => {
    assert.equal(await page.getAttribute('html', 'lang'), 'ja')
    const japanese = await page.textContent(`${card} .alert-text`)
    await page.click('.language-toggle')
    await page.waitForSelector('html[lang="en"]')
    assert.equal((await page.textContent('h1'))?.trim(), 'My patients')
    assert.notEqual(await page.textContent(`${card} .alert-text`), japanese)
    assert.equal(await page.evaluate(() => window.neverReloaded), true, 'the page was loaded anew')
    await page.reload()
    await page.waitForSelector(`${card} .severity-urgent`)
    assert.equal(await page.getAttribute('html', 'lang'), 'en')
    await shot('urgent-alert-english')
  })

  step('opening the patient shows the alert, its evidence and the chart', async () => {
    await page.click(`${card} .card-link`)
    await page.waitForSelector('.alert-detail .severity-urgent')
    assert.equal(new URL(page.url()).pathname, `/patients/${patient}`)
    assert.equal((await page.textContent('h1'))?.trim(), patient)
    const evidence = await page.textContent('.alert-detail .evidence-table')
    assert.match(evidence ?? '', /192\/114/)
    assert.match(evidence ?? '', /190\/112/)
    // The store follows the live alert by a moment; the page asks again by itself.
    await page.waitForSelector('.plot .bp-severe path[d^="M"]', { timeout: 90_000 })
    await isAccessible(page)
    await page.screenshot({ path: join(shots, 'patient.png'), fullPage: true })
  })

  step('nothing moves under who reads while a page loads', async () => {
    const tab = await context.newPage()
    await tab.addInitScript(() => {
      window.shifted = 0
      const add = (entries) => entries.filter((entry) => !entry.hadRecentInput).forEach((entry) => (window.shifted += entry.value))
      new PerformanceObserver((list) => add(list.getEntries())).observe({ type: 'layout-shift', buffered: true })
    })
    for (const [path, shown] of [['/', card], [`/patients/${patient}`, '.plot'], ['/trends', '.trends tbody']]) {
      await tab.goto(`${base}${path}`)
      await tab.waitForSelector(shown)
      await tab.waitForLoadState('networkidle')
      const shifted = await tab.evaluate(() => window.shifted)
      console.log(`# layout shift of ${path === '/' ? 'the list' : path.split('/')[1]}: ${shifted.toFixed(3)}`)
      assert.ok(shifted < MOST_SHIFT, `${path} moves by ${shifted}`)
    }
    await tab.close()
  })

  step('the chart is read by keyboard, and as a table', async () => {
    const plot = page.locator('.plot').first()
    await plot.focus()
    await page.keyboard.press('End')
    assert.match((await plot.getAttribute('aria-valuetext')) ?? '', /190\/112/)
    await page.keyboard.press('ArrowLeft')
    assert.match((await plot.getAttribute('aria-valuetext')) ?? '', /192\/114/)
    await page.locator('.panel-head button').first().click()
    const row = await page.locator('.readings:not(.figures) tbody tr').first().textContent()
    assert.match(row ?? '', /190112/)
    await isAccessible(page)
    await shot('patient-table')
  })

  step('the pages fit a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.locator('.panel-head button').first().click()
    await page.waitForSelector('.plot')
    await fitsItsWidth(page)
    await shot('patient-phone')
    await page.click('.back a')
    await page.waitForSelector(`${card} .severity-urgent`)
    await fitsItsWidth(page)
    await isAccessible(page)
    await shot('live-list-phone')
  })

  step('the pages are as readable in the dark', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 1280, height: 900 })
    await isAccessible(page)
    await shot('live-list-dark')
    await page.click(`${card} .card-link`)
    await page.waitForSelector('.plot')
    await isAccessible(page)
    await shot('patient-dark')
  })

  step('what is corrected, withdrawn or comes late is in chart, head and table of the open page within ten seconds', async () => {
    await page.evaluate(() => {
      window.neverReloaded = true
    })
    // After every reading before, and not on a whole minute, where a device without seconds measures.
    const second = Math.floor(Date.now() / 1_000) - 1
    const observedAt = (second % 60 === 0 ? second - 1 : second) * 1_000
    const plot = page.locator('.plot').first()
    const inChart = async () => {
      await plot.focus()
      await page.keyboard.press('End')
      return (await plot.getAttribute('aria-valuetext')) ?? ''
    }
    const inHead = async () => (await page.locator('.patient-head .card-values').textContent()) ?? ''
    for (const [systolic, diastolic] of [[144, 91], [121, 78]]) {
      await send({ systolic, diastolic, observedAt })
      const value = `${systolic}/${diastolic}`
      const all = async () => (await inChart()).includes(value) && (await inHead()).includes(value)
      await waitUntil(all, `chart and head say ${value}`, CHANGE_DEADLINE_MS)
    }
    assert.equal((await inHead()).includes('144/91'), false)
    await page.locator('.panel-head button').first().click()
    const table = async () => (await page.locator('.readings tbody tr', { hasText: 'BROWSERTEST' }).first().textContent()) ?? ''
    assert.match(await table(), /12178/)
    // While the table is shown, the next correction comes to it too.
    await send({ systolic: 122, diastolic: 79, observedAt })
    await waitUntil(async () => (await table()).includes('12279') && (await inHead()).includes('122/79'), 'table and head say 122/79', CHANGE_DEADLINE_MS)
    const rows = async () => (await page.locator('.readings tbody tr', { hasText: 'BROWSERTEST' }).allTextContents()).join('\n')
    // A value of two days before that comes late has its place, which is not the newest.
    await send({ systolic: 117, diastolic: 76, observedAt: observedAt - 2 * DAY_MS })
    await waitUntil(async () => (await rows()).includes('11776'), 'the table has what came late', CHANGE_DEADLINE_MS)
    assert.match(await table(), /12279/)
    assert.match(await inHead(), /122\/79/)
    // What is taken back is nowhere any more, and the head goes back to what was before it.
    await send({ systolic: 122, diastolic: 79, observedAt, status: 'entered_in_error' })
    const isGone = async () => !(await rows()).includes('12279') && !(await inHead()).includes('122/79')
    await waitUntil(isGone, 'table and head are without what was withdrawn', CHANGE_DEADLINE_MS)
    assert.match(await inHead(), /190\/112/)
    assert.match(await table(), /190112/)
    await page.locator('.panel-head button').first().click()
    assert.match(await inChart(), /190\/112/)
    await page.keyboard.press('Home')
    assert.match((await plot.getAttribute('aria-valuetext')) ?? '', /117\/76/)
    // Of a kind without a chart the head alone says it.
    for (const spo2 of [97, 95]) {
      await send({ kind: 'oxygen_saturation', spo2, observedAt })
      await waitUntil(async () => (await inHead()).includes(`${spo2} %`), `the head says ${spo2} %`, CHANGE_DEADLINE_MS)
    }
    assert.equal((await inHead()).includes('97 %'), false)
    await send({ kind: 'oxygen_saturation', spo2: 95, observedAt, status: 'entered_in_error' })
    await waitUntil(async () => !(await inHead()).includes('95 %'), 'the head is without what was withdrawn', CHANGE_DEADLINE_MS)
    assert.equal(await page.evaluate(() => window.neverReloaded), true, 'the page was loaded anew')
    await isAccessible(page)
    await shot('patient-corrected')
  })

  step('what an edited plan would have raised is seen before it is set', async () => {
    await page.click('.back a[href$="/plan"]')
    const own = (name) => page.locator('.plan-form tr', { has: page.locator(`code:text-is("${name}")`) }).locator('input')
    await own('bp.severe_high.systolic').fill('200')
    await own('bp.severe_high.diastolic').fill('130')
    const look = page.locator('.plan-preview button')
    await look.focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.preview-gone li')
    const gone = (await page.textContent('.preview-gone')) ?? ''
    assert.match(gone, /Urgent.*191\/113/)
    const status = page.locator('.plan-preview [role="status"]')
    assert.match((await status.textContent()) ?? '', /No longer raised: 1\./)
    await isAccessible(page)
    await shot('plan-preview')
    // Edited since: the answer is of another plan.
    await own('bp.severe_high.diastolic').fill('5')
    assert.match((await status.textContent()) ?? '', /Look again/)
    await look.click()
    await page.waitForSelector('.plan-form input[aria-invalid="true"]')
    const marked = own('bp.severe_high.diastolic')
    assert.equal(await marked.getAttribute('aria-invalid'), 'true')
    const described = await page.locator(`[id="${await marked.getAttribute('aria-describedby')}"]`).textContent()
    assert.match(described ?? '', /between/)
    await isAccessible(page)
    await page.setViewportSize({ width: 390, height: 844 })
    await fitsItsWidth(page)
    await shot('plan-preview-faults')
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.click('.language-toggle')
    await look.click()
    await waitUntil(async () => ((await page.textContent('.plan-preview [role="alert"]')) ?? '').includes('修正してください'), 'the faults are shown in Japanese')
    await page.click('.language-toggle')
    // Nothing of it was set.
    await page.reload()
    await page.waitForSelector('.plan-preview button')
    assert.equal(await own('bp.severe_high.systolic').inputValue(), '')
  })

  step('the table of all patients has the worst first, and is read on a phone and by keyboard', async () => {
    await page.goto(`${base}/`)
    await page.waitForSelector('[data-connection="live"]')
    const link = page.locator('.pages a[href="/trends"]')
    await link.focus()
    await page.keyboard.press('Enter')
    const row = `.trends [data-patient="${patient}"]`
    await page.waitForSelector(row)
    assert.equal(await link.getAttribute('aria-current'), 'page')
    assert.equal(await page.locator('.trends tbody').first().locator('.severity-urgent').count(), 1)
    for (const language of ['first', 'second']) {
      await isAccessible(page)
      await shot(`trends-${language}-language`)
      await page.setViewportSize({ width: 360, height: 800 })
      await fitsItsWidth(page)
      await isAccessible(page)
      await shot(`trends-${language}-language-phone`)
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.click('.language-toggle')
    }
    await page.locator('.trends-choices select').first().selectOption('alerts')
    await waitUntil(() => new URL(page.url()).searchParams.get('show') === 'alerts', 'the choice is in the address')
    await page.fill('.find input', otherPatient)
    await waitUntil(async () => (await page.locator(row).count()) === 0, 'who is not looked for is not in the table')
    await page.fill('.find input', patient)
    await page.waitForSelector(row)
    await page.locator(`${row} a`).focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.patient-head')
    await page.goBack()
    await page.waitForSelector(row)
    assert.equal(await page.inputValue('.find input'), patient)
  })

  step('ten tabs work, and have one stream together', async () => {
    const streams = new Set()
    context.on('request', (request) => {
      if (request.url().endsWith('/alerts/stream')) streams.add(request)
    })
    for (const over of ['requestfinished', 'requestfailed']) context.on(over, (request) => streams.delete(request))
    await page.goto(`${base}/`)
    while (tabs.length < TABS - 1) {
      const tab = await context.newPage()
      await tab.goto(`${base}/${tabs.length % 2 ? `patients/${patient}` : ''}`)
      tabs.push(tab)
    }
    for (const tab of [page, ...tabs]) {
      await tab.waitForSelector('[data-connection="live"]')
      await tab.waitForSelector('.severity-urgent')
    }
    for (const tab of tabs.filter((_, number) => number % 2)) await tab.waitForSelector('.plot')
    await waitUntil(() => streams.size === 1, 'ten tabs have one stream')
  })

  step('when the tab with the stream is closed the others go on', async () => {
    // The first one has it.
    await page.close()
    page = tabs.shift()
    await send({ of: otherPatient, systolic: 192, diastolic: 114, minutesAgo: 3 })
    await send({ of: otherPatient, systolic: 190, diastolic: 112, minutesAgo: 1 })
    const lists = [page, ...tabs].filter((tab) => new URL(tab.url()).pathname === '/')
    for (const tab of lists) await tab.waitForSelector(`${cardOf(otherPatient)} .severity-urgent`, { timeout: ALERT_DEADLINE_MS })
    for (const tab of [page, ...tabs]) await tab.waitForSelector('[data-connection="live"]')
  })

  step('who signs in in one tab clears the others', async () => {
    await page.evaluate(
      async ([user, password]) => {
        const headers = { 'content-type': 'application/json' }
        const response = await fetch('/api/v1/session', { method: 'POST', headers, body: JSON.stringify({ user, password }) })
        if (!response.ok) throw new Error(`not signed in: ${response.status}`)
      },
      [operator, operatorPassword],
    )
    for (const tab of [page, ...tabs]) {
      // The end of the session may be there before the cookie of the next one: then it is the sign-in page.
      const cleared = (name) => document.querySelector('#user') !== null || document.querySelector('.who')?.title.includes(name)
      await tab.waitForFunction(cleared, operator)
      assert.equal((await tab.textContent('body'))?.includes(patient), false, 'nothing of the patient is left')
      await tab.goto(`${base}/`)
      await tab.waitForFunction((name) => document.querySelector('.who')?.title.includes(name), operator)
    }
  })

  step('signing out in one tab leaves nothing to read in any', async () => {
    await page.click('.sign-out')
    for (const tab of [page, ...tabs]) await tab.waitForSelector('#user')
    await page.fill('#user', user)
    await page.fill('#password', password)
    await page.click('button[type=submit]')
    // Every tab is signed in with the one that signs in.
    for (const tab of [page, ...tabs]) await tab.waitForSelector(`[data-patient="${patient}"]`)
    await page.click('.sign-out')
    for (const tab of [page, ...tabs]) {
      await tab.waitForSelector('#user')
      assert.equal(new URL(tab.url()).pathname, '/sign-in')
      assert.equal((await tab.textContent('body'))?.includes(patient), false)
    }
    await page.goto(`${base}/patients/${patient}`)
    await page.waitForSelector('#user')
    assert.equal((await page.textContent('body'))?.includes(patient), false)
    await page.goBack()
    await page.waitForSelector('#user')
    assert.equal((await page.textContent('body'))?.includes(patient), false)
  })
})

async function send({ of = patient, minutesAgo = 0, observedAt = Date.now() - minutesAgo * 60_000, ...said }) {
  const document = exchangeDocument({ patient: of, observedAt, now: Date.now(), ...said })
  const response = await fetch(`${gateway}/v1/readings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(document),
    signal: AbortSignal.timeout(STEP_DEADLINE_MS),
  })
  assert.equal(response.status, 202, `the gateway did not take the reading: ${await response.text()}`)
}

async function isAccessible(page) {
  await page.evaluate(axe)
  const violations = await page.evaluate(async () => {
    const result = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })
    return result.violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes.slice(0, 3).map((node) => node.target.join(' ')) }))
  })
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  for (const { id, at } of violations.filter((one) => !serious.includes(one))) console.log(`# axe, minor: ${id} at ${at.join(', ')}`)
  assert.deepEqual(serious, [], 'the page is not accessible')
}

async function fitsItsWidth(page) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
  assert.ok(wide <= window, `the page is ${wide} px wide in a window of ${window} px`)
}

async function waitUntil(holds, what, within = STEP_DEADLINE_MS) {
  const deadline = Date.now() + within
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `within ${within} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
