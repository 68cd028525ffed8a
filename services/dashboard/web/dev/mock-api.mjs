// A stand-in for the dashboard service and the gateway while the pages are worked on: invented patients, no storage.
//   npm run build && npm run mock      the built pages with their policy, on http://127.0.0.1:8790
//   npm run mock & npm run dev         the same API behind Vite
// Sign in as physician/physician or operator/operator. PORT (0 for a free one) and PATIENTS (default 200) may be set.
// POST /dev/drop cuts the live streams, /dev/store toggles the store, /dev/wait whether readings wait for it,
// /dev/expire ends all sessions. POST /dev/alert with { patient } and what else an alert says tells of it live.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { act, colleaguesOf, historyOf, notificationsOf, withCare } from './fake-acts.mjs'
import { alertOf, clock, fakePatients, severeAlert, timeOf, versionsOf } from './fake-patients.mjs'
import { days, glucoseProfile, glucoseSummary, pressureSummary } from './fake-summaries.mjs'
import { trends } from './fake-trends.mjs'

const LIMITS = [
  { kind: 'blood_pressure', field: 'systolic', side: 'at_or_above', value: 180, severity: 'urgent' },
  { kind: 'blood_pressure', field: 'diastolic', side: 'at_or_above', value: 110, severity: 'urgent' },
  { kind: 'blood_pressure', field: 'systolic', side: 'at_or_above', value: 135, severity: null },
  { kind: 'blood_pressure', field: 'diastolic', side: 'at_or_above', value: 85, severity: null },
  { kind: 'blood_glucose', field: 'glucose_value', side: 'below', value: 54, severity: 'urgent' },
  { kind: 'blood_glucose', field: 'glucose_value', side: 'below', value: 70, severity: null },
  { kind: 'blood_glucose', field: 'glucose_value', side: 'above', value: 180, severity: null },
]

/** The limits of a patient, of which the plan moves one. */
const limitsOf = (p) => LIMITS.map((one) => (one.field === 'systolic' && one.severity === 'urgent' ? { ...one, value: p.plan?.plan.thresholds['bp.severe_high.systolic'] ?? one.value } : one))

const port = Number(process.env.PORT ?? 8790)
const dist = fileURLToPath(new URL('../dist', import.meta.url))
const patients = fakePatients(Number(process.env.PATIENTS ?? 200))
const sessions = new Map()
const streams = new Set()
let store = 'available'
let down = false
let waiting = null

/** The plan of a patient: what was set here, or none. */
const planOf = (p) => ({
  patient: p.patient, version: 0, author: null, set_at: null, faults: [],
  plan: { programme: null, thresholds: {}, schedule: null, pauses: [], quiet_hours: null, reason: '' },
  parameters: [{
    name: 'bp.severe_high.systolic', rule: 'bp.severe_high', label_ja: '重症域の収縮期血圧', label_en: 'severe, systolic', unit: 'mm[Hg]',
    value: p.plan?.plan.thresholds['bp.severe_high.systolic'] ?? 180, origin: 'bp.severe_high.systolic' in (p.plan?.plan.thresholds ?? {}) ? 'plan' : 'default',
    source: 'JSH 2019 (about 180/120)', default: 180, default_source: 'JSH 2019 (about 180/120)', recalled: false, low: 120, high: 300, decimals: 0,
  }, {
    name: 'weight.gain.in_3_days', rule: 'weight.gain', label_ja: '3日以内の体重増加', label_en: 'weight gain within 3 days', unit: 'kg',
    value: 2, origin: 'default', source: null, default: 2, default_source: 'ESC, more than 2 kg in 3 days (recalled)', recalled: true, low: 0.5, high: 10, decimals: 1,
  }, {
    name: 'data.sensor.silent_after', rule: 'data.sensor', label_ja: '未受信とする時間', label_en: 'silent after', unit: 'h',
    value: 12, origin: 'default', source: null, default: 12, default_source: 'ours', recalled: false, low: 1, high: 72, decimals: 0,
  }],
  fixed: [
    { rule: null, label_ja: '判定の対象とする期間（測定から受信まで）', label_en: 'judged: readings received so long after they were measured at most', value: 40, unit: 'd', source: 'ours: what is older when it comes is stored and shown, and no rule judges it', recalled: false },
    { rule: 'bp.severe_high', label_ja: '再測定とみなす間隔（以下）', label_en: 'a second reading confirms until', value: 15, unit: 'min', source: 'JSH 2019: two readings an occasion and their mean; the minutes are ours', recalled: false },
    { rule: 'pulse.irregular', label_ja: '不規則とする測定機会：不規則脈の表示回数（以上）', label_en: 'an irregular occasion: flagged readings at least', value: 2, unit: '', source: '2 of 3 readings (recalled)', recalled: true },
  ],
  schedule_numbers: [
    { name: 'missing_after_days', label_ja: '欠測とする日数', label_en: 'missing after days without a reading', unit: 'd', default: 3, source: 'HRS/EHRA/APHRS/LAHRS 2023, for implanted devices: gaps of up to three days are frequent in remote monitoring', recalled: false, low: 1, high: 30 },
    { name: 'review_after_days', label_ja: '要確認とする日数', label_en: 'for review after such days', unit: 'd', default: 14, source: 'HRS/EHRA/APHRS/LAHRS 2023, for implanted devices (recalled)', recalled: true, low: 2, high: 90 },
    { name: 'times_a_day', label_ja: '1日の回数', label_en: 'times a day', unit: '', default: 1, source: 'ours: no rule counts them', recalled: false, low: 1, high: 24 },
  ],
  programmes: [{
    name: 'heart_failure', label_ja: '心不全', label_en: 'heart failure',
    values: [{ parameter: 'weight.gain.in_3_days', value: 2, source: 'ESC, more than 2 kg in 3 days (recalled)', recalled: true }],
  }],
  ...p.plan,
})

const openAlerts = () => [...patients.values()].flatMap((p) => p.alerts.filter((a) => a.status === 'open').map(withCare))
const rank = { urgent: 0, review: 1, technical: 2 }

const newest = new WeakMap()

/** What is newest of a patient, computed again when there is another reading. */
function newestOf(p) {
  const known = newest.get(p.readings)
  if (known?.of === p.readings.length) return known
  const measuredBy = (r) => (r.time_unknown || r.observed_ahead ? r.received_at : r.observed_at)
  const last_reading_at = p.readings.map(measuredBy).sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? null
  const found = { of: p.readings.length, last_reading_at, latest: [...new Map(p.readings.map((r) => [r.kind, r])).values()] }
  newest.set(p.readings, found)
  return found
}

function summary(p) {
  const open = p.alerts.filter((a) => a.status === 'open').map(withCare).sort((a, b) => rank[a.severity] - rank[b.severity])
  const stored = store === 'available'
  return {
    patient: p.patient, name: p.name, birth_year: p.birth_year, sex: p.sex, severity: open[0]?.severity ?? null, open_alerts: open, time_zone: zoneOf(p),
    last_reading_at: stored ? newestOf(p).last_reading_at : null,
    latest: stored ? newestOf(p).latest : [],
  }
}

/** Patients whose time is not Japan's, by consortium. */
const ZONES = { EUR01: 'Europe/Berlin', USA01: 'America/Los_Angeles' }
const zoneOf = (p) => ZONES[p.patient.split('/')[0]] ?? 'Asia/Tokyo'

function changed(patient, kinds) {
  for (const stream of streams) stream.write(`event: readings\ndata: ${JSON.stringify({ patients: [{ patient, kinds }] })}\n\n`)
}

function publish(alert) {
  for (const stream of streams) stream.write(`event: alert\ndata: ${JSON.stringify(withCare(alert))}\n\n`)
}

const alertById = (id) => [...patients.values()].flatMap((p) => p.alerts).find((one) => one.id === id)

/** Does it and tells every page. */
function doAct(alert, wanted) {
  const answer = act(alert, wanted)
  if (answer[0] === 200) for (const stream of streams) stream.write(`event: care\ndata: ${JSON.stringify(answer[1])}\n\n`)
  return answer
}

/** A session has ended: its streams say so and end. */
function end(id) {
  sessions.delete(id)
  for (const stream of [...streams].filter(({ session }) => session === id)) stream.end('event: ended\ndata: {}\n\n')
}

/** What the processor would do, as far as these pages need it: two severe readings confirm. */
function receive(document) {
  for (const person of document.person_information) {
    const patient = `${document.consortium_id}/${person.person_id}`
    const p = patients.get(patient)
    if (!p) continue
    for (const record of [person.healthcare_information ?? []].flat().flatMap((info) => info.blood_pressure ?? [])) {
      const t = clock(record.observation_time)
      const id = `${patient}/blood_pressure/${record.observation_time}`
      const isKnown = p.readings.some((r) => r.id === id)
      p.readings = p.readings.filter((r) => r.id !== id)
      setTimeout(() => changed(patient, ['blood_pressure']), 1000)
      p.readings.push({
        id, kind: 'blood_pressure', observed_at: t, updated_at: t, received_at: new Date().toISOString(),
        outcome: isKnown ? 'correction' : 'new', data_input: 'device', source: { manufacturer: record.model_manufacturer_code, model_number: record.model_number ?? null, serial: record.production_specification_serial },
        values: { systolic: record.systolic, diastolic: record.diastolic, pulse_rate: record.pulse_rate },
      })
    }
    const severe = p.readings.filter((r) => r.kind === 'blood_pressure' && r.values.systolic >= 180).slice(-2)
    const known = p.alerts.find((a) => a.rule === 'bp.severe_high' && a.status === 'open')
    const alert = severeAlert(p, severe, known)
    if (alert) {
      p.alerts = [alert, ...p.alerts.filter((a) => a.id !== alert.id)]
      publish(alert)
    }
  }
}

const body = async (request) => {
  let text = ''
  for await (const piece of request) text += piece
  return text ? JSON.parse(text) : null
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1')
  const send = (status, value, headers = {}, members = {}) => {
    const problem = status >= 400
    response.writeHead(status, { 'content-type': problem ? 'application/problem+json' : 'application/json', ...headers })
    response.end(value === undefined ? undefined : JSON.stringify(problem ? { type: 'about:blank', status, title: value, ...members } : value))
  }
  const path = url.pathname
  if (path === '/dev/drop') { for (const stream of streams) stream.destroy(); down = true; setTimeout(() => { down = false }, 6000); return send(200, {}) }
  if (path === '/dev/store') { store = store === 'available' ? 'unavailable' : 'available'; return send(200, { store }) }
  if (path === '/dev/wait') { waiting = waiting ? null : new Date(Date.now() - 90_000).toISOString(); for (const p of patients.values()) changed(p.patient, ['blood_pressure']); return send(200, { waiting }) }
  if (path === '/dev/expire') { sessions.clear(); for (const stream of streams) stream.destroy(); return send(200, {}) }
  if (path === '/dev/alert') {
    const posted = await body(request)
    const p = patients.get(posted.patient)
    const known = p.alerts.find((one) => one.id === posted.id) ?? alertOf(p, 'review', 'bp.severe_high', new Date(), 'unconfirmed')
    const alert = { ...known, changed_at: new Date().toISOString(), ...posted }
    p.alerts = [alert, ...p.alerts.filter((one) => one.id !== alert.id)]
    publish(alert)
    return send(200, {})
  }
  if (path === '/v1/readings' && request.method === 'POST') {
    if (request.headers.authorization !== 'Bearer mock-device-token') return send(401, 'unknown device')
    receive(await body(request))
    return send(202, { accepted: 1 })
  }
  if (!path.startsWith('/api/')) return page(path, response)

  const cookie = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
  const session = sessions.get(cookie)
  if (path === '/api/v1/session' && request.method === 'POST') {
    const { user, password } = await body(request)
    if (user !== password || !['physician', 'operator'].includes(user)) return send(401, 'User or password is wrong')
    const id = Math.random().toString(36).slice(2)
    const made = { id, user, name: user === 'physician' ? '佐藤 陽子' : '運用担当', role: user }
    end(cookie)
    sessions.set(id, made)
    return send(200, made, { 'set-cookie': `session=${id}; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=28800` })
  }
  if (path === '/api/v1/session/way') return send(200, { by: 'password' })
  if (!session) return send(401, 'Nobody is signed in')
  const asked = request.headers['mimamori-session']
  if (asked && asked !== session.id) return send(401, 'Another session')
  response.setHeader('mimamori-session', session.id)
  if (path === '/api/v1/session') {
    if (request.method !== 'DELETE') return send(200, session)
    end(cookie)
    response.writeHead(204, { 'set-cookie': 'session=; Max-Age=0; Path=/' })
    return response.end()
  }
  if (path === '/api/v1/silent-groups') {
    const hoursAgo = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString()
    const silent = { group: 'vendor', name: 'OMRON', model: null, patients: 38, members: 40, since: hoursAgo(9), counted_at: hoursAgo(0.4) }
    return send(200, { groups: [silent] })
  }
  if (session.role !== 'physician') return send(403, 'Operators have no access to patient data')
  if (path === '/api/v1/patients') {
    const list = [...patients.values()].map(summary)
    return send(200, { patients: list, store, waiting_since: waiting })
  }
  if (path === '/api/v1/patients/search') {
    // As far as these pages need it: a part of the name, the reading or the ID, or the end of a telephone number.
    const { text } = await body(request)
    const katakana = text.replaceAll(/[ぁ-ゖ]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0x60)).replaceAll(/\s/g, '')
    const holds = (whole, part) => whole?.replaceAll(/\s/g, '').toLowerCase().includes(part.toLowerCase()) ?? false
    const found = (p) => holds(p.patient, text) || holds(p.name?.name, katakana) || holds(p.name?.kana, katakana) || (p.telephone?.replaceAll('-', '').endsWith(text) ?? false)
    return send(200, { patients: [...patients.values()].filter(found).map((p) => p.patient) })
  }
  if (path === '/api/v1/trends') return store === 'available' ? send(200, trends(patients, summary, url.searchParams, waiting)) : send(503, 'The store is unavailable')
  if (path === '/api/v1/alerts') return send(200, { alerts: openAlerts() })
  if (path === '/api/v1/alerts/stream') {
    if (down) return request.socket.destroy()
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(`event: snapshot\ndata: ${JSON.stringify({ alerts: openAlerts() })}\n\n`)
    const keepAlive = setInterval(() => response.write(': keep-alive\n\n'), 15_000)
    streams.add(response)
    response.session = session.id
    response.on('close', () => { clearInterval(keepAlive); streams.delete(response) })
    return undefined
  }
  const acted = /^\/api\/v1\/alerts\/([^/]+)\/acts$/.exec(path)
  if (acted) {
    const alert = alertById(decodeURIComponent(acted[1]))
    if (!alert) return send(403, 'Not an alert of a patient of this physician')
    if (request.method !== 'POST') return send(200, historyOf(alert))
    const [status, answer, members] = doAct(alert, await body(request))
    return send(status, answer, {}, members)
  }
  const notified = /^\/api\/v1\/alerts\/([^/]+)\/notifications$/.exec(path)
  if (notified) {
    const alert = alertById(decodeURIComponent(notified[1]))
    return alert ? send(200, notificationsOf(alert)) : send(403, 'Not an alert of a patient of this physician')
  }
  if (path === '/api/v1/acts') {
    const { id, act: wanted, alerts } = await body(request)
    const answers = alerts.map(({ alert, seen }) => {
      const [status, answer] = doAct(alertById(alert), { id, act: wanted, seen })
      return { alert, status, care: answer.care ?? null, problem: status === 200 ? null : { type: 'about:blank', title: answer, status } }
    })
    return send(200, { answers })
  }
  const match = /^\/api\/v1\/patients\/([^/]+)\/([^/]+)\/(identity|readings|readings\/backdated|readings\/versions|alerts|colleagues|plan|plan\/preview|glucose\/summary|glucose\/agp|blood-pressure\/summary|aggregates)$/.exec(path)
  const p = match && patients.get(`${decodeURIComponent(match[1])}/${decodeURIComponent(match[2])}`)
  if (!p) return send(404, 'No such patient')
  if (match[3] === 'plan') {
    if (request.method === 'PUT') {
      const insteadOf = Number(request.headers['if-match']?.replaceAll('"', ''))
      const content = await body(request)
      if (insteadOf !== planOf(p).version) return send(412, 'The plan has changed meanwhile', {}, { current: planOf(p), submitted: content })
      p.plan = { version: insteadOf + 1, author: session.user, set_at: new Date().toISOString(), plan: content }
    }
    return send(200, planOf(p))
  }
  if (match[3] === 'plan/preview') {
    // As far as these pages need it: a limit above their values raises them no more, one of the others alerts anew.
    const limit = (await body(request)).thresholds['bp.severe_high.systolic'] ?? 180
    if (limit < 120) return send(422, 'The plan is not valid', {}, { faults: [{ pointer: '/thresholds/bp.severe_high.systolic', detail: 'must be between 120 and 300' }] })
    if (store === 'unavailable') return send(503, 'The store is unavailable', {}, { type: 'urn:mimamori:problem:store-unavailable' })
    const now = Date.now()
    const found = (alerts) => alerts.map((alert) => ({ highest: alert.severity, page_after: null, alert }))
    const present = found(p.alerts)
    const proposed = limit > 192 ? present.filter(({ alert }) => alert.rule !== 'bp.severe_high') : limit < 170 ? [...present, ...found([alertOf(p, 'review', 'bp.severe_high', new Date(now - 864e5), 'unconfirmed')])] : present
    return send(200, { patient: p.patient, from: new Date(now - 30 * 864e5).toISOString(), to: new Date(now).toISOString(), rule_set: '2026-11k', present, proposed })
  }
  if (match[3] === 'identity') return send(200, { patient: p.patient, name: p.name, telephone: p.telephone, emergency_contact: p.emergency_contact })
  if (match[3] === 'colleagues') return send(200, colleaguesOf(p.patient))
  if (match[3] === 'alerts') return send(200, { patient: p.patient, alerts: p.alerts.map(withCare) })
  if (store === 'unavailable') return send(503, 'The store is unavailable')
  if (match[3] === 'aggregates') return send(200, days(p, url.searchParams))
  if (match[3] === 'glucose/summary') return send(200, glucoseSummary(p))
  if (match[3] === 'glucose/agp') return send(200, glucoseProfile(p, LIMITS))
  if (match[3] === 'blood-pressure/summary') return send(200, pressureSummary(p))
  if (match[3] === 'readings/backdated') {
    const since = Date.now() - 30 * 864e5
    const receivedAt = (r) => Date.parse(r.received_at)
    const backdated = p.readings.filter((r) => receivedAt(r) >= since && receivedAt(r) - timeOf(r) > 40 * 864e5)
    return send(200, { patient: p.patient, received_since: new Date(since).toISOString(), readings: backdated.sort((a, b) => receivedAt(b) - receivedAt(a)), truncated: false, time_zone: zoneOf(p), waiting_since: waiting })
  }
  if (match[3] === 'readings/versions') {
    const current = p.readings.find(({ id }) => id === url.searchParams.get('id'))
    return send(200, { id: url.searchParams.get('id'), versions: current ? versionsOf(current) : [], time_zone: zoneOf(p), waiting_since: waiting })
  }
  const kind = url.searchParams.get('kind')
  const from = Date.parse(url.searchParams.get('from') ?? '1970-01-01')
  const to = Date.parse(url.searchParams.get('to') ?? '2100-01-01')
  const limit = Number(url.searchParams.get('limit') ?? 10_000)
  const found = p.readings.filter((r) => (!kind || r.kind === kind) && timeOf(r) < to && (r.time_unknown ? Date.parse(r.received_at) : timeOf(r)) >= from)
  return send(200, { patient: p.patient, readings: found.slice(-limit), truncated: found.length > limit, time_zone: zoneOf(p), waiting_since: waiting, limits: limitsOf(p).filter((one) => !kind || one.kind === kind) })
})

const types = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' }

async function page(path, response) {
  const asset = extname(path) ? normalize(path) : '/index.html'
  const content = await readFile(join(dist, asset)).catch(() => null)
  response.writeHead(content ? 200 : 404, {
    'content-type': types[extname(asset)] ?? 'application/octet-stream',
    'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  })
  response.end(content)
}

server.listen(port, '127.0.0.1', () => console.log(`mock of the dashboard: http://127.0.0.1:${server.address().port}`))

// With DRIP=1 an alert comes every 20 s, to watch the list move.
if (process.env.DRIP) {
  setInterval(() => {
    const all = [...patients.values()]
    const p = all[Math.floor(Math.random() * all.length)]
    const alert = alertOf(p, 'review', 'bp.severe_high', new Date(), 'unconfirmed')
    p.alerts.unshift(alert)
    publish(alert)
  }, 20_000).unref()
}
