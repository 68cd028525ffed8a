import { useState } from 'react'
import { CHARTS } from '../charts/list'
import { KIND_ORDER } from '../language/kinds.generated'
import { useSession } from '../session'

/** What a column of the list shows: a kind of reading, who the patient is, or the kinds that have no column. */
export const WHO = 'who'
export const OTHERS = 'others'

/** Every column that may be chosen, in the order in which they stand. Patient and last reading are always there. */
export const CHOICES: readonly string[] = [WHO, ...KIND_ORDER, OTHERS]
/** What has a chart has a column, until somebody chooses otherwise. */
export const USUAL: readonly string[] = [WHO, ...CHARTS.map((chart) => chart.kinds[0]), OTHERS]

/** For each person of this browser; which patients are shown is no part of it. */
const keyOf = (user: string) => `mimamori.columns.${user}`

/** What was chosen, in order; the usual ones where nothing was, or what is stored is none of ours. */
export function columnsOf(stored: string | null): readonly string[] {
  try {
    const chosen: unknown = JSON.parse(stored ?? 'null')
    if (Array.isArray(chosen)) return CHOICES.filter((one) => chosen.includes(one))
  } catch {
    // Not ours: the usual ones.
  }
  return CHOICES.filter((one) => USUAL.includes(one))
}

function read(user: string): string | null {
  try {
    return localStorage.getItem(keyOf(user))
  } catch {
    return null
  }
}

/** The columns that whoever is signed in has chosen. */
export function useColumns() {
  const { session } = useSession()
  const user = typeof session === 'object' ? session.user : ''
  const [columns, setColumns] = useState(() => columnsOf(read(user)))
  const choose = (chosen: readonly string[]) => {
    const text = JSON.stringify(CHOICES.filter((one) => chosen.includes(one)))
    setColumns(columnsOf(text))
    try {
      localStorage.setItem(keyOf(user), text)
    } catch {
      // Not remembered, then.
    }
  }
  return { columns, choose }
}
