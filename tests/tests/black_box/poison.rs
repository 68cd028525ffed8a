//! Bad input in quantity, on one partition: its neighbours do not notice, and what stands behind it
//! gets through.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use schemas::topics::Topic;
use schemas::{AcceptedReading, Reading, RejectedReading};
use serde_json::Value;
use stream::SendError;
use stream::producer::{Delivery, Outgoing};
use stream::record::Incoming;

use tests::readings::{blood_pressure, seconds_ago};
use tests::run::run;
use tests::service::Service;
use tests::stack::{PARTITIONS, Plan, Stack, patient_on};
use tests::wait::{equal, eventually};

use crate::rejected::{output, rejected, wait_for_rejections};

/// The poisoned partition.
const POISONED: i32 = 0;
/// Large records, and how large they are.
const LARGE: usize = 8;
const LARGE_BYTES: usize = 10_000_000;
/// Small poison for each large record: bytes that nobody can decode, and readings without a key.
const GARBAGE: usize = 300;
const KEYLESS: usize = 300;
/// Good readings between two large records, on each partition.
const GOOD: i64 = 5;
/// From the broker's receipt to acceptance, for a neighbour of the poison. The work of a round is a
/// few hundred milliseconds; the rest is for a machine that is busy with other tests.
const NEIGHBOUR_IN_TIME: Duration = Duration::from_secs(10);
/// Large records that wait for a processor which gathers them for long.
const BACKLOG: usize = 30;
/// Memory that a service may have used at most: the client holds 64 MiB and an answer of 50, the
/// loop a batch of 32, and what is made of it.
const MOST_MEMORY: u64 = 260 << 20;

pub fn a_poisoned_partition_stops_neither_its_neighbours_nor_what_follows() {
    let stack = Plan::named("poison").start(&[Service::Processor, Service::Writer]);
    // As it is made, the topic takes no such record, and its sender learns why.
    let large = noise(LARGE_BYTES);
    let refused = run().wait_for(enqueue(&stack, POISONED, None, &large)).unwrap_err();
    let SendError::Refused(why) = &refused else { panic!("{refused:?}") };
    assert!(why.to_string().to_lowercase().contains("too large"), "{why}");
    take_large_records(&stack);

    let patients: Vec<String> = (0..PARTITIONS).map(patient_on).collect();
    let mut waiting: Vec<Delivery> = Vec::new();
    let mut good: Vec<Reading> = Vec::new();
    for round in 0..LARGE {
        // Large ones without a key, with one, and with one that belongs elsewhere.
        let key = [None, Some(&patients[0]), Some(&patients[1])][round % 3];
        let send = || enqueue(&stack, POISONED, key.map(|key| key.as_bytes()), &large);
        if round == 0 {
            // The broker takes its time to apply a topic's new setting.
            eventually("the topic takes large records", || {
                run().wait_for(send()).map_err(|refused| refused.to_string())
            });
        } else {
            waiting.push(send());
        }
        for number in 0..GARBAGE {
            let at = (round * GARBAGE + number) % (large.len() - 64);
            let key = Some(patients[0].as_bytes());
            // Neither of the two wire forms, however it goes on.
            let garbage = [b"?", &large[at..at + number % 64]].concat();
            waiting.push(enqueue(&stack, POISONED, key, &garbage));
        }
        let keyless = stack.encoded(&blood_pressure(&patients[0], seconds_ago(60), 121, 77));
        for _ in 0..KEYLESS {
            waiting.push(enqueue(&stack, POISONED, None, &keyless));
        }
        for number in 0..GOOD {
            for patient in &patients {
                let seconds = 1 + GOOD * round as i64 + number;
                let reading = blood_pressure(patient, seconds_ago(7_200 - 60 * seconds), 121, 77);
                let bytes = stack.encoded(&reading);
                waiting.push(stack.enqueue(patient.as_bytes(), &bytes).unwrap());
                good.push(reading);
            }
        }
        // The sender's own queue is no part of the promise.
        for delivery in waiting.drain(..) {
            run().wait_for(delivery).unwrap();
        }
    }

    let accepted = stack.tail(Topic::ReadingsAccepted);
    let records = accepted.wait_for("every good reading gets through", |records| {
        equal(records.len(), good.len())?;
        Ok(records.to_vec())
    });
    let slowest = slowest(&stack, &records);
    eprintln!("from receipt to acceptance, the slowest of each partition: {slowest:?}");
    for (partition, took) in &slowest {
        assert!(*took < NEIGHBOUR_IN_TIME, "partition {partition}: {took:?}");
    }

    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.rejected, sum.rerouted), (good.len() as i64, rejections(), 0));
    let cut = every_rejection_is_there(&stack);
    assert_eq!(stack.records(Topic::StoreDeadLetters).len(), 0);

    a_backlog_of_poison_fits_the_memory(&stack, &large);
    the_whole_is_sent_again(&stack, &cut, &large);
}

/// A processor that comes back to much poison, and has time to gather it, takes it in parts.
fn a_backlog_of_poison_fits_the_memory(stack: &Stack, large: &[u8]) {
    assert!(stack.terminate(Service::Processor).success());
    for _ in 0..BACKLOG {
        run().wait_for(enqueue(stack, POISONED, None, large)).unwrap();
    }
    stack.start_with(Service::Processor, &["--pace-ms", "3000"]);
    stack.wait_until_ready(Service::Processor);
    wait_for_rejections(stack, rejections() + BACKLOG as i64);
    for service in [Service::Processor, Service::Writer] {
        let most = stack.most_memory(service);
        eprintln!("{}: at most {} MiB", service.name(), most >> 20);
        assert!(most < MOST_MEMORY, "{}: {} MiB", service.name(), most >> 20);
    }
}

/// How many records are rejected of all rounds.
fn rejections() -> i64 {
    (LARGE * (1 + GARBAGE + KEYLESS)) as i64
}

/// Of large records the beginning is kept, here and in the store, and the whole length is there.
fn every_rejection_is_there(stack: &Stack) -> RejectedReading {
    let rejections: Vec<RejectedReading> = stack.read(Topic::ReadingsRejected);
    let mut reasons = BTreeMap::new();
    for rejection in &rejections {
        *reasons.entry(rejection.reason.as_str()).or_insert(0) += 1;
        assert_eq!(rejection.reason == "too_large", !rejection.is_whole());
    }
    let expected = [("key_missing", KEYLESS), ("too_large", 1), ("undecodable", GARBAGE)];
    assert_eq!(reasons, expected.map(|(reason, count)| (reason, count * LARGE)).into());
    let cut = rejections.into_iter().find(|rejection| !rejection.is_whole()).unwrap();
    assert_eq!(cut.whole_length, Some(LARGE_BYTES as i64));
    assert_eq!(cut.bytes, noise(RejectedReading::LARGEST_RECORD));
    assert!(cut.detail.contains("10000000"), "{}", cut.detail);
    eventually("the store has every rejection", || {
        let rows = stack.try_sql(
            "SELECT reason, toUInt32(count()) AS count, toUInt32(max(length(bytes))) AS longest \
             FROM rejected_readings FINAL GROUP BY reason ORDER BY reason",
        )?;
        let rows: Vec<_> = rows.iter().map(|row| [&row["reason"], &row["count"]]).collect();
        equal(serde_json::json!(rows), {
            let rows = expected.map(|(reason, count)| serde_json::json!([reason, count * LARGE]));
            serde_json::json!(rows)
        })
    });
    cut
}

/// What was cut is shown as such; the whole comes from `readings.raw`, if somebody wants it.
fn the_whole_is_sent_again(stack: &Stack, cut: &RejectedReading, large: &[u8]) {
    let address = format!("{}/{}", cut.origin.partition, cut.origin.offset);
    let (shown, _) = output(rejected(stack, "show").arg(&address), true);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["whole_length"], LARGE_BYTES);
    assert_eq!(shown["length"], RejectedReading::LARGEST_RECORD);
    let (_, err) = output(rejected(stack, "replay").arg(&address), false);
    assert!(err.contains("rejected again, too_large"), "{err}");
    let (out, _) = output(rejected(stack, "replay").args([&address, "--anyway"]), true);
    let place = out.split_whitespace().nth(4).unwrap().trim_end_matches(':');
    let (partition, offset) = place.split_once('/').unwrap();
    let raw = stack.records(Topic::ReadingsRaw);
    let (partition, offset) = (partition.parse().unwrap(), offset.parse().unwrap());
    let again = raw.iter().find(|raw| (raw.partition, raw.offset) == (partition, offset)).unwrap();
    assert_eq!(again.payload.as_deref(), Some(large));
    let sum = stack.assert_balanced();
    assert_eq!(sum.rejected, rejections() + BACKLOG as i64 + 1);
}

/// How long the slowest reading of each partition took from the broker's receipt to acceptance.
fn slowest(stack: &Stack, accepted: &[Incoming]) -> BTreeMap<i32, Duration> {
    let readings: Vec<AcceptedReading> = stack.decoded(accepted);
    let mut slowest = BTreeMap::new();
    for (record, reading) in accepted.iter().zip(readings) {
        let took = record.timestamp_ms - reading.origin.received_at;
        let took = Duration::from_millis(took.max(0).cast_unsigned());
        let most = slowest.entry(record.partition).or_insert(took);
        *most = took.max(*most);
    }
    slowest
}

fn enqueue(stack: &Stack, partition: i32, key: Option<&[u8]>, payload: &[u8]) -> Delivery {
    let topic = stack.topics.name(Topic::ReadingsRaw);
    let (partition, payload) = (Some(partition), Some(payload));
    stack.producer.enqueue(Outgoing { topic: &topic, partition, key, payload }).unwrap()
}

/// Bytes that cannot be compressed, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Lets `readings.raw` take 11 MiB, as an administrator may.
fn take_large_records(stack: &Stack) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", &stack.kafka.bootstrap_servers)
        .create()
        .unwrap();
    let topic = stack.topics.name(Topic::ReadingsRaw);
    let mut settings: BTreeMap<&str, String> = Topic::ReadingsRaw.settings().into_iter().collect();
    settings.insert("max.message.bytes", (11 << 20).to_string());
    // What is not named goes back to its default.
    let altered = settings
        .iter()
        .fold(AlterConfig::new(ResourceSpecifier::Topic(&topic)), |altered, (name, value)| {
            altered.set(name, value)
        });
    let done = run().wait_for(admin.alter_configs([&altered], &AdminOptions::new())).unwrap();
    assert!(done.iter().all(Result::is_ok), "{done:?}");
}
