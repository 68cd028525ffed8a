//! From a raw record's bytes to a valid reading, or why it is rejected.

use clinical::source::without_padding;
use clinical::{PatientId, Timestamp};
use schemas::{CurrentBody, DecodeError, Decoder, Reading, RejectedReading, RejectionReason};

const KEY_MISSING: &str = "the Kafka key is missing; it must be consortium_id/person_id";
const KEY_MISMATCH: &str = "the Kafka key is not the reading's consortium_id/person_id";
const KEY_PADDED: &str = "the Kafka key has blanks around its ids: it must be \
                          consortium_id/person_id and nothing else, for it names the partition";
const NO_VALUE: &str = "the record has no value";

/// The key of a record that is not larger than any reading: the patient whose reading it claims to be.
///
/// # Errors
/// When it has no key, or is too large to be looked at.
pub fn key_of<'k>(key: Option<&'k [u8]>, value: Option<&[u8]>) -> Result<&'k [u8], Rejection> {
    const LARGEST: usize = RejectedReading::LARGEST_RECORD;
    let [key_length, length] = [key, value].map(|bytes| bytes.map_or(0, <[u8]>::len));
    if key_length.saturating_add(length) > LARGEST {
        let detail = format!(
            "the record has a key of {key_length} and a value of {length} bytes; a reading has at \
             most {LARGEST} together"
        );
        return Err(Rejection { detail, ..Rejection::of(RejectionReason::TooLarge, "") });
    }
    key.ok_or_else(|| Rejection::of(RejectionReason::KeyMissing, KEY_MISSING))
}

/// Decodes and validates a record received at `received`.
///
/// # Errors
/// When it is no reading, not a plausible one, or not the key's; or when that cannot be known now.
pub fn validate<'v>(
    readings: &Decoder<Reading>,
    key: &[u8],
    value: Option<&'v [u8]>,
    received: Timestamp,
) -> Result<(CurrentBody<'v, Reading>, clinical::Reading), ValidationError> {
    validate_and_count(readings, key, value, received, &mut 0)
}

/// [`validate`], which counts the values of optional fields without which the reading is taken
/// because they cannot be true: nobody else tells the sender.
pub(crate) fn validate_and_count<'v>(
    readings: &Decoder<Reading>,
    key: &[u8],
    value: Option<&'v [u8]>,
    received: Timestamp,
    left_out: &mut usize,
) -> Result<(CurrentBody<'v, Reading>, clinical::Reading), ValidationError> {
    let bytes = value.ok_or_else(|| Rejection::of(RejectionReason::Undecodable, NO_VALUE))?;
    let body = readings.current_body(bytes)?;
    let wire = readings.read(&body)?;
    let mut of_reading = 0;
    let reading = wire.validate_and_count(received, &mut of_reading).map_err(|error| {
        Rejection::by(error, wire.claimed_patient()).of_vendor(wire.taken_vendor())
    })?;
    if reading.patient.as_str().as_bytes() != key {
        let detail = match is_padded(key, &reading.patient) {
            true => KEY_PADDED,
            false => KEY_MISMATCH,
        };
        let patient = Some(reading.patient);
        let mismatch = Rejection::of(RejectionReason::KeyMismatch, detail);
        return Err(Rejection { patient, ..mismatch }.of_vendor(wire.taken_vendor()).into());
    }
    *left_out += of_reading;
    Ok((body, reading))
}

/// Whether a key is a patient with blanks around the ids.
fn is_padded(key: &[u8], patient: &PatientId) -> bool {
    let parts = std::str::from_utf8(key).ok().and_then(|key| key.split_once('/'));
    let parts = parts.map(|(consortium, person)| [consortium, person].map(without_padding));
    parts == Some([patient.consortium(), patient.person()])
}

/// Why a record is rejected.
#[derive(Debug)]
pub struct Rejection {
    /// The code.
    pub reason: RejectionReason,
    /// Which field breaks which rule, without values.
    pub detail: String,
    /// The patient whose reading it claims to be, where that could be read.
    pub patient: Option<PatientId>,
    /// Whose credentials it came in with, where that could be read.
    pub vendor: Option<String>,
}

impl Rejection {
    pub(crate) fn of(reason: RejectionReason, detail: &str) -> Self {
        Self { reason, detail: detail.to_owned(), patient: None, vendor: None }
    }

    fn by(error: schemas::ValidationError, patient: Option<PatientId>) -> Self {
        Self { reason: error.reason, detail: error.detail, patient, vendor: None }
    }

    /// The same with the vendor that is taken of the record.
    fn of_vendor(self, vendor: Option<&str>) -> Self {
        Self { vendor: vendor.map(str::to_owned), ..self }
    }
}

/// Why a record is no valid reading.
#[derive(Debug, thiserror::Error)]
pub enum ValidationError {
    /// That cannot be known now, because the schema registry does not answer.
    #[error("{0}")]
    RetryLater(#[source] DecodeError),
    /// The record itself is at fault.
    #[error("{}: {}", .0.reason.as_str(), .0.detail)]
    Rejected(Rejection),
}

impl From<Rejection> for ValidationError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<DecodeError> for ValidationError {
    fn from(error: DecodeError) -> Self {
        let reason = match error {
            error if error.is_retryable() => return Self::RetryLater(error),
            DecodeError::UnknownSchema(_) | DecodeError::NoRegistry => {
                RejectionReason::UnknownSchema
            }
            _ => RejectionReason::Undecodable,
        };
        Rejection::of(reason, &error.to_string()).into()
    }
}

#[cfg(test)]
mod tests {
    use examples::{RAW_READINGS, RECEIVED};
    use schemas::Codec;

    use super::*;

    fn reason_of<T>(result: Result<T, ValidationError>) -> String {
        match result {
            Ok(_) => "ok".to_owned(),
            Err(ValidationError::Rejected(why)) => why.reason.as_str().to_owned(),
            Err(ValidationError::RetryLater(error)) => error.to_string(),
        }
    }

    #[test]
    fn every_example_is_valid_or_rejected_as_it_says() {
        let codec = Codec::new(None).unwrap();
        let (encoder, decoder) =
            (codec.encoder::<Reading>("readings.raw").unwrap(), codec.decoder::<Reading>());
        for example in RAW_READINGS {
            let reading: Reading = serde_json::from_str(example.json).unwrap();
            let bytes = encoder.encode(&reading).unwrap();
            let received = Timestamp::from_millis(RECEIVED);
            let found = validate(&decoder, reading.key().as_bytes(), Some(&bytes), received);
            assert_eq!(reason_of(found), example.expected, "{}", example.name);
        }
    }

    #[test]
    fn a_value_without_which_a_reading_is_taken_is_counted() {
        use schemas::reading::Measurement;
        let codec = Codec::new(None).unwrap();
        let (encoder, decoder) =
            (codec.encoder::<Reading>("readings.raw").unwrap(), codec.decoder::<Reading>());
        let example = RAW_READINGS.iter().find(|example| example.name == "blood_pressure").unwrap();
        let mut left_out = 0;
        for (pulse_rate, expected) in [(70, 0), (2047, 0), (400, 1), (12, 2)] {
            let mut reading: Reading = serde_json::from_str(example.json).unwrap();
            if let Measurement::BloodPressure(pressure) = &mut reading.measurement {
                pressure.pulse_rate = Some(pulse_rate);
            }
            let (key, bytes) = (reading.key(), encoder.encode(&reading).unwrap());
            let received = Timestamp::from_millis(RECEIVED);
            let found =
                validate_and_count(&decoder, key.as_bytes(), Some(&bytes), received, &mut left_out);
            assert_eq!((reason_of(found), left_out), ("ok".to_owned(), expected));
        }
    }

    #[test]
    fn a_vendor_and_an_offset_that_cannot_be_cost_no_reading_and_are_counted() {
        let codec = Codec::new(None).unwrap();
        let (encoder, decoder) =
            (codec.encoder::<Reading>("readings.raw").unwrap(), codec.decoder::<Reading>());
        for example in RAW_READINGS.iter().filter(|example| example.expected == "ok") {
            let mut reading: Reading = serde_json::from_str(example.json).unwrap();
            reading.vendor = Some("ac\nme".to_owned());
            reading.utc_offset_minutes = 32_400;
            let (key, bytes) = (reading.key(), encoder.encode(&reading).unwrap());
            let (received, mut left_out) = (Timestamp::from_millis(RECEIVED), 0);
            let found =
                validate_and_count(&decoder, key.as_bytes(), Some(&bytes), received, &mut left_out);
            let expected = ("ok".to_owned(), 2);
            assert_eq!((reason_of(found), left_out), expected, "{}", example.name);
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
    fn a_record_under_another_patients_key_or_without_a_value_is_rejected() {
        let codec = Codec::new(None).unwrap();
        let decoder = codec.decoder::<Reading>();
        let good = RAW_READINGS.iter().find(|example| example.expected == "ok").unwrap();
        let reading: Reading = serde_json::from_str(good.json).unwrap();
        let bytes = codec.encoder("readings.raw").unwrap().encode(&reading).unwrap();
        let received = Timestamp::from_millis(RECEIVED);
        let mismatch = validate(&decoder, b"OTHER1/P9", Some(&bytes), received);
        assert_eq!(reason_of(mismatch), "key_mismatch");
        assert_eq!(reason_of(validate(&decoder, b"OTHER1/P9", None, received)), "undecodable");
        assert_eq!(
            reason_of(validate(&decoder, b"OTHER1/P9", Some(b"{}"), received)),
            "undecodable"
        );
    }

    #[test]
    fn blanks_around_ids_are_named_for_the_patient_whom_they_hide() {
        let codec = Codec::new(None).unwrap();
        let (encoder, decoder) =
            (codec.encoder::<Reading>("readings.raw").unwrap(), codec.decoder::<Reading>());
        let good = RAW_READINGS.iter().find(|example| example.expected == "ok").unwrap();
        let good: Reading = serde_json::from_str(good.json).unwrap();
        let received = Timestamp::from_millis(RECEIVED);
        let rejected = |reading: &Reading, key: String| {
            let bytes = encoder.encode(reading).unwrap();
            match validate(&decoder, key.as_bytes(), Some(&bytes), received) {
                Err(ValidationError::Rejected(why)) => why,
                _ => panic!("it is rejected"),
            }
        };
        for (left, right) in [(" ", ""), ("", " "), ("", "\0\0"), ("\t", "\r\n"), ("", "\u{3000}")]
        {
            let padded = |id: &str| format!("{left}{id}{right}");
            for reading in [
                Reading { person_id: padded(&good.person_id), ..good.clone() },
                Reading { consortium_id: padded(&good.consortium_id), ..good.clone() },
            ] {
                // Whatever the key: a producer makes it of the same ids, or of a list of its own.
                for key in [reading.key(), good.key()] {
                    let why = rejected(&reading, key);
                    assert_eq!(why.reason.as_str(), "malformed");
                    assert!(why.detail.contains("has blanks around it"), "{}", why.detail);
                    assert_eq!(why.patient.unwrap().as_str(), good.key());
                }
            }
            let why = rejected(&good, padded(&good.key()));
            assert_eq!(why.reason.as_str(), "key_mismatch");
            assert!(why.detail.contains("has blanks around its ids"), "{}", why.detail);
        }
        let other = Reading { person_id: "S 1".to_owned(), ..good.clone() };
        assert!(rejected(&other, good.key()).detail.contains("ASCII letters and digits"));
        assert!(!rejected(&good, "OTHER1/P9".to_owned()).detail.contains("blanks"));
    }

    #[test]
    fn a_rejection_names_the_vendor_where_the_record_can_be_read_and_names_one() {
        let codec = Codec::new(None).unwrap();
        let (encoder, decoder) =
            (codec.encoder::<Reading>("readings.raw").unwrap(), codec.decoder::<Reading>());
        let rejected = RAW_READINGS.iter().find(|example| example.expected == "implausible");
        let mut reading: Reading = serde_json::from_str(rejected.unwrap().json).unwrap();
        let received = Timestamp::from_millis(RECEIVED);
        for (vendor, key, expected) in [
            (Some("acme"), reading.key(), Some("acme")),
            (Some("acme"), "OTHER1/P9".to_owned(), Some("acme")),
            (Some("ac\nme"), reading.key(), None),
            (None, reading.key(), None),
        ] {
            reading.vendor = vendor.map(str::to_owned);
            let bytes = encoder.encode(&reading).unwrap();
            match validate(&decoder, key.as_bytes(), Some(&bytes), received) {
                Err(ValidationError::Rejected(why)) => assert_eq!(why.vendor.as_deref(), expected),
                _ => panic!("it is rejected"),
            }
        }
    }
}
