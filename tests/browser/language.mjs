// What of a page is written, shown or read aloud, and what of that is in the other language.

/** Texts that the API has in English only: where a number of a rule comes from, and what is wrong with a plan. Marked as such, they are spoken in English. */
const ENGLISH_OF_THE_API = ['.rule-source', '.fault-detail']
/** Leads to the other language, in that language. */
const OF_THE_OTHER = ['.language-toggle']
/** Names of parts of the API, for who works with it. */
const CODE = ['code']

const ALLOWED = {
  units: ['mmHg', 'mg/dL', 'mmol/L', 'kg', 'g', 'L/min', '/min', '°C'],
  abbreviations: ['AGP', 'API', 'CV', 'GMI', 'HbA1c', 'ID', 'SU', 'SpO₂', 'TLS', 'https', 'HTTP', 'UTC'],
  names: ['Mimamori', 'OpenAPI', 'Prometheus'],
  keys: ['j', 'k', 'a', 'u', 'Enter', 'Tab'],
  // Of the mock's people, devices and laboratories.
  invented: ['physician', 'operator', 'OMRON HEM-7600T', 'OMRON', 'Dexcom G4', 'Apple HealthKit', 'BROWSERTEST BP-1', 'LAB01', 'DEMO01'],
}
const IDENTIFIERS = [
  /\b[A-Z]{3,5}\d{2,3}\/[A-Z]\d+\b/g, // Patients.
  /\b[a-z]+(?:\.[a-z0-9_]+)+\b/g, // Rules and their parameters.
  /\b20\d\d-\d\d[a-z]\b/g, // Sets of rules.
  /\b(?:Asia|Europe|America)\/[A-Z][A-Za-z_]+\b/g, // Time zones.
]

const LATIN = /[A-Za-zＡ-Ｚａ-ｚ]/
const JAPANESE = /[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]/
/** Names of people in the mock, and how they are related: what a list says of a person is in the person's language. */
const PEOPLE = new RegExp(
  [
    '佐藤 陽子|鈴木 一郎|運用担当|長男',
    '(?:見本|架空|仮名|例題|模型|想定|雛形) (?:花子|太郎|春子|次郎|雪乃|海斗)',
    '(?:ミホン|カクウ|カメイ|レイダイ|モケイ|ソウテイ|ヒナガタ) (?:ハナコ|タロウ|ハルコ|ジロウ|ユキノ)',
  ].join('|'),
  'g',
)

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
/** Longer ones first; none within a longer word. */
const KNOWN = new RegExp(`(?<![A-Za-z])(?:${Object.values(ALLOWED).flat().sort((a, b) => b.length - a.length).map(escaped).join('|')})(?![A-Za-z])`, 'g')

export function isForeign(text, language) {
  if (language === 'en') return JAPANESE.test(text.replace(PEOPLE, ''))
  return LATIN.test(IDENTIFIERS.reduce((left, one) => left.replace(one, ''), text).replace(KNOWN, ''))
}

/** Everything that the page says: its title, texts whether they are folded away or not, and attributes that are shown or spoken. */
export function textsOf(page) {
  return page.evaluate((leftOut) => {
    const ATTRIBUTES = ['aria-label', 'aria-valuetext', 'aria-description', 'aria-roledescription', 'title', 'alt', 'placeholder', 'data-label', 'label']
    const at = (element) => `${element.closest('[class]')?.className?.toString() ?? ''} ${element.localName}`.trim()
    const found = [{ at: 'title', text: document.title }]
    for (const element of document.querySelectorAll('body, body *')) {
      if (['script', 'style', 'noscript'].includes(element.localName) || element.closest(leftOut)) continue
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE && node.data.trim() !== '') found.push({ at: at(element), text: node.data.trim() })
      for (const name of ATTRIBUTES) if (element.getAttribute(name)) found.push({ at: `${at(element)}[${name}]`, text: element.getAttribute(name) })
    }
    return found
  }, [...ENGLISH_OF_THE_API.map((one) => `${one}[lang="en"]`), ...OF_THE_OTHER, ...CODE].join())
}
