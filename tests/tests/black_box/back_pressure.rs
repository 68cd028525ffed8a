//! What cannot be passed on waits in Kafka, not in a process.

use schemas::topics::Topic;

use tests::readings::{blood_pressure, seconds_ago};
use tests::run::run;
use tests::service::Service;
use tests::stack::{End, Plan};
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";

pub fn a_writer_at_its_memory_limit_stops_fetching_and_catches_up_later() {
    const READINGS: i64 = 4_000;
    const MEMORY_LIMIT: f64 = 50_000.0;
    let stack = Plan::named("back_pressure")
        .own_clickhouse()
        .argument(Service::Writer, &["--memory-limit-bytes", &MEMORY_LIMIT.to_string()])
        .start(&[Service::Processor, Service::Writer]);
    let stored = "SELECT count() FROM current_blood_pressure";
    stack.produce(&blood_pressure(PATIENT, seconds_ago(60 * READINGS), 128, 80));
    eventually("the first reading is stored", || equal(stack.number(stored)?, 1));

    stack.end_clickhouse(End::InOrder);
    let on_their_way: Vec<_> = (1..READINGS)
        .map(|minutes| {
            let reading = blood_pressure(PATIENT, seconds_ago(60 * minutes), 128, 80);
            stack.enqueue(PATIENT.as_bytes(), &stack.encoded(&reading)).unwrap()
        })
        .collect();
    for delivery in on_their_way {
        run().wait_for(delivery).unwrap();
    }
    let accepted = stack.tail(Topic::ReadingsAccepted);
    accepted.wait_for("all are accepted", |records| equal(records.len(), READINGS as usize));
    let bytes: usize =
        accepted.records().iter().filter_map(|r| r.payload.as_deref()).map(<[u8]>::len).sum();
    assert!(bytes as f64 > 8.0 * MEMORY_LIMIT, "far more than the writer may take: {bytes}");
    eventually("the writer has stopped fetching", || {
        match stack.metric(Service::Writer, "mimamori_writer_pauses_total")? {
            times if times >= 1.0 => Ok(()),
            times => Err(format!("{times} times")),
        }
    });
    let in_flight = stack.metric(Service::Writer, "mimamori_writer_in_flight_bytes").unwrap();
    assert!(in_flight < 4.0 * MEMORY_LIMIT, "{in_flight} bytes in flight of {bytes}");

    stack.start_clickhouse();
    eventually("all readings are stored", || equal(stack.number(stored)?, READINGS as u64));
    stack.assert_balanced();
}
