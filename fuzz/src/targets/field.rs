//! What senders really sent (`tests/field/`), as the first inputs of those who read it.

use std::sync::LazyLock;

use field_cases::case::Step;
use field_cases::sent::{Sent, rendered};
use schemas::Reading;

use crate::bytes::LONGEST;

/// What all cases send, at the time of the examples.
struct Cases {
    bodies: Vec<(String, Vec<u8>)>,
    readings: Vec<Reading>,
}

static CASES: LazyLock<Cases> = LazyLock::new(|| {
    let now = jiff::Timestamp::from_millisecond(examples::RECEIVED).expect("a time");
    let (mut bodies, mut readings) = (Vec::new(), Vec::new());
    for case in field_cases::all().unwrap_or_else(|error| panic!("{error}")) {
        for step in &case.send {
            match (step, rendered(&case, step, now)) {
                // No input grows beyond that.
                (Step::Http(http), Ok(Sent::Http(body))) if body.len() <= LONGEST => {
                    let encoding = http.encoding.as_deref().unwrap_or("identity");
                    bodies.push((encoding.to_owned(), body));
                }
                (_, Ok(Sent::Kafka(sent))) => readings.extend(sent.into_iter().take(3)),
                _ => {}
            }
        }
    }
    Cases { bodies, readings }
});

/// Bodies of requests with their encodings.
pub(super) fn bodies() -> &'static [(String, Vec<u8>)] {
    &CASES.bodies
}

/// Readings of records of `readings.raw`.
pub(super) fn readings() -> &'static [Reading] {
    &CASES.readings
}
