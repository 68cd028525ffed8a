/** Lines of the chart, in mmHg: hypertension at home (JSH 2019) and the rule bp.severe_high. */
export const HIGH = { systolic: 135, diastolic: 85 } as const
export const SEVERE = { systolic: 180, diastolic: 110 } as const

export type Level = 'below' | 'high' | 'severe'

export function levelOf(systolic: number, diastolic: number): Level {
  if (systolic >= SEVERE.systolic || diastolic >= SEVERE.diastolic) return 'severe'
  if (systolic >= HIGH.systolic || diastolic >= HIGH.diastolic) return 'high'
  return 'below'
}
