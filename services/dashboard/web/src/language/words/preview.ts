/** What is said of the alerts that a plan would have raised. */
const en = {
  look: 'See what this would change',
  looking: 'Looking at the last 30 days…',
  title: 'The last 30 days under this plan',
  note: 'Which alerts the readings of the last 30 days would have raised under the plan as it is edited above, beside the plan in force. Nothing is set.',
  by: (ruleSet: string) => `Judged by rule set ${ruleSet}.`,
  counts: (added: number, gone: number, otherwise: number, same: number) =>
    `Added: ${added}. No longer raised: ${gone}. Raised otherwise: ${otherwise}. The same: ${same}.`,
  nothing: (same: number) => (same === 0 ? 'No alerts, under either plan.' : `Nothing would change: the same alerts (${same}) under both plans.`),
  added: 'Would be added',
  gone: 'Would no longer be raised',
  otherwise: 'Would be raised otherwise',
  same: (n: number) => `The same under both plans (${n})`,
  becomes: ' would become ',
  atOnce: 'no longer held back by quiet hours',
  time: (raised: string, until: string | null, to: string) => (until === null ? `${raised}, still open on ${to}` : `${raised} – ${until}`),
  stale: 'The plan was edited after this look. Look again.',
  invalid: 'This plan cannot be followed. Correct this:',
  failed: {
    store: 'The readings are not available at the moment. Try again in a moment.',
    busy: 'Many previews are asked for at the moment. Try again in a few seconds.',
    'too-many': 'There are too many readings in these days for a preview. Setting the plan is not affected.',
    'not-yours': 'This patient does not exist or is not assigned to you.',
    other: 'The preview could not be made. Check the network and try again.',
  },
}

type PreviewWords = typeof en

const ja: PreviewWords = {
  look: '変更の影響を確認',
  looking: '過去30日間を確認しています…',
  title: 'このプランでの過去30日間',
  note: '上で編集中のプランと適用中のプランについて、過去30日間の測定値で発生したはずのアラートを比べます。プランは設定されません。',
  by: (ruleSet) => `ルールセット ${ruleSet} で判定しました。`,
  counts: (added, gone, otherwise, same) =>
    `追加 ${added}件、なくなる ${gone}件、扱いが変わる ${otherwise}件、変わらない ${same}件。`,
  nothing: (same) => (same === 0 ? 'どちらのプランでもアラートはありません。' : `変わりません。どちらのプランでも同じアラート（${same}件）です。`),
  added: '追加されるアラート',
  gone: 'なくなるアラート',
  otherwise: '扱いが変わるアラート',
  same: (n) => `どちらのプランでも同じアラート（${n}件）`,
  becomes: 'から次に変わる：',
  atOnce: '静穏時間による保留がなくなる',
  time: (raised, until, to) => (until === null ? `${raised} 発生、${to} 時点で継続中` : `${raised}〜${until}`),
  stale: 'この確認の後にプランが編集されました。もう一度確認してください。',
  invalid: 'このプランは適用できません。次の点を修正してください。',
  failed: {
    store: '測定値は現在利用できません。しばらくしてからもう一度お試しください。',
    busy: '確認の要求が集中しています。数秒後にもう一度お試しください。',
    'too-many': 'この期間の測定値が多すぎるため確認できません。プランの設定には影響しません。',
    'not-yours': 'この患者は存在しないか、担当に含まれていません。',
    other: '確認できませんでした。ネットワークを確認して、もう一度お試しください。',
  },
}

export const PREVIEW_WORDS = { en, ja } as const
