import type { Kind } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { CHOICES, OTHERS, USUAL, WHO } from './columns'

export function columnName(column: string, words: Words): string {
  if (column === WHO) return words.ageSex
  return column === OTHERS ? words.otherValues : words.kind[column as Kind]
}

/** Which columns the list has; folded away. */
export function ColumnChoice({ columns, choose }: { columns: readonly string[]; choose(columns: readonly string[]): void }) {
  const { words } = useLanguage()
  const toggle = (column: string) => choose(columns.includes(column) ? columns.filter((one) => one !== column) : [...columns, column])
  return (
    <details className="column-choice">
      <summary>{words.columns}</summary>
      <fieldset>
        <legend>{words.columnsNote}</legend>
        {CHOICES.map((column) => (
          <label key={column}>
            <input type="checkbox" checked={columns.includes(column)} onChange={() => toggle(column)} /> {columnName(column, words)}
          </label>
        ))}
        <button type="button" onClick={() => choose(USUAL)}>
          {words.columnsUsual}
        </button>
      </fieldset>
    </details>
  )
}
