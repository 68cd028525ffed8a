import type { FixedNumber } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { RuleSource } from './of-the-api'

/** What of the numbers is shown together: those of a rule, or of all rules. */
export const fixedOf = (all: readonly FixedNumber[], rule: string | null) => all.filter((one) => (one.rule ?? null) === rule)

/** A unit of UCUM as people write it. */
export const unitOf = (code: string, words: Words) => words.plan.units[code] ?? code

/** Numbers that no plan changes, folded away: what each is, and which text gives it. */
export function FixedNumbers({ of, numbers }: { of: string; numbers: readonly FixedNumber[] }) {
  const { words, language } = useLanguage()
  if (numbers.length === 0) return null
  return (
    <details className="fixed-numbers">
      <summary>{words.plan.fixed(of, numbers.length)}</summary>
      <ul>
        {numbers.map((one) => (
          <li key={one.label_en}>
            {language === 'ja' ? one.label_ja : one.label_en}: {one.value} {unitOf(one.unit, words)} <RuleSource text={one.source} isAside />
            {one.recalled && <strong> ({words.plan.recalled})</strong>}
          </li>
        ))}
      </ul>
    </details>
  )
}
