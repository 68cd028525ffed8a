import { ApiError, readIdentity } from '../api/client'
import type { PatientIdentity } from '../api/model'
import { useLanguage } from '../language/language'
import type { Words } from '../language/words'
import { againAfterFailure } from '../state/questions'
import { useAnswer } from '../state/server-state'
import { Numbers, spokenIn } from './called'

/** Another's patient stays another's. */
const isWorthIt = (error: unknown) => !(error instanceof ApiError && error.status === 403)

/** Who a patient is, and how to reach them. Asked once a visit: each question is recorded as an access. */
export function useIdentity(patient: string) {
  const { answer, failure } = useAnswer({
    of: patient,
    queryKey: ['identity', patient],
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

/** Numbers by which a patient is told from another of the same name, and whom to call. */
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
