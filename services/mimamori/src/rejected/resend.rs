//! What is sent for a rejected record, and whether it is valid then. Without input or output.

use clinical::Timestamp;
use processor::validate::{ValidationError, key_of, validate};
use schemas::{Decoder, Encoder, Reading, RejectionReason};
use stream::partition_for_key;
use stream::producer::Outgoing;
use stream::record::Incoming;

use super::address::Address;
use super::record::Found;

/// What an operator puts right.
pub(super) struct Repair {
    /// This reading instead of the bytes as they came.
    pub(super) reading: Option<Reading>,
    /// Which key.
    pub(super) key: Key,
}

/// Which key a record is sent under.
pub(super) enum Key {
    /// Its own; a repaired reading's own patient.
    AsItCame,
    /// Another one.
    Given(String),
    /// The patient that the reading names.
    OfReading,
}

/// A record to send.
#[derive(Debug)]
pub(super) struct Resend {
    pub(super) address: Address,
    /// The partition that the key belongs to.
    pub(super) partition: i32,
    pub(super) patient: Option<String>,
    /// What is done, for the record of accesses.
    pub(super) how: String,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

impl Resend {
    pub(super) fn outgoing<'a>(&'a self, topic: &'a str) -> Outgoing<'a> {
        let (key, payload) = (self.key.as_deref(), self.value.as_deref());
        Outgoing { topic, partition: Some(self.partition), key, payload }
    }

    pub(super) fn length(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        length(&self.key) + length(&self.value)
    }
}

/// Why a record is not sent.
#[derive(Debug)]
pub(super) enum Refused {
    /// What it is is at fault.
    Never(String),
    /// It cannot be checked now.
    NotNow(String),
}

/// Says what the processor will say.
pub(super) struct Judge {
    /// Of `readings.raw`.
    pub(super) partitions: i32,
    pub(super) decoder: Decoder<Reading>,
    pub(super) encoder: Encoder<Reading>,
    /// When it will be received.
    pub(super) now: Timestamp,
    /// Send what will be rejected again too.
    pub(super) anyway: bool,
}

impl Judge {
    /// What to send for a rejected record; `whole` is the raw record where the rejection holds only
    /// its beginning and `readings.raw` still has it.
    pub(super) fn prepare(
        &self,
        found: &Found,
        whole: Option<&Incoming>,
        repair: &Repair,
    ) -> Result<Resend, Refused> {
        let address = Address::from(found.rejected.origin);
        let (key, value) = match &repair.reading {
            Some(reading) => {
                let bytes = self.encoder.encode(reading);
                let bytes = bytes.map_err(|error| Refused::Never(error.to_string()))?;
                (Some(reading.key().into_bytes()), Some(bytes))
            }
            None => as_it_came(found, whole)?,
        };
        let key = match &repair.key {
            Key::AsItCame => key,
            Key::Given(key) => Some(key.clone().into_bytes()),
            Key::OfReading => {
                let reading = value.as_deref().map(|bytes| self.decoder.decode(bytes));
                match reading {
                    Some(Ok(reading)) => Some(reading.key().into_bytes()),
                    Some(Err(error)) => return Err(self.invalid(error.into(), found)),
                    None => key,
                }
            }
        };
        let mut how = match (&repair.reading, &repair.key) {
            (Some(_), Key::AsItCame | Key::OfReading) => "a repaired reading",
            (Some(_), Key::Given(_)) => "a repaired reading under another key",
            (None, Key::AsItCame) => "bytes as they came",
            (None, Key::Given(_) | Key::OfReading) => "bytes as they came under another key",
        }
        .to_owned();
        let validated = key_of(key.as_deref(), value.as_deref())
            .map_err(ValidationError::from)
            .and_then(|key| validate(&self.decoder, key, value.as_deref(), self.now));
        let patient = match validated {
            Ok((_, reading)) => Some(reading.patient),
            Err(ValidationError::Rejected(why)) if self.anyway => {
                how = format!("{how}, although {}", why.reason.as_str());
                why.patient.or_else(|| found.patient())
            }
            Err(error) => return Err(self.invalid(error, found)),
        };
        let partition =
            key.as_deref().map_or(address.partition, |key| partition_for_key(key, self.partitions));
        Ok(Resend { address, partition, patient: patient.map(String::from), how, key, value })
    }

    fn invalid(&self, error: ValidationError, found: &Found) -> Refused {
        let why = match error {
            ValidationError::RetryLater(error) => return Refused::NotNow(error.to_string()),
            ValidationError::Rejected(why) => why,
        };
        let hint = match why.reason {
            RejectionReason::KeyMissing | RejectionReason::KeyMismatch => {
                "--key CONSORTIUM/PERSON or --key-of-reading puts it right".to_owned()
            }
            RejectionReason::UnknownSchema => "publish the schema first".to_owned(),
            _ => {
                let address = Address::from(found.rejected.origin);
                format!("repair what `show {address}` prints, and send it with --reading FILE")
            }
        };
        let (reason, detail) = (why.reason.as_str(), &why.detail);
        Refused::Never(format!("it would be rejected again, {reason}: {detail}. {hint}"))
    }
}

type KeyAndValue = (Option<Vec<u8>>, Option<Vec<u8>>);

fn as_it_came(found: &Found, whole: Option<&Incoming>) -> Result<KeyAndValue, Refused> {
    let rejected = &found.rejected;
    if rejected.is_whole() {
        return Ok((rejected.key.clone(), Some(rejected.bytes.clone())));
    }
    match whole {
        Some(raw) => Ok((raw.key.clone(), raw.payload.clone())),
        None => Err(Refused::Never(
            "only its beginning is kept, and readings.raw does not have the whole any more; send \
             what it should have been with --reading FILE"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use examples::RECEIVED;
    use schemas::Codec;

    use super::super::record::tests::{example, rejected};
    use super::*;

    fn judge(anyway: bool) -> Judge {
        let codec = Codec::default();
        Judge {
            partitions: 12,
            decoder: codec.decoder(),
            encoder: codec.encoder("readings.raw").unwrap(),
            now: Timestamp::from_millis(RECEIVED),
            anyway,
        }
    }

    fn encoded(reading: &Reading) -> Vec<u8> {
        judge(false).encoder.encode(reading).unwrap()
    }

    const AS_IT_CAME: Repair = Repair { reading: None, key: Key::AsItCame };

    fn never(result: Result<Resend, Refused>) -> String {
        match result {
            Err(Refused::Never(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_record_that_is_valid_now_goes_to_its_keys_partition_as_it_came() {
        let reading = example("blood_pressure");
        let bytes = encoded(&reading);
        let found = rejected(7, "unknown_schema", reading.key().as_bytes(), &bytes);
        let resend = judge(false).prepare(&found, None, &AS_IT_CAME).unwrap();
        assert_eq!(resend.partition, partition_for_key(reading.key().as_bytes(), 12));
        assert_eq!(resend.value.as_deref(), Some(&bytes[..]));
        assert_eq!(resend.patient, Some(reading.key()));
        assert_eq!(resend.how, "bytes as they came");
    }

    #[test]
    fn a_record_that_will_be_rejected_again_is_sent_only_anyway() {
        let reading = example("systolic_implausible");
        let found = rejected(7, "implausible", reading.key().as_bytes(), &encoded(&reading));
        let why = never(judge(false).prepare(&found, None, &AS_IT_CAME));
        assert!(why.starts_with("it would be rejected again, implausible: systolic "), "{why}");
        assert!(why.contains("`show 3/7`"), "{why}");
        let resend = judge(true).prepare(&found, None, &AS_IT_CAME).unwrap();
        assert_eq!(resend.how, "bytes as they came, although implausible");
    }

    #[test]
    fn a_repaired_reading_goes_under_its_own_patients_key() {
        let found = rejected(7, "undecodable", b"no key", b"no reading");
        let reading = example("blood_pressure");
        let repair = Repair { reading: Some(reading.clone()), key: Key::AsItCame };
        let resend = judge(false).prepare(&found, None, &repair).unwrap();
        assert_eq!(resend.key, Some(reading.key().into_bytes()));
        assert_eq!(resend.value, Some(encoded(&reading)));
    }

    #[test]
    fn a_wrong_key_is_put_right_by_hand_or_from_the_reading() {
        let reading = example("blood_pressure");
        let found = rejected(7, "key_mismatch", b"OTHER1/P9", &encoded(&reading));
        let why = never(judge(false).prepare(&found, None, &AS_IT_CAME));
        assert!(why.contains("--key-of-reading"), "{why}");
        for key in [Key::Given(reading.key()), Key::OfReading] {
            let repair = Repair { reading: None, key };
            let resend = judge(false).prepare(&found, None, &repair).unwrap();
            assert_eq!(resend.key, Some(reading.key().into_bytes()));
            assert_eq!(resend.how, "bytes as they came under another key");
        }
    }

    #[test]
    fn of_a_record_that_was_cut_the_whole_is_sent_or_nothing() {
        let value = vec![b'x'; 1001];
        let found = rejected(7, "too_large", b"A/1", &value);
        let why = never(judge(true).prepare(&found, None, &AS_IT_CAME));
        assert!(why.contains("does not have the whole any more"), "{why}");
        let whole = Incoming {
            topic: "readings.raw".into(),
            partition: 3,
            offset: 7,
            timestamp_ms: RECEIVED,
            key: Some(b"A/1".to_vec()),
            payload: Some(value.clone()),
        };
        let resend = judge(true).prepare(&found, Some(&whole), &AS_IT_CAME).unwrap();
        assert_eq!(resend.value, Some(value));
    }
}
