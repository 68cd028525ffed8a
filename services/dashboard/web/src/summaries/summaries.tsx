import { useEffect, useRef, useState } from 'react'
import { useLanguage } from '../language/language'
import { useSession } from '../session'
import { AGAIN_MS, calmly, type Calm } from '../state/calmly'
import { useNow } from '../state/dashboard-state'
import { readSummaries, type Summaries } from './api'
import { GlucosePanel } from './glucose-panel'
import { PressurePanel } from './pressure-panel'

/** As for the charts: what an open page shows is so within ten seconds, or it says as of when. */
const MOST_PAUSE_MS = 5_000

/** What days and weeks of a patient's readings come to. Asked anew when the readings have changed. */
export function PatientSummaries({ patient, changes }: { patient: string; changes: number }) {
  const { words, times } = useLanguage()
  const now = useNow()
  const { summaries, hasFailed } = useSummaries(patient, changes)
  if (summaries === null) return hasFailed ? <p className="muted">{words.summariesFailed}</p> : null
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

function useSummaries(patient: string, changes: number) {
  const { checkFailure } = useSession()
  const [summaries, setSummaries] = useState<Summaries | null>(null)
  const [hasFailed, setFailed] = useState(false)
  const latest = useRef(0)
  const fail = useRef(checkFailure)
  fail.current = checkFailure

  const ask = async () => {
    const mine = (latest.current += 1)
    try {
      const answer = await readSummaries(patient)
      if (mine !== latest.current) return
      setFailed(false)
      setSummaries(answer)
    } catch (error) {
      if (mine === latest.current && !fail.current(error)) setFailed(true)
    }
  }
  const question = useRef(ask)
  question.current = ask
  const calm = useRef<Calm | null>(null)
  useEffect(() => {
    calm.current = calmly(() => question.current(), { mostPause: MOST_PAUSE_MS })
    return () => calm.current?.stop()
  }, [])
  useEffect(() => {
    // Of another patient nothing is left, also where an answer is on its way.
    latest.current += 1
    setSummaries(null)
    void question.current()
  }, [patient])
  const known = useRef(changes)
  useEffect(() => {
    if (known.current !== changes) calm.current?.ask()
    known.current = changes
  }, [changes])
  useEffect(() => {
    if (!hasFailed) return
    const timer = setInterval(() => calm.current?.ask(), AGAIN_MS)
    return () => clearInterval(timer)
  }, [hasFailed])
  return { summaries, hasFailed }
}
