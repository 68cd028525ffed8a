import type { Kind } from '../api/model'
import { KINDS, type Label } from './kinds.generated'
import { ACTS_WORDS } from './words/acts'
import { ALERTS_WORDS } from './words/alerts'
import { CHARTS_WORDS } from './words/charts'
import { FRAME_WORDS } from './words/frame'
import { LIST_WORDS } from './words/list'
import { NOTIFIED_WORDS } from './words/notified'
import { PATIENT_WORDS } from './words/patient'
import { PLAN_WORDS } from './words/plan'
import { PREVIEW_WORDS } from './words/preview'
import { SIGN_IN_WORDS } from './words/sign-in'
import { SUMMARIES_WORDS } from './words/summaries'

export type Language = 'ja' | 'en'

function kindLabels(language: Language): Readonly<Record<Kind, string>> {
  const labels = Object.entries(KINDS).map(([kind, { label }]) => [kind, label[language]])
  return Object.fromEntries(labels) as Record<Kind, string>
}

/** A catalogue for each part of the pages; no two have a text of one name. */
export const CATALOGUES = [FRAME_WORDS, SIGN_IN_WORDS, LIST_WORDS, ALERTS_WORDS, PATIENT_WORDS, CHARTS_WORDS, SUMMARIES_WORDS] as const

const en = {
  ...FRAME_WORDS.en,
  ...SIGN_IN_WORDS.en,
  ...LIST_WORDS.en,
  ...ALERTS_WORDS.en,
  ...PATIENT_WORDS.en,
  ...CHARTS_WORDS.en,
  ...SUMMARIES_WORDS.en,
  acts: ACTS_WORDS.en,
  notified: NOTIFIED_WORDS.en,
  plan: PLAN_WORDS.en,
  preview: PREVIEW_WORDS.en,
  kind: kindLabels('en'),
  said: (label: Label) => label.en,
}

export type Words = typeof en

const ja: Words = {
  ...FRAME_WORDS.ja,
  ...SIGN_IN_WORDS.ja,
  ...LIST_WORDS.ja,
  ...ALERTS_WORDS.ja,
  ...PATIENT_WORDS.ja,
  ...CHARTS_WORDS.ja,
  ...SUMMARIES_WORDS.ja,
  acts: ACTS_WORDS.ja,
  notified: NOTIFIED_WORDS.ja,
  plan: PLAN_WORDS.ja,
  preview: PREVIEW_WORDS.ja,
  kind: kindLabels('ja'),
  said: (label) => label.ja,
}

export const WORDS: Readonly<Record<Language, Words>> = { en, ja }
