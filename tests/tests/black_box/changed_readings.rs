//! An open page is informed of readings that have changed, and asks for them.

use std::time::Instant;

use serde_json::Value;
use tests::http::{Events, SignedIn};
use tests::readings::{blood_pressure, corrected, entered_in_error, seconds_ago};
use tests::registered::SATO;
use tests::service::Service;
use tests::stack::{End, Plan};
use tests::wait::{PATIENCE, eventually};

const PATIENT: &str = "TST001/P1";

pub fn a_change_of_readings_is_reported_when_the_api_answers_with_it() {
    let stack = Plan::named("changes").patients(&[PATIENT]).start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    let events = sato.alert_stream();
    events.next("snapshot");

    let first = blood_pressure(PATIENT, seconds_ago(7200), 144, 91);
    let older = blood_pressure(PATIENT, seconds_ago(86_400), 131, 84);
    let changes = [
        (first.clone(), vec![144]),
        (corrected(&first, 60_000, 121, 78), vec![121]),
        (older.clone(), vec![131, 121]),
        (entered_in_error(&first, 120_000), vec![131]),
        (entered_in_error(&older, 60_000), vec![]),
    ];
    for (change, expected) in changes {
        stack.produce(&change);
        reported(&events, &sato, &expected);
    }
    stack.assert_balanced();
}

pub fn readings_that_wait_for_the_store_are_said_to_and_shown_when_it_is_back() {
    let stack = Plan::named("waiting").own_clickhouse().patients(&[PATIENT]).start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    let events = sato.alert_stream();
    events.next("snapshot");
    stack.end_clickhouse(End::InOrder);
    let reading = blood_pressure(PATIENT, seconds_ago(600), 128, 82);
    stack.produce(&reading);

    // The store does not have it: reported after a while, so that the page can say so.
    assert_eq!(events.next("readings")["patients"][0]["patient"], PATIENT);
    let list = sato.get("patients").expect(200);
    assert!(list["waiting_since"].is_string(), "{list}");

    stack.start_clickhouse();
    reported(&events, &sato, &[128]);
    eventually("nothing waits any more", || {
        let list = sato.get("patients").expect(200);
        if list["waiting_since"].is_null() { Ok(()) } else { Err(list.to_string()) }
    });
}

/// Asks the API whenever it is informed that readings have changed, until it answers with what is expected:
/// one change may be reported twice, when it waits for the store and when it is there.
fn reported(events: &Events, sato: &SignedIn, expected: &[i64]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = events.next("readings");
        assert_eq!(event["patients"][0]["patient"], PATIENT);
        assert_eq!(event["patients"][0]["kinds"], serde_json::json!(["blood_pressure"]));
        let answer = sato.get(&format!("patients/{PATIENT}/readings"));
        if answer.status == 200 && systolic(&answer.body) == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{} instead of {expected:?}", answer.body);
    }
}

fn systolic(answer: &Value) -> Vec<i64> {
    let readings = answer["readings"].as_array().unwrap();
    readings.iter().map(|reading| reading["values"]["systolic"].as_i64().unwrap()).collect()
}
