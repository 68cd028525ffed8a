//! What is waited for is judged by what was sent, not by when the processor comes to it.

use std::time::Duration;

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use schemas::AlertEvent;
use schemas::topics::Topic;
use stream::partition_for_key;

use clinical::{Span, Timestamp};
use tests::readings::{blood_pressure, now, seconds_ago};
use tests::service::Service;
use tests::stack::{PARTITIONS, Plan, Stack};
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";

pub fn a_second_reading_in_the_backlog_confirms_although_its_time_has_passed_meanwhile() {
    /// Until the first reading's fifteen minutes are over.
    const DUE_IN_SECONDS: i64 = 30;
    let stack = Plan::named("backlog").start(&[Service::Processor, Service::Writer]);
    let first = blood_pressure(PATIENT, seconds_ago(15 * 60 - DUE_IN_SECONDS), 193, 111);
    let due = Timestamp::from_millis(first.observation_time) + Span::from_minutes(15);
    stack.produce(&first);
    assert_eq!(stack.assert_balanced().new, 1);
    stack.kill(Service::Processor);
    let second = blood_pressure(PATIENT, seconds_ago(13 * 60), 190, 112);
    stack.produce(&second);
    assert!(now() < due, "the second reading came in time");
    eventually("its time has passed", || match now() > due {
        true => Ok(()),
        false => Err("not yet".to_owned()),
    });
    stack.start(&[Service::Processor]);
    assert_eq!(stack.assert_balanced().new, 2);
    assert_eq!(reported(&stack), ["raised, confirmed, urgent"]);
}

pub fn a_second_reading_behind_an_open_transaction_confirms_after_its_time() {
    const DUE_IN_SECONDS: i64 = 20;
    let stack = Plan::named("hidden").start(&[Service::Processor, Service::Writer]);
    let first = blood_pressure(PATIENT, seconds_ago(15 * 60 - DUE_IN_SECONDS), 193, 111);
    let due = Timestamp::from_millis(first.observation_time) + Span::from_minutes(15);
    stack.produce(&first);
    stack
        .tail(Topic::ReadingsAccepted)
        .wait_for("the first reading is accepted", |accepted| equal(accepted.len(), 1));
    // As a processor leaves it that dies while it moves a record from a wrong partition.
    let other = a_transaction_stays_open_on(&stack);
    let second = blood_pressure(PATIENT, seconds_ago(13 * 60), 190, 112);
    stack.produce(&second);
    assert!(now() < due, "the second reading came in time");
    let well_past = due + Span::from_seconds(5);
    eventually("its time has long passed", || match now() > well_past {
        true => equal(reported(&stack), Vec::new()),
        false => Err("not yet".to_owned()),
    });
    other.abort_transaction(Duration::from_secs(10)).unwrap();
    eventually("the pair is reported", || {
        equal(reported(&stack), in_words(&["raised, confirmed, urgent"]))
    });
    stack.assert_balanced();
}

pub fn time_passes_where_nothing_but_an_aborted_transaction_is_left_to_read() {
    const DUE_IN_SECONDS: i64 = 5;
    let stack = Plan::named("markers").start(&[Service::Processor, Service::Writer]);
    stack.produce(&blood_pressure(PATIENT, seconds_ago(15 * 60 - DUE_IN_SECONDS), 193, 111));
    let other = a_transaction_stays_open_on(&stack);
    other.abort_transaction(Duration::from_secs(10)).unwrap();
    eventually("it is reported that nothing has confirmed the reading", || {
        equal(reported(&stack), in_words(&["raised, unconfirmed, review"]))
    });
}

/// Writes a record to the patient's partition of `readings.raw`, in a transaction that stays open.
fn a_transaction_stays_open_on(stack: &Stack) -> BaseProducer {
    let producer = stack.transactional_producer(&format!("{}another", stack.topics.prefix()));
    let topic = stack.topics.name(Topic::ReadingsRaw);
    let partition = partition_for_key(PATIENT.as_bytes(), PARTITIONS);
    let record = BaseRecord::to(&topic).partition(partition).key(PATIENT).payload("moved");
    producer.send(record).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
    producer
}

fn in_words(events: &[&str]) -> Vec<String> {
    events.iter().map(|event| (*event).to_owned()).collect()
}

fn reported(stack: &Stack) -> Vec<String> {
    let reported: Vec<AlertEvent> = stack.read(Topic::Alerts);
    let in_short = |e: &AlertEvent| format!("{}, {}, {}", e.transition, e.stage, e.severity);
    reported.iter().map(in_short).collect()
}
