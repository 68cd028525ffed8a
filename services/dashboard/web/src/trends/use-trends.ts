import { useEffect, useRef, useState } from 'react'
import { readTrends, serverNow } from '../api/client'
import type { TrendsOfPatients } from '../api/model'
import { useSession } from '../session'
import { AGAIN_MS } from '../state/calmly'
import { whileSeen } from '../year/while-seen'

/** The table is counted some time after what it is made of was stored; a page that is open asks for it so often. */
const ANEW_MS = 120_000

export interface Table {
  readonly answer: TrendsOfPatients
  /** When it came, by the server's clock. */
  readonly at: number
  /** What was asked. */
  readonly query: string
}

/** The table of a query, asked for again while it is seen; the one before stays until the next has come. */
export function useTrends(query: string) {
  const { checkFailure } = useSession()
  const [table, setTable] = useState<Table | null>(null)
  const [hasFailed, setFailed] = useState(false)
  const fail = useRef(checkFailure)
  fail.current = checkFailure
  useEffect(() => {
    let over = false
    const asking = whileSeen(async () => {
      try {
        const answer = await readTrends(new URLSearchParams(query))
        if (over) return ANEW_MS
        setFailed(false)
        setTable({ answer, at: serverNow(), query })
        return answer.as_of == null ? AGAIN_MS : ANEW_MS
      } catch (error) {
        if (!over && !fail.current(error)) setFailed(true)
        return AGAIN_MS
      }
    })
    return () => {
      over = true
      asking.stop()
    }
  }, [query])
  return { table, hasFailed }
}
