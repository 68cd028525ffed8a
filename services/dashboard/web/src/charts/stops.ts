import { numberOf, type Reading } from '../api/model'
import { valueText } from '../language/reading-text'
import type { Words } from '../language/words'
import type { Stop } from './plot'

/** The readings as the cursor tells them. */
export function stopsOf(readings: readonly Reading[], fields: readonly string[], words: Words): readonly Stop[] {
  return readings.map((reading) => {
    const text = valueText(reading, words)
    const notes = [...(text?.more ?? [])]
    if (reading.kind === 'blood_pressure_checkup') notes.unshift(words.checkup)
    if (reading.data_input !== 'device') notes.push(words.dataInput[reading.data_input])
    if (reading.outcome === 'correction') notes.push(words.corrected)
    return {
      t: Date.parse(reading.observed_at),
      at: fields.map((field) => numberOf(reading.values, field)).filter((value) => value !== null),
      value: text ? `${text.value} ${text.unit}` : words.noValue,
      notes: notes.join(' · '),
    }
  })
}
