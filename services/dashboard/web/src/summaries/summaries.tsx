import type { Reading } from '../api/model'
import { useLanguage } from '../language/language'
import { useNow } from '../state/dashboard-state'
import { againAfterFailure } from '../state/questions'
import { useAnswer, useFollowing } from '../state/server-state'
import { SHORT_PAUSE } from '../state/throttle'
import { readSummaries } from './api'
import { GlucosePanel, isGlucoseExpected } from './glucose-panel'
import { isPressureExpected, PressurePanel } from './pressure-panel'

interface PatientSummariesProps {
  readonly patient: string
  readonly changes: number
  /** The newest reading of each kind, of which it follows what summaries there will be. */
  readonly latest: readonly Reading[]
}

/** What days and weeks of a patient's readings come to. Asked anew when the readings have changed. */
export function PatientSummaries({ patient, changes, latest }: PatientSummariesProps) {
  const { words, times } = useLanguage()
  const now = useNow()
  const { summaries, hasFailed } = useSummaries(patient, changes)
  if (summaries === null) return hasFailed ? <p className="muted">{words.summariesFailed}</p> : <Waiting latest={latest} now={now} />
  const { glucose, profile, pressure } = summaries
  if (glucose.values === 0 && pressure.readings === 0) return null
  return (
    <section aria-labelledby="summaries">
      <h2 id="summaries">{words.summaries}</h2>
      <p className="muted">
        {words.historyAsOf(times.dateTime(glucose.period.to, now))} {hasFailed && words.summariesFailed}
      </p>
      <div className="charts">
        {pressure.readings > 0 && <PressurePanel summary={pressure} />}
        {glucose.values > 0 && <GlucosePanel summary={glucose} profile={profile} />}
      </div>
    </section>
  )
}

/** As high as what is to come. */
function Waiting({ latest, now }: { latest: readonly Reading[]; now: number }) {
  const { words } = useLanguage()
  const hasPressure = isPressureExpected(latest, now)
  const hasGlucose = isGlucoseExpected(latest, now)
  if (!hasPressure && !hasGlucose) return null
  return (
    <section aria-labelledby="summaries" aria-busy="true">
      <h2 id="summaries">{words.summaries}</h2>
      <p className="muted">{words.loading}</p>
      <div className="charts">
        {hasPressure && <div className="panel panel-means" />}
        {hasGlucose && <div className="panel panel-profile" />}
      </div>
    </section>
  )
}

function useSummaries(patient: string, changes: number) {
  const queryKey = ['summaries', patient]
  const { answer: summaries, failure } = useAnswer({ of: patient, queryKey, queryFn: () => readSummaries(patient), ...againAfterFailure() })
  useFollowing(queryKey, { changes, isReady: true, pace: SHORT_PAUSE })
  return { summaries, hasFailed: failure !== null }
}
