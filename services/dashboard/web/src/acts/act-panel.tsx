import { lazy, useState } from 'react'
import type { Alert } from '../api/model'
import { LoadedApart } from '../charts/loaded-apart'
import { useLanguage } from '../language/language'
import { FaultDetail } from '../pages/of-the-api'
import { isToAcknowledge } from './attended'
import { useAct, type Acting } from './use-act'

// What nobody has opened is not fetched.
const ActForm = lazy(() => import('./act-form'))
const ActHistory = lazy(() => import('./act-history'))

/** What a physician can do about an alert, and what was done. */
export function ActPanel({ alert, now }: { alert: Alert; now: number }) {
  const { words, language } = useLanguage()
  const acting = useAct(alert)
  const [isHistoryShown, showHistory] = useState(false)
  const [isFormShown, showForm] = useState(false)
  return (
    <div className="acts">
      {isToAcknowledge(alert, now) && (
        <button className="act-acknowledge" disabled={acting.isSending} aria-label={`${words.acts.acknowledge}: ${alert.text[language]}`} onClick={() => void acting.act({ kind: 'acknowledge' })}>
          {words.acts.acknowledge}
        </button>
      )}
      <Failures acting={acting} />
      <details className="act-more" onToggle={(event) => event.currentTarget.open && showForm(true)}>
        <summary>{alert.status === 'open' ? words.acts.more : words.acts.moreOfOver}</summary>
        {isFormShown && (
          <LoadedApart waiting="acts-waiting">
            <ActForm alert={alert} acting={acting} />
          </LoadedApart>
        )}
      </details>
      <details className="act-past" onToggle={(event) => showHistory(event.currentTarget.open)}>
        <summary>{words.acts.history}</summary>
        {isHistoryShown && (
          <LoadedApart waiting="acts-waiting">
            <ActHistory alert={alert} acting={acting} now={now} />
          </LoadedApart>
        )}
      </details>
    </div>
  )
}

/** What went wrong and what to do: where nobody knows whether the act was done, the same one is sent again. */
function Failures({ acting: { failures, isSending, again, leave } }: { acting: Acting }) {
  const { words } = useLanguage()
  return failures.map((failed) => (
    <p key={failed.request.id} className="notice notice-warning" role="alert">
      <strong>{words.acts.name[failed.request.act.kind]}</strong>: {words.acts.failed[failed.failure]} {failed.failure === 'invalid' && <FaultDetail text={failed.detail} />}{' '}
      {failed.failure === 'unknown' && (
        <button disabled={isSending} onClick={() => void again(failed)}>
          {words.acts.again}
        </button>
      )}{' '}
      <button onClick={() => leave(failed)}>{words.acts.leave}</button>
    </p>
  ))
}
