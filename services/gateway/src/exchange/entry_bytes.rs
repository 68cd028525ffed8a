//! What an entry takes until it is answered.

use std::convert::Infallible;

use schemas::Reading;
use schemas::fields::{Field, Value, Visitor};
use schemas::reading::Source;

use super::Entry;

/// Besides its texts, of a valid reading: its entry in a list that may be twice too long, its record
/// and its line of the answer.
const VALID: usize = 1536;
/// Besides its texts, of a rejected reading: its entry, and its line of the answer.
const REJECTED: usize = 1280;
/// Besides its texts, of each problem of it.
const PROBLEM: usize = 256;
/// How often a text is there at most: in the entry, and in a record, or in an answer that may be
/// twice too long.
const COPIES: usize = 3;

impl Entry {
    /// What it takes at most until it is answered, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let pointer = self.pointer.len();
        match &self.result {
            Ok(valid) => VALID + COPIES * (pointer + texts(&valid.reading)),
            Err(problems) => {
                let texts = problems.iter().map(|it| written(&it.pointer) + written(&it.message));
                let texts = texts.sum::<usize>();
                REJECTED + PROBLEM * problems.len() + COPIES * (pointer + texts)
            }
        }
    }
}

/// How long a text is in an answer, in bytes: JSON writes a control character as six.
fn written(text: &str) -> usize {
    let of_byte = |byte| match byte {
        0..=0x1f => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    };
    text.bytes().map(of_byte).sum()
}

/// How long the texts of a reading are together, in bytes.
fn texts(reading: &Reading) -> usize {
    let source = match &reading.source {
        Source::Device(device) => {
            let model_number = device.model_number.as_ref().map_or(0, String::len);
            device.manufacturer.len() + model_number + device.serial.len()
        }
        Source::TestLab(lab) => lab.test_lab_id.len(),
    };
    let mut texts = Texts(reading.consortium_id.len() + reading.person_id.len() + source);
    let Ok(()) = reading.measurement.visit(&mut texts);
    texts.0
}

struct Texts(usize);

impl Visitor for Texts {
    type Error = Infallible;

    fn field(&mut self, _: &'static Field, value: Option<Value<'_>>) -> Result<(), Infallible> {
        if let Some(Value::Text(text)) = value {
            self.0 += text.len();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use schemas::Codec;
    use serde_json::json;

    use super::super::contract::read;
    use super::*;

    /// An allocation of a text or a list, with what the allocator adds.
    fn allocated(bytes: usize) -> usize {
        bytes + 32
    }

    #[test]
    fn an_entry_takes_at_most_what_is_charged_for_it() {
        let encoder = Codec::default().encoder::<Reading>("readings.raw").unwrap();
        let good = examples::GOOD_DOCUMENTS.iter().map(|(_, text)| *text);
        let bad = examples::BAD_DOCUMENTS.iter().map(|bad| bad.text);
        // Names of fields are a sender's own words.
        let name = "\\u0001".repeat(100);
        let record = format!(r#"{{"{name}1":1,"{name}2":2,"{name}3":3}}"#);
        let escaped = format!(
            r#"{{"format_version":"2.0","send_time":"20260131073100000","consortium_id":"CGM005",
            "person_information":[{{"person_id":"S001","healthcare_information":
            {{"blood_pressure":[{record}]}}}}]}}"#
        );
        for text in good.chain(bad).chain([&*escaped]) {
            let Ok(parsed) = read(text) else { continue };
            let mut charged = 0;
            for entry in &parsed.entries {
                charged += entry.bytes();
                let in_list = 2 * size_of::<Entry>() + allocated(entry.pointer.capacity());
                let taken = match &entry.result {
                    Ok(valid) => {
                        let payload = encoder.encode(&valid.reading).unwrap().len();
                        let record = 2 * size_of::<Vec<u8>>() + allocated(payload) + allocated(32);
                        let id = size_of::<String>() + allocated(valid.id.to_string().len());
                        // Six texts at most, each an allocation.
                        in_list + texts(&valid.reading) + 6 * allocated(0) + record + id
                    }
                    Err(problems) => {
                        let line = 2 * json!(problems).to_string().len() + 200;
                        let texts = problems.iter().map(|it| {
                            allocated(it.pointer.capacity()) + allocated(it.message.capacity())
                        });
                        let list = allocated(size_of_val(&**problems));
                        in_list + list + texts.sum::<usize>() + line
                    }
                };
                assert!(taken <= entry.bytes(), "{taken} for {entry:?}");
            }
            assert_eq!(parsed.bytes(), charged);
        }
    }
}
