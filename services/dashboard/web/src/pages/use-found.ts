import { useMemo, useRef } from 'react'
import { searchPatients } from '../api/client'
import type { PatientSummary } from '../api/model'
import { whileSeen } from '../state/questions'
import { useAnswer, useSeen } from '../state/server-state'

/** No name is longer; the server takes no more. */
const LONGEST = 100

/** An import or another team changes who is found: what is shown is asked for again so often. Each time is recorded as an access. */
const ANEW_MS = 60_000

/** Those whose ID holds a text; all of them where it is empty. */
export function byId(patients: readonly PatientSummary[], text: string): readonly PatientSummary[] {
  const part = text.trim().toLowerCase()
  return patients.filter((patient) => patient.patient.toLowerCase().includes(part))
}

interface Looked<T> {
  /** Who is found by what is known already. */
  readonly found: readonly T[]
  /** Who was found last. */
  readonly last: readonly T[]
  readonly isAsking: boolean
  readonly hasFailed: boolean
}

/**
 * What a search shows and says. Who types sees what was found last until the server has answered, not an empty list in
 * between; those rows are of another text, so nothing is done with them.
 */
export function whatIsShown<T>({ found, last, isAsking, hasFailed }: Looked<T>) {
  const isFormer = isAsking && found.length === 0
  const isNobody = found.length === 0 && !hasFailed
  const said: 'searching' | 'noMatch' | null = isAsking ? 'searching' : isNobody ? 'noMatch' : null
  return { shown: isFormer ? last : found, isFormer, said }
}

/**
 * Who is looked for among the listed patients. The server knows readings, other forms of characters, chart numbers and
 * telephones; it is asked once nobody has typed for a moment. IDs are looked through here, at once and while the server
 * does not answer.
 */
export function useFound(patients: readonly PatientSummary[] | null, sought: string, typed: string) {
  const question = typed.slice(0, LONGEST)
  const { answer, failure } = useAnswer({
    of: 'search',
    queryKey: ['search', question],
    queryFn: async () => ({ question, patients: new Set((await searchPatients(question)).patients) }),
    ...whileSeen(useSeen() && question !== '', () => ANEW_MS),
  })
  const named = sought.trim() === typed && answer?.question === question ? answer.patients : null
  const found = useMemo(() => {
    const here = new Set(byId(patients ?? [], sought))
    return (patients ?? []).filter((patient) => here.has(patient) || named?.has(patient.patient))
  }, [patients, sought, named])
  const isAsking = sought.trim() !== '' && named === null && failure === null
  const last = useRef<ReadonlySet<string> | null>(null)
  if (!isAsking) last.current = sought.trim() === '' ? null : new Set(found.map((patient) => patient.patient))
  const namesFailed = question !== '' && failure !== null
  const before = isAsking && found.length === 0 ? (patients ?? []).filter((patient) => last.current?.has(patient.patient) ?? true) : []
  const { shown, isFormer, said } = whatIsShown({ found, last: before, isAsking, hasFailed: namesFailed })
  return { found: shown, isFormer, said, namesFailed }
}
