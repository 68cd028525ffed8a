//! Records on their way to the store.

use schemas::{
    AcceptedReading, AlertEvent, AuditEvent, AuditSet, Codec, OutcomeTally, Record, RejectedReading,
};
use serde_json::Value;
use stream::record::Incoming;
use writer::{DeadLetterReason, Decoders, Input, RowBinary, envelope, place_of};

use super::{plain, registry, samples};
use crate::json;
use crate::packed::{pack, unpack};
use crate::random::Random;
use crate::target::{Form, Target, kind, promise};

/// A record of a topic: which, key and value.
fn record(codec: &Codec, input: Input, sample: &Value) -> Option<Vec<u8>> {
    fn encoded<T: Record>(codec: &Codec, sample: &Value) -> Option<Vec<u8>> {
        codec.encoder("topic").ok()?.encode(&T::deserialize(sample).ok()?).ok()
    }
    let value = match input {
        Input::Accepted => encoded::<AcceptedReading>(codec, sample)?,
        Input::Rejected => encoded::<RejectedReading>(codec, sample)?,
        Input::Outcomes => encoded::<OutcomeTally>(codec, sample)?,
        Input::Alerts => encoded::<AlertEvent>(codec, sample)?,
        Input::Audit => encoded::<AuditEvent>(codec, sample)?,
        Input::AuditSets => encoded::<AuditSet>(codec, sample)?,
    };
    let place = Input::ALL.iter().position(|one| *one == input)?;
    Some(pack([&[place as u8][..], b"CGM005/S001", &value]))
}

/// Samples of an input's record.
fn samples_of(input: Input) -> Vec<Value> {
    samples::of(match input {
        Input::Accepted => AcceptedReading::NAME,
        Input::Rejected => RejectedReading::NAME,
        Input::Outcomes => OutcomeTally::NAME,
        Input::Alerts => AlertEvent::NAME,
        Input::Audit => AuditEvent::NAME,
        Input::AuditSets => AuditSet::NAME,
    })
}

pub(super) fn targets() -> Vec<Target> {
    let codec = plain();
    let samples: Vec<(Input, Vec<Value>)> =
        Input::ALL.iter().map(|input| (*input, samples_of(*input))).collect();
    let seeds = samples
        .iter()
        .flat_map(|(input, samples)| samples.iter().map(move |sample| (*input, sample)))
        .filter_map(|(input, sample)| record(&codec, input, sample))
        .collect();
    let decoders = Decoders::new(&registry());
    let target = Target::new("writer_rows", Form::Packed(3, &Form::Bytes), seeds, move |input| {
        let parts = unpack(input);
        let [topic, key, value] = parts[..] else { return Ok("no record".to_owned()) };
        let input = usize::from(topic.first().copied().unwrap_or(0)) % Input::ALL.len();
        let record = Incoming {
            topic: "topic".into(),
            partition: 3,
            offset: 1042,
            timestamp_ms: 1_769_904_000_000,
            key: Some(key.to_vec()),
            payload: (!value.is_empty()).then(|| value.to_vec()),
        };
        let (row, problem) = match decoders.decode(Input::ALL[input], &record) {
            Ok(None) => return Ok("nothing".to_owned()),
            Err(error) => (None, error.to_string()),
            Ok(Some(row)) => {
                let place = place_of(&record);
                let mut written = RowBinary::default();
                match (row.shape(place), row.walk(place, &mut written)) {
                    (Ok(_), Ok(())) => {
                        let bytes = written.size();
                        // Evidence becomes JSON, which has six characters for some bytes.
                        promise(bytes < 8 * value.len() + 1000, || format!("{bytes} bytes"))?;
                        return Ok(row.table().name().to_owned());
                    }
                    (Err(unfit), Err(again)) if unfit == again => (Some(row), unfit.to_string()),
                    shapes => return Err(format!("a row has two shapes: {shapes:?}")),
                }
            }
        };
        let letter = envelope(&record, row.as_ref(), DeadLetterReason::StoreRefused, &problem);
        let bytes = letter.bytes.len() + letter.key.map_or(0, |key| 2 * key.len());
        promise(bytes <= 2 << 20, || format!("a dead letter has {bytes} bytes"))?;
        Ok(kind(&problem))
    });
    vec![
        target
            .making(move |random: &mut Random| {
                let (input, samples) = random.pick(&samples);
                let mut sample = random.pick(samples).clone();
                json::value(&mut sample, &super::samples::NAMES, random);
                record(&codec, *input, &sample)
            })
            .often(2),
    ]
}
