//! What a rebuild cannot read is left out, counted and logged with its place. Where the schema registry
//! cannot be asked it stops instead, for nobody knows what would be left out.

use crate::published;

use clinical::{Outcome, Timestamp};
use processor::{PartitionBuilder, Replayed};
use schemas::Codec;
use stream::transaction::{Builder, Record, TaskError};

use published::{Published, START, Step, plan, reading, replays};

const PATIENT: &[u8] = b"CGM005/S001";

fn record<'a>(key: &'a [u8], value: &'a [u8]) -> Record<'a> {
    Record { partition: 0, offset: 7, timestamp_ms: START, key: Some(key), payload: Some(value) }
}

/// What the replay of one record answers, and afterwards the lines of the metrics about what was left
/// out.
fn replay(from: Replayed, record: Record<'_>) -> (Result<(), TaskError>, Vec<String>) {
    let (replays, metrics) = replays(&Codec::new(None).unwrap());
    let mut builder = PartitionBuilder::new(replays, Timestamp::from_millis(START));
    let answer = builder.replay(from, record);
    let text = String::from_utf8(metrics.text().unwrap()).unwrap();
    let is_of_it = |line: &&str| {
        let is_counted = line.contains("left_out") && !line.ends_with(" 0");
        !line.starts_with('#') && (is_counted || line.contains("plans_total"))
    };
    (answer, text.lines().filter(is_of_it).map(str::to_owned).collect())
}

const NO_PLAN_UNUSABLE: &str = "mimamori_processor_unusable_plans_total 0";

fn left_out(topic: &str) -> String {
    format!("mimamori_processor_left_out_total{{topic=\"{topic}\"}} 1")
}

/// As the schema registry's framing writes it.
const OF_A_REGISTRY: &[u8] = b"\x00\x00\x00\x00\x07body";

/// As Avro single-object encoding writes it, of a schema that nobody knows.
const UNKNOWN_SCHEMA: &[u8] = b"\xc3\x01\x00\x01\x02\x03\x04\x05\x06\x07body";

#[test]
fn a_record_that_is_damaged_is_left_out_and_counted_by_its_topic() {
    let mut published = Published::new(&Codec::new(None).unwrap());
    let step =
        Step { patient: 0, minute: 0, systolic: 150, update: 0, entered_in_error: false, pause: 0 };
    published.take(&reading(&step), Outcome::New, Timestamp::from_millis(START));
    let mut damaged = published.accepted[0].1.clone();
    damaged.truncate(12);
    for (from, topic, bytes) in [
        (Replayed::AcceptedReadings, "readings.accepted", damaged),
        (Replayed::Alerts, "alerts", b"neither framing".to_vec()),
        (Replayed::CarePlans, "care.plans", b"neither framing".to_vec()),
    ] {
        let (answer, counted) = replay(from, record(PATIENT, &bytes));
        assert!(answer.is_ok(), "{topic}: {answer:?}");
        assert_eq!(counted, [left_out(topic), NO_PLAN_UNUSABLE.to_owned()]);
    }
}

#[test]
fn a_record_of_a_schema_that_nobody_knows_is_left_out_and_counted() {
    for (from, topic) in [
        (Replayed::AcceptedReadings, "readings.accepted"),
        (Replayed::Alerts, "alerts"),
        (Replayed::CarePlans, "care.plans"),
    ] {
        let (answer, counted) = replay(from, record(PATIENT, UNKNOWN_SCHEMA));
        assert!(answer.is_ok(), "{topic}: {answer:?}");
        assert_eq!(counted, [left_out(topic), NO_PLAN_UNUSABLE.to_owned()]);
    }
}

#[test]
fn a_record_whose_schema_nobody_can_be_asked_for_stops_the_rebuild() {
    for from in [Replayed::AcceptedReadings, Replayed::Alerts, Replayed::CarePlans] {
        let (answer, counted) = replay(from, record(PATIENT, OF_A_REGISTRY));
        let error = answer.unwrap_err().to_string();
        assert!(error.contains("offset 7"), "{error}");
        assert_eq!(counted, [NO_PLAN_UNUSABLE]);
    }
}

#[test]
fn a_plan_that_asks_for_what_no_rule_can_do_is_counted_apart() {
    let codec = Codec::new(None).unwrap();
    let mut unusable = plan();
    unusable.thresholds.insert("no.such.parameter".to_owned(), 1.0);
    let bytes = codec.encoder("care.plans").unwrap().encode(&unusable).unwrap();
    let (answer, counted) = replay(Replayed::CarePlans, record(PATIENT, &bytes));
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(counted, ["mimamori_processor_unusable_plans_total 1"]);
}
