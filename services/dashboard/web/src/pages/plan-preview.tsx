import { useId, useMemo } from 'react'
import type { PlanContent, PlanPreview, PreviewedAlert } from '../api/model'
import { useLanguage } from '../language/language'
import { SeverityLabel } from './alert-line'
import { differencesOf, saysTheSame, type Pair } from './plan-differences'
import { FaultList } from './plan-faults'
import type { Previewed } from './use-plan-preview'

interface PreviewProps {
  readonly previewed: Previewed
  /** The plan as it is edited now. */
  readonly draft: PlanContent
  readonly now: number
  ask(draft: PlanContent): void
}

/**
 * Which alerts the last 30 days would have raised under the plan as it is edited, beside the plan in force. How far it
 * has come is announced in places that are always there, so that screen readers notice.
 */
export function PlanPreviewSection({ previewed, draft, now, ask }: PreviewProps) {
  const { words } = useLanguage()
  const title = useId()
  const isAsked = previewed.is === 'asked'
  const isStale = (previewed.is === 'there' || previewed.is === 'invalid') && !saysTheSame(previewed.of, draft)
  return (
    <section className="plan-preview" aria-labelledby={title}>
      <h2 id={title}>{words.preview.title}</h2>
      <p className="muted">{words.preview.note}</p>
      <button type="button" aria-busy={isAsked} onClick={() => isAsked || ask(draft)}>
        {words.preview.look}
      </button>
      <p role="status">
        {isAsked && words.preview.looking}
        {isStale && <strong>{words.preview.stale} </strong>}
        {previewed.is === 'there' && <Summary preview={previewed.preview} />}
      </p>
      <div role="alert">
        {previewed.is === 'failed' && <p className="notice notice-warning">{words.preview.failed[previewed.why]}</p>}
        {previewed.is === 'invalid' && <FaultList title={words.preview.invalid} faults={previewed.faults} />}
      </div>
      {previewed.is === 'there' && <Result preview={previewed.preview} now={now} />}
    </section>
  )
}

function Summary({ preview }: { preview: PlanPreview }) {
  const { words } = useLanguage()
  const { added, gone, otherwise, same } = differencesOf(preview)
  const isNothing = added.length + gone.length + otherwise.length === 0
  return isNothing ? words.preview.nothing(same.length) : words.preview.counts(added.length, gone.length, otherwise.length, same.length)
}

function Result({ preview, now }: { preview: PlanPreview; now: number }) {
  const { words } = useLanguage()
  const { added, gone, otherwise, same } = useMemo(() => differencesOf(preview), [preview])
  const shown = { to: preview.to, now }
  return (
    <>
      <PartOf kind="added" title={words.preview.added} alerts={added} {...shown} />
      <PartOf kind="gone" title={words.preview.gone} alerts={gone} {...shown} />
      <Otherwise pairs={otherwise} {...shown} />
      {same.length > 0 && (
        <details>
          <summary>{words.preview.same(same.length)}</summary>
          <List kind="same" alerts={same} {...shown} />
        </details>
      )}
      <p className="muted">{words.preview.by(preview.rule_set)}</p>
    </>
  )
}

interface ListProps {
  readonly kind: 'added' | 'gone' | 'same'
  readonly alerts: readonly PreviewedAlert[]
  readonly to: string
  readonly now: number
}

function PartOf({ title, ...list }: ListProps & { title: string }) {
  if (list.alerts.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <List {...list} />
    </>
  )
}

function List({ kind, alerts, to, now }: ListProps) {
  return (
    <ul className={`preview-${kind}`}>
      {alerts.map((one) => (
        <li key={one.alert.id}>
          <SeverityLabel severity={one.highest} /> <Said one={one} to={to} now={now} />
        </li>
      ))}
    </ul>
  )
}

/** Alerts of both plans that are not as urgent under the one as under the other, or for another time. */
function Otherwise({ pairs, to, now }: { pairs: readonly Pair[]; to: string; now: number }) {
  const { words } = useLanguage()
  if (pairs.length === 0) return null
  return (
    <>
      <h3>{words.preview.otherwise}</h3>
      <ul className="preview-otherwise">
        {pairs.map(({ present, proposed }) => (
          <li key={proposed.alert.id}>
            <SeverityLabel severity={present.highest} />
            {present.highest !== proposed.highest && (
              <>
                <span aria-hidden="true"> → </span>
                <span className="visually-hidden">{words.preview.becomes}</span>
                <SeverityLabel severity={proposed.highest} />
              </>
            )}{' '}
            <Said one={proposed} to={to} now={now} />
            {!proposed.page_after && present.page_after && <span className="badge">{words.preview.atOnce}</span>}
          </li>
        ))}
      </ul>
    </>
  )
}

/** The rule's words, from when until when, and before when nobody would have been called. */
function Said({ one: { alert, page_after }, to, now }: { one: PreviewedAlert; to: string; now: number }) {
  const { words, times, language } = useLanguage()
  const until = alert.status === 'open' ? null : times.dateTime(alert.changed_at, now)
  return (
    <>
      <span className="alert-text">{alert.text[language]}</span>{' '}
      <span className="muted">
        {words.preview.time(times.dateTime(alert.raised_at, now), until, times.dateTime(to, now))}
      </span>{' '}
      {page_after && <span className="badge">{words.quietUntil(times.dateTime(page_after, now))}</span>}
    </>
  )
}
