import type { Sex } from '../../api/model'

/** The list of patients. */
const en = {
  pages: 'Pages',
  liveList: 'My patients',
  trends: 'Trends',
  needsAttention: 'Needs attention',
  nothingOpen: 'No open alerts.',
  otherPatients: 'No open alerts',
  countPatients: (n: number) => (n === 1 ? '1 patient' : `${n} patients`),
  noPatients: 'No patients are assigned to you yet.',
  findPatient: 'Find a patient',
  findBy: 'Name, kana, chart no., phone, ID',
  noMatch: 'No patient of yours is found by this.',
  searching: 'Searching …',
  searchFailed: 'Names cannot be searched at the moment; patient IDs still are.',
  chartNumber: (number: string) => `chart ${number}`,
  columns: 'Columns',
  columnsNote: 'Columns of this list, kept in this browser. Values without a column of their own stand under other values.',
  columnsUsual: 'Usual columns',
  laterAlerts: 'Later: in quiet hours',
  quietUntil: (time: string) => `no call before ${time} (quiet hours)`,
  newAlert: 'New',
  announceAlert: (severity: string, patient: string, text: string) => `${severity}: ${patient}. ${text}`,
  announceMissed: (n: number) => (n === 1 ? '1 new alert' : `${n} new alerts`),

  patient: 'Patient',
  ageSex: 'Age, sex',
  otherValues: 'Other values',
  age: (younger: number, older: number) => (younger === older ? `${older} y` : `${younger}–${older} y`),
  bornIn: (year: number) => `Born in ${year}`,
  unknownAge: 'Age unknown',
  sex: { female: 'female', male: 'male', other: 'other', unknown: 'sex unknown' } satisfies Record<Sex, string>,
}

type ListWords = typeof en

const ja: ListWords = {
  pages: 'ページ',
  liveList: '担当患者',
  trends: '経過',
  needsAttention: '対応が必要な患者',
  nothingOpen: '継続中のアラートはありません。',
  otherPatients: 'アラートのない患者',
  countPatients: (n) => `${n}名`,
  noPatients: '担当患者がまだ登録されていません。',
  findPatient: '患者を検索',
  findBy: '氏名・カナ・カルテ番号・電話・ID',
  noMatch: '該当する担当患者はいません。',
  searching: '検索しています…',
  searchFailed: '現在、氏名では検索できません。患者IDでは検索できます。',
  chartNumber: (number) => `カルテ ${number}`,
  columns: '表示する列',
  columnsNote: 'この一覧の列（このブラウザに保存します）。列のない項目は「その他の値」に表示します。',
  columnsUsual: '標準の列に戻す',
  laterAlerts: '静穏時間中（後で確認）',
  quietUntil: (time) => `静穏時間：${time} までは連絡しません`,
  newAlert: '新着',
  announceAlert: (severity, patient, text) => `${severity}：${patient}。${text}`,
  announceMissed: (n) => `新しいアラートが${n}件あります`,

  patient: '患者',
  ageSex: '年齢・性別',
  otherValues: 'その他',
  age: (younger, older) => (younger === older ? `${older}歳` : `${younger}〜${older}歳`),
  bornIn: (year) => `${year}年生まれ`,
  unknownAge: '年齢不明',
  sex: { female: '女性', male: '男性', other: 'その他', unknown: '性別不明' },
}

export const LIST_WORDS = { en, ja }
