//! Warnings of patients and consortia that are in no list.

use std::sync::Arc;

use axum::http::StatusCode;

use super::{Answered, Gateway, fixture, fixture_with, good, limits};
use crate::args::LimitArgs;
use crate::patients::tests::lists;

fn warnings<'a>(answered: &'a Answered, rule: &str) -> Vec<(u64, &'a str)> {
    let warnings = answered.body["warnings"].as_array().unwrap().iter();
    warnings
        .filter(|warning| warning["rule"] == rule)
        .map(|it| (it["document"].as_u64().unwrap(), it["pointer"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn the_first_document_of_an_unregistered_consortium_is_answered_with_a_warning() {
    let fixture = fixture();
    let (known, other) = (good("activity.json"), good("activity.json").replace("SAMPLE", "NOTYET"));
    let answered = fixture.post_with_token(format!("{known}{other}{other}")).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    assert_eq!(warnings(&answered, "unregistered_consortium"), [(1, "/consortium_id")]);
    let none = fixture.post_with_token(known).await;
    assert_eq!(warnings(&none, "unregistered_consortium"), []);
}

#[tokio::test]
async fn an_unregistered_consortium_is_warned_of_though_there_are_too_many_warnings() {
    let fixture = fixture_with(LimitArgs {
        body_bytes: 1 << 20,
        body_memory_bytes: 1 << 22,
        readings: 1000,
        ..limits()
    });
    let patients = Arc::new(lists(&["SAM1/P9"], &[]));
    let fixture = fixture.changed(|gateway| Gateway { patients, ..gateway });
    let answered = fixture.post_with_token(good("tolerated_deviations.json").repeat(50)).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    assert_eq!(warnings(&answered, "unregistered_consortium"), [(0, "/consortium_id")]);
    assert_eq!(warnings(&answered, "unregistered_patient").len(), 50);
    assert_eq!(answered.body["warnings"].as_array().unwrap().len(), 200);
    assert_eq!(answered.body["warnings_omitted"], 250 + 51 - 200);
}

#[tokio::test]
async fn a_patient_whom_nobody_will_see_is_warned_of_once_in_a_document() {
    let patients = Arc::new(lists(&["SAMPLE/P0001"], &["SAMPLE/P0001"]));
    let fixture = fixture().changed(|gateway| Gateway { patients, ..gateway });
    let document = good("several_persons.json");
    let answered = fixture.post_with_token(format!("{document}{document}")).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    assert_eq!(answered.body["accepted"], 6);
    let expected = [(0, "/person_information/1/person_id"), (1, "/person_information/1/person_id")];
    assert_eq!(warnings(&answered, "unregistered_patient"), expected);
}
