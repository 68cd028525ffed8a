import { useLanguage } from '../language/language'
import { calculatedText } from '../language/reading-text'
import type { Aggregates } from './api'

const DAY = { en: 'Day', ja: '日' }
const MEAN = { en: 'mean of all values', ja: '全測定値の平均' }
const VALUES = { en: 'Values', ja: '件数' }

/** The days of a year, the newest first. */
export function YearTable({ year, label }: { year: Aggregates; label: string }) {
  const { words, times } = useLanguage()
  const written = (value: number) => calculatedText(year.kind, year.field as never, value)
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="readings figures">
        <thead>
          <tr>
            {[words.said(DAY), words.said(MEAN), words.lowest, words.highest, words.said(VALUES)].map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...year.buckets].reverse().map((day) => (
            <tr key={day.from}>
              <th scope="row">{times.date(day.from)}</th>
              <td>{day.mean == null ? words.noValue : written(day.mean)}</td>
              <td>{written(day.lowest)}</td>
              <td>{written(day.highest)}</td>
              <td>{day.values}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
