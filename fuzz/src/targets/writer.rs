//! Records on their way to the store.

use schemas::{
    AcceptedReading, AlertEvent, AuditEvent, Codec, OutcomeTally, Record, RejectedReading,
};
use serde_json::Value;
use stream::record::Incoming;
use writer::fuzzing::{Rows, Written};

use super::{plain, registry, samples};
use crate::json;
use crate::packed::{pack, unpack};
use crate::random::Random;
use crate::target::{Form, Target, kind, promise};

/// A record of a topic: which, key and value.
fn record(codec: &Codec, topic: usize, sample: &Value) -> Option<Vec<u8>> {
    fn encoded<T: Record>(codec: &Codec, sample: &Value) -> Option<Vec<u8>> {
        codec.encoder("topic").ok()?.encode(&T::deserialize(sample).ok()?).ok()
    }
    let value = match topic {
        0 => encoded::<AcceptedReading>(codec, sample)?,
        1 => encoded::<RejectedReading>(codec, sample)?,
        2 => encoded::<OutcomeTally>(codec, sample)?,
        3 => encoded::<AlertEvent>(codec, sample)?,
        _ => encoded::<AuditEvent>(codec, sample)?,
    };
    Some(pack([&[topic as u8][..], b"CGM005/S001", &value]))
}

pub(super) fn targets() -> Vec<Target> {
    let codec = plain();
    let samples = [
        AcceptedReading::NAME,
        RejectedReading::NAME,
        OutcomeTally::NAME,
        AlertEvent::NAME,
        AuditEvent::NAME,
    ]
    .map(samples::of);
    let seeds = samples
        .iter()
        .enumerate()
        .flat_map(|(topic, samples)| samples.iter().map(move |sample| (topic, sample)))
        .filter_map(|(topic, sample)| record(&codec, topic, sample))
        .collect();
    let rows = Rows::new(&registry());
    let target = Target::new("writer_rows", Form::Packed(3, &Form::Bytes), seeds, move |input| {
        let parts = unpack(input);
        let [topic, key, value] = parts[..] else { return Ok("no record".to_owned()) };
        let input = usize::from(topic.first().copied().unwrap_or(0)) % Rows::INPUTS;
        let record = Incoming {
            topic: "topic".into(),
            partition: 3,
            offset: 1042,
            timestamp_ms: 1_769_904_000_000,
            key: Some(key.to_vec()),
            payload: (!value.is_empty()).then(|| value.to_vec()),
        };
        Ok(match rows.take(input, &record) {
            Written::Nothing => "nothing".to_owned(),
            Written::Row(table, bytes) => {
                // Evidence becomes JSON, which has six characters for some bytes.
                promise(bytes < 8 * value.len() + 1000, || format!("a row of {bytes} bytes"))?;
                table.to_owned()
            }
            Written::DeadLetter(why, bytes) => {
                promise(bytes <= 2 << 20, || format!("{bytes} bytes are set aside"))?;
                kind(&why)
            }
        })
    });
    vec![
        target
            .making(move |random: &mut Random| {
                let topic = random.below(samples.len());
                let mut sample = random.pick(&samples[topic]).clone();
                json::value(&mut sample, super::samples::NAMES, random);
                record(&codec, topic, &sample)
            })
            .often(2),
    ]
}
