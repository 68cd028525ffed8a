import { listSilentGroups } from '../api/client'
import type { SilentGroup } from '../api/model'
import { useLanguage } from '../language/language'
import { HOUR_MS } from '../language/zones'
import { useAnswer } from '../state/server-state'

/** They are counted once an hour. */
const BETWEEN_LOOKS_MS = 60_000

/** Two counts have not come: what was counted may not be so any more. */
const STALE_AFTER_MS = 3 * HOUR_MS

export const NO_GROUPS: readonly SilentGroup[] = []

/** The vendors, models and consortia that have fallen silent; none where that is not known, which `isKnown` says. */
export function useSilentGroups(): { readonly groups: readonly SilentGroup[]; readonly isKnown: boolean } {
  // What was known stays after a failure: the next look is soon.
  const { answer, failure } = useAnswer({
    of: 'silent-groups',
    queryKey: ['silent-groups'],
    queryFn: listSilentGroups,
    refetchInterval: BETWEEN_LOOKS_MS,
    refetchIntervalInBackground: true,
  })
  return { groups: answer?.groups ?? NO_GROUPS, isKnown: answer !== null || failure !== null }
}

/**
 * Reported in a place that is always there, so that screen readers notice. When patients were counted is outside of it, or
 * they would read all of it again with every count.
 */
export function SilentGroupsNotice({ groups, now }: { groups: readonly SilentGroup[]; now: number }) {
  const { words, times } = useLanguage()
  const isStale = (silent: SilentGroup) => now - Date.parse(silent.counted_at) > STALE_AFTER_MS
  const counted = groups.filter((silent) => !isStale(silent)).map((silent) => Date.parse(silent.counted_at))
  const lineOf = (silent: SilentGroup) => {
    const name = words.groupName(silent.group, [silent.name, silent.model].filter(Boolean).join(' '))
    return words.silentGroup(name, silent.patients, times.dateTime(silent.since, now))
  }
  return (
    <div className={groups.length > 0 ? 'notice notice-warning' : undefined} data-testid="silent-groups">
      <div role="status">
        {groups.length > 0 && (
          <>
            <ul>
              {groups.map((silent) => (
                <li key={`${silent.group} ${silent.name} ${silent.model ?? ''}`}>
                  {lineOf(silent)} {isStale(silent) && words.silentGroupStale(times.dateTime(Date.parse(silent.counted_at), now))}
                </li>
              ))}
            </ul>
            {words.silentGroupsHeld}
          </>
        )}
      </div>
      {counted.length > 0 && <p>{words.silentGroupsAsOf(times.dateTime(Math.min(...counted), now))}</p>}
    </div>
  )
}
