import { useRef } from 'react'
import { ApiError, readIdentity } from '../api/client'
import type { PatientIdentity, PatientName } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { againAfterFailure } from '../state/questions'
import { useAnswer } from '../state/server-state'
import { Numbers, spokenIn } from './called'

/** Another's patient stays another's. */
const isWorthIt = (error: unknown) => !(error instanceof ApiError && error.status === 403)

interface NameSeen {
  readonly name: string | null
  /** How often another name came after one that was known. */
  readonly changes: number
}

export const NO_NAME_SEEN: NameSeen = { name: null, changes: 0 }

/** What the list calls a patient: nothing while it has not come, null where no name is on record. */
export function withSeen(before: NameSeen, listed: PatientName | null | undefined): NameSeen {
  if (listed === undefined) return before
  const name = JSON.stringify(listed && [listed.name, listed.kana, listed.birth_date, listed.chart_number])
  if (name === before.name) return before
  return { name, changes: before.name === null ? before.changes : before.changes + 1 }
}

/**
 * Who a patient is, and how to reach them. Each question is recorded as an access, so it is asked once a visit, and anew
 * when the list calls the patient by another name, or by none: the person may have been erased.
 */
export function useIdentity(patient: string, listed: PatientName | null | undefined) {
  const seen = useRef(NO_NAME_SEEN)
  seen.current = withSeen(seen.current, listed)
  const of = `${patient} ${seen.current.changes}`
  const { answer, failure } = useAnswer({
    of,
    queryKey: ['identity', of],
    queryFn: () => readIdentity(patient),
    staleTime: Infinity,
    ...againAfterFailure(isWorthIt),
  })
  return { identity: answer, failure: failure !== null && isWorthIt(failure) ? failure : null }
}

function bornText(date: string, words: Words): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  return words.born(year, month, day)
}

interface ContactsProps {
  readonly patient: string
  readonly identity: PatientIdentity | null
  readonly hasFailed: boolean
}

/** Numbers by which a patient is distinguished from another of the same name, and whom to call. */
export function Contacts({ patient, identity, hasFailed }: ContactsProps) {
  const { words } = useLanguage()
  if (!identity) {
    return (
      <p className="patient-contacts muted" role={hasFailed ? 'alert' : undefined}>
        {hasFailed && words.identityFailed}
      </p>
    )
  }
  const { name, telephone, emergency_contact: contact } = identity
  return (
    <div className="patient-contacts" role="group" aria-label={words.contacts}>
      {name?.birth_date && <span>{bornText(name.birth_date, words)}</span>}
      <Numbers patient={patient} name={name} chart={words.chartNumber} />
      {telephone && (
        <span>
          {words.telephone} <Call number={telephone} />
        </span>
      )}
      {contact && (
        <span>
          {words.emergencyContact}{' '}
          <span lang={spokenIn(contact.name)}>
            {contact.name}
            {contact.relationship && ` (${contact.relationship})`}
          </span>{' '}
          <Call number={contact.telephone} />
        </span>
      )}
    </div>
  )
}

function Call({ number }: { number: string }) {
  return <a href={`tel:${number.replaceAll('-', '')}`}>{number}</a>
}
