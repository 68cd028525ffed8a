//! From a raw record's bytes to a reading that is believed, or the reason why not.

use clinical::{PatientId, Timestamp};
use schemas::{
    CurrentBody, DecodeError, Decoder, Reading, RejectedReading, RejectionReason, ValidationError,
};

const KEY_MISSING: &str = "the Kafka key is missing; it must be consortium_id/person_id";
const KEY_MISMATCH: &str = "the Kafka key is not the reading's consortium_id/person_id";
const NO_VALUE: &str = "the record has no value";

/// The key of a record that is not larger than any reading: whose reading it says to be.
///
/// # Errors
/// When it has no key, or is too large to be looked at.
pub fn key_of<'k>(key: Option<&'k [u8]>, value: Option<&[u8]>) -> Result<&'k [u8], Refused> {
    const LARGEST: usize = RejectedReading::LARGEST_RECORD;
    let [key_length, length] = [key, value].map(|bytes| bytes.map_or(0, <[u8]>::len));
    if key_length.saturating_add(length) > LARGEST {
        let detail = format!(
            "the record has a key of {key_length} and a value of {length} bytes; a reading has at \
             most {LARGEST} together"
        );
        return Err(Refused { detail, ..Refused::of(RejectionReason::TooLarge, "") });
    }
    key.ok_or_else(|| Refused::of(RejectionReason::KeyMissing, KEY_MISSING))
}

/// Decodes and checks a record received at `received`.
///
/// # Errors
/// When it is no reading, not a plausible one, or not the key's.
pub fn believe<'v>(
    readings: &Decoder<Reading>,
    key: &[u8],
    value: Option<&'v [u8]>,
    received: Timestamp,
) -> Result<(CurrentBody<'v, Reading>, clinical::Reading), Disbelief> {
    let bytes = value
        .ok_or_else(|| Disbelief::Never(Refused::of(RejectionReason::Undecodable, NO_VALUE)))?;
    let body = readings.current_body(bytes)?;
    let wire = readings.read(&body)?;
    let reading = wire.validate(received).map_err(|rejection| {
        let patient = PatientId::from_parts(&wire.consortium_id, &wire.person_id).ok();
        Disbelief::Never(Refused::by(rejection, patient))
    })?;
    if reading.patient.as_str().as_bytes() != key {
        let patient = Some(reading.patient);
        let why = Refused { patient, ..Refused::of(RejectionReason::KeyMismatch, KEY_MISMATCH) };
        return Err(Disbelief::Never(why));
    }
    Ok((body, reading))
}

/// Why a record is rejected.
#[derive(Debug)]
pub struct Refused {
    /// The code.
    pub reason: RejectionReason,
    /// Names fields and rules, no values.
    pub detail: String,
    /// Whose it says to be, where that could be read.
    pub patient: Option<PatientId>,
}

impl Refused {
    pub(crate) fn of(reason: RejectionReason, detail: &str) -> Self {
        Self { reason, detail: detail.to_owned(), patient: None }
    }

    fn by(rejection: ValidationError, patient: Option<PatientId>) -> Self {
        Self { reason: rejection.reason, detail: rejection.detail, patient }
    }
}

/// A record that is not believed: not now, because something cannot be asked, or never.
#[derive(Debug)]
pub enum Disbelief {
    /// Something cannot be asked, and why.
    NotNow(String),
    /// The bytes are at fault.
    Never(Refused),
}

impl From<DecodeError> for Disbelief {
    fn from(error: DecodeError) -> Self {
        let reason = match error {
            error if error.is_retryable() => return Self::NotNow(error.to_string()),
            DecodeError::UnknownSchema(_) | DecodeError::NoRegistry => {
                RejectionReason::UnknownSchema
            }
            _ => RejectionReason::Undecodable,
        };
        Self::Never(Refused::of(reason, &error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use schemas::Codec;
    use schemas::examples::{RAW_READINGS, RECEIVED};

    use super::*;

    fn reason_of<T>(result: Result<T, Disbelief>) -> String {
        match result {
            Ok(_) => "ok".to_owned(),
            Err(Disbelief::Never(why)) => why.reason.as_str().to_owned(),
            Err(Disbelief::NotNow(error)) => error,
        }
    }

    #[test]
    fn every_example_is_believed_or_refused_as_it_says() {
        let codec = Codec::new(None).unwrap();
        let (encoder, decoder) =
            (codec.encoder::<Reading>("readings.raw").unwrap(), codec.decoder::<Reading>());
        for example in RAW_READINGS {
            let reading: Reading = serde_json::from_str(example.json).unwrap();
            let bytes = encoder.encode(&reading).unwrap();
            let received = Timestamp::from_millis(RECEIVED);
            let found = believe(&decoder, reading.key().as_bytes(), Some(&bytes), received);
            assert_eq!(reason_of(found), example.expected, "{}", example.name);
        }
    }

    #[test]
    fn a_record_larger_than_any_reading_is_not_looked_at() {
        let value = vec![0; RejectedReading::LARGEST_RECORD];
        let reason = |key, value| key_of(key, value).map_err(|why| why.reason);
        assert_eq!(reason(Some(b""), Some(&value)), Ok(&b""[..]));
        assert_eq!(reason(Some(b"A"), Some(&value)), Err(RejectionReason::TooLarge));
        assert_eq!(reason(None, Some(&value)), Err(RejectionReason::KeyMissing));
        assert_eq!(reason(Some(&[b'A'; 1_000_001]), None), Err(RejectionReason::TooLarge));
    }

    #[test]
    fn a_record_under_another_patients_key_or_without_a_value_is_refused() {
        let codec = Codec::new(None).unwrap();
        let decoder = codec.decoder::<Reading>();
        let good = RAW_READINGS.iter().find(|example| example.expected == "ok").unwrap();
        let reading: Reading = serde_json::from_str(good.json).unwrap();
        let bytes = codec.encoder("readings.raw").unwrap().encode(&reading).unwrap();
        let received = Timestamp::from_millis(RECEIVED);
        let mismatch = believe(&decoder, b"OTHER1/P9", Some(&bytes), received);
        assert_eq!(reason_of(mismatch), "key_mismatch");
        assert_eq!(reason_of(believe(&decoder, b"OTHER1/P9", None, received)), "undecodable");
        assert_eq!(
            reason_of(believe(&decoder, b"OTHER1/P9", Some(b"{}"), received)),
            "undecodable"
        );
    }
}
