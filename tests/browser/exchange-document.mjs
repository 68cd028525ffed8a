// One home reading as an exchange document, from a device that no other run uses.
const SERIAL = `browser-${Date.now()}-${process.pid}`

/** 17 digits of Japan's civil time, yyyyMMddHHmmssSSS. */
function civil(t) {
  return new Date(t + 9 * 3_600_000).toISOString().replace(/\D/g, '')
}

/** `said`: the values of the kind, and its status where it is taken back. */
export function exchangeDocument({ patient, kind = 'blood_pressure', observedAt, now, ...said }) {
  const [consortium, person] = patient.split('/')
  return {
    format_version: '2.0',
    send_time: civil(now),
    consortium_id: consortium,
    person_information: [
      {
        person_id: person,
        healthcare_information: {
          [kind]: [
            {
              observation_time: civil(observedAt).slice(0, 14),
              model_manufacturer_code: 'BROWSERTEST',
              model_number: 'BP-1',
              production_specification_serial: SERIAL,
              data_input_code: '0',
              origin_of_time_code: '0',
              update_time: civil(now),
              ...(kind === 'blood_pressure' && { pulse_rate: 82 }),
              ...said,
            },
          ],
        },
      },
    ],
  }
}
