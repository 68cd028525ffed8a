import { useLanguage } from '../language/language'
import { isWaiting } from '../state/waiting'

interface ReadingsWaitProps {
  /** Since when readings wait for the store, by an answer. */
  readonly since: string | null
  readonly answeredAt: number | null
  readonly now: number
}

/** What is shown lacks readings: said where they have waited for unusually long. */
export function ReadingsWait({ since, answeredAt, now }: ReadingsWaitProps) {
  const { words, times } = useLanguage()
  if (!isWaiting(since, answeredAt)) return null
  return (
    <p className="notice notice-warning" role="status">
      {words.readingsWait(times.dateTime(since, now))}
    </p>
  )
}
