import { useLanguage } from '../language/language'

interface ReadingsWaitProps {
  /** Since when readings wait for the store, by an answer: the server gives it when that is unusually long. */
  readonly since: string | null
  readonly now: number
}

/** What is shown lacks readings. No clock of the browser has a part in whether that is said. */
export function ReadingsWait({ since, now }: ReadingsWaitProps) {
  const { words, times } = useLanguage()
  if (since === null) return null
  return (
    <p className="notice notice-warning" role="status">
      {words.readingsWait(times.dateTime(since, now))}
    </p>
  )
}
