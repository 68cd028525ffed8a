import { readTrends, serverNow } from '../api/client'
import type { TrendsOfPatients } from '../api/model'
import { AGAIN_MS } from '../state/throttle'
import { whileSeen } from '../state/questions'
import { useAnswer, useSeen } from '../state/server-state'

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
  const { answer: table, failure } = useAnswer<Table>({
    of: 'trends',
    queryKey: ['trends', query],
    queryFn: async () => ({ answer: await readTrends(new URLSearchParams(query)), at: serverNow(), query }),
    ...whileSeen<Table>(useSeen(), ({ answer }) => (answer.as_of == null ? AGAIN_MS : ANEW_MS)),
  })
  return { table, hasFailed: failure !== null }
}
