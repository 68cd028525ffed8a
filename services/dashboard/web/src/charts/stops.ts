import type { Reading } from '../api/model'
import { KINDS } from '../language/kinds.generated'
import { valueText } from '../language/reading-text'
import type { Words } from '../language/words'
import type { Stop } from './plot'

/** The readings as the cursor says them; `at` gives the values that it marks. */
export function stopsOf<R extends Reading>(
  readings: readonly R[],
  at: (reading: R) => readonly (number | undefined)[],
  words: Words,
): readonly Stop[] {
  return readings.map((reading) => {
    const text = valueText(reading, words)
    const notes = [...(text?.more ?? [])]
    if (KINDS[reading.kind].setting === 'checkup') notes.unshift(words.checkup)
    if (reading.data_input !== 'device') notes.push(words.dataInput[reading.data_input])
    if (reading.outcome === 'correction') notes.push(words.corrected)
    if (reading.observed_long_ago) notes.push(words.longAgo)
    if (reading.observed_ahead) notes.push(words.ahead)
    return {
      t: Date.parse(reading.observed_at),
      at: at(reading).filter((value) => value !== undefined),
      value: text ? `${text.value} ${text.unit}` : words.noValue,
      notes: notes.join(' · '),
    }
  })
}
