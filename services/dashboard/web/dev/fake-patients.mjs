// Invented patients for the mock: seeded, so that two starts look the same.
import { readFileSync } from 'node:fs'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

let state = 20261122
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const around = (middle, spread) => middle + (random() + random() + random() - 1.5) * spread
const iso = (t) => new Date(t + 9 * HOUR).toISOString().replace(/\.\d+Z$/, '+09:00')

const times = new WeakMap()

/** When a reading was measured, in milliseconds; what is read often is computed once. */
export function timeOf(reading) {
  if (!times.has(reading)) times.set(reading, Date.parse(reading.observed_at))
  return times.get(reading)
}

/** 14 digits of Japan's civil time → RFC 3339. */
export function clock(digits) {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(digits)
  return `${y}-${mo}-${d}T${h}:${mi}:${s}+09:00`
}

/** As the API says what is beyond its device's limit. */
function beyondOf({ glucose_value, glucose_comparator }) {
  if (!glucose_comparator) return {}
  return { beyond: { glucose_value: `${glucose_comparator === 'below' ? '<' : '>'} ${glucose_value}` } }
}

const FAMILY = [['見本', 'ミホン'], ['架空', 'カクウ'], ['仮名', 'カメイ'], ['例題', 'レイダイ'], ['模型', 'モケイ'], ['想定', 'ソウテイ'], ['雛形', 'ヒナガタ']]
const GIVEN = [['花子', 'ハナコ'], ['太郎', 'タロウ'], ['春子', 'ハルコ'], ['次郎', 'ジロウ'], ['雪乃', 'ユキノ']]
let named_so_far = 0

/** Who a patient is to people, made up; those of whom no birth year is known have no name. Chance is not asked, so the rest stays as it was. */
function named({ birth_year: year }) {
  if (year === null) return { name: null, telephone: null, emergency_contact: null }
  const n = (named_so_far += 1)
  const [family, family_kana] = FAMILY[n % FAMILY.length]
  const [given, given_kana] = GIVEN[n % GIVEN.length]
  const digits = String(n).padStart(4, '0')
  return {
    name: { name: `${family} ${given}`, kana: `${family_kana} ${given_kana}`, birth_date: `${year}-0${1 + (n % 9)}-1${n % 10}`, chart_number: `10${digits}` },
    telephone: `090-0000-${digits}`,
    emergency_contact: { name: `${family} 海斗`, relationship: '長男', telephone: `080-0000-${digits}` },
  }
}

let number = 0
function reading(kind, t, values, of = {}) {
  number += 1
  return {
    id: `r${number}`, kind, observed_at: iso(t), updated_at: iso(t), received_at: iso(t + MINUTE), outcome: 'new', data_input: 'device',
    source: { manufacturer: 'OMRON', model_number: 'HEM-7600T', serial: `S${number % 97}` }, values, ...beyondOf(values), ...of,
  }
}

/** What an alert says, of the newest readings before it. */
const TEXTS = {
  'bp.severe_high confirmed': () => ['家庭血圧 2回の平均 191/113 mmHg（収縮期が180以上、拡張期が110以上）。再測定を含めた平均で重症域です。激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無と、服薬状況を確認してください。いずれかの症状があれば直ちに救急受診するよう伝え、なければ安静後の再測定を依頼し、早めの受診と治療の見直しを検討してください。', 'Home blood pressure, mean 191/113 mmHg: systolic at or above 180, diastolic at or above 110. Severe, by the mean with a second reading. Ask about severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and which drugs are taken. With any of these symptoms, emergency care at once; without, ask to measure again after rest, and consider an early visit and a review of the treatment.'],
  'bp.severe_high unconfirmed': () => ['家庭血圧 184/104 mmHg（収縮期が180以上）。15分以内の再測定がありません。激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無を確認し、1〜2分の間隔で2回測り直すよう依頼してください。いずれかの症状があれば、再測定を待たずに救急受診するよう伝えてください。', 'Home blood pressure 184/104 mmHg: systolic at or above 180. Severe; not repeated within 15 minutes. Ask about severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and ask to measure twice, 1 to 2 minutes apart. With any of these symptoms, emergency care at once, without waiting to measure again.'],
  'glucose.very_low confirmed': () => ['センサーグルコース 54 mg/dL未満が15分以上（最低47）。著しい低値です。指先穿刺での血糖測定を依頼し、冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。', 'Sensor glucose below 54 mg/dL for 15 minutes or more, lowest 47. Very low. Ask to measure by finger-stick, and about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return.'],
  'data.suspect unconfirmed': () => ['確認を要する値が、古い日付で今登録されました：家庭血圧（収縮期 192 mmHg、拡張期 114 mmHg）。いつの値か、症状とあわせて確認し、機器の日付も確認してください。', "A value to look at was registered now, with a date of long ago: Home blood pressure (Systolic 192 mmHg, Diastolic 114 mmHg). Ask when that was, and about symptoms, and check the device's date."],
  'clock not set unconfirmed': () => ['機器の時計が設定されていないため、測定時刻が不明な測定値があります。確認を要する値：家庭血圧（収縮期 192 mmHg、拡張期 114 mmHg）。いつの値か、症状とあわせて確認してください。機器の時計を合わせるよう依頼してください。', "A device's clock is not set: nobody knows when it measured. It said a value to look at: Home blood pressure (Systolic 192 mmHg, Diastolic 114 mmHg). Ask when that was, and about symptoms. Ask to set the clock."],
  'weight.gain confirmed': (behind) => {
    const [from, to] = behind.map((one) => one.values.body_weight.toFixed(1))
    return [`体重が3日で2 kg増加しました（${from}→${to} kg、3日以内に2 kg以上）。むくみや息切れがないか確認し、再測定を依頼してください。`, `Weight up by 2 kg in 3 days (${from} to ${to} kg): at or above 2 kg within 3 days. Ask about swelling and breathlessness, and ask to measure again.`]
  },
}

/** What is measured so that a rule raises its alert: the words above say the same. */
const MEASURED = {
  'bp.severe_high unconfirmed': (p, t) => [reading('blood_pressure', t, { systolic: 184, diastolic: 104, pulse_rate: 81 })],
  'glucose.very_low confirmed': (p, t) => [53, 50, 47, 49].map((value, index, all) => reading('blood_glucose', t - (all.length - 1 - index) * 5 * MINUTE, sensorValue(value), { source: { manufacturer: 'Dexcom', model_number: 'G4', serial: 'SM1' } })),
  'weight.gain confirmed': (p, t) => {
    const before = p.readings.findLast((one) => one.kind === 'weighing_scale' && Date.parse(one.observed_at) < t - 3 * DAY)?.values.body_weight ?? 62
    return [reading('weighing_scale', t - 3 * DAY + HOUR, { body_weight: before }), reading('weighing_scale', t - 5 * MINUTE, { body_weight: Number((before + 2).toFixed(1)) })]
  },
}

/** Puts what is measured in the place of what chance has measured there. */
function measure(p, name, t) {
  const measured = MEASURED[name]?.(p, t) ?? []
  if (measured.length === 0) return
  const [first] = measured
  const from = Date.parse(first.observed_at) - MINUTE
  const others = p.readings.filter((one) => one.kind !== first.kind || Date.parse(one.observed_at) < from || Date.parse(one.observed_at) > t)
  p.readings = [...others, ...measured].sort((a, b) => Date.parse(a.observed_at) - Date.parse(b.observed_at))
}

/** Since when no blood pressure has come, in both languages. */
function missingSince(began) {
  const day = iso(began).slice(0, 10)
  const [year, month, date] = day.split('-').map(Number)
  return [`血圧の測定値が${year}年${month}月${date}日から届いていません（予定日3日以上）。機器と通信、ご様子を確認してください。`, `Blood pressure: no reading since ${day}, 3 expected days or more. Check device and connection, and how the patient is.`]
}

/** A reading as an alert that rests on it tells of it. */
function evidenceOf({ id, kind, observed_at, values, beyond, time_unknown, observed_long_ago, observed_ahead }) {
  return { reading: id, kind, observed_at, values, beyond, time_unknown, observed_long_ago, observed_ahead }
}

export function alertOf(p, severity, rule, at, stage = 'confirmed', of = {}) {
  number += 1
  const kind = { 'glucose.very_low': 'blood_glucose', 'weight.gain': 'weighing_scale' }[rule] ?? 'blood_pressure'
  const t = at.getTime()
  const before = p.readings.filter((r) => r.kind === kind && Date.parse(r.observed_at) <= t && !r.time_unknown)
  const behind = stage === 'missing' ? [] : before.slice(stage !== 'confirmed' ? -1 : kind === 'blood_glucose' ? -4 : -2)
  // Readings do not come for some days before it is reported.
  const began = stage === 'missing' ? t - 4 * DAY : t
  const [ja, en] = stage === 'missing' ? missingSince(began) : TEXTS[`${rule} ${stage}`](behind)
  return {
    id: `a${number}`, patient: p.patient, rule, stage, severity, status: 'open', transition: 'raised', late: false, raised_at: iso(t), news_at: iso(t), changed_at: iso(t),
    first_observed_at: behind[0]?.observed_at ?? iso(began), last_observed_at: behind.at(-1)?.observed_at ?? iso(t), text: { ja, en },
    evidence: behind.map(evidenceOf),
    findings: {}, parameters: [], rule_set: '2026-11k', plan_version: 0, ...of,
  }
}

/** The transition that two severe readings cause; none while there are fewer than one. */
export function severeAlert(p, severe, known) {
  if (severe.length === 0) return null
  const at = new Date()
  const confirmed = severe.length > 1
  const alert = alertOf(p, confirmed ? 'urgent' : 'review', 'bp.severe_high', at, confirmed ? 'confirmed' : 'unconfirmed')
  return known ? { ...alert, id: known.id, raised_at: known.raised_at, transition: confirmed ? 'escalated' : 'raised' } : alert
}

function bloodPressures(now, days, systolic) {
  const found = []
  for (let day = days; day >= 0; day -= 1) {
    for (const hour of [7, 22]) {
      if (random() < 0.15) continue
      const t = now - day * DAY - (now % DAY) + (hour - 9) * HOUR + random() * HOUR
      if (t > now) continue
      for (const later of [0, 2 * MINUTE]) {
        const s = Math.round(around(systolic + (hour === 7 ? 6 : 0), 14))
        found.push(reading('blood_pressure', t + later, { systolic: s, diastolic: Math.round(s * 0.6 + around(2, 6)), pulse_rate: Math.round(around(70, 10)) }, random() < 0.05 ? { data_input: 'manual' } : random() < 0.05 ? { outcome: 'correction' } : {}))
      }
    }
  }
  return found
}

/** How many mg/dL one mmol/L of glucose is, as the kind declares it. */
const declared = readFileSync(new URL('../../../../schemas/kinds/blood_glucose.toml', import.meta.url), 'utf8')
const MG_PER_DL = Number(/symbol = "mmol_L", factor = ([\d.]+)/.exec(declared)[1])

/** A finger-stick of a meter that shows mmol/L. */
const inMillimoles = (sent) => ({ glucose_value: Number((sent * MG_PER_DL).toFixed(3)), glucose_value_sent: sent, glucose_unit: 'mmol_L', glucose_method: 'finger_stick' })

/** As a sensor says it: 40 to 400, or that it is below or above. */
function sensorValue(value) {
  const rounded = Math.round(value)
  const side = rounded < 40 ? { glucose_comparator: 'below' } : rounded > 400 ? { glucose_comparator: 'above' } : {}
  return { glucose_value: Math.min(400, Math.max(40, rounded)), glucose_method: 'continuous_sensor', ...side }
}

function sensorGlucose(end, days, middle) {
  const found = []
  let drift = 0
  for (let t = end - days * DAY; t <= end; t += 5 * MINUTE) {
    const hour = ((t + 9 * HOUR) % DAY) / HOUR
    const meals = [8, 13, 19].reduce((sum, meal) => sum + 75 * Math.exp(-(((hour - meal - 1) / 1.1) ** 2)), 0)
    drift = drift * 0.98 + around(0, 6)
    if (random() < 0.004) t += (1 + random() * 6) * HOUR
    if (t > end) break
    found.push(reading('blood_glucose', t, sensorValue(middle + meals + drift - (Math.abs(end - 2 * DAY - t) < 40 * MINUTE ? 120 : 0)), { source: { manufacturer: 'Dexcom', model_number: 'G4', serial: 'SM1' } }))
  }
  return found
}

function weights(now, days, kilograms) {
  const found = []
  for (let day = days; day >= 0; day -= 1) {
    if (random() < 0.25 || (day > 12 && day < 19)) continue
    found.push(reading('weighing_scale', now - day * DAY - 3 * HOUR, { body_weight: Number(around(kilograms - day * 0.01, 1.2).toFixed(1)), body_fat: 24.1 }))
  }
  return found
}

export function fakePatients(count) {
  const now = Date.now()
  const patients = new Map()
  const add = (patient, of) => {
    const p = { patient, birth_year: 1935 + Math.floor(random() * 50), sex: random() < 0.5 ? 'female' : 'male', readings: [], alerts: [], ...of }
    Object.assign(p, named(p))
    p.readings.sort((a, b) => Date.parse(a.observed_at) - Date.parse(b.observed_at))
    patients.set(patient, p)
    return p
  }
  for (let i = 1; i <= count; i += 1) {
    const silent = i % 16 === 0
    const last = now - random() ** 3 * 5 * DAY
    // Of thousands the list needs the last values only.
    const [pressureDays, weightDays] = i > 400 ? [1, 2] : [40, 100]
    const readings = silent ? [] : [...bloodPressures(last, pressureDays, 110 + random() * 40), ...(i % 2 ? weights(last, weightDays, 50 + random() * 35) : []), ...(i % 9 === 0 ? [reading('activity', last, { step: 5432 })] : []), ...(i % 12 === 0 ? [reading('hba1c', last - 20 * DAY, { hba1c_value: 7.1 }, { source: { test_lab_id: 'LAB01' } })] : [])]
    add(`DEMO01/P${String(i).padStart(4, '0')}`, { readings })
  }
  // What has no chart, of one who measures everything.
  patients.get('DEMO01/P0012')?.readings.push(
    reading('oxygen_saturation', now - 5 * HOUR, { spo2: 96, pulse_rate: 72 }), reading('body_temperature', now - 5 * HOUR, { temperature: 36.8 }),
    reading('respiratory_rate', now - 5 * HOUR, { respiratory_rate: 16 }), reading('peak_expiratory_flow', now - 5 * HOUR, { peak_expiratory_flow: 410 }),
    reading('activity', now - DAY, { step: 6120, walk_time: 62 }),
  )
  // A date of long ago in the list.
  patients.get('DEMO01/P0014')?.readings.push(reading('oxygen_saturation', now - 365 * DAY, { spo2: 93 }, { received_at: iso(now - 2 * HOUR), outcome: 'historical', observed_long_ago: true }))
  const pressures = bloodPressures(now, 100, 128)
  const copies = pressures.slice(-6).map((one) => reading('blood_pressure', Date.parse(one.observed_at) + MINUTE, one.values, { copy_of: one.id, source: { manufacturer: 'Apple', model_number: 'HealthKit 12.1', serial: 'A7' } }))
  add('BRW001/P1', { birth_year: 1957, sex: 'female', readings: [...pressures, ...copies, ...weights(now, 200, 61)] })
  for (const [i, at] of [now - 40 * MINUTE, now - 38 * MINUTE].entries()) {
    patients.get('DEMO01/P0003')?.readings.push(reading('blood_pressure', at, { systolic: 192 - i * 2, diastolic: 114 - i * 2, pulse_rate: 88, irregular_pulse: i === 1 }))
  }
  const old = Date.parse('2015-06-19T10:00:00+09:00')
  for (let i = 1; i <= 5; i += 1) add(`CGM005/S00${i}`, { birth_year: null, sex: 'unknown', readings: sensorGlucose(old - i * DAY, 12, 118 + i * 5) })
  const cgm = add('CGM006/T001', { birth_year: 1991, sex: 'female', readings: [...sensorGlucose(now - 6 * MINUTE, 30, 120), ...bloodPressures(now, 30, 118), reading('blood_glucose', now - 3 * DAY, { glucose_value: 212, glucose_method: 'finger_stick', meal_timing: 'after_meal' }), reading('blood_glucose', now - 2 * DAY, { ...inMillimoles(2.6), meal_timing: 'before_meal' }), reading('blood_glucose', now - DAY, inMillimoles(9.4)), reading('blood_glucose', now - 5 * DAY, { glucose_value: 600, glucose_comparator: 'above', glucose_method: 'finger_stick' }), reading('blood_pressure_checkup', now - 9 * DAY, { systolic: 141, diastolic: 88, pulse_rate: 71 }, { source: { test_lab_id: 'LAB01' } })] })
  // Elsewhere, with clocks that are wrong.
  const there = (t, hours) => new Date(t + hours * HOUR).toISOString().replace(/\.\d+Z$/, `${hours < 0 ? '-' : '+'}0${Math.abs(hours)}:00`)
  const abroad = (patient, hours) => {
    const readings = bloodPressures(now, 30, 131).map((one) => ({ ...one, observed_at: there(Date.parse(one.observed_at), hours) }))
    add(patient, { readings: [...readings, reading('blood_glucose', now - 3 * HOUR, { glucose_value: 69.6, glucose_method: 'finger_stick' }, { observed_at: there(now - 3 * HOUR, hours) })] })
  }
  abroad('EUR01/P1', 1)
  abroad('USA01/P1', -8)
  const clocks = patients.get('EUR01/P1')
  clocks.readings.push(reading('blood_pressure', now + 55 * MINUTE, { systolic: 128, diastolic: 82 }, { received_at: iso(now), observed_ahead: true }))
  clocks.readings.unshift(reading('blood_pressure', Date.parse('2021-01-01T00:03:00+09:00'), { systolic: 142, diastolic: 91, pulse_rate: 70 }, { received_at: iso(now - HOUR), time_unknown: true }))
  const lastYear = reading('blood_pressure', now - 365 * DAY, { systolic: 192, diastolic: 114, pulse_rate: 81 }, { received_at: iso(now - 2 * HOUR), outcome: 'historical', observed_long_ago: true })
  clocks.readings.unshift(
    lastYear,
    reading('oxygen_saturation', Date.parse('2021-01-01T00:05:00+09:00'), { spo2: 93 }, { received_at: iso(now - HOUR), outcome: 'historical', time_unknown: true }),
    reading('weighing_scale', now - 200 * DAY, { body_weight: 61.4 }, { received_at: iso(now - 3 * HOUR), outcome: 'historical', data_input: 'manual' }),
  )
  const ago = (ms) => new Date(now - ms)
  const raise = (patient, severity, rule, at, stage = 'confirmed', of = {}) => {
    const p = patients.get(patient)
    if (!p) return
    measure(p, `${rule} ${stage}`, at.getTime())
    p.alerts.unshift(alertOf(p, severity, rule, at, stage, of))
  }
  raise('DEMO01/P0003', 'review', 'weight.gain', ago(3 * DAY))
  raise('DEMO01/P0003', 'urgent', 'bp.severe_high', ago(37 * MINUTE), 'confirmed', { transition: 'escalated' })
  raise('CGM006/T001', 'urgent', 'glucose.very_low', ago(4 * MINUTE))
  raise('DEMO01/P0009', 'review', 'weight.gain', ago(HOUR), undefined, { page_after: iso(now + 2 * HOUR) })
  raise('DEMO01/P0011', 'review', 'bp.severe_high', ago(2 * HOUR), 'unconfirmed', { late: true })
  raise('DEMO01/P0020', 'review', 'bp.severe_high', ago(26 * HOUR), 'unconfirmed', { transition: 'eased' })
  raise('EUR01/P1', 'review', 'data.suspect', ago(HOUR), 'unconfirmed', {
    first_observed_at: iso(now - 2 * HOUR), last_observed_at: iso(now - HOUR),
    evidence: [evidenceOf(lastYear)],
  })
  // A cuff whose clock is ahead, and one whose clock was not set, which measured a severe value ten days after that was noticed.
  const wrong = patients.get('USA01/P1')
  const pair = [42, 40].map((ahead, i) => reading('blood_pressure', now + ahead * MINUTE, { systolic: 192 - 2 * i, diastolic: 114 - 2 * i }, { observed_at: there(now + ahead * MINUTE, -8), received_at: iso(now - 3 * MINUTE), observed_ahead: true })).reverse()
  const unset = reading('blood_pressure', Date.parse('2021-01-01T00:03:00+09:00'), { systolic: 192, diastolic: 114, pulse_rate: 70 }, { received_at: iso(now - HOUR), outcome: 'historical', time_unknown: true })
  wrong.readings.push(...pair)
  wrong.readings.unshift(unset)
  raise('USA01/P1', 'review', 'clock not set', ago(10 * DAY), 'unconfirmed', {
    rule: 'data.suspect', transition: 'escalated', news_at: iso(now - HOUR), changed_at: iso(now - HOUR),
    first_observed_at: iso(now - 10 * DAY), last_observed_at: iso(now - HOUR), evidence: [evidenceOf(unset)],
  })
  raise('USA01/P1', 'urgent', 'bp.severe_high', ago(3 * MINUTE), 'confirmed', {
    first_observed_at: pair[0].observed_at, last_observed_at: pair[1].observed_at, evidence: pair.map(evidenceOf),
  })
  raise('DEMO01/P0016', 'technical', 'data.missing.blood_pressure', ago(30 * HOUR), 'missing')
  measure(cgm, 'bp.severe_high unconfirmed', now - 6 * DAY)
  cgm.alerts.push(alertOf(cgm, 'review', 'bp.severe_high', ago(6 * DAY), 'unconfirmed', { status: 'resolved', transition: 'resolved', changed_at: iso(now - 5.8 * DAY) }))
  for (const p of patients.values()) identify(p)
  return patients
}

/** Ids of readings begin with the patient and the kind, as those of the API do. */
function identify(p) {
  const ids = new Map(p.readings.map(({ id, kind }) => [id, `${p.patient}/${kind}/${id}`]))
  const idOf = (id) => ids.get(id) ?? id
  for (const one of p.readings) Object.assign(one, { id: idOf(one.id) }, one.copy_of && { copy_of: idOf(one.copy_of) })
  for (const one of p.alerts.flatMap(({ evidence }) => evidence)) one.reading = idOf(one.reading)
}

/** The versions of a reading, the current one first: what stands before a correction was typed, and one more came too late. */
export function versionsOf(current) {
  const of = { entered_in_error: false, vendor: 'OMRON' }
  const values = { ...current.values, ...(current.kind === 'blood_pressure' && { systolic: current.values.systolic + 50 }) }
  const before = (minutes) => ({ updated_at: iso(timeOf(current) - minutes * MINUTE), received_at: iso(timeOf(current) - (minutes - 1) * MINUTE) })
  const earlier = [
    { ...current, ...of, ...before(5), values, is_current: false, outcome: 'new', data_input: 'manual' },
    { ...current, ...of, ...before(9), received_at: current.received_at, is_current: false, outcome: 'stale', vendor: null },
  ]
  return [{ ...current, ...of, is_current: true }, ...(current.outcome === 'correction' ? earlier : [])]
}
