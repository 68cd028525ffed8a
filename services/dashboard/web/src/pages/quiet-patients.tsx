import { lazy } from 'react'
import { LoadedApart } from '../charts/loaded-apart'
import { type QuietProps, Row } from './quiet-rows'
import { QuietTable } from './quiet-table'

/** A list of up to so many rows is in the document as a whole: found by the browser's own search, and printed. */
const WHOLE = 100

/** What draws long lists is no part of what a page begins with. */
const WindowedPatients = lazy(() => import('./windowed-patients'))

/** Patients without an open alert, one row each. */
export function QuietPatients({ patients, columns, now }: QuietProps) {
  // One step a minute is enough here, and spares drawing rows more often.
  const minute = Math.floor(now / 60_000) * 60_000 + 59_999
  if (patients.length > WHOLE) {
    return (
      <LoadedApart waiting="quiet-waiting">
        <WindowedPatients patients={patients} columns={columns} now={minute} />
      </LoadedApart>
    )
  }
  return (
    <QuietTable count={patients.length} columns={columns} isWindowed={false}>
      {patients.map((patient, index) => (
        <Row key={patient.patient} patient={patient} columns={columns} now={minute} index={index} measure={undefined} />
      ))}
    </QuietTable>
  )
}
