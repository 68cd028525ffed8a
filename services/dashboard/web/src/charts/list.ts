import { bloodPressure } from './blood-pressure'
import type { Charted } from './charted'
import { glucose } from './glucose'
import { weight } from './weight'

/** Every chart, in the order of the patient's page. */
export const CHARTS: readonly Charted[] = [bloodPressure, glucose, weight]

export const CHARTED_KINDS = CHARTS.flatMap((chart) => chart.kinds)
