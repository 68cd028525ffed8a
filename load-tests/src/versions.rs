//! What it costs to read a message that was written with another schema than the current one,
//! beside the same message written with the current one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use clinical::Timestamp;
use examples::{RAW_READINGS, RECEIVED};
use schemas::codec::Record;
use schemas::codec::written_with;
use schemas::records::{Origin, StoredOutcome};
use schemas::{Acceptance, AcceptedEncoder, AcceptedReading, Codec, Decoder, Reading};
use serde_json::{Value, json};

use crate::rate::median;
use crate::report::{Measure, Report};

/// An earlier published schema's message costs at most so many times as much as one of the current schema.
const MOST: f64 = 1.3;
/// So long each round reads one sort of messages: what else the machine does slows both.
const ROUND: Duration = Duration::from_millis(10);
/// Rounds are short, and more of them than asked for make the median firm.
const ROUNDS: usize = 141;
/// Ids in the schema registry.
const CURRENT: u32 = 1;
const OTHER: u32 = 2;

type Messages = Vec<Vec<u8>>;

/// What another schema's messages cost, in nanoseconds.
struct Cost {
    what: String,
    is_published: bool,
    other: f64,
    current: f64,
}

/// Reads the examples in every way in which the services read them, for every published schema, and
/// for one that differs in every record: none of ours, and so only to be known. Rows show the worst.
///
/// # Errors
/// When an example cannot be written.
pub fn measure(rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    let rounds = rounds.max(ROUNDS);
    let (raw, accepted) = examples()?;
    let mut costs = Vec::new();
    costs.extend(of::<Reading>("a reading", &raw, rounds, |decoder, message| {
        drop(black_box(decoder.decode(message)));
    })?);
    costs.extend(of::<AcceptedReading>(
        "an accepted reading",
        &accepted,
        rounds,
        |decoder, message| {
            drop(black_box(decoder.decode(message)));
        },
    )?);
    costs.extend(of::<AcceptedReading>(
        "a replayed reading",
        &accepted,
        rounds,
        |decoder, message| {
            if let Ok(body) = decoder.written_body(message) {
                let _ = black_box(body.replay());
            }
        },
    )?);
    let ratio = |cost: &Cost| cost.other / cost.current;
    let note = |cost: &Cost| {
        let Cost { what, other, current, .. } = cost;
        format!("{what}: {other:.0} ns, {current:.0} with the current one, {:.2}", ratio(cost))
    };
    let (published, changed): (Vec<_>, Vec<_>) =
        costs.into_iter().partition(|cost| cost.is_published);
    let worst = |costs: &[Cost]| {
        let worst = costs.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        worst.map_or((f64::NAN, 0.0), |cost| (cost.other, cost.current))
    };
    let (other, current) = worst(&published);
    report.add(
        Measure::times("earlier schemas", "ns/message", other, current, MOST),
        published.iter().map(note).collect(),
    );
    let (other, current) = worst(&changed);
    report.add(
        Measure::beside("a changed schema", "ns/message", other, current),
        changed.iter().map(note).collect(),
    );
    Ok(())
}

/// Messages of the valid examples: raw and accepted.
fn examples() -> anyhow::Result<(Messages, Messages)> {
    let codec = Codec::new(None)?;
    let encoder = codec.encoder::<Reading>("readings.raw")?;
    let accepted_encoder = AcceptedEncoder::new(&codec, "readings.accepted")?;
    let (mut raw, mut accepted) = (Vec::new(), Vec::new());
    for example in RAW_READINGS.iter().filter(|example| example.expected == "ok") {
        let reading: Reading = serde_json::from_str(example.json)?;
        let validated = reading.validate(Timestamp::from_millis(RECEIVED))?;
        let acceptance = Acceptance {
            outcome: StoredOutcome::New,
            reading_id: validated.written_id(validated.source.digest()),
            version: validated.version.bits() as i64,
            origin: Origin { partition: 7, offset: 1_234_567, received_at: RECEIVED },
        };
        raw.push(encoder.encode(&reading)?);
        accepted.push(accepted_encoder.encode(&reading, &acceptance)?);
    }
    Ok((raw, accepted))
}

fn of<T: Record>(
    what: &str,
    current: &[Vec<u8>],
    rounds: usize,
    read: impl Fn(&Decoder<T>, &[u8]),
) -> anyhow::Result<Vec<Cost>> {
    let mut costs = Vec::new();
    let plain = Codec::new(None)?.decoder::<T>();
    for (version, schema) in (1..).zip(T::PUBLISHED).take(T::PUBLISHED.len() - 1) {
        // An earlier version does not know every kind.
        let pairs = current.iter().filter_map(|message| {
            Some((written_with::<T>(message, schema).ok()?, message.clone()))
        });
        let (other, same): (Vec<_>, Vec<_>) = pairs.unzip();
        anyhow::ensure!(!same.is_empty(), "version {version} has no example");
        let what = format!("{what} of published version {version}");
        let (other, current) = cost(rounds, (&other, &same), |message| read(&plain, message));
        costs.push(Cost { what, is_published: true, other, current });
    }
    let schema = changed(T::SCHEMA)?;
    let schemas = [(CURRENT, T::SCHEMA.to_owned()), (OTHER, schema.clone())];
    let registry = Codec::with_schemas(schemas.into()).decoder::<T>();
    let other = current.iter().map(|message| written_with::<T>(message, &schema));
    let other = registered(other.collect::<Result<Vec<_>, _>>()?, OTHER);
    let same = registered(current.to_vec(), CURRENT);
    let what = format!("{what} of a schema with a field more and one less in each record");
    let (other, current) = cost(rounds, (&other, &same), |message| read(&registry, message));
    costs.push(Cost { what, is_published: false, other, current });
    Ok(costs)
}

/// From single-object encoding to the schema registry's framing.
fn registered(messages: Vec<Vec<u8>>, id: u32) -> Vec<Vec<u8>> {
    let framed = |message: Vec<u8>| [&[0][..], &id.to_be_bytes(), &message[10..]].concat();
    messages.into_iter().map(framed).collect()
}

/// The schema without the last field of each record that may be null and is no text, and with
/// another one at its end.
fn changed(schema: &str) -> anyhow::Result<String> {
    fn change(schema: &mut Value) {
        let is_left_out = |field: &Value| {
            field["type"][0] == "null"
                && field["type"][1] != "string"
                && field["type"][1].is_string()
        };
        match schema {
            Value::Array(parts) => parts.iter_mut().for_each(change),
            Value::Object(members) => members.values_mut().for_each(change),
            _ => {}
        }
        if schema["type"] == "record"
            && let Some(fields) = schema["fields"].as_array_mut()
        {
            if let Some(place) = fields.iter().rposition(is_left_out) {
                fields.remove(place);
            }
            fields.push(json!({"name": "added", "type": ["null", "string"], "default": null}));
        }
    }
    let mut schema = serde_json::from_str(schema)?;
    change(&mut schema);
    Ok(schema.to_string())
}

/// Nanoseconds a message, in turns; the medians.
fn cost(
    rounds: usize,
    (other, current): (&[Vec<u8>], &[Vec<u8>]),
    read: impl Fn(&[u8]),
) -> (f64, f64) {
    let nanoseconds = |messages: &[Vec<u8>]| {
        let begun = Instant::now();
        let mut passes = 0;
        while begun.elapsed() < ROUND {
            (0..10).for_each(|_| messages.iter().for_each(|message| read(message)));
            passes += 10;
        }
        begun.elapsed().as_nanos() as f64 / (passes * messages.len()) as f64
    };
    let figures = (0..rounds).map(|_| (nanoseconds(other), nanoseconds(current)));
    let (other, current): (Vec<_>, Vec<_>) = figures.unzip();
    (median(&other), median(&current))
}
