//! Documents for consortia of which nothing is taken, beside others.

use axum::http::StatusCode;

use super::{Answered, fixture, good, problem, statuses};

fn of(consortium: &str) -> String {
    good("body_temperature.json").replace("SAMPLE", consortium)
}

/// The first rule of each reading that is not accepted.
fn rules(answered: &Answered) -> Vec<(u64, &str, &str)> {
    let readings = answered.body["readings"].as_array().unwrap().iter();
    readings
        .filter(|reading| reading["status"] != "accepted")
        .map(|reading| {
            let error = &reading["errors"][0];
            let text = |member: &str| error[member].as_str().unwrap();
            (reading["document"].as_u64().unwrap(), text("rule"), text("pointer"))
        })
        .collect()
}

#[tokio::test]
async fn a_document_for_another_consortium_costs_itself_and_is_on_record() {
    let fixture = fixture();
    let body = format!("{}{}{}", of("OTHERS"), of("SAMPLE"), of("MORE01"));
    let answered = fixture.post_with_token(body).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    assert_eq!(statuses(&answered), ["rejected", "accepted", "rejected"]);
    let rule = "wrong_consortium";
    assert_eq!(rules(&answered), [(0, rule, "/consortium_id"), (2, rule, "/consortium_id")]);
    assert_eq!(answered.body["warnings"].as_array().unwrap().len(), 0, "nor is it unregistered");
    let stored = fixture.kafka.readings();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].consortium_id, "SAMPLE");
    let audits = fixture.kafka.audits();
    assert_eq!(audits.len(), 1);
    assert_eq!((audits[0].actor.as_str(), audits[0].allowed), ("acme", false));
    assert_eq!(audits[0].consortium.as_deref(), Some("OTHERS"));
    assert!(audits[0].detail.contains("1 others"), "{}", audits[0].detail);
}

#[tokio::test]
async fn a_request_for_other_consortia_alone_is_refused_as_a_whole_on_record() {
    let fixture = fixture();
    let answered = fixture.post_with_token(format!("{}{}", of("OTHERS"), of("MORE01"))).await;
    assert_eq!(answered.status, StatusCode::FORBIDDEN);
    assert_eq!(problem(&answered), "wrong-consortium");
    assert_eq!(answered.body["document"], 0);
    assert!(fixture.kafka.readings().is_empty());
    assert_eq!(fixture.kafka.audits().len(), 1);
}

#[tokio::test]
async fn a_document_whose_zone_cannot_be_read_costs_itself_and_is_to_be_sent_again() {
    let fixture = fixture();
    let body = format!("{}{}{}", of("SAMPLE"), of("NOZONE"), of("OTHERS"));
    let answered = fixture.post_with_token(body).await;
    assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answered.body);
    assert_eq!(statuses(&answered), ["accepted", "not_stored", "rejected"]);
    let at = "/consortium_id";
    assert_eq!(rules(&answered), [(1, "time_zone", at), (2, "wrong_consortium", at)]);
    let counts = ["accepted", "not_stored", "rejected"].map(|name| answered.body[name].as_u64());
    assert_eq!(counts, [Some(1); 3]);
    assert!(answered.headers.contains_key("retry-after"));
    assert_eq!(fixture.kafka.readings().len(), 1);
}

#[tokio::test]
async fn a_document_without_a_reading_for_another_consortium_is_answered_too() {
    let fixture = fixture();
    let empty = r#"{"format_version":"2.0","send_time":"20260131073100000","consortium_id":"OTHERS","person_information":[]}"#;
    let answered = fixture.post_with_token(format!("{empty}\n{}", of("SAMPLE"))).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    assert_eq!(rules(&answered), [(0, "wrong_consortium", "/consortium_id")]);
    assert_eq!(fixture.kafka.audits().len(), 1);
}
