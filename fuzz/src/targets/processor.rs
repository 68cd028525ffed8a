//! Raw records in the processor, and what it rebuilds its states from.

use std::sync::Arc;

use chassis::Metrics;
use clinical::{Span, Timestamp};
use examples::RECEIVED;
use processor::validate::{ValidationError, key_of, validate};
use processor::{LeftOut, PartitionBuilder, Replayed, Replays};
use schemas::codec::Record as _;
use schemas::records::SlowReadings;
use schemas::{AcceptedReading, AlertEvent, CarePlan, Codec, Reading};
use stream::transaction::{Builder, Record};

use super::{field, plain, registry, samples};
use crate::json;
use crate::packed::{pack, unpack};
use crate::random::Random;
use crate::target::{Form, Target, kind, promise};

pub(super) fn targets() -> Vec<Target> {
    vec![validation(), rebuild()]
}

/// The topics that states are rebuilt from, by the number that inputs name them with.
const REPLAYED: [Replayed; 4] =
    [Replayed::AcceptedReadings, Replayed::Alerts, Replayed::CarePlans, Replayed::SlowReadings];

fn encoded<T: schemas::Record>(codec: &Codec, sample: &serde_json::Value) -> Option<Vec<u8>> {
    let record = T::deserialize(sample).ok()?;
    codec.encoder("topic").ok()?.encode(&record).ok()
}

/// Key and value.
fn validation() -> Target {
    let codec = plain();
    let seeds = samples::readings().into_iter().filter_map(|sample| {
        let key =
            format!("{}/{}", sample["consortium_id"].as_str()?, sample["person_id"].as_str()?);
        Some(pack([key.as_bytes(), &encoded::<Reading>(&codec, &sample)?]))
    });
    let encoder = codec.encoder("topic").expect("no registry");
    let from_the_field = field::readings().iter().filter_map(|reading: &Reading| {
        Some(pack([reading.key().as_bytes(), &encoder.encode(reading).ok()?]))
    });
    let seeds = seeds.chain(from_the_field).collect();
    let decoder = registry().decoder::<Reading>();
    Target::new("processor_validation", Form::Packed(2, &Form::Bytes), seeds, move |input| {
        let parts = unpack(input);
        let (key, value) = (parts.first().copied(), parts.get(1).copied());
        let received = Timestamp::from_millis(RECEIVED);
        let validated = key_of(key, value)
            .map_err(ValidationError::from)
            .and_then(|key| validate(&decoder, key, value, received));
        match validated {
            Ok((_, reading)) => {
                let is_its = key == Some(reading.patient.as_str().as_bytes());
                promise(is_its, || format!("{} is not the key's", reading.patient))?;
                Ok(format!("valid {}", reading.kind))
            }
            Err(ValidationError::Rejected(why)) => {
                promise(why.detail.len() < 500, || format!("its reason is long: {}", why.detail))?;
                Ok(format!("{} {}", why.reason.as_str(), kind(&why.detail)))
            }
            Err(ValidationError::RetryLater(error)) => {
                Err(format!("it is retried for ever: {error}"))
            }
        }
    })
    .often(2)
}

/// Records of the topics that states are rebuilt from: topic, key and value of each, and the
/// hours that pass at the end.
fn rebuild() -> Target {
    let codec = registry();
    let [accepted, alerts, plans, slow] =
        [AcceptedReading::NAME, AlertEvent::NAME, CarePlan::NAME, SlowReadings::NAME]
            .map(samples::of);
    let one = move |random: &mut Random, codec: &Codec, damaged: bool| -> Option<[Vec<u8>; 3]> {
        let topic = random.below(4);
        let mut sample = random.pick([&accepted, &alerts, &plans, &slow][topic]).clone();
        if damaged {
            json::value(&mut sample, &samples::NAMES, random);
        }
        let value = match topic {
            0 => encoded::<AcceptedReading>(codec, &sample)?,
            1 => encoded::<AlertEvent>(codec, &sample)?,
            2 => encoded::<CarePlan>(codec, &sample)?,
            _ => encoded::<SlowReadings>(codec, &sample)?,
        };
        Some([vec![topic as u8], b"CGM005/S001".to_vec(), value])
    };
    let plain = plain();
    let mut random = Random::new(1, "rebuild");
    let seeds = (0..20)
        .map(|records| {
            let records = (0..records).filter_map(|_| one(&mut random, &plain, false)).flatten();
            pack(records)
        })
        .collect();
    Target::new("processor_rebuild", Form::Packed(3, &Form::Bytes), seeds, move |input| {
        let left_out = LeftOut::register(&Metrics::for_service("processor"))
            .map_err(|error| error.to_string())?;
        let replays = Arc::new(Replays::new(&codec, Default::default(), left_out));
        let mut builder = PartitionBuilder::new(replays, Timestamp::from_millis(RECEIVED));
        let parts = unpack(input);
        for (offset, record) in (0..).zip(parts.chunks_exact(3).take(60)) {
            let [topic, key, value] = record else { continue };
            let topic = usize::from(topic.first().copied().unwrap_or(0)) % REPLAYED.len();
            let replayed = builder.replay(
                REPLAYED[topic],
                Record {
                    partition: 0,
                    offset,
                    timestamp_ms: RECEIVED,
                    key: (!key.is_empty()).then_some(key),
                    // A tombstone.
                    payload: (!value.is_empty()).then_some(value),
                },
            );
            promise(replayed.is_ok(), || format!("a record stops the rebuild: {replayed:?}"))?;
        }
        let now = Timestamp::from_millis(RECEIVED);
        let mut partition = builder.finish(now.millis());
        let mut said = partition.advance(now).len();
        // Time goes on, and what is then due is due in the future: a turn ends.
        for hours in [1, 30, 24 * 45] {
            let later = now + Span::from_hours(hours);
            said += partition.advance(later).len();
            partition.sweep(later);
            partition.take_unpublished_slow();
            let due = partition.due();
            promise(due.is_none_or(|due| due > later), || {
                format!("at {later} something is due at {due:?}")
            })?;
        }
        let reported = said.min(4);
        Ok(format!("{} patients, {reported} alerts reported", partition.patients().min(4)))
    })
    .making(move |random| {
        let records = (0..random.below(12)).filter_map(|_| one(random, &plain, true));
        Some(pack(records.flatten()))
    })
    .often(2)
}
