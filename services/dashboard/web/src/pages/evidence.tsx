import { useState } from 'react'
import { ActPanel } from '../acts/act-panel'
import { CareBadges } from '../acts/care-badges'
import type { Alert } from '../api/model'
import { useLanguage } from '../language/language'
import { valueText } from '../language/reading-text'
import { SeverityLabel } from './alert-line'

/** A mean of a week rests on dozens of readings: the newest are shown, the others on demand. */
const SHOWN = 4

const ENDED = { en: 'no longer open; how it ended is not known yet', ja: '継続中ではありません（終了の経緯は確認中）' }

export function EvidenceTable({ alert }: { alert: Alert }) {
  const { words } = useLanguage()
  if (alert.evidence.length === 0) return null
  const newestFirst = [...alert.evidence].sort((a, b) => placeOf(b) - placeOf(a))
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

/** What has a date that says nothing came in for the alert: it is the newest. */
function placeOf(one: Alert['evidence'][number]): number {
  return one.time_unknown || one.observed_long_ago ? Number.MAX_VALUE : Date.parse(one.observed_at)
}

function EvidenceRows({ evidence }: { evidence: Alert['evidence'] }) {
  const { words, times } = useLanguage()
  return (
    <tbody>
      {evidence.map((one) => {
        const text = valueText(one, words)
        return (
          <tr key={one.reading}>
            <th scope="row">
              {one.time_unknown ? words.timeUnknown : <time dateTime={one.observed_at}>{times.full(one.observed_at)}</time>}
              {one.observed_long_ago && <span className="badge">{words.longAgoDate}</span>}
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
