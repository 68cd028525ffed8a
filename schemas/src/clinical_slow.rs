//! The last readings of slow kinds between their record and their clinical form.

use clinical::patient::InvalidId;
use clinical::remembered::RememberedReading;
use clinical::sample::Sample;
use clinical::{PatientId, ReadingId, Timestamp, Version};

use crate::records::{SlowReading, SlowReadings};

/// Why a record of `readings.slow` says nothing that can be remembered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSlowReadings {
    /// The patient is none.
    #[error(transparent)]
    Patient(#[from] InvalidId),
    /// A reading is named as none is, or is another patient's.
    #[error("the id of a reading is none of the patient's; it was written by another version")]
    Reading,
    /// A time that no receipt has.
    #[error("changed_at is no time of a receipt")]
    Time,
}

impl SlowReadings {
    /// The record of what is remembered of a patient.
    pub fn of(patient: &PatientId, readings: &[RememberedReading], changed_at: Timestamp) -> Self {
        let reading = |one: &RememberedReading| {
            let RememberedReading { kind, observation_time, source, .. } = *one;
            let values = one.sample.values(kind);
            SlowReading {
                reading_id: ReadingId::new(patient.clone(), kind, observation_time, source)
                    .to_string(),
                version: one.version.bits().cast_signed(),
                entered_in_error: one.entered_in_error,
                values: values.map(|(name, value)| (name.to_owned(), value)).collect(),
            }
        };
        Self {
            patient: patient.to_string(),
            changed_at: changed_at.millis(),
            readings: readings.iter().map(reading).collect(),
        }
    }

    /// The patient, and what is remembered.
    ///
    /// # Errors
    /// When patient or readings are named as none are, or the time is none.
    pub fn remembered(&self) -> Result<(PatientId, Vec<RememberedReading>), NotSlowReadings> {
        let patient = PatientId::parse(&self.patient)?;
        if !Timestamp::from_millis(self.changed_at).is_storable() {
            return Err(NotSlowReadings::Time);
        }
        let reading = |one: &SlowReading| {
            let id = ReadingId::parse(&one.reading_id).map_err(|_| NotSlowReadings::Reading)?;
            if *id.patient() != patient {
                return Err(NotSlowReadings::Reading);
            }
            Ok(RememberedReading {
                kind: id.kind(),
                observation_time: id.observation_time(),
                source: id.source(),
                version: Version::from_bits(one.version.cast_unsigned()),
                entered_in_error: one.entered_in_error,
                by_hand: false,
                sample: Sample::of(id.kind(), |name| one.values.get(name).copied()),
            })
        };
        let readings = self.readings.iter().map(reading).collect::<Result<_, _>>()?;
        Ok((patient, readings))
    }
}

#[cfg(test)]
mod tests {
    use examples::{RAW_READINGS, RECEIVED};

    use super::*;
    use crate::Codec;
    use crate::reading::Reading;

    /// Every example of a slow kind, and the same entered in error.
    fn remembered() -> (PatientId, Vec<RememberedReading>) {
        let read = |json| serde_json::from_str::<Reading>(json).unwrap();
        let valid = RAW_READINGS.iter().filter(|example| example.expected == "ok");
        let all: Vec<clinical::Reading> = valid
            .filter_map(|one| read(one.json).validate(Timestamp::from_millis(RECEIVED)).ok())
            .filter(|reading| reading.kind.is_slow())
            .collect();
        let as_remembered =
            |one| RememberedReading { by_hand: false, ..RememberedReading::from(one) };
        let of_all = all.iter().map(as_remembered);
        let in_error =
            of_all.clone().map(|one| RememberedReading { entered_in_error: true, ..one });
        (all[0].patient.clone(), of_all.chain(in_error).collect())
    }

    #[test]
    fn what_is_remembered_comes_back_from_its_record() {
        let (patient, readings) = remembered();
        assert!(readings.iter().any(|one| one.sample != Sample::default()));
        let at = Timestamp::from_millis(RECEIVED);
        let record = SlowReadings::of(&patient, &readings, at);
        let codec = Codec::new(None).unwrap();
        let bytes = codec.encoder("readings.slow").unwrap().encode(&record).unwrap();
        let read: SlowReadings = codec.decoder().decode(&bytes).unwrap();
        assert_eq!(read.changed_at, RECEIVED);
        assert_eq!(read.remembered(), Ok((patient, readings)));
    }

    #[test]
    fn a_reading_of_another_patient_or_of_no_name_is_none_of_the_patients() {
        let (patient, readings) = remembered();
        let record = SlowReadings::of(&patient, &readings, Timestamp::from_millis(RECEIVED));
        let another = SlowReadings { patient: "OTHER1/P9".to_owned(), ..record.clone() };
        assert_eq!(another.remembered(), Err(NotSlowReadings::Reading));
        let mut unknown = record.clone();
        unknown.readings[0].reading_id = "CGM005/S001/mood".to_owned();
        assert_eq!(unknown.remembered(), Err(NotSlowReadings::Reading));
        let of_no_time = SlowReadings { changed_at: i64::MIN, ..record.clone() };
        assert_eq!(of_no_time.remembered(), Err(NotSlowReadings::Time));
        let nobody = SlowReadings { patient: String::new(), ..record };
        assert!(matches!(nobody.remembered(), Err(NotSlowReadings::Patient(_))));
    }
}
