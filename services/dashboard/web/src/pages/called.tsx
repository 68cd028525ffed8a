import type { PatientName } from '../api/model'

/** In which language a name is to be spoken; none where it does not show. */
export function spokenIn(text: string): 'ja' | undefined {
  return /[\u3040-\u30ff\u3400-\u9fff]/.test(text) ? 'ja' : undefined
}

/** What a patient is called: the name with its reading; the ID where no name is on record. */
export function Called({ patient, name }: { patient: string; name: PatientName | null | undefined }) {
  if (!name) return <>{patient}</>
  return (
    <span className="called" lang={spokenIn(name.name)}>
      <span className="called-name">{name.name}</span> {name.kana && <span className="called-kana">{name.kana}</span>}
    </span>
  )
}

/** The same in a text. */
export function calledText(patient: string, name: PatientName | null | undefined): string {
  return name?.name ?? patient
}

/** By which number a patient is known besides: the ID, where a name stands in its place, and the chart's. */
export function Numbers({ patient, name, chart }: { patient: string; name: PatientName | null | undefined; chart(number: string): string }) {
  if (!name) return null
  const number = name.chart_number
  return (
    <span className="called-numbers muted">
      <span>{patient}</span> {number && <span>{chart(number)}</span>}
    </span>
  )
}
