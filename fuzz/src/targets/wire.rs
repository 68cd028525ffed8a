//! Decoding of every record, in both framings, and encoding of what was decoded.

use std::fmt::Debug;

use schemas::codec::{Encoder, Record};
use schemas::records as r;
use schemas::{AcceptedReading, Codec, Decoder, Reading, registry as m};
use serde_json::Value;

use super::{FOREIGN_ID, plain, registry, samples};
use crate::random::Random;
use crate::target::{Form, Target, kind, promise};
use crate::{bytes, json};

pub(super) fn targets() -> Vec<Target> {
    vec![
        of::<Reading>().often(4),
        of::<AcceptedReading>().often(4),
        of::<r::RejectedReading>(),
        of::<r::OutcomeTally>(),
        of::<r::AlertEvent>().often(2),
        of::<r::CarePlan>().often(2),
        of::<r::CareEvent>(),
        of::<r::AuditEvent>(),
        of::<r::AuditSet>(),
        of::<r::EndedSession>(),
        of::<r::PersonKey>(),
        of::<r::NotificationEvent>(),
        of::<r::RuleSet>(),
        of::<r::SilenceReport>(),
        of::<r::SlowReadings>(),
        of::<m::Consortium>(),
        of::<m::Participant>(),
        of::<m::TestLabEntry>(),
        of::<m::Assay>(),
        of::<m::DeviceModel>(),
        of::<m::ActivityAggregation>(),
        of::<m::Vendor>(),
        of::<m::Practitioner>(),
        of::<m::CareTeam>(),
        of::<m::SealedIdentity>(),
        replay(),
    ]
}

/// Writes and reads records of a type.
struct Both<T> {
    /// Without and with a schema registry.
    encoders: [Encoder<T>; 2],
    decoders: [Decoder<T>; 2],
}

impl<T: Record> Both<T> {
    fn new() -> Self {
        let codecs: [Codec; 2] = [plain(), registry()];
        Self {
            encoders: codecs
                .each_ref()
                .map(|codec| codec.encoder("topic").expect("the registry holds every schema")),
            decoders: codecs.each_ref().map(Codec::decoder),
        }
    }
}

fn of<T: Record + Debug + 'static>() -> Target {
    let both = Both::<T>::new();
    let samples = samples::of(T::NAME);
    let records: Vec<T> =
        samples.iter().map(|sample| T::deserialize(sample).expect("a good sample")).collect();
    let seeds = records
        .iter()
        .flat_map(|record| both.encoders.each_ref().map(|encoder| encoder.encode(record)))
        .map(|bytes| bytes.expect("a good sample"))
        .collect();
    let maker = Both::<T>::new();
    Target::new(format!("wire_{}", T::NAME), Form::Bytes, seeds, move |input| check(&both, input))
        .making(move |random| made(&maker, &samples, random))
}

/// A record whose JSON was damaged and is still one, encoded; or one under another id.
fn made<T: Record>(both: &Both<T>, samples: &[Value], random: &mut Random) -> Option<Vec<u8>> {
    let mut sample = random.pick(samples).clone();
    for _ in 0..=random.below(3) {
        json::value(&mut sample, &samples::NAMES, random);
    }
    let record = T::deserialize(&sample).ok()?;
    let mut input = both.encoders[random.below(2)].encode(&record).ok()?;
    if input[0] == 0 && random.once_in(3) {
        let other = [
            101 + random.below(90) as u32,
            FOREIGN_ID,
            FOREIGN_ID + 1,
            1 + random.below(17) as u32,
        ];
        input[1..5].copy_from_slice(&random.pick(&other).to_be_bytes());
    }
    if random.once_in(3) {
        bytes::damage(&mut input, &[], random);
    }
    Some(input)
}

fn check<T: Record + Debug>(both: &Both<T>, input: &[u8]) -> Result<String, String> {
    let _ = both.decoders[0].decode(input);
    let decoded = both.decoders[1].decode(input);
    let by_schema = examples::reference::decode(&both.decoders[1], input);
    match (&decoded, &by_schema) {
        (Ok(one), Ok(other)) => {
            let (one, other) = (format!("{one:?}"), format!("{other:?}"));
            promise(one == other, || format!("read as {one}, and by its schema as {other}"))?;
        }
        (Err(_), Err(_)) => {}
        (one, other) => {
            return Err(format!("read as {one:?}, and by its schema as {other:?}"));
        }
    }
    let record = match decoded {
        Ok(record) => record,
        Err(error) => return Ok(kind(&error)),
    };
    for (encoder, decoder) in both.encoders.iter().zip(&both.decoders) {
        let bytes = encoder.encode(&record).map_err(|error| format!("read, but {error}"))?;
        let again = decoder.decode(&bytes).map_err(|error| format!("written, but {error}"))?;
        // Debug shows different numbers differently, and takes what is no number for itself.
        let (one, other) = (format!("{record:?}"), format!("{again:?}"));
        promise(one == other, || format!("{one} is written as {other}"))?;
    }
    Ok("read".to_owned())
}

/// An accepted reading as far as it is remembered, for rebuilding states.
fn replay() -> Target {
    let both = Both::<AcceptedReading>::new();
    let Target { seeds, make, .. } = of::<AcceptedReading>();
    let mut target = Target::new("wire_replay", Form::Bytes, seeds, move |input| {
        let decoder = &both.decoders[1];
        let body = decoder.written_body(input);
        let replayed = match &body {
            Ok(body) => body.replay(),
            Err(error) => return Ok(kind(error)),
        };
        let Ok(accepted) = decoder.decode(input) else {
            return Ok(replayed.map_or_else(|error| kind(&error), |_| "only replayed".to_owned()));
        };
        let received = clinical::Timestamp::from_millis(accepted.origin.received_at);
        let Ok(checked) = accepted.reading.validate(received) else {
            return Ok("not valid".to_owned());
        };
        // The id and the version are written by the processor: of those that say something else,
        // something else is replayed.
        let id = checked.id().to_string();
        if (accepted.reading_id, accepted.version as u64) != (id, checked.version.bits()) {
            return Ok("another id or version".to_owned());
        }
        let trace = clinical::remembered::RememberedReading::from(&checked);
        match replayed {
            Ok(Some(replayed)) => {
                let is_same =
                    replayed.trace == trace && replayed.patient == checked.patient.as_str();
                promise(is_same, || format!("{replayed:?} is replayed of {checked:?}"))?;
                Ok("replayed".to_owned())
            }
            other => Err(format!("{other:?} is replayed of {checked:?}")),
        }
    });
    target.make = make;
    target.often(3)
}
