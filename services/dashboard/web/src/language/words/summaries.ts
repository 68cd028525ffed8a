import type { TimeInRange } from '../../summaries/api'
import { percent } from '../figures'

/** Summaries of days and weeks. */
const en = {
  summaries: 'Summaries',
  summariesFailed: 'Summaries could not be loaded. They are asked for again.',
  partOfDay: 'Part of the day',
  mornings: 'Mornings (04:00–11:59)',
  evenings: 'Evenings (17:00–03:59)',
  bothParts: 'Days',
  daysMeasured: 'Days measured',
  measuredDays: (n: number, of: number) => `${n} of ${of} days measured`,
  targetBelow: (target: string) => `target below ${target}`,
  aboveTarget: 'above target',
  shareAbove: (share: number) => `readings above target: ${percent(share)}`,
  variability: (arv: number, cv: number) => `systolic from day to day ${arv.toFixed(1)} (CV ${cv.toFixed(1)} %)`,
  tooFewDays: (n: number, needed: number) => `${n} days were measured; ${needed} are needed. The means say little.`,
  sensorGlucose: 'Sensor glucose, 14 days',
  timeInRanges: 'Time in ranges',
  targetRange: ({ low, high, below, in_range, above }: TimeInRange) =>
    `Target range ${low}–${high}: ${percent(in_range)} (below: ${percent(below)}, above: ${percent(above)})`,
  beyondSensor: (share: number) => `${percent(share)} of the values are beyond what the sensor can say. Mean, GMI and CV leave them out; the other numbers count them.`,
  percent,
  lowEvents: (low: number, veryLow: number) => `events below 70: ${low}, below 54: ${veryLow}`,
  covered: (share: number) => `${percent(share)} of the time covered`,
  tooLittleSensor: (share: number) => `Values cover ${percent(share)} of 14 days; 70 % are needed. Times in ranges say little.`,
  profile: 'By time of day (AGP)',
  profileLabel: 'Percentiles of sensor glucose by time of day',
  profileMedian: 'Line: median',
  profileInner: 'Dark band: 25th to 75th percentile',
  profileOuter: 'Light band: 5th to 95th percentile',
  percentile: (n: number) => (n === 50 ? 'Median' : `${n}th`),
}

type SummariesWords = typeof en

const ja: SummariesWords = {
  summaries: '集計',
  summariesFailed: '集計を読み込めませんでした。自動で再試行します。',
  partOfDay: '時間帯',
  mornings: '朝（04:00～11:59）',
  evenings: '晩（17:00～03:59）',
  bothParts: '1日',
  daysMeasured: '測定日数',
  measuredDays: (n, of) => `${of}日中${n}日測定`,
  targetBelow: (target) => `目標 ${target} 未満`,
  aboveTarget: '目標超過',
  shareAbove: (share) => `目標を超えた測定値 ${percent(share)}`,
  variability: (arv, cv) => `収縮期の日間変動 ${arv.toFixed(1)}（CV ${cv.toFixed(1)} %）`,
  tooFewDays: (n, needed) => `測定は${n}日です。判断には${needed}日が必要です。平均は参考値です。`,
  sensorGlucose: 'センサーグルコース 14日間',
  timeInRanges: '範囲別の時間',
  targetRange: ({ low, high, below, in_range, above }) =>
    `目標範囲 ${low}〜${high}：${percent(in_range)}（未満 ${percent(below)}、超 ${percent(above)}）`,
  beyondSensor: (share) => `センサーの測定範囲外の値が${percent(share)}あります。平均・GMI・CVはこれを含みません。その他の数値には含まれています。`,
  percent,
  lowEvents: (low, veryLow) => `70未満のイベント ${low}回、54未満 ${veryLow}回`,
  covered: (share) => `データのある時間 ${percent(share)}`,
  tooLittleSensor: (share) => `データは14日間の${percent(share)}です。判断には70 %が必要です。範囲別の時間は参考値です。`,
  profile: '時刻別（AGP）',
  profileLabel: '時刻別のセンサーグルコースのパーセンタイル',
  profileMedian: '線：中央値',
  profileInner: '濃い帯：25～75パーセンタイル',
  profileOuter: '薄い帯：5～95パーセンタイル',
  percentile: (n) => (n === 50 ? '中央値' : `${n}パーセンタイル`),
}

export const SUMMARIES_WORDS = { en, ja }
