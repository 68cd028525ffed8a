// What the API says in English only. It is marked as English, so that it is spoken so; tests/browser/language.mjs names both.

/** Where a number of a rule comes from. */
export function RuleSource({ text, isAside = false }: { text: string; isAside?: boolean }) {
  return (
    <span className={isAside ? 'rule-source muted' : 'rule-source'} lang="en">
      {isAside ? `(${text})` : text}
    </span>
  )
}

/** What is wrong at a place of a plan, and what would be right. */
export function FaultDetail({ text }: { text: string }) {
  return (
    <span className="fault-detail" lang="en">
      {text}
    </span>
  )
}
