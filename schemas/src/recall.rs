//! An accepted reading read for rebuilding a state: only what is remembered of it, without a copy
//! of its texts. A rebuild reads millions of them.

use std::borrow::Cow;

use clinical::Timestamp;
use clinical::Version;
use clinical::reading::SourceDigest;
use clinical::remembered::RememberedReading;

use crate::body::{self, Body, Misfit};
use crate::codec::{DecodeError, Decoder, Writer};
use crate::reading::{Measurement, ReadingStatus};
use crate::records::{AcceptedReading, StoredOutcome};

/// What a state keeps of an accepted reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled<'b> {
    /// `consortium_id/person_id`, as it was checked when the reading was accepted.
    pub patient: Cow<'b, str>,
    /// When it was received.
    pub received: Timestamp,
    /// What became of it.
    pub outcome: StoredOutcome,
    /// What is remembered.
    pub trace: RememberedReading,
}

/// The fields that matter, as they were written.
struct Fields<'b> {
    reading_id: Cow<'b, str>,
    observation_time: i64,
    status: ReadingStatus,
    measurement: Measurement,
    version: i64,
    outcome: StoredOutcome,
    received_at: i64,
}

impl Decoder<AcceptedReading> {
    /// Reads a message as far as it is remembered; none when its time or values are not believed
    /// any more, because a check has become stricter since it was accepted.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn recall<'b>(&self, bytes: &'b [u8]) -> Result<Option<Recalled<'b>>, DecodeError> {
        let fields = match self.unframe(bytes)? {
            (Writer::Current, body) => {
                let mut body = Body::new(body);
                let fields = read(&mut body)?;
                body.end()?;
                fields
            }
            (Writer::Other(_), _) => self.decode(bytes)?.into(),
        };
        Ok(fields.recalled()?)
    }
}

impl From<AcceptedReading> for Fields<'static> {
    fn from(accepted: AcceptedReading) -> Self {
        Self {
            reading_id: accepted.reading_id.into(),
            observation_time: accepted.reading.observation_time,
            status: accepted.reading.status,
            measurement: accepted.reading.measurement,
            version: accepted.version,
            outcome: accepted.outcome,
            received_at: accepted.origin.received_at,
        }
    }
}

fn read<'b>(body: &mut Body<'b>) -> Result<Fields<'b>, Misfit> {
    body.skip_text("consortium_id")?;
    body.skip_text("person_id")?;
    let observation_time = body.long("observation_time")?;
    body.long("utc_offset_minutes")?;
    body.long("update_time")?;
    body::skip_source(body)?;
    body.long("data_input")?;
    body.optional("origin_of_time", Body::long)?;
    let status = body::status(body)?;
    let measurement = body::measurement(body)?;
    body.optional("send_time", Body::long)?;
    body.optional("vendor", Body::skip_text)?;
    let outcome = body::outcome(body)?;
    let reading_id = body.str("reading_id")?.into();
    let version = body.long("version")?;
    body.long("partition")?;
    body.long("offset")?;
    let received_at = body.long("received_at")?;
    Ok(Fields { reading_id, observation_time, status, measurement, version, outcome, received_at })
}

impl<'b> Fields<'b> {
    fn recalled(self) -> Result<Option<Recalled<'b>>, Misfit> {
        let observation_time = Timestamp::from_millis(self.observation_time);
        let Ok(sample) = self.measurement.validate() else { return Ok(None) };
        if !observation_time.is_storable() {
            return Ok(None);
        }
        let not_an_id = Misfit::of("reading_id", "is not made as reading ids are");
        let (patient, source) = patient_and_source(&self.reading_id).ok_or(not_an_id)?;
        let patient = match self.reading_id {
            Cow::Borrowed(id) => Cow::Borrowed(&id[..patient]),
            Cow::Owned(mut id) => {
                id.truncate(patient);
                Cow::Owned(id)
            }
        };
        let trace = RememberedReading {
            kind: self.measurement.kind(),
            observation_time: observation_time.floor_to_second(),
            source,
            version: Version::from_bits(self.version as u64),
            entered_in_error: self.status == ReadingStatus::EnteredInError,
            sample,
        };
        let received = Timestamp::from_millis(self.received_at);
        Ok(Some(Recalled { patient, received, outcome: self.outcome, trace }))
    }
}

/// The length of the patient at the beginning of a reading id, and the source at its end.
fn patient_and_source(id: &str) -> Option<(usize, SourceDigest)> {
    let mut slashes = id.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    let patient = slashes.nth(1)?;
    let source = id.get(slashes.nth(1)? + 1..)?;
    if source.len() != 16 {
        return None;
    }
    Some((patient, SourceDigest::from_bits(u64::from_str_radix(source, 16).ok()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Codec;
    use crate::examples::{RAW_READINGS, RECEIVED};
    use crate::reading::Reading;
    use crate::records::{Origin, StoredOutcome};

    /// Every example that is believed, accepted.
    fn accepted() -> Vec<(AcceptedReading, clinical::Reading)> {
        let received = Timestamp::from_millis(RECEIVED);
        (RAW_READINGS.iter().filter(|example| example.expected == "ok"))
            .map(|example| {
                let reading: Reading = serde_json::from_str(example.json).unwrap();
                let believed = reading.validate(received).unwrap();
                let accepted = AcceptedReading {
                    reading,
                    outcome: StoredOutcome::Stale,
                    reading_id: believed.id().to_string(),
                    version: believed.version.bits() as i64,
                    origin: Origin { partition: 3, offset: 99, received_at: RECEIVED },
                };
                (accepted, believed)
            })
            .collect()
    }

    fn encoded() -> impl Strategy<Value = Vec<u8>> {
        let encoder = Codec::new(None).unwrap().encoder("readings.accepted").unwrap();
        let all = accepted().into_iter().map(|(accepted, _)| encoder.encode(&accepted).unwrap());
        prop::sample::select(all.collect::<Vec<_>>())
    }

    #[test]
    fn what_is_recalled_is_what_was_remembered_when_the_reading_was_accepted() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder("readings.accepted").unwrap();
        let decoder = codec.decoder::<AcceptedReading>();
        for (accepted, believed) in accepted() {
            let expected = Recalled {
                patient: believed.patient.as_str().into(),
                received: Timestamp::from_millis(RECEIVED),
                outcome: StoredOutcome::Stale,
                trace: RememberedReading::from(&believed),
            };
            let bytes = encoder.encode(&accepted).unwrap();
            assert_eq!(decoder.recall(&bytes).unwrap().as_ref(), Some(&expected));
            // As a record of an earlier schema is read.
            let recalled = Fields::from(accepted).recalled().unwrap();
            assert_eq!(recalled.as_ref(), Some(&expected));
        }
    }

    #[test]
    fn a_time_or_value_that_nobody_believes_is_not_recalled() {
        let unbelieved = |change: fn(&mut AcceptedReading)| {
            let (mut accepted, _) = accepted().swap_remove(0);
            change(&mut accepted);
            Fields::from(accepted).recalled().unwrap()
        };
        assert_eq!(unbelieved(|accepted| accepted.reading.observation_time = i64::MIN), None);
        assert_eq!(
            unbelieved(|accepted| {
                accepted.reading.measurement =
                    Measurement::BodyTemperature(crate::reading::BodyTemperature {
                        temperature: 451.0,
                    });
            }),
            None
        );
    }

    proptest! {
        #[test]
        fn a_damaged_record_is_refused_or_recalled_but_never_the_end_of_the_process(
            mut bytes in encoded(),
            damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            length in any::<prop::sample::Index>(),
        ) {
            let decoder = Codec::new(None).unwrap().decoder::<AcceptedReading>();
            for (place, byte) in damages {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let _ = decoder.recall(&bytes);
            let length = length.index(bytes.len());
            prop_assert!(decoder.recall(&bytes[..length]).is_err());
        }
    }
}
