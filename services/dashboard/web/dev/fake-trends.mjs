// The invented table of all patients for the mock: it looks true and is computed of the invented readings only as far as days go.
import { timeOf } from './fake-patients.mjs'

const DAY = 86_400_000
const BANDS = { below_54: 0.4, from_54_to_69: 2.1, from_70_to_180: 76.5, from_181_to_250: 16, above_250: 5, below_70: 2.5, above_180: 21 }
const ORDER = ['urgent', 'review', 'technical', null]
const PER_PAGE = 50
const FIELDS = {
  blood_pressure: ['systolic', 'diastolic'], blood_glucose: ['glucose_value'], weighing_scale: ['body_weight'], oxygen_saturation: ['spo2'],
  body_temperature: ['temperature'], respiratory_rate: ['respiratory_rate'], peak_expiratory_flow: ['peak_expiratory_flow'],
}

function compared(readings, fields, length, method) {
  const now = Date.now()
  const part = (from, to) => readings.filter((one) => timeOf(one) >= now - from * DAY && timeOf(one) < now - to * DAY)
  const of = (part) => {
    const days = new Set(part.map((one) => one.observed_at.slice(0, 10))).size
    const needed = Math.max(5, Math.ceil((length * 5) / 7))
    return { days: Math.min(days, length), needed, is_enough: method === 'continuous_sensor' ? days > 1 : days >= needed }
  }
  const [last, before] = [part(length, 0), part(2 * length, length)]
  const mean = (part, field) => (part.length === 0 ? null : part.reduce((sum, one) => sum + one.values[field], 0) / part.length)
  const { days, needed, is_enough } = of(last)
  const sensor = method === 'continuous_sensor'
  const means = fields.map((field) => ({ field, mean: mean(last, field), before: is_enough && of(before).is_enough ? mean(before, field) : null }))
  const bands = sensor && length === 30 && is_enough ? BANDS : null
  return {
    days_of_period: length, days, days_needed: sensor ? null : needed, covered_percent: sensor ? (days / length) * 97 : null, is_enough, means,
    values: last.length, values_beyond: last.filter((one) => one.values.glucose_comparator).length,
    time_in_bands: bands, time_in_bands_before: bands && { ...bands, from_70_to_180: 71.2 },
  }
}

function rowsOf(p, asked) {
  return Object.entries(FIELDS).filter(([kind]) => !asked || asked === kind).flatMap(([kind, fields]) => {
    const readings = p.readings.filter((one) => one.kind === kind && timeOf(one) > Date.now() - 60 * DAY)
    const methods = [...new Set(readings.map((one) => one.values.glucose_method ?? null))]
    return methods.map((method) => {
      const of = readings.filter((one) => (one.values.glucose_method ?? null) === method)
      const last = of.map((one) => one.observed_at).sort().at(-1)
      return { kind, method, last_day: last.slice(0, 10), week: compared(of, fields, 7, method), month: compared(of, fields, 30, method) }
    })
  })
}

/** A page of the table of patients, of whom `summary` says what the list says. */
export function trends(patients, summary, asked, waiting) {
  const kind = asked.get('kind')
  const show = asked.get('show') ?? 'all'
  const sought = (asked.get('sought') ?? '').toLowerCase()
  const page = Number(asked.get('page') ?? 1)
  const all = [...patients.values()].map((p) => {
    const { patient, birth_year, sex, severity, time_zone } = summary(p)
    return { patient, birth_year, sex, severity, time_zone, today: new Date().toISOString().slice(0, 10), rows: rowsOf(p, kind) }
  })
  const isFew = ({ rows }) => !rows.some((row) => row.week.is_enough)
  const found = all.filter((one) => one.patient.toLowerCase().includes(sought) && (!kind || one.rows.length > 0))
    .filter((one) => show === 'all' || (show === 'alerts' ? one.severity : isFew(one)))
    .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
  return {
    as_of: new Date(Date.now() - 55_000).toISOString(), waiting_since: waiting, patients_followed: all.length, patients_found: found.length,
    page, patients_per_page: PER_PAGE, kinds: Object.keys(FIELDS), patients: found.slice((page - 1) * PER_PAGE, page * PER_PAGE),
  }
}
