//! 202 is said only when Kafka has the readings, and when it has not, exactly that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clinical::Span;
use nix::sys::signal::Signal;
use schemas::topics::Topic;
use schemas::{AcceptedReading, Reading};
use serde_json::Value;

use tests::http::Answer;
use tests::readings::{document, seconds_ago, sensor_glucose};
use tests::registered::TOKEN;
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::PATIENCE;

/// Readings of a request.
const AT_ONCE: i64 = 20;

pub fn nothing_is_said_to_be_accepted_that_kafka_has_not_and_the_rest_may_be_sent_again() {
    let stack = Plan::named("not_stored")
        .own_kafka()
        .argument(Service::Gateway, &["--acknowledgement-deadline-ms", "800"])
        .start(&[Service::Gateway]);
    let mut sender = Sender { stack: &stack, number: 0, accepted: BTreeSet::new() };
    for _ in 0..5 {
        let (_, answer) = sender.send_next();
        assert_eq!(answer.status, 202);
    }

    stack.signal_kafka(Signal::SIGSTOP);
    let mut to_send_again = Vec::new();
    let begun = Instant::now();
    while to_send_again.len() < 4 {
        assert!(begun.elapsed() < PATIENCE, "the gateway goes on accepting");
        let (readings, answer) = sender.send_next();
        if answer.status == 202 {
            continue;
        }
        assert_eq!(answer.status, 503, "{}", answer.body);
        let wait: u64 = answer.retry_after.as_deref().expect("Retry-After").parse().unwrap();
        assert!((1..=60).contains(&wait));
        let lines = answer.body["readings"].as_array().expect("an answer for every reading");
        assert_eq!(lines.len(), readings.len());
        let not_stored = lines.iter().filter(|line| line["status"] == "not_stored").count();
        assert_eq!(answer.body["not_stored"], not_stored);
        assert!(not_stored > 0);
        to_send_again.push((readings, not_stored_of(lines)));
    }
    let ready = stack.http.get(format!("{}/readyz", stack.url(Service::Gateway))).send().unwrap();
    assert_eq!(ready.status(), 503, "readiness tells the truth");
    stack.signal_kafka(Signal::SIGCONT);

    for (readings, places) in to_send_again {
        let again: Vec<Reading> = places.into_iter().map(|place| readings[place].clone()).collect();
        let begun = Instant::now();
        while sender.send(&again).status != 202 {
            assert!(begun.elapsed() < PATIENCE, "the gateway does not recover");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    let sent = sender.number * AT_ONCE;
    assert_eq!(sender.accepted.len() as i64, sent, "every reading was accepted in the end");

    // What is in Kafka decides, so the processor is asked what each raw record was.
    stack.start(&[Service::Processor]);
    let accepted = stack.tail(Topic::ReadingsAccepted);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    accepted.wait_for("every accepted reading comes out", |records| {
        let distinct: BTreeSet<_> = records.iter().map(|record| &record.key).collect();
        if distinct.len() as i64 == sent { Ok(()) } else { Err(format!("{}", distinct.len())) }
    });
    for accepted in stack.decoded::<AcceptedReading>(&accepted.records()) {
        *times.entry(accepted.reading_id).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "a reading came out twice");
    assert_eq!(times.into_keys().collect::<BTreeSet<_>>(), sender.accepted);
}

/// Sends readings of one sensor, never the same twice.
struct Sender<'a> {
    stack: &'a Stack,
    /// Requests so far.
    number: i64,
    /// Ids of the readings said to be accepted.
    accepted: BTreeSet<String>,
}

impl Sender<'_> {
    fn send_next(&mut self) -> (Vec<Reading>, Answer) {
        let first = self.number * AT_ONCE;
        self.number += 1;
        let observed = |number| seconds_ago(36_000) - Span::from_minutes(5 * number);
        let readings: Vec<Reading> = (first..first + AT_ONCE)
            .map(|number| sensor_glucose("TST001/P1", observed(number), 110.0))
            .collect();
        let answer = self.send(&readings);
        (readings, answer)
    }

    fn send(&mut self, readings: &[Reading]) -> Answer {
        let answer = self.stack.post(Some(TOKEN), document(readings));
        for line in answer.body["readings"].as_array().into_iter().flatten() {
            if line["status"] == "accepted" {
                self.accepted.insert(line["id"].as_str().unwrap().to_owned());
            }
        }
        answer
    }
}

fn not_stored_of(lines: &[Value]) -> Vec<usize> {
    let places = (0..lines.len()).filter(|place| lines[*place]["status"] == "not_stored");
    places.collect()
}
