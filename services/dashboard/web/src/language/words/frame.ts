/** What every page says: its frame, and how far it can be trusted. */
const en = {
  appName: 'Mimamori',
  appPurpose: 'Remote monitoring',
  skipToContent: 'Skip to content',
  otherLanguage: '日本語',
  otherLanguageLabel: '日本語で表示',
  retry: 'Try again',
  loading: 'Loading…',
  notFound: 'There is no such page.',
  backToList: 'All patients',

  live: 'Live',
  liveTitle: 'Alerts appear here as soon as they are raised, readings within seconds.',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting…',
  lastContact: (time: string) => `last contact ${time}`,
  connectionLost: (time: string | null) =>
    `The live connection is interrupted. Alerts and readings shown are as of ${time ?? 'the last update'}; newer ones may be missing. Reconnecting by itself.`,
  storeUnavailable: 'Alerts are live. History and latest values are not available at the moment.',
  listStale: (time: string) => `Values could not be refreshed. They are as of ${time}.`,
  listSlow: (time: string) => `Refreshing values takes long. They are as of ${time}.`,
  listFailed: 'The list of patients could not be loaded.',
  listOnlyAlerts: 'The list of patients could not be loaded: only patients with an open alert are shown. It is asked for again.',
}

type FrameWords = typeof en

const ja: FrameWords = {
  appName: '見守り',
  appPurpose: '遠隔モニタリング',
  skipToContent: '本文へ移動',
  otherLanguage: 'English',
  otherLanguageLabel: 'Show in English',
  retry: '再試行',
  loading: '読み込み中…',
  notFound: 'このページはありません。',
  backToList: '患者一覧',

  live: '受信中',
  liveTitle: 'アラートは発生と同時に、測定値は数秒以内に表示されます。',
  connecting: '接続中…',
  reconnecting: '再接続中…',
  lastContact: (time) => `最終通信 ${time}`,
  connectionLost: (time) =>
    `リアルタイム接続が切れています。表示中のアラートと測定値は${time ? ` ${time} 時点` : '最終更新時点'}のもので、それ以降の分は含まれていない可能性があります。自動で再接続します。`,
  storeUnavailable: 'アラートはリアルタイムで受信しています。履歴と最新値は現在表示できません。',
  listStale: (time) => `測定値を更新できませんでした。${time} 時点の値です。`,
  listSlow: (time) => `測定値の更新に時間がかかっています。${time} 時点の値です。`,
  listFailed: '患者一覧を読み込めませんでした。',
  listOnlyAlerts: '患者一覧を読み込めませんでした。継続中のアラートがある患者だけを表示しています。自動で再試行します。',
}

export const FRAME_WORDS = { en, ja }
