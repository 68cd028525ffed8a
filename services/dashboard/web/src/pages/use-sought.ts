import { useEffect, useState } from 'react'
import { navigate, useSearch } from '../route'
import { useTyped } from '../state/use-typed'

const soughtOf = (search: string) => new URLSearchParams(search).get('sought') ?? ''

/** The part of an ID by which a list is filtered. It stands in the address, so that 'back', a reload and a link keep it. */
export function useSought() {
  const search = useSearch()
  const [sought, seek] = useState(() => soughtOf(search))
  // The page stays where a link or 'back' leads to the list with another address.
  useEffect(() => seek(soughtOf(search)), [search])
  const typed = useTyped(sought.trim())
  useEffect(() => {
    if (typed === soughtOf(location.search)) return
    navigate(typed === '' ? location.pathname : `${location.pathname}?${new URLSearchParams({ sought: typed })}`, 'replace')
  }, [typed])
  return { sought, seek }
}
