import type { components } from '../../api/schema'

type Schemas = components['schemas']
type Channel = Schemas['NotificationChannel']
type Status = Schemas['NotificationStatus']
type Reason = Schemas['UndeliveredReason']

/** Who was notified of an alert that nobody saw to. */
const en = {
  title: 'Who was notified',
  none: 'Nobody in the last 30 days.',
  failed: 'Who was notified could not be loaded. It is asked for again.',
  colon: ': ',
  channel: { webhook: 'paging service', email: 'mail' } satisfies Record<Channel, string>,
  status: {
    sending: () => 'on its way',
    failed: (attempts: number) => `${attempts === 1 ? '1 attempt' : `${attempts} attempts`} failed; it is sent again`,
    given_up: (attempts: number) => `given up after ${attempts === 1 ? '1 attempt' : `${attempts} attempts`}`,
    delivered: () => 'delivered',
  } satisfies Record<Status, (attempts: number) => string>,
  nobody: {
    no_on_call_list: 'Nobody could be notified: the team has no on-call list.',
    nobody_on_duty: 'Nobody could be notified: nobody of the on-call list is on duty.',
    none_delivered: 'Nobody could be notified: no message came through.',
  } satisfies Record<Reason, string>,
}

type NotifiedWords = typeof en

const ja: NotifiedWords = {
  title: '通知の記録',
  none: '過去30日間の通知はありません。',
  failed: '通知の記録を読み込めませんでした。自動で再試行します。',
  colon: '：',
  channel: { webhook: '呼び出しサービス', email: 'メール' },
  status: {
    sending: () => '送信中',
    failed: (attempts) => `${attempts}回失敗（再送します）`,
    given_up: (attempts) => `${attempts}回失敗し、中断しました`,
    delivered: () => '送信済み',
  },
  nobody: {
    no_on_call_list: '誰にも通知できませんでした（当番表がありません）。',
    nobody_on_duty: '誰にも通知できませんでした（勤務中の当番がいません）。',
    none_delivered: '誰にも通知できませんでした（どの通知も届きませんでした）。',
  },
}

export const NOTIFIED_WORDS = { en, ja }
