/** The page of a patient. */
const en = {
  openAlerts: 'Open alerts',
  earlierAlerts: (n: number) => `Earlier alerts (${n})`,
  evidence: 'Readings behind this alert',
  evidenceEarlier: (n: number) => (n === 1 ? '1 earlier reading' : `${n} earlier readings`),
  ruleNote: (rule: string, ruleSet: string) => `Rule ${rule}, rule set ${ruleSet}`,
  notYours: 'This patient does not exist or is not assigned to you.',
  historyUnavailable: 'History is not available at the moment. Alerts stay live.',
  historyFailed: 'The readings could not be loaded.',
  historyAsOf: (time: string) => `What is shown is as of ${time}.`,
  readingsWait: (time: string) => `Readings that came since ${time} are not shown yet, and corrections among them are not made. They appear here by themselves.`,
  groupName: (group: string, name: string) =>
    group === 'vendor' ? `the vendor ${name}` : group === 'consortium' ? `the consortium ${name}` : `the model ${name}`,
  silentGroup: (group: string, patients: number, since: string) =>
    `Readings from ${group} do not come: ${patients} patients are not heard. Since ${since}.`,
  silentGroupStale: (time: string) => `They were counted last at ${time}: since then it is not known whether this is still so.`,
  silentGroupsAsOf: (time: string) => `As of ${time}.`,
  silentGroupsHeld: 'Operations have been notified. Alerts about missing readings of these patients are held back meanwhile, for three days at most; values that would raise other alerts do not come either.',
  alertsHistoryFailed: 'Earlier alerts could not be loaded.',
  range: 'Period',
  days: (n: number) => `${n} days`,
  dayOf24: '24 hours',
  all: 'All',
  shownRange: (from: string, to: string) => `${from} – ${to}`,
  endsAtNewest: (time: string, ago: string) =>
    `The newest reading is of ${time} (${ago}). The charts end there, not today.`,
  truncated: 'There are more readings than can be shown; the oldest are left out.',
  timeZone: 'Times are Japan time.',
  timeZoneOf: (zone: string, offset: string) => `Times are the patient’s: ${zone}, ${offset}.`,
}

type PatientWords = typeof en

const ja: PatientWords = {
  openAlerts: '継続中のアラート',
  earlierAlerts: (n) => `過去のアラート（${n}件）`,
  evidence: 'このアラートの根拠となった測定',
  evidenceEarlier: (n) => `それ以前の測定（${n}件）`,
  ruleNote: (rule, ruleSet) => `ルール ${rule}、ルールセット ${ruleSet}`,
  notYours: 'この患者は存在しないか、担当に含まれていません。',
  historyUnavailable: '履歴は現在表示できません。アラートはリアルタイムで受信しています。',
  historyFailed: '測定値を読み込めませんでした。',
  historyAsOf: (time) => `表示中の値は ${time} 時点のものです。`,
  readingsWait: (time) => `${time} 以降に届いた測定値と訂正は、まだ表示に反映されていません。反映され次第、自動で表示します。`,
  groupName: (group, name) => (group === 'vendor' ? `メーカー ${name}` : group === 'consortium' ? `コンソーシアム ${name}` : `機種 ${name}`),
  silentGroup: (group, patients, since) => `${group}からの測定値が届いていません（${patients}人、${since}から）。`,
  silentGroupStale: (time) => `最後の集計は ${time} です。それ以降の状況は確認できていません。`,
  silentGroupsAsOf: (time) => `${time} 時点の状況です。`,
  silentGroupsHeld: '運用担当に通知済みです。この間、該当する患者の未測定アラートは最長3日間保留されます。ほかのアラートの元になる測定値も届きません。',
  alertsHistoryFailed: '過去のアラートを読み込めませんでした。',
  range: '期間',
  days: (n) => `${n}日`,
  dayOf24: '24時間',
  all: '全期間',
  shownRange: (from, to) => `${from}〜${to}`,
  endsAtNewest: (time, ago) => `最新の測定は ${time}（${ago}）です。グラフは今日ではなく、その時点までを表示しています。`,
  truncated: '測定値が多いため、古い分は表示していません。',
  timeZone: '時刻は日本時間です。',
  timeZoneOf: (zone, offset) => `時刻は患者の現地時間（${zone}、${offset}）です。`,
}

export const PATIENT_WORDS = { en, ja }
