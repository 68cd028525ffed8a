import { useEffect, useState } from 'react'
import { useHistoryState } from '../route'
import { keptAs, soughtOf } from '../state/sought'
import { useTyped } from '../state/use-typed'

/**
 * Who is looked for in the list. It belongs to the entry of the browser's history, so that 'back' keeps it, and never
 * stands in the address: that is sent to servers and written into their logs, and here it may be a name.
 */
export function useSought() {
  const state = useHistoryState<unknown>()
  const [sought, seek] = useState(() => soughtOf(state))
  // The page stays where a link or 'back' leads to another entry. Space that was just typed is no other text.
  useEffect(() => seek((before) => (before.trim() === soughtOf(state) ? before : soughtOf(state))), [state])
  const typed = useTyped(sought.trim())
  useEffect(() => {
    if (typed !== soughtOf(history.state)) history.replaceState(keptAs(typed, history.state), '')
  }, [typed])
  return { sought, typed, seek }
}
