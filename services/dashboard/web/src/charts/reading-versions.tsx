import { listVersions } from '../api/client'
import type { Reading, ReadingVersion } from '../api/model'
import { useLanguage } from '../language/language'
import { sourceText, valueText } from '../language/reading-text'
import type { Words } from '../language/words'
import { againAfterFailure } from '../state/questions'
import { useAnswer } from '../state/server-state'

/** Whether somebody typed or changed a reading, or it has been said otherwise than it stands. */
export const hasHistory = ({ data_input, outcome }: Reading) => data_input !== 'device' || outcome === 'correction' || outcome === 'conflict'

const patientOf = (reading: Reading) => reading.id.split('/').slice(0, 2).join('/')

/** Every version of a reading, asked for when they are opened, and again when another version is current. */
export function ReadingVersions({ reading }: { reading: Reading }) {
  const { words } = useLanguage()
  const { answer, failure } = useAnswer({
    of: reading.id,
    queryKey: ['versions', reading.id, reading.updated_at, reading.received_at],
    queryFn: () => listVersions(patientOf(reading), reading.id),
    ...againAfterFailure(() => true),
  })
  if (failure !== null) return <p role="status">{words.versionsFailed}</p>
  if (answer === null) return <p role="status">{words.loading}</p>
  return (
    <>
      <VersionTable versions={answer.versions} />
      {answer.waiting_since && <p className="muted">{words.versionsWait}</p>}
    </>
  )
}

export function VersionTable({ versions }: { versions: readonly ReadingVersion[] }) {
  const { words, times } = useLanguage()
  if (versions.length === 0) return <p>{words.versionsNone}</p>
  return (
    <table className="versions">
      <thead>
        <tr>
          {[words.versionRegistered, words.received, words.measurement, words.entered, words.source, words.versionSender].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {versions.map((version) => (
          <tr key={`${version.updated_at} ${version.received_at} ${measuredText(version, words)}`} className={version.is_current ? 'current' : undefined}>
            <th scope="row">
              {times.full(version.updated_at)}
              {stateText(version, words) && <span className="badge">{stateText(version, words)}</span>}
            </th>
            <td>{times.full(version.received_at)}</td>
            <td>{measuredText(version, words)}</td>
            <td>{words.dataInput[version.data_input]}</td>
            <td>{sourceText(version.source, words)}</td>
            <td>{version.vendor ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function stateText({ is_current, outcome }: ReadingVersion, words: Words): string | null {
  if (is_current) return words.versionCurrent
  if (outcome === 'stale') return words.versionStale
  return outcome === 'conflict' ? words.conflict : null
}

function measuredText(version: ReadingVersion, words: Words): string {
  if (version.entered_in_error) return words.versionInError
  const text = valueText(version, words)
  return text ? [`${text.value} ${text.unit}`, ...text.more].join(' · ') : words.noValue
}
