import { useEffect, useState } from 'react'
import { listSilentGroups, serverNow } from '../api/client'
import type { SilentGroup } from '../api/model'
import { useLanguage } from '../language/language'

/** They are counted once an hour. */
const BETWEEN_LOOKS_MS = 60_000

/** The vendors, models and consortia that have fallen silent; nothing where there is none, or where that is not known. */
export function SilentGroups() {
  const { words, times } = useLanguage()
  const [groups, setGroups] = useState<readonly SilentGroup[]>([])

  useEffect(() => {
    let isShown = true
    const look = () =>
      listSilentGroups().then(
        (answer) => {
          if (isShown) setGroups(answer.groups)
        },
        // What was known stays: the next look is soon.
        () => undefined,
      )
    void look()
    const timer = setInterval(() => void look(), BETWEEN_LOOKS_MS)
    return () => {
      isShown = false
      clearInterval(timer)
    }
  }, [])

  if (groups.length === 0) return null
  return (
    <div className="notice notice-warning" role="status" data-testid="silent-groups">
      <ul>
        {groups.map((silent) => (
          <li key={`${silent.group} ${silent.name} ${silent.model ?? ''}`}>
            {words.silentGroup(
              words.groupName(silent.group, [silent.name, silent.model].filter(Boolean).join(' ')),
              silent.patients,
              times.dateTime(silent.since, serverNow()),
            )}
          </li>
        ))}
      </ul>
      {words.silentGroupsHeld}
    </div>
  )
}
