import { useState } from 'react'
import { ActPanel } from '../acts/act-panel'
import { CareBadges } from '../acts/care-badges'
import type { Alert, Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { valueText } from '../language/reading-text'
import type { Words } from '../language/words'
import { SeverityLabel } from './alert-line'

/** A mean of a week rests on dozens of readings: the newest are shown, the others on demand. */
const SHOWN = 4

const ENDED = { en: 'no longer open; how it ended is not known yet', ja: '継続中ではありません（終了の経緯は確認中）' }

type Evidence = Alert['evidence'][number]

/** Readings by their ids. */
type Known = ReadonlyMap<string, Reading>

const NONE_KNOWN: Known = new Map()

/** Of what is behind alerts, the readings that the page has. */
export function knownOf(evidence: ReadonlySet<string>, lists: readonly (readonly Reading[])[]): Known {
  return new Map(lists.flatMap((list) => list.filter(({ id }) => evidence.has(id)).map((reading) => [reading.id, reading] as const)))
}

/** Evidence with what its reading says beside it, where the page has that. */
interface Shown {
  readonly one: Evidence
  readonly isAhead: boolean
  readonly received: string | null
}

function shownOf(one: Evidence, known: Known, words: Words): Shown {
  const reading = known.get(one.reading)
  // Of another version, such as a correction, the receipt says nothing of this one.
  const isSame = reading !== undefined && valueText(reading, words)?.value === valueText(one, words)?.value
  return { one, isAhead: Boolean(one.observed_ahead || (isSame && reading.observed_ahead)), received: isSame ? reading.received_at : null }
}

export function EvidenceTable({ alert, known = NONE_KNOWN }: { alert: Alert; known?: Known }) {
  const { words } = useLanguage()
  if (alert.evidence.length === 0) return null
  const newestFirst = alert.evidence.map((one) => shownOf(one, known, words)).sort((a, b) => placeOf(b) - placeOf(a))
  const earlier = newestFirst.slice(SHOWN)
  return (
    <div className="evidence-block">
      <table className="evidence-table">
        <caption>{words.evidence}</caption>
        <EvidenceRows evidence={newestFirst.slice(0, SHOWN)} />
      </table>
      {earlier.length > 0 && (
        <details className="earlier">
          <summary>{words.evidenceEarlier(earlier.length)}</summary>
          <table className="evidence-table">
            <EvidenceRows evidence={earlier} />
          </table>
        </details>
      )}
      <p className="rule-note">{words.ruleNote(alert.rule, alert.rule_set)}</p>
    </div>
  )
}

/** What has a date that says nothing has its place by its receipt. Where that is not known: it came in for the alert, and is the newest. */
function placeOf({ one, isAhead, received }: Shown): number {
  const isByReceipt = one.time_unknown || one.observed_long_ago
  if (received !== null && (isByReceipt || isAhead)) return Date.parse(received)
  return isByReceipt ? Number.MAX_VALUE : Date.parse(one.observed_at)
}

function EvidenceRows({ evidence }: { evidence: readonly Shown[] }) {
  const { words, times } = useLanguage()
  const unknownTime = (received: string | null) => (received === null ? words.timeUnknown : words.unknownTime(times.full(received)))
  const longAgo = (received: string | null) => (received === null ? words.longAgoDate : words.longAgoOf(times.full(received)))
  const ahead = (received: string | null) => (received === null ? words.ahead : words.aheadOf(times.time(received)))
  return (
    <tbody>
      {evidence.map(({ one, isAhead, received }) => {
        const text = valueText(one, words)
        return (
          <tr key={one.reading}>
            <th scope="row">
              {one.time_unknown ? unknownTime(received) : <time dateTime={one.observed_at}>{times.full(one.observed_at)}</time>}
              {one.observed_long_ago && <span className="badge">{longAgo(received)}</span>}
              {isAhead && <span className="badge">{ahead(received)}</span>}
            </th>
            <td>
              {words.kind[one.kind]} <strong>{text?.value ?? words.noValue}</strong> {text?.unit}
            </td>
            <td>{text?.more.join(' · ')}</td>
          </tr>
        )
      })}
    </tbody>
  )
}

export function EarlierAlerts({ alerts, now }: { alerts: readonly Alert[]; now: number }) {
  const { words, times, language } = useLanguage()
  const [areShown, show] = useState(false)
  return (
    <details className="earlier" onToggle={(event) => event.target === event.currentTarget && show(event.currentTarget.open)}>
      <summary>{words.earlierAlerts(alerts.length)}</summary>
      <ul>
        {alerts.map((alert) => (
          <li key={alert.id}>
            <SeverityLabel severity={alert.severity} />
            <span>{alert.text[language]}</span>
            <span className="muted">
              {times.dateTime(alert.raised_at, now)} → <Ending alert={alert} now={now} />
            </span>
            <CareBadges alert={alert} now={now} />
            {areShown && alert.care && <ActPanel alert={alert} now={now} />}
          </li>
        ))}
      </ul>
    </details>
  )
}

/** How and when an alert has ended; of one that the live list no longer has, and no answer has said more of yet, neither is known. */
function Ending({ alert, now }: { alert: Alert; now: number }) {
  const { words, times } = useLanguage()
  if (alert.status === 'open') return words.said(ENDED)
  return (
    <>
      {alert.transition === 'criteria_changed' ? words.criteriaChanged : words.status[alert.status]} {times.dateTime(alert.changed_at, now)}
    </>
  )
}
