//! A rejected record as a person looks at it.

use chassis::hex;
use clinical::PatientId;
use clinical::patient::ConsortiumId;
use schemas::{Decoder, Reading, RejectedReading};
use serde_json::{Map, Value, json};

use super::address::Address;
use super::entry::Replay;
use super::moment::written;

/// A rejected record, and the reading in it where it can be read.
pub(super) struct Found {
    pub(super) rejected: RejectedReading,
    /// The reading, or why it cannot be read.
    pub(super) reading: Result<Reading, String>,
}

impl Found {
    /// Looks at the bytes of a rejection.
    pub(super) fn new(rejected: RejectedReading, decoder: &Decoder<Reading>) -> Self {
        let reading = if rejected.is_whole() {
            decoder.decode(&rejected.bytes).map_err(|error| error.to_string())
        } else {
            Err("only its beginning is kept here".to_owned())
        };
        Self { rejected, reading }
    }

    /// Whose it says to be, where that is an id.
    pub(super) fn patient(&self) -> Option<PatientId> {
        let of_reading = || self.reading.as_ref().ok()?.claimed_patient();
        let parsed = |text: &str| PatientId::parse(text).ok();
        self.rejected
            .patient
            .as_deref()
            .and_then(parsed)
            .or_else(of_reading)
            .or_else(|| parsed(std::str::from_utf8(self.rejected.key.as_deref()?).ok()?))
    }

    /// Its consortium, which is no secret of a patient's.
    pub(super) fn consortium(&self) -> Option<String> {
        let of_reading = || {
            let id = &self.reading.as_ref().ok()?.consortium_id;
            ConsortiumId::parse(id).ok().map(|id| id.as_str().to_owned())
        };
        self.patient().map(|patient| patient.consortium().to_owned()).or_else(of_reading)
    }

    /// Its vendor, where it names one as vendors are named: senders may write anything there.
    pub(super) fn vendor(&self) -> Option<&str> {
        let vendor = self.reading.as_ref().ok()?.taken_vendor()?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        ((1..=40).contains(&vendor.len()) && vendor.bytes().all(is_name)).then_some(vendor)
    }

    /// Everything, as JSON.
    pub(super) fn shown(&self, replays: &[Replay]) -> Value {
        let rejected = &self.rejected;
        let mut json = Map::new();
        let mut say = |name: &str, value: Value| json.insert(name.to_owned(), value);
        say("address", json!(Address::from(rejected.origin).to_string()));
        say("received_at", json!(written(rejected.origin.received_at)));
        say("reason", json!(rejected.reason));
        say("detail", json!(rejected.detail));
        say("patient", json!(self.patient().map(String::from)));
        match rejected.key.as_deref().map(|key| (key, std::str::from_utf8(key))) {
            None => say("key", Value::Null),
            Some((_, Ok(text))) => say("key", json!(text)),
            Some((bytes, Err(_))) => say("key_hex", json!(hex(bytes))),
        };
        if let Some(length) = rejected.whole_key_length {
            say("whole_key_length", json!(length));
        }
        say("length", json!(rejected.bytes.len()));
        if let Some(length) = rejected.whole_length {
            say("whole_length", json!(length));
        }
        match &self.reading {
            Ok(reading) => {
                say("reading", json!(reading));
            }
            Err(why) => {
                say("not_readable", json!(why));
                match text(&rejected.bytes) {
                    Some(text) => say("text", json!(text)),
                    None => say("hex", json!(hex(&rejected.bytes))),
                };
            }
        }
        say("replayed", json!(replays));
        Value::Object(json)
    }
}

/// Bytes that are text for people, whatever they should be.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())?;
    let is_readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().all(is_readable).then_some(text)
}

#[cfg(test)]
pub(super) mod tests {
    use examples::{RAW_READINGS, RECEIVED};
    use schemas::{Codec, Origin};

    use super::*;

    pub(crate) fn example(name: &str) -> Reading {
        let example = RAW_READINGS.iter().find(|example| example.name == name).unwrap();
        serde_json::from_str(example.json).unwrap()
    }

    pub(crate) fn rejected(offset: i64, reason: &str, key: &[u8], value: &[u8]) -> Found {
        let origin = Origin { partition: 3, offset, received_at: RECEIVED + offset };
        let rejected = RejectedReading {
            reason: reason.to_owned(),
            detail: "a rule".to_owned(),
            ..RejectedReading::holding(value, Some(key), 1000, origin)
        };
        Found::new(rejected, &Codec::default().decoder())
    }

    fn encoded(reading: &Reading) -> Vec<u8> {
        Codec::default().encoder("readings.raw").unwrap().encode(reading).unwrap()
    }

    #[test]
    fn a_reading_that_can_be_read_is_shown_as_one() {
        let mut reading = example("systolic_implausible");
        reading.vendor = Some("acme".to_owned());
        let found = rejected(7, "implausible", reading.key().as_bytes(), &encoded(&reading));
        let shown = found.shown(&[]);
        assert_eq!(shown["address"], "3/7");
        assert_eq!(shown["key"], reading.key());
        assert_eq!(shown["patient"], reading.key());
        assert_eq!(serde_json::from_value::<Reading>(shown["reading"].clone()).unwrap(), reading);
        assert!(shown.get("hex").is_none() && shown.get("text").is_none());
        assert_eq!(found.vendor(), Some("acme"));
        assert_eq!(found.consortium().as_deref(), Some(reading.consortium_id.as_str()));
    }

    #[test]
    fn what_is_no_reading_is_shown_as_text_or_in_hexadecimal() {
        let shown = rejected(1, "undecodable", b"A/1", b"{\"json\": 1}\n").shown(&[]);
        assert_eq!(shown["text"], "{\"json\": 1}\n");
        assert_eq!(shown["patient"], "A/1");
        let shown = rejected(1, "undecodable", b"\xff\x00", b"\x00\x1b[31m").shown(&[]);
        assert_eq!((&shown["hex"], &shown["key_hex"]), (&json!("001b5b33316d"), &json!("ff00")));
        let cut = rejected(1, "too_large", b"A/1", &[b'x'; 1001]).shown(&[]);
        assert_eq!((&cut["length"], &cut["whole_length"]), (&json!(1000), &json!(1001)));
    }

    #[test]
    fn a_vendor_that_is_no_name_is_not_repeated() {
        let mut reading = example("systolic_implausible");
        for other in ["", "田中 太郎", "a b", "\u{1b}[31m"] {
            reading.vendor = Some(other.to_owned());
            let found = rejected(7, "implausible", b"A/1", &encoded(&reading));
            assert_eq!(found.vendor(), None, "{other}");
        }
    }
}
