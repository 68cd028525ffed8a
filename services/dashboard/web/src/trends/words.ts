import type { Label } from '../language/kinds.generated'
import { percent } from '../language/figures'
import type { Language } from '../language/words'

/** What the table of all patients says. */
export const TRENDS = {
  title: { en: 'Trends of all patients', ja: '全患者の経過' },
  about: {
    en: 'Means are of all values but those beyond what a device can say, of the patient’s own days, today included, against as many days before. The patient’s page has the means of mornings and evenings.',
    ja: '平均は、患者の現地の日付による各期間（今日を含む）の全測定値（機器の測定範囲外の値を除く）の平均で、直前の同じ日数と比べています。朝・晩の平均は患者のページにあります。',
  },
  order: {
    en: 'Order: worst open alert, then who measures less than before, then the largest change for the patient.',
    ja: '並び順：継続中アラートの重要度、測定が減った患者、その患者にとって変化の大きい順。',
  },
  patient: { en: 'Patient', ja: '患者' },
  what: { en: 'Kind', ja: '項目' },
  week: { en: 'Last 7 days, mean of all values', ja: '直近7日間（全測定値の平均）' },
  month: { en: 'Last 30 days, mean of all values', ja: '直近30日間（全測定値の平均）' },
  inRange: { en: 'In range (70–180), 30 days', ja: '範囲内（70～180）30日間' },
  last: { en: 'Last reading', ja: '最終測定' },
  kind: { en: 'Show values of', ja: '表示する項目' },
  everyKind: { en: 'every kind', ja: 'すべて' },
  show: { en: 'Patients', ja: '対象の患者' },
  all: { en: 'all', ja: '全員' },
  alerts: { en: 'with an open alert', ja: 'アラート継続中' },
  few: { en: 'who measure less, or too little, in 7 days', ja: '7日間の測定が減少・不足' },
  nothing: { en: 'No values that this table compares in the last 60 days.', ja: '直近60日間に、この表で比較する測定値はありません。' },
  none: { en: 'No patient is like this.', ja: '該当する患者はいません。' },
  notYet: {
    en: 'Means are being prepared: what was stored is not all counted yet. They are asked for again.',
    ja: '集計を準備しています。表示中の数値は、保存済みの測定値の一部だけによるものです。自動で再試行します。',
  },
  failed: { en: 'The table could not be loaded. It is asked for again.', ja: '表を読み込めませんでした。自動で再試行します。' },
  tooFew: { en: 'too few', ja: '不足' },
  rose: { en: 'risen', ja: '上昇' },
  fell: { en: 'fallen', ja: '低下' },
  same: { en: 'unchanged', ja: '変化なし' },
  belowRange: { en: 'below 70', ja: '70未満' },
  earlier: { en: 'Previous page', ja: '前のページ' },
  later: { en: 'Next page', ja: '次のページ' },
  pages: { en: 'Pages of the table', ja: '表のページ' },
} satisfies Record<string, Label>

interface Sentences {
  /** `3 of 7 days` */
  days(n: number, of: number): string
  /** Of a sensor that covers too little. */
  covered(share: number): string
  /** Of values that no mean has. */
  beyond(share: string): string
  /** Of the 30 days before. */
  before(text: string): string
  shown(from: number, to: number, of: number): string
  behind(time: string): string
  asOf(time: string): string
  stale(time: string): string
}

const SENTENCES: Readonly<Record<Language, Sentences>> = {
  en: {
    days: (n, of) => `${n} of ${of} days`,
    covered: (share) => `${percent(share)} of the time covered, 70 % needed`,
    beyond: (share) => `${share} beyond what the device can say, not in the mean`,
    before: (text) => `before: ${text}`,
    shown: (from, to, of) => (to < from ? 'No patients' : `${from}–${to} of ${of.toLocaleString('en')} patients`),
    behind: (time) => `Counting is behind: what came after ${time} is not known to be in these numbers.`,
    asOf: (time) => `Counted as of ${time}.`,
    stale: (time) => `The table could not be refreshed. It is as of ${time}.`,
  },
  ja: {
    days: (n, of) => `${of}日中${n}日`,
    covered: (share) => `データのある時間 ${percent(share)}（70 %必要）`,
    beyond: (share) => `機器の測定範囲外 ${share}（平均に含まず）`,
    before: (text) => `前：${text}`,
    shown: (from, to, of) => (to < from ? '0名' : `${of.toLocaleString('ja')}名中 ${from}～${to}名`),
    behind: (time) => `集計が遅れています。${time} より後に届いた分が数値に含まれているかは確認できていません。`,
    asOf: (time) => `${time} 時点の集計です。`,
    stale: (time) => `表を更新できませんでした。${time} 時点の内容です。`,
  },
}

export function sentencesIn(language: Language): Sentences {
  return SENTENCES[language]
}
