//! The last values of slow kinds: kept in a topic, and read from there by whoever comes next.

use std::time::Duration;

use clinical::remembered::RememberedReading;
use clinical::{PatientId, Span, Timestamp};
use rdkafka::producer::{BaseRecord, Producer};
use schemas::records::SlowReadings;
use schemas::topics::Topic;
use schemas::{AlertEvent, OutcomeTally};

use tests::readings::{entered_in_error, hba1c, seconds_ago};
use tests::service::Service;
use tests::stack::{Plan, Stack, partition_of};
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";
const PATIENCE: Duration = Duration::from_secs(30);

pub fn a_processor_that_has_only_the_record_compares_with_a_value_of_three_months_ago() {
    let stack = Plan::named("slow_kinds").start(&[]);
    let long_ago = hba1c(PATIENT, seconds_ago(90 * 24 * 3600), 6.4);
    // The processor of then has left nothing else: what it accepted is not read any more.
    let received = Timestamp::from_millis(long_ago.observation_time) + Span::from_hours(5);
    let known = RememberedReading::from(&long_ago.validate(received).unwrap());
    let patient = PatientId::parse(PATIENT).unwrap();
    write(&stack, &SlowReadings::of(&patient, &[known], received));

    stack.start(&[Service::Processor]);
    stack.produce(&hba1c(PATIENT, seconds_ago(600), 7.3));
    eventually("the rise is reported", || equal(&*said(&stack), "raised").map(drop));
    let newest = || stack.read::<SlowReadings>(Topic::ReadingsSlow).pop();
    let record = newest().expect("the record is there with the alert");
    assert_eq!((&*record.patient, record.readings.len()), (PATIENT, 2));

    stack.kill(Service::Processor);
    stack.start(&[Service::Processor]);
    stack.produce(&entered_in_error(&long_ago, 60_000));
    eventually("a rise over what never was is none", || {
        equal(&*said(&stack), "raised, retracted").map(drop)
    });
    let record = newest().expect("there is one");
    let in_error: Vec<bool> = record.readings.iter().map(|one| one.entered_in_error).collect();
    assert_eq!(in_error, [true, false]);
    let tallies: Vec<OutcomeTally> = stack.read(Topic::ReadingsOutcomes);
    let counted = |of: fn(&OutcomeTally) -> i64| tallies.iter().map(of).sum::<i64>();
    let outcomes = (counted(|tally| tally.new), counted(|tally| tally.historical));
    assert_eq!(outcomes, (1, 1), "admission knows nothing of it");
}

fn said(stack: &Stack) -> String {
    let events: Vec<AlertEvent> = stack.read(Topic::Alerts);
    events.into_iter().map(|event| event.transition).collect::<Vec<_>>().join(", ")
}

fn write(stack: &Stack, record: &SlowReadings) {
    let topic = stack.topics.name(Topic::ReadingsSlow);
    let payload = stack.codec.encoder(&topic).unwrap().encode(record).unwrap();
    let producer = stack.transactional_producer(&format!("{}earlier", stack.topics.prefix()));
    let of_patient = BaseRecord::to(&topic).partition(partition_of(PATIENT)).key(PATIENT);
    producer.send(of_patient.payload(&payload)).map_err(|(error, _)| error).unwrap();
    producer.commit_transaction(PATIENCE).unwrap();
}
