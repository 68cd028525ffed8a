import type { Alert, Severity } from '../../api/model'

/** Alerts, in the list and on the page of a patient. */
const en = {
  severity: { urgent: 'Urgent', review: 'Review', technical: 'Technical' } satisfies Record<Severity, string>,
  unconfirmed: 'Unconfirmed',
  unconfirmedTitle: 'Not confirmed by further readings',
  late: 'Arrived late',
  escalated: 'Escalated',
  eased: 'Eased',
  status: { open: 'Open', resolved: 'Resolved', retracted: 'Retracted' } satisfies Record<Alert['status'], string>,
  criteriaChanged: 'Closed, limits changed',
  measured: 'Measured',
  since: 'Since',
  alertedAt: (time: string) => `alert ${time}`,
  escalatedAt: (ago: string, time: string) => `escalated ${ago} (${time})`,
  lastReading: 'Last reading',
  never: 'Nothing received yet',
  noValue: '–',
}

type AlertsWords = typeof en

const ja: AlertsWords = {
  severity: { urgent: '緊急', review: '要確認', technical: '機器・通信' },
  unconfirmed: '未確定',
  unconfirmedTitle: 'その後の測定で確認されていません。',
  late: '遅れて受信',
  escalated: '重要度上昇',
  eased: '軽快',
  status: { open: '継続中', resolved: '解消', retracted: '取消' },
  criteriaChanged: '基準変更により終了',
  measured: '測定',
  since: '開始',
  alertedAt: (time) => `アラート ${time}`,
  escalatedAt: (ago, time) => `重要度上昇 ${ago}（${time}）`,
  lastReading: '最終測定',
  never: '受信なし',
  noValue: '–',
}

export const ALERTS_WORDS = { en, ja }
