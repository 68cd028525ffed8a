/** Words of what a care plan expects, and how often. */

const en = {
  schedule: 'Expected readings',
  timesADayNote: 'Times a day are for people to read: no rule counts them, and one reading makes a day one with readings.',
  expected: (missing: number, review: number, times: number, days: string) => `missing after ${missing} days, review after ${review} days, ${times} a day, ${days}`,
  allDays: 'every day',
  weekdays: ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'],
  everyDay: 'No day chosen: every day.',
  proposed: 'Proposed for a kind that is added:',
  addKind: 'Expect a kind',
}

const ja: typeof en = {
  schedule: '予定された測定',
  timesADayNote: '1日の回数は表示用です。ルールは回数を判定せず、1回の測定があればその日は測定ありとします。',
  expected: (missing: number, review: number, times: number, days: string) => `欠測 ${missing}日、要確認 ${review}日、1日${times}回、${days}`,
  allDays: '毎日',
  weekdays: ['月', '火', '水', '木', '金', '土', '日'],
  everyDay: '曜日の指定がなければ毎日です。',
  proposed: '種類を追加したときの初期値：',
  addKind: '種類を追加',
}

export const SCHEDULE_WORDS = { en, ja } as const
