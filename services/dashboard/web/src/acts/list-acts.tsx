import type { KeyboardEvent } from 'react'
import { serverNow } from '../api/client'
import type { PatientSummary } from '../api/model'
import { useLanguage } from '../language/language'
import { seenOf, type Marks } from './marks'
import type { useAcknowledge } from './use-acknowledge'

type Acknowledging = ReturnType<typeof useAcknowledge>

interface ActedProps extends Pick<Acknowledging, 'notices' | 'isSending' | 'close'> {
  readonly marks: Marks
  acknowledgeMarked(): void
}

/** What can be done with the patients that are marked, and what was done, announced, with what takes it back. It moves nothing. */
export function Acted({ notices, isSending, close, marks, acknowledgeMarked }: ActedProps) {
  const { words } = useLanguage()
  // What failed stays beside what is marked; what was done gives way to it.
  const shown = notices.filter(({ isFailure }) => isFailure || marks.size === 0)
  const alerts = [...marks.values()].flat().length
  return (
    <div className="list-acted" role="status">
      <div className="list-acted-notices">
        {shown.map(({ key, text, isFailure, again, undo }) => (
          <p key={key} className={isFailure ? 'notice notice-warning' : 'notice notice-info'}>
            {text}{' '}
            {again && (
              <button disabled={isSending} onClick={again}>
                {words.acts.again}
              </button>
            )}
            {undo && (
              <button disabled={isSending} onClick={undo}>
                {words.acts.undo}
              </button>
            )}{' '}
            <button onClick={() => close(key)}>{words.acts.close}</button>
          </p>
        ))}
        {marks.size > 0 && (
          <p className="notice notice-info">
            <button className="act-acknowledge" disabled={isSending} onClick={acknowledgeMarked}>
              {words.acts.acknowledgeMarked(alerts, marks.size)}
            </button>
          </p>
        )}
      </div>
    </div>
  )
}

/**
 * `a` acknowledges the alerts of the patient whose link has the focus, `u` takes the last back; true where the key was
 * one of them. While something is sent both do nothing.
 */
export function actByKey(event: KeyboardEvent<HTMLElement>, patients: readonly PatientSummary[], { notices, acknowledge, isSending }: Pick<Acknowledging, 'notices' | 'acknowledge' | 'isSending'>): boolean {
  if (!['a', 'u'].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false
  const link = document.activeElement?.closest('a[data-row]')
  if (!link) return false
  const id = link.closest<HTMLElement>('[data-patient]')?.dataset['patient']
  const patient = patients.find((one) => one.patient === id)
  if (event.key === 'a' && !patient) return false
  event.preventDefault()
  if (isSending) return true
  if (event.key === 'u') notices.findLast(({ undo }) => undo)?.undo?.()
  else if (patient) acknowledge(seenOf(patient, serverNow()), patient.patient)
  return true
}
