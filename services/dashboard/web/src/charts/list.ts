import { charted, type Charted } from './charted'

/** Every chart, in the order of the patient's page. */
export const CHARTS: readonly Charted[] = [
  charted(['blood_pressure', 'blood_pressure_checkup'], () => import('./blood-pressure')),
  charted(['blood_glucose'], () => import('./glucose')),
  charted(['weighing_scale'], () => import('./weight')),
]

export const CHARTED_KINDS = CHARTS.flatMap((chart) => chart.kinds)

/** What charts are drawn with comes while their readings do. Who draws them says whether it failed. */
export const fetchCharts = () => CHARTS.forEach((chart) => chart.fetch().catch(() => {}))
