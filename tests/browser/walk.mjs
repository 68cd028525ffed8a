// Every page, and what opens on it or goes wrong with it, with the invented patients of the mock. The order counts:
// stations of one walk are in one browser, and the last one ends its session.
import assert from 'node:assert/strict'
import { exchangeDocument } from './exchange-document.mjs'
import { NAMED } from './mock.mjs'

/** Who measures blood pressure, glucose by a sensor, has an open alert, has none any more, and lives elsewhere. */
const PATIENTS = { pressure: 'BRW001/P1', sensor: 'CGM006/T001', urgent: 'DEMO01/P0003', silent: 'DEMO01/P0016', abroad: 'EUR01/P1', everything: 'DEMO01/P0012' }

/** Whose clocks are ahead, or not set, and who has alerts of both. */
const WRONG_CLOCKS = 'USA01/P1'

/** Texts and widths are looked at, and axe is not asked again. */
const ALIKE = { isAlike: true }

const problem = (status, type = 'about:blank', more = {}) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ type, title: 'A problem', status, ...more }) })

/** While it runs, requests to a path are answered so. */
async function whileAnswered(page, path, answer, run) {
  const handle = (route) => (answer === 'nothing' ? route.abort() : route.fulfill(answer))
  await page.route(path, handle)
  try {
    await run()
  } finally {
    await page.unroute(path, handle)
  }
}

/** Switches the mock's store or its queue, and back. */
async function whileSwitched({ base }, what, run) {
  await fetch(`${base}/dev/${what}`)
  try {
    await run()
  } finally {
    await fetch(`${base}/dev/${what}`)
  }
}

async function open({ page, base }, path, shown) {
  await page.goto(`${base}${path}`)
  await page.waitForSelector(shown)
}

async function patient(walk, who, shown = '.panel-head') {
  await open(walk, `/patients/${who}`, shown)
  await walk.page.waitForSelector('.panel-waiting, [class*="-waiting"][aria-busy]', { state: 'detached' })
}

const plan = (walk, who = PATIENTS.pressure) => open(walk, `/patients/${who}/plan`, '.plan-form')

async function signIn({ page, base }, user, shown) {
  await page.goto(`${base}/`)
  await page.fill('#user', user)
  await page.fill('#password', user)
  await page.click('button[type=submit]')
  await page.waitForSelector(shown)
}

/** Fills in what a plan may say; the numbers are of the mock's parameters. */
async function fillPlan(page, systolic) {
  await page.selectOption('.plan-form select >> nth=0', 'heart_failure')
  await page.locator('.plan-parameters input').first().fill(String(systolic))
  const kinds = page.locator('.plan-form fieldset').first().locator('select')
  if ((await page.locator('.plan-form fieldset fieldset').count()) === 0) await kinds.last().selectOption('blood_pressure')
  const pauses = page.locator('.plan-form > fieldset').nth(1)
  if ((await pauses.locator('input').count()) === 0) await pauses.locator('button').click()
  await page.locator('.plan-form > fieldset').nth(2).locator('input[type=checkbox]').check()
  await page.fill('.plan-form textarea', '–')
}

const save = (page) => page.click('.plan-form button[type=submit]')

/** What each station is, and how it is reached. `walk` is { page, base, look }: `look` is called with what to add to the name, and `ALIKE` where only words differ from what was looked at before. */
export const STATIONS = [
  ['signing in', async (walk) => {
    await open(walk, '/', '#user')
    await walk.look()
    await walk.page.fill('#user', 'physician')
    await walk.page.fill('#password', 'wrong')
    await walk.page.click('button[type=submit]')
    await walk.page.waitForSelector('.form-failure:not(:empty)')
    await walk.look('with a wrong password')
    for (const [status, what] of [[429, 'too often'], [500, 'without an answer']]) {
      await whileAnswered(walk.page, '**/api/v1/session', problem(status), async () => {
        await walk.page.click('button[type=submit]')
        await walk.page.waitForSelector('.form-failure:not(:empty)')
        await walk.look(what)
      })
    }
  }],
  ['signing in at a provider', async (walk) => {
    await whileAnswered(walk.page, '**/api/v1/session/way', { json: { by: 'openid_connect' } }, async () => {
      await open(walk, '/sign-in?failed=away&from=%2Ftrends', 'a.primary')
      await walk.look('that is away')
      assert.equal(await walk.page.locator('a.primary').getAttribute('href'), '/api/v1/session/oidc/start?to=%2Ftrends')
      await open(walk, '/sign-in', 'a.primary')
      await walk.look()
    })
  }],
  ['signing in over plain HTTP', async (walk) => {
    await walk.page.goto(`http://${NAMED}:${new URL(walk.base).port}/`)
    await walk.page.waitForSelector('.form-failure:not(:empty)')
    await walk.look()
  }],
  ['the page of operators', async (walk) => {
    await signIn(walk, 'operator', '.plain')
    await walk.page.waitForSelector('[data-testid="silent-groups"].notice')
    await walk.look()
    await walk.page.click('.sign-out')
    await walk.page.waitForSelector('#user')
  }],
  ['the list', async (walk) => {
    await signIn(walk, 'physician', '.quiet')
    await walk.page.waitForSelector('[data-connection="live"]')
    await walk.look()
    await walk.page.fill('.find input', 'nobody')
    await walk.page.waitForSelector('.quiet', { state: 'detached' })
    await walk.look('without a match')
    // Who is looked for is there again after 'back', and neither in the address nor in the browser's history.
    await walk.page.waitForFunction(() => typeof history.state?.sought === 'string')
    assert.equal(new URL(walk.page.url()).search, '')
    assert.ok(!JSON.stringify(await walk.page.evaluate(() => history.state)).includes('nobody'))
    await walk.page.click('.home')
    await walk.page.waitForSelector('.quiet')
    await walk.page.goBack()
    await walk.page.waitForSelector('.find input[value="nobody"]')
    await walk.page.click('.home')
    await walk.page.waitForSelector('.quiet')
    assert.equal(await walk.page.inputValue('.find input'), '', 'a link to the list leads to all of it')
  }],
  ['a patient who is looked for by name', async ({ page, base, look }) => {
    await open({ page, base }, '/', '.quiet')
    await page.fill('.find input', 'みほん')
    const isFound = () => page.waitForFunction(() => {
      const links = [...document.querySelectorAll('a[data-row]')]
      return links.length > 0 && links.every((link) => link.textContent.includes('ミホン'))
    })
    await isFound()
    await look()
    await whileAnswered(page, '**/api/v1/patients/search', problem(503), async () => {
      await page.fill('.find input', 'しらない')
      await page.waitForSelector('.notice[role=alert]')
      await look('while names cannot be searched')
    })
    await page.fill('.find input', 'みほん')
    await isFound()
    const patient = await page.locator('.quiet a[data-row]').first().getAttribute('href')
    await whileAnswered(page, '**/identity', problem(503), async () => {
      await open({ page, base }, patient, '.patient-contacts[role=alert]')
      await look('whose telephone cannot be loaded')
    })
    await open({ page, base }, patient, '.patient-contacts a')
    assert.match(await page.textContent('h1'), /ミホン/)
    assert.doesNotMatch(await page.title(), /見本/, 'the browser keeps titles in its history')
    await look('with telephone and emergency contact')
  }],
  ['the list by keyboard', async ({ page, base, look }) => {
    await open({ page, base }, '/', '.quiet')
    const links = await page.locator('a[data-row]').evaluateAll((all) => all.map((link) => link.getAttribute('href')))
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('href') ?? null)
    await page.locator('a[data-row]').first().focus()
    await page.keyboard.press('k')
    assert.equal(await focused(), links[0], 'the first stays')
    for (const link of links.slice(1)) {
      await page.keyboard.press('j')
      assert.equal(await focused(), link)
    }
    await page.keyboard.press('k')
    assert.equal(await focused(), links.at(-2))
    await look()
    await page.keyboard.press('?')
    await page.waitForSelector('dialog[open]')
    await look('with its keys')
    await page.keyboard.press('j')
    await page.keyboard.press('Escape')
    assert.equal(await focused(), links.at(-2), 'closing leads back')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${base}${links.at(-2)}`)
    // Elsewhere the keys are no keys.
    await open({ page, base }, '/', '.quiet')
    await page.focus('.find input')
    await page.keyboard.type('kj')
    assert.equal(await page.inputValue('.find input'), 'kj')
    await page.fill('.find input', '')
    await page.waitForFunction(() => history.state === null)
  }],
  ['alerts that are acknowledged in the list', async (walk) => {
    const { page } = walk
    await open(walk, '/', '.quiet')
    await page.waitForSelector('[data-connection="live"]')
    const card = page.locator('[data-testid="attention"] [data-patient="DEMO01/P0011"]')
    await card.locator('a[data-row]').focus()
    await page.route('**/api/v1/acts', (route) => route.abort(), { times: 1 })
    await page.keyboard.press('a')
    // Nobody knows whether it was done: the same is sent again, and counts once.
    await page.click('.list-acted button >> nth=0')
    await card.locator('.badge-done').waitFor()
    await walk.look()
    await page.click('.list-acted button >> nth=0')
    await card.locator('.badge-done').waitFor({ state: 'detached' })
    await walk.look('and no more', ALIKE)
    for (const who of ['DEMO01/P0011', 'DEMO01/P0003']) await page.locator(`[data-patient="${who}"] .card-mark`).check()
    await walk.look('many at once')
    // Whom nobody sees is not marked, nor when they are seen again.
    await page.fill('.find input', 'P0003')
    await page.fill('.find input', '')
    assert.equal(await card.locator('.card-mark').isChecked(), false)
    await card.locator('.card-mark').check()
    // Of one alert nobody knows whether it was recorded: that is said beside what is marked, and is sent again.
    const urgent = page.locator('[data-patient="DEMO01/P0003"] .card-mark')
    await urgent.uncheck()
    await page.route('**/api/v1/acts', async (route) => {
      const { alerts } = route.request().postDataJSON()
      await route.fulfill({ json: { answers: alerts.map(({ alert }) => ({ alert, status: 503 })) } })
    }, { times: 1 })
    await page.click('.list-acted .act-acknowledge')
    await page.waitForSelector('.list-acted .notice-warning')
    await urgent.check()
    await walk.look('one that is perhaps recorded')
    await page.click('.list-acted .act-acknowledge')
    await page.waitForSelector('.list-acted .notice-info button >> nth=1')
    assert.equal(await page.locator('.list-acted .notice-warning').count(), 1, 'what is done elsewhere does not hide it')
    await page.click('.list-acted .notice-warning button >> nth=0')
    await page.waitForSelector('.list-acted .notice-warning', { state: 'detached' })
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="attention"] .badge-done').length === 3)
    await walk.look('many that were', ALIKE)
    await card.locator('a[data-row]').focus()
    await page.keyboard.press('u')
    await card.locator('.badge-done').waitFor({ state: 'detached' })
    assert.notEqual(await page.locator('[data-testid="attention"] .badge-done').count(), 0, 'each is taken back for itself')
  }],
  ['acts on an alert', async (walk) => {
    const { page } = walk
    await patient(walk, 'DEMO01/P0020', '.acts')
    await page.waitForSelector('[data-connection="live"]')
    await walk.look()
    await page.click('.act-more summary')
    for (const [kind, fill] of [
      ['assign', () => page.selectOption('.act-form select >> nth=1', 'dr.suzuki')],
      ['comment', () => page.fill('.act-form textarea', '–')],
      ['snooze', () => page.fill('.act-form textarea', '–')],
      ['close', () => page.selectOption('.act-form select >> nth=1', 'seen_in_clinic')],
    ]) {
      await page.selectOption('.act-form select >> nth=0', kind)
      await fill()
      await walk.look(kind, kind === 'assign' ? {} : ALIKE)
      if (kind === 'comment') await page.route('**/acts', (route) => route.abort(), { times: 1 })
      await page.click('.act-form button')
      if (kind === 'comment') {
        await page.waitForSelector('.acts [role=alert]')
        await walk.look('that is perhaps recorded')
        await page.click('.acts [role=alert] button >> nth=0')
        await page.waitForSelector('.acts [role=alert]', { state: 'detached' })
      }
      if (kind === 'assign') await page.locator('.alert-when', { hasText: '鈴木 一郎' }).waitFor()
    }
    await page.locator('.badge-done').waitFor()
    assert.equal(await page.locator('.act-acknowledge').count(), 0)
    await page.click('.act-past summary')
    await page.waitForSelector('.act-history li >> nth=3')
    assert.equal(await page.locator('.act-history li').count(), 4, 'what was sent twice is recorded once')
    await page.waitForSelector('.act-notified li >> nth=1')
    await walk.look('that were done')
    await page.locator('.act-history button').last().click()
    await page.waitForSelector('.act-undone')
    await page.locator('.act-acknowledge').click()
    await page.locator('.badge-done').waitFor()
    await walk.look('that are taken back', ALIKE)
    // What is over has its acts as well, but nobody puts it off.
    await page.goto(`${walk.base}/patients/${PATIENTS.sensor}`)
    await page.click('.earlier-place .earlier > summary')
    const over = page.locator('.earlier-place li').first()
    await over.locator('.act-more summary').click()
    await over.locator('.act-form select').selectOption('close')
    assert.equal(await over.locator('.act-form select >> nth=0').locator('option').count(), 2)
    await walk.look('of an alert that is over')
    await over.locator('.act-form button').click()
    await over.locator('.badge-done').waitFor()
    await patient(walk, 'DEMO01/P0020', '.acts')
    await page.click('.act-more summary')
    for (const [status, type] of [[409, 'urn:mimamori:problem:has-become-worse'], [409, 'about:blank'], [403, 'about:blank'], [422, 'about:blank']]) {
      await whileAnswered(page, '**/acts', problem(status, type, { detail: 'must be otherwise' }), async () => {
        await page.selectOption('.act-form select >> nth=0', 'assign')
        await page.click('.act-form button')
        await page.waitForSelector('.acts [role=alert]')
        await walk.look(`refused ${status} ${type.split(':').at(-1)}`, ALIKE)
        await page.locator('.acts [role=alert] button').last().click()
      })
    }
  }],
  ['the list with other columns', async (walk) => {
    const { page } = walk
    await open(walk, '/', '.quiet')
    const heads = () => page.locator('.quiet thead th').count()
    const usual = await heads()
    await page.click('.column-choice summary')
    const boxes = page.locator('.column-choice input')
    for (const box of await boxes.all()) await box.setChecked(!(await box.isChecked()))
    await walk.look()
    const chosen = await heads()
    assert.notEqual(chosen, usual)
    await page.reload()
    await page.waitForSelector('.quiet')
    assert.equal(await heads(), chosen, 'they are kept')
    await page.click('.column-choice summary')
    await page.click('.column-choice button')
    assert.equal(await heads(), usual)
  }],
  ['the list of thousands', async (walk) => {
    const { page } = walk
    const answer = await page.evaluate(async () => (await fetch('/api/v1/patients')).json())
    const quiet = answer.patients.filter((one) => one.open_alerts.length === 0)
    const many = Array.from({ length: 5_000 }, (_, n) => ({ ...quiet[n % quiet.length], patient: `DEMO02/P${10_000 + n}` }))
    await whileAnswered(page, '**/api/v1/patients', { json: { ...answer, patients: [...answer.patients, ...many] } }, async () => {
      await open(walk, '/', '.quiet-windowed')
      const rows = quiet.length + many.length
      assert.equal(await page.getAttribute('.quiet', 'aria-rowcount'), String(rows + 1))
      const at = () => page.evaluate(() => Number(document.activeElement?.closest('tr')?.getAttribute('aria-rowindex')))
      await page.locator('.quiet a[data-row]').first().focus()
      for (let row = 3; row < 80; row += 1) {
        await page.keyboard.press('j')
        await page.waitForFunction((row) => document.querySelector(`tr[aria-rowindex="${row + 1}"]`), row)
        assert.equal(await at(), row)
      }
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
      await page.waitForSelector(`tr[aria-rowindex="${rows + 1}"]`)
      assert.equal(await at(), 79, 'what has the focus keeps it')
      assert.ok((await page.locator('.quiet tbody tr').count()) < 150, 'few rows are in the document')
      await walk.look()
      await page.keyboard.press('k')
      assert.equal(await at(), 78)
    })
  }],
  ['the list when a new alert comes', async (walk) => {
    await open(walk, '/', '.quiet')
    await walk.page.waitForSelector('[data-connection="live"]')
    for (const minutesAgo of [3, 1]) {
      const document = exchangeDocument({ patient: 'DEMO01/P0005', systolic: 192, diastolic: 114, observedAt: Date.now() - minutesAgo * 60_000, now: Date.now() })
      await fetch(`${walk.base}/v1/readings`, { method: 'POST', headers: { authorization: 'Bearer mock-device-token', 'content-type': 'application/json' }, body: JSON.stringify(document) })
    }
    await walk.page.waitForSelector('[data-testid="announce-urgent"]:not(:empty)')
    await walk.look()
  }],
  ['the list with silent groups of each sort', async (walk) => {
    const hoursAgo = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString()
    const groups = [['vendor', 0.4], ['model', 0.4], ['consortium', 5]].map(([group, counted]) => ({ group, name: group === 'consortium' ? 'DEMO01' : 'OMRON', model: group === 'model' ? 'HEM-7600T' : null, patients: 38, members: 40, since: hoursAgo(9), counted_at: hoursAgo(counted) }))
    await whileAnswered(walk.page, '**/silent-groups', { json: { groups } }, async () => {
      await open(walk, '/', '[data-testid="silent-groups"].notice')
      await walk.look()
    })
  }],
  ['the list without the store', (walk) => whileSwitched(walk, 'store', async () => {
    await open(walk, '/', '.trust .notice')
    await walk.look()
  })],
  ['the list while readings wait', (walk) => whileSwitched(walk, 'wait', async () => {
    await open(walk, '/', 'p.notice-warning[role=status]')
    await walk.look()
  })],
  ['the list that does not come', (walk) => whileAnswered(walk.page, '**/api/v1/patients', problem(500), async () => {
    await open(walk, '/', '.trust .notice-warning:not(.notice-lost)')
    await walk.page.waitForSelector('[data-testid="attention"] .card')
    await walk.look('while alerts do')
    await whileAnswered(walk.page, '**/alerts/stream', problem(500), async () => {
      await open(walk, '/', 'main [role=alert]')
      await walk.look()
    })
  })],
  ['the list of nobody', (walk) => whileAnswered(walk.page, '**/api/v1/patients', { json: { patients: [], store: 'available', waiting_since: null } }, async () => {
    await whileAnswered(walk.page, '**/alerts/stream', problem(500), async () => {
      await open(walk, '/', 'main > p:not(.waiting)')
      await walk.look()
    })
  })],
  ['the trends', async (walk) => {
    await open(walk, '/trends', '.trends tbody')
    await walk.look()
    await open(walk, '/trends?show=alerts&kind=blood_glucose', '.trends tbody')
    await walk.look('of glucose')
    await open(walk, '/trends?sought=nobody', '.trends-status:not(:empty)')
    await walk.look('without a match')
  }],
  ['the trends while readings wait', (walk) => whileSwitched(walk, 'wait', async () => {
    await open(walk, '/trends', '.notice-warning[role=status]')
    await walk.look()
  })],
  ['the trends that do not come', (walk) => whileSwitched(walk, 'store', async () => {
    await open(walk, '/trends', 'main [role=alert]')
    await walk.look()
  })],
  ...Object.entries(PATIENTS).map(([what, who]) => [`a patient: ${what}`, async (walk) => {
    const { page } = walk
    await patient(walk, who)
    await walk.look()
    for (const one of await page.locator('.plot').all()) {
      await one.focus()
      await page.keyboard.press('Home')
    }
    await walk.look('with a reading of a chart')
    for (const one of await page.locator('details').all()) await one.evaluate((element) => (element.open = true))
    const years = page.locator('section[aria-labelledby="year"] > .range-buttons button')
    if ((await years.count()) > 0) {
      await years.last().click()
      await page.waitForSelector('[aria-labelledby="year-panel"] svg')
      await walk.look('with two years')
    }
    for (const one of await page.locator('.panel-head button').all()) await one.click()
    await walk.look('with tables')
  }]),
  ['a patient with dates of long ago', async (walk) => {
    await patient(walk, PATIENTS.abroad)
    const backdated = walk.page.locator('section[aria-labelledby="backdated"]')
    await backdated.waitFor()
    assert.equal(await backdated.locator('tbody tr').count(), 3, 'of every kind, and what has a table of its own once')
    assert.equal(await walk.page.locator('.evidence-table .badge').count(), 1, 'evidence has the mark of its reading')
    await walk.look()
  }],
  ['the versions of a reading that was corrected', async (walk) => {
    const { page } = walk
    await patient(walk, PATIENTS.pressure)
    for (const one of await page.locator('.panel-head button').all()) await one.click()
    const corrected = page.locator('.readings tr', { has: page.locator('.badge', { hasText: /corrected|訂正あり/ }) }).first()
    await corrected.locator('.versions-toggle').click()
    await page.waitForSelector('.versions .current')
    assert.equal(await page.locator('.versions tbody tr').count(), 3)
    await walk.look()
    await whileAnswered(page, '**/readings/versions*', problem(503), async () => {
      await corrected.locator('.versions-toggle').click()
      await corrected.locator('.versions-toggle').click()
      await page.waitForSelector('.readings [role=status]')
      await walk.look('that do not come', ALIKE)
    })
  }],
  ['a patient whose clocks are wrong', async (walk) => {
    const { page } = walk
    await patient(walk, WRONG_CLOCKS)
    const evidence = page.locator('.evidence-table')
    await evidence.nth(1).locator('th', { hasText: /received|受信/ }).waitFor()
    assert.equal(await evidence.locator('.badge').count(), 2, 'both readings ahead of their receipt have their mark')
    for (const line of await page.locator('.alert-when').allTextContents()) assert.doesNotMatch(line, /in \d+ min|\d分後/)
    await walk.look()
    await open(walk, '/', `[data-testid="attention"] [data-patient="${WRONG_CLOCKS}"]`)
    await page.locator('[data-patient="DEMO01/P0014"] .value-age', { hasText: /check the device date|機器の日付を確認/ }).waitFor()
    await walk.look('in the list', ALIKE)
  }],
  ['a patient of whom nothing of long ago is said', (walk) => whileAnswered(walk.page, '**/readings/backdated', problem(503), async () => {
    await patient(walk, PATIENTS.abroad)
    await walk.page.locator('main > p.muted').last().waitFor()
    await walk.look()
  })],
  ['a patient of 24 hours', async (walk) => {
    await open(walk, `/patients/${PATIENTS.pressure}?range=1`, '.range-buttons button[aria-pressed=true]:first-child')
    await walk.page.waitForSelector('.panel-head')
    await walk.look()
  }],
  ['a patient without the store', (walk) => whileSwitched(walk, 'store', async () => {
    await open(walk, `/patients/${PATIENTS.urgent}`, 'main [role=alert]')
    await walk.look()
  })],
  ['a patient while readings wait', (walk) => whileSwitched(walk, 'wait', async () => {
    await patient(walk, PATIENTS.urgent, 'main .notice-warning[role=status]')
    await walk.look()
  })],
  ['a patient of whom nothing comes', (walk) => whileAnswered(walk.page, '**/api/v1/patients/**', 'nothing', async () => {
    await open(walk, `/patients/${PATIENTS.urgent}`, 'main [role=alert]')
    await walk.look()
  })],
  ['a patient whose charts do not come', (walk) => whileAnswered(walk.page, /\/assets\/(blood-pressure|glucose|weight)-/, 'nothing', async () => {
    await open(walk, `/patients/${PATIENTS.pressure}`, '.charts [role=alert] button')
    await walk.look()
  })],
  ['somebody else’s patient', (walk) => whileAnswered(walk.page, '**/api/v1/patients/**', problem(404, 'urn:mimamori:problem:not-your-patient'), async () => {
    await open(walk, '/patients/BRW999/P1', 'main .notice-warning')
    await walk.look()
    await open(walk, '/patients/BRW999/P1/plan', 'main .notice-warning')
    await walk.look('and the plan')
  })],
  ['a plan', async (walk) => {
    const { page } = walk
    await plan(walk)
    await walk.look()
    await fillPlan(page, 200)
    await walk.look('that is edited')
    await page.click('.plan-preview > button')
    await page.waitForSelector('.plan-preview p.muted >> nth=1')
    await walk.look('with what it changes')
    await fillPlan(page, 130)
    await walk.look('that was edited since')
    await save(page)
    await page.waitForSelector('.notice-info[role=status]')
    await walk.look('that is set')
  }],
  ['a plan that changes alerts', async (walk) => {
    await plan(walk, PATIENTS.urgent)
    for (const [systolic, what] of [[200, 'fewer'], [160, 'more']]) {
      await walk.page.locator('.plan-parameters input').first().fill(String(systolic))
      await walk.page.click('.plan-preview > button')
      await walk.page.waitForSelector(`.preview-${what === 'fewer' ? 'gone' : 'added'}`)
      await walk.look(`${what} of them`)
    }
  }],
  ['a plan that is not valid', async (walk) => {
    const { page } = walk
    await plan(walk, PATIENTS.urgent)
    await fillPlan(page, 200)
    const faults = ['/thresholds/bp.severe_high.systolic', '/schedule/expected/0/days', '/pauses/0', '/quiet_hours', '/reason'].map((pointer) => ({ pointer, detail: 'must be otherwise' }))
    await whileAnswered(page, '**/api/**/plan', problem(422, 'urn:mimamori:problem:invalid-plan', { faults }), async () => {
      await save(page)
      await page.waitForSelector('.field-fault')
      await walk.look()
    })
    await whileAnswered(page, '**/api/**/plan', 'nothing', async () => {
      await save(page)
      await page.waitForSelector('[role=alert] button')
      await walk.look('or was perhaps set')
    })
    for (const [type, status] of [['summaries-busy', 503], ['too-many-readings', 422], ['store-unavailable', 503]]) {
      await whileAnswered(page, '**/api/**/plan/preview', problem(status, `urn:mimamori:problem:${type}`, status === 422 ? { faults: [] } : {}), async () => {
        await page.click('.plan-preview > button')
        await page.waitForSelector('.plan-preview [role=alert] .notice')
        await walk.look(`and a preview that fails: ${type}`)
      })
    }
  }],
  ['a plan that somebody else has set meanwhile', async (walk) => {
    const { page } = walk
    await plan(walk, PATIENTS.abroad)
    await fillPlan(page, 190)
    await page.evaluate(async (who) => {
      const current = await (await fetch(`/api/v1/patients/${who}/plan`)).json()
      const theirs = { ...current.plan, thresholds: { 'weight.gain.in_3_days': 3 }, quiet_hours: { from: '22:00', until: '06:00' }, reason: '–' }
      await fetch(`/api/v1/patients/${who}/plan`, { method: 'PUT', headers: { 'content-type': 'application/json', 'if-match': `"${current.version}"` }, body: JSON.stringify(theirs) })
    }, PATIENTS.abroad)
    await save(page)
    await page.waitForSelector('.plan-versions')
    await walk.look()
  }],
  ['a plan that does not come', (walk) => whileAnswered(walk.page, '**/api/**/plan', 'nothing', async () => {
    await open(walk, `/patients/${PATIENTS.pressure}/plan`, '[role=alert] .notice')
    await walk.look()
  })],
  ['a page that is not there', async (walk) => {
    await open(walk, '/nowhere', 'h1')
    await walk.look()
  }],
  ['the list when the connection is lost', async (walk) => {
    await open(walk, '/', '[data-connection="live"]')
    await fetch(`${walk.base}/dev/drop`)
    await walk.page.waitForSelector('.notice-lost')
    await walk.look()
    await walk.page.waitForSelector('[data-connection="live"]')
  }],
  ['signing out that fails', async (walk) => {
    await open(walk, '/', '.sign-out')
    await whileAnswered(walk.page, '**/api/v1/session', 'nothing', async () => {
      await walk.page.click('.sign-out')
      await walk.page.waitForSelector('.top [role=alert]')
      await walk.look()
    })
  }],
  ['a session that has ended', async (walk) => {
    await open(walk, '/', '[data-connection="live"]')
    await fetch(`${walk.base}/dev/expire`)
    await walk.page.waitForSelector('.sign-in .notice-info')
    await walk.look()
  }],
]
