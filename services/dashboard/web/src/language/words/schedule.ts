/** Words of what a care plan expects, and how often. */

const en = {
  schedule: 'Expected readings',
  missingAfter: 'Missing after days',
  reviewAfter: 'Review after days',
  timesADay: 'Times a day',
  timesADayNote: 'Times a day are for people to read: no rule counts them, and one reading makes a day one with readings.',
  expected: (missing: number, review: number, times: number, days: string) => `missing after ${missing} days, review after ${review} days, ${times} a day, ${days}`,
  allDays: 'every day',
  weekdays: ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'],
  everyDay: 'No day chosen: every day.',
  expectedSource: 'Proposed: missing after 3 days (HRS/EHRA/APHRS/LAHRS 2023, of implanted devices), review after 14 (as there; recalled: check before use).',
  addKind: 'Expect a kind',
}

const ja: typeof en = {
  schedule: '予定された測定',
  missingAfter: '欠測とする日数',
  reviewAfter: '要確認とする日数',
  timesADay: '1日の回数',
  timesADayNote: '1日の回数は表示用です。ルールは回数を判定せず、1回の測定があればその日は測定ありとします。',
  expected: (missing: number, review: number, times: number, days: string) => `欠測 ${missing}日、要確認 ${review}日、1日${times}回、${days}`,
  allDays: '毎日',
  weekdays: ['月', '火', '水', '木', '金', '土', '日'],
  everyDay: '曜日の指定がなければ毎日です。',
  expectedSource: '初期値：欠測は3日（HRS/EHRA/APHRS/LAHRS 2023、植込み型機器）、要確認は14日（同左、出典未確認：使用前に確認してください）。',
  addKind: '種類を追加',
}

export const SCHEDULE_WORDS = { en, ja } as const
