import type { Reading } from '../api/model'
import { KINDS } from '../language/kinds.generated'
import { valueText } from '../language/reading-text'
import type { Words } from '../language/words'
import { observedAt } from './parted'

/** A reading under the cursor. */
export interface Stop {
  readonly t: number
  /** Where to mark it, on the value axis. */
  readonly at: readonly number[]
  /** The value in words, e.g. '142/88 mmHg'. */
  readonly value: string
  readonly notes: string
}

/** Where the cursor may be, in order of time. What a reading says is put into words when the cursor is there: of a sensor there are thousands. */
export interface Stops {
  readonly length: number
  timeAt(index: number): number
  stopAt(index: number): Stop | undefined
}

/** The readings as the cursor says them; `at` gives the values that it marks. */
export function stopsOf<R extends Reading>(readings: readonly R[], at: (reading: R) => readonly (number | undefined)[], words: Words): Stops {
  return {
    length: readings.length,
    timeAt: (index) => {
      const reading = readings[index]
      return reading ? observedAt(reading) : Number.NaN
    },
    stopAt: (index) => {
      const reading = readings[index]
      return reading && { t: observedAt(reading), at: at(reading).filter((value) => value !== undefined), ...saidOf(reading, words) }
    },
  }
}

function saidOf(reading: Reading, words: Words): Pick<Stop, 'value' | 'notes'> {
  const text = valueText(reading, words)
  const notes = [...(text?.more ?? [])]
  if (KINDS[reading.kind].setting === 'checkup') notes.unshift(words.checkup)
  if (reading.data_input !== 'device') notes.push(words.dataInput[reading.data_input])
  if (reading.outcome === 'correction') notes.push(words.corrected)
  if (reading.observed_long_ago) notes.push(words.longAgo)
  if (reading.observed_ahead) notes.push(words.ahead)
  return { value: text ? `${text.value} ${text.unit}` : words.noValue, notes: notes.join(' · ') }
}

/** The index of the stop nearest in time. */
export function nearest(stops: Stops, t: number): number {
  let low = 0
  let high = stops.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (stops.timeAt(middle) < t) low = middle + 1
    else high = middle
  }
  return low > 0 && t - stops.timeAt(low - 1) < stops.timeAt(low) - t ? low - 1 : low
}
