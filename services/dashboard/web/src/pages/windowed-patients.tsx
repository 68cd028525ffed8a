import { Fragment, useCallback } from 'react'
import { Gap, type QuietProps, Row } from './quiet-rows'
import { QuietTable } from './quiet-table'
import { useWindowed } from './windowed'

/** The same table of thousands, as far as it is seen. */
export default function WindowedPatients({ patients, columns, now }: QuietProps) {
  const keyOf = useCallback((index: number) => patients[index]?.patient ?? String(index), [patients])
  const { body, shown, below, measure } = useWindowed(patients.length, keyOf)
  return (
    <QuietTable count={patients.length} columns={columns} isWindowed body={body}>
      {shown.map(({ index, gap }) => {
        const patient = patients[index]
        if (!patient) return null
        return (
          <Fragment key={patient.patient}>
            {gap > 0 && <Gap height={gap} />}
            <Row patient={patient} columns={columns} now={now} index={index} measure={measure} />
          </Fragment>
        )
      })}
      {below > 0 && <Gap height={below} />}
    </QuietTable>
  )
}
