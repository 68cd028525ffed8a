import type { KeyboardEvent } from 'react'
import type { PatientSummary } from '../api/model'
import { useLanguage } from '../language/language'
import type { useAcknowledge } from './use-acknowledge'

interface ActedProps extends Pick<ReturnType<typeof useAcknowledge>, 'told' | 'isSending' | 'close'> {
  /** How many patients are marked. */
  readonly marked: number
  acknowledgeMarked(): void
}

/** What can be done with the patients that are marked, and what was done, announced, with what takes it back. It moves nothing. */
export function Acted({ told, isSending, close, marked, acknowledgeMarked }: ActedProps) {
  const { words } = useLanguage()
  return (
    <div className="list-acted" role="status">
      {marked > 0 && (
        <p className="notice notice-info">
          <button className="act-acknowledge" disabled={isSending} onClick={acknowledgeMarked}>
            {words.acts.acknowledgeMarked(marked)}
          </button>
        </p>
      )}
      {told && marked === 0 && (
        <p className="notice notice-info">
          {told.text}{' '}
          {told.again && (
            <button disabled={isSending} onClick={told.again}>
              {words.acts.again}
            </button>
          )}
          {told.undo && (
            <button disabled={isSending} onClick={told.undo}>
              {words.acts.undo}
            </button>
          )}{' '}
          <button onClick={close}>{words.acts.close}</button>
        </p>
      )}
    </div>
  )
}

type Acknowledging = Pick<ReturnType<typeof useAcknowledge>, 'told' | 'acknowledge'>

/** `a` acknowledges the alerts of the patient whose link has the focus, `u` takes the last back; true where the key was one of them. */
export function actByKey(event: KeyboardEvent<HTMLElement>, patients: readonly PatientSummary[], { told, acknowledge }: Acknowledging): boolean {
  if (!['a', 'u'].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false
  const link = document.activeElement?.closest('a[data-row]')
  if (!link) return false
  if (event.key === 'u') {
    told?.undo?.()
    return true
  }
  const id = link.closest<HTMLElement>('[data-patient]')?.dataset['patient']
  const patient = patients.find((one) => one.patient === id)
  if (!patient) return false
  event.preventDefault()
  acknowledge([patient])
  return true
}
