// Invented answers about days and weeks for the mock: they look true and are computed of nothing.
const DAY = 86_400_000

function period(days) {
  const to = Date.now()
  return { from: new Date(to - days * DAY).toISOString(), to: new Date(to).toISOString(), time_zone: 'Asia/Tokyo' }
}

/** A night that falls and three meals. */
function median(minute) {
  const meal = (at) => 70 * Math.exp(-(((minute - at) / 75) ** 2))
  return 105 - 12 * Math.exp(-(((minute - 240) / 120) ** 2)) + meal(500) + meal(800) + meal(1190)
}

const SHARES = { below_54: 0.4, from_54_to_69: 2.1, from_70_to_180: 76.5, from_181_to_250: 16, above_250: 5, below_70: 2.5, above_180: 21 }

export function glucoseSummary(p) {
  const has = p.readings.some((one) => one.values.glucose_method === 'continuous_sensor')
  return {
    patient: p.patient, period: period(14), days_with_values: has ? 15 : 0, days_of_period: 15, values: has ? 3810 : 0, expected_values: 4032, values_beyond: 0,
    covered_percent: has ? 94.5 : 0, is_enough: has, mean: 148.2, standard_deviation: 52.1, coefficient_of_variation_percent: 35.2, gmi_percent: 6.85,
    ea1c_percent: 6.79, time_in_bands: has ? SHARES : null, events_below_70: 3, events_below_54: 1, events_extended: 0, lbgi: 0.7, hbgi: 5.9, gri: 27.1,
    j_index: 40.1, modd: 41.3, conga: [{ hours: 1, value: 38.1 }], mage: 112.4,
  }
}

/** A year with a season in it, and a month without values. */
export function days(p, asked) {
  const length = asked.has('from') ? Math.round((Date.now() - Date.parse(asked.get('from'))) / DAY) : 365
  const all = period(length)
  const first = Date.parse(all.from)
  const bucket = (day) => {
    const mean = 132 + 6 * Math.cos((day / 365) * 2 * Math.PI) + ((day * 7919) % 9) - 4
    const at = (back) => new Date(first + (day + back) * DAY).toISOString()
    return { from: at(0), to: at(1), day: at(0).slice(0, 10), values: 4, values_beyond: 0, mean, lowest: mean - 9, highest: mean + 11 }
  }
  const measured = Array.from({ length }, (_, day) => day).filter((day) => day < 200 || day > 230)
  return {
    patient: p.patient, kind: asked.get('kind'), field: asked.get('field'), method: asked.get('method'), by: 'day', period: all, as_of: all.to,
    buckets: measured.map(bucket),
  }
}

export function glucoseProfile(p, limits) {
  const slots = Array.from({ length: 96 }, (_, slot) => {
    const minute = slot * 15
    const p50 = median(minute)
    return { minute_of_day: minute, values: 42, p5: p50 * 0.62, p25: p50 * 0.84, p50, p75: p50 * 1.19, p95: p50 * 1.45 }
  })
  return { patient: p.patient, period: period(14), slot_minutes: 15, slots, limits: limits.filter((limit) => limit.kind === 'blood_glucose') }
}

export function pressureSummary(p) {
  const since = Date.now() - 7 * DAY
  const readings = p.readings.filter((one) => one.kind === 'blood_pressure' && Date.parse(one.observed_at) >= since).length
  const days = Array.from({ length: Math.min(7, readings) }, (_, back) => ({
    day: new Date(Date.now() - (6 - back) * DAY).toISOString().slice(0, 10), mean: { systolic: 134, diastolic: 82 },
  }))
  const mean = (systolic, diastolic) => (days.length > 0 ? { systolic, diastolic, days: days.length } : null)
  const spread = { standard_deviation: 6.2, coefficient_of_variation_percent: 4.6, average_real_variability: 5.4 }
  return {
    patient: p.patient, period: period(7), readings, days_of_period: 7, days_needed: 5, is_enough: days.length >= 5, target: { systolic: 135, diastolic: 85 },
    mean: mean(134.1, 82), morning: mean(138.4, 84.6), evening: mean(129.8, 79.5), systolic_variability: spread, diastolic_variability: spread,
    above_target_percent: 46.4, days,
  }
}
