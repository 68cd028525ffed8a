//! While a state is rebuilt, nothing is answered for its partition.

use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use schemas::records::StoredOutcome;
use schemas::topics::Topic;
use schemas::{Acceptance, AcceptedEncoder, Origin, OutcomeTally, Reading};

use tests::readings::{blood_pressure, corrected, now, seconds_ago};
use tests::service::Service;
use tests::stack::{PARTITIONS, Plan, Stack, partition_of, patient_on};
use tests::wait::{equal, eventually, within};

const PATIENCE: Duration = Duration::from_secs(30);

pub fn a_rebuild_waits_for_a_transaction_left_open_and_reports_its_progress() {
    let stack = Plan::named("rebuilding").start(&[Service::Processor]);
    let (held, free) = ("TST001/P1", patient_on((partition_of("TST001/P1") + 1) % PARTITIONS));
    let readings = [held, &free].map(|patient| blood_pressure(patient, seconds_ago(600), 128, 80));

    // Somebody begins to write among the accepted readings of one partition, a correction that will
    // never be, and does not end it. What the processor accepts afterwards stands behind it.
    // It says who it is, but it is nobody of the group: it is waited for.
    let stranger = format!("{}stranger", stack.topics.prefix());
    let open = open_transaction(&stack, &stranger, &corrected(&readings[0], 60_000, 131, 84));
    for reading in &readings {
        stack.produce(reading);
    }
    for patient in [held, &free] {
        eventually("the reading is new", || equal(counted(&stack, patient), (1, 0)));
    }

    stack.kill(Service::Processor);
    stack.start_without_waiting(Service::Processor);
    for reading in &readings {
        stack.produce(reading);
    }
    eventually("the other partitions are ready and one is not", || {
        let (status, said) = readiness(&stack)?;
        let expected = "rebuilding states: 2 of 3 partitions ready, ";
        match (status, said.contains(expected) && said.contains(" % of records replayed")) {
            (503, true) => Ok(()),
            other => Err(format!("{other:?}: {said}")),
        }
    });
    eventually("a reading of another partition is known", || equal(counted(&stack, &free), (1, 1)));
    assert_eq!(counted(&stack, held), (1, 0), "answered before the state was ready");
    let records = |state: &str| {
        let metric = format!("mimamori_processor_rebuild_records{{state=\"{state}\"}}");
        stack.metric(Service::Processor, &metric).unwrap()
    };
    assert!(records("replayed") < records("total"), "of {}", records("total"));
    assert_eq!(readiness(&stack).unwrap().0, 503);

    open.abort_transaction(PATIENCE).unwrap();
    stack.wait_until_ready(Service::Processor);
    assert_eq!(records("replayed"), records("total"));
    eventually("the reading behind the transaction was not forgotten", || {
        equal(counted(&stack, held), (1, 1))
    });
}

pub fn a_transaction_that_a_dead_processor_left_open_is_ended_by_the_next_owner() {
    let stack = Plan::named("left_open").start(&[]);
    let reading = blood_pressure("TST001/P1", seconds_ago(600), 128, 80);
    // A processor that will not come back, in the middle of a transaction that the broker would
    // end after five minutes.
    let dead = format!("{}mimamori-processor-dead", stack.topics.prefix());
    let open = open_transaction(&stack, &dead, &reading);
    let deadline = Duration::from_secs(40);
    stack.start_without_waiting(Service::Processor);
    within(deadline, "the state is ready", || match readiness(&stack)? {
        (200, _) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(stack.left_open(Topic::ReadingsAccepted), Vec::<i32>::new());
    // It was fenced: should it wake, it can commit nothing.
    open.commit_transaction(PATIENCE).unwrap_err();
    stack.produce(&reading);
    eventually("what it had not committed is void", || equal(counted(&stack, "TST001/P1"), (1, 0)));
}

/// Readings of the patient's partition that were new, and that were known.
fn counted(stack: &Stack, patient: &str) -> (i64, i64) {
    let tallies: Vec<OutcomeTally> = stack.read(Topic::ReadingsOutcomes);
    let tallies = tallies.iter().filter(|tally| tally.partition == partition_of(patient));
    tallies.fold((0, 0), |(new, known), tally| (new + tally.new, known + tally.duplicate))
}

fn readiness(stack: &Stack) -> Result<(u16, String), String> {
    let url = format!("http://127.0.0.1:{}/readyz", stack.ports(Service::Processor).operations);
    let answer = stack.http.get(url).send().map_err(|error| error.to_string())?;
    Ok((answer.status().as_u16(), answer.text().unwrap_or_default()))
}

/// A transaction of a producer with a reading in its patient's partition of `readings.accepted`.
fn open_transaction(stack: &Stack, id: &str, reading: &Reading) -> BaseProducer {
    let producer = stack.transactional_producer(id);
    let topic = stack.topics.name(Topic::ReadingsAccepted);
    let partition = partition_of(&reading.key());
    let received = now();
    let validated = reading.validate(received).unwrap();
    let acceptance = Acceptance {
        outcome: StoredOutcome::Correction,
        reading_id: validated.id().to_string(),
        version: validated.version.bits() as i64,
        origin: Origin { partition, offset: 0, received_at: received.millis() },
    };
    let encoder = AcceptedEncoder::new(&stack.codec, &topic).unwrap();
    let payload = encoder.encode(reading, &acceptance).unwrap();
    let record = BaseRecord::<str, _>::to(&topic).partition(partition).key(&acceptance.reading_id);
    let owner = Header { key: "transactional.id", value: Some(id) };
    let record = record.payload(&payload).headers(OwnedHeaders::new().insert(owner));
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(PATIENCE).unwrap();
    producer
}
