import { useEffect, useState } from 'react'
import { ownSession } from '../api/client'
import { useHistoryState } from '../route'
import { useTyped } from '../state/use-typed'

/** What of an entry in the browser's history is ours: of another session, which may be another person's, nothing is. */
export function soughtOf(state: unknown): string {
  if (typeof state !== 'object' || state === null || !('sought' in state) || !('session' in state)) return ''
  return typeof state.sought === 'string' && state.session === ownSession() ? state.sought : ''
}

/**
 * Who is looked for in the list. It stands in the entry of the browser's history, so that 'back' and a reload keep it, and
 * never in the address: that is sent to servers and written into their logs, and here it may be a name.
 */
export function useSought() {
  const state = useHistoryState<unknown>()
  const [sought, seek] = useState(() => soughtOf(state))
  // The page stays where a link or 'back' leads to another entry. Space that was just typed is no other text.
  useEffect(() => seek((before) => (before.trim() === soughtOf(state) ? before : soughtOf(state))), [state])
  const typed = useTyped(sought.trim())
  useEffect(() => {
    if (typed !== soughtOf(history.state)) history.replaceState(typed === '' ? null : { sought: typed, session: ownSession() }, '')
  }, [typed])
  return { sought, typed, seek }
}
