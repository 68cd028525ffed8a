//! Documents for consortia of which nothing is taken, beside others.

use axum::http::StatusCode;

use super::{Answered, Fixture, bad, fixture, good, problem, statuses};

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

/// What was counted of readings and requests: labels and numbers.
fn counted(fixture: &Fixture) -> Vec<String> {
    let text = String::from_utf8(fixture.exposed.text().unwrap()).unwrap();
    let series = text.lines().filter_map(|line| line.strip_prefix("mimamori_gateway_"));
    let series = series.filter(|line| {
        let is_one = line.starts_with("readings_total{") || line.starts_with("requests_total{");
        is_one && !line.ends_with(" 0")
    });
    series.map(|line| line.replace('"', "")).collect()
}

#[tokio::test]
async fn what_is_not_taken_for_its_zone_is_counted_as_that_and_not_as_kafkas_failure() {
    let fixture = fixture();
    let answered = fixture.post_with_token(format!("{}{}", of("SAMPLE"), of("NOZONE"))).await;
    assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answered.body);
    let whole = fixture.post_with_token(format!("{0}{0}", of("NOZONE"))).await;
    assert_eq!((whole.status, problem(&whole)), (StatusCode::SERVICE_UNAVAILABLE, "time-zone"));
    assert_eq!(
        counted(&fixture),
        [
            "readings_total{outcome=accepted,rule=} 1",
            "readings_total{outcome=not_stored,rule=time_zone} 3",
            "requests_total{problem=not-stored,status=503} 1",
            "requests_total{problem=time-zone,status=503} 1",
        ]
    );
}

#[tokio::test]
async fn readings_that_are_refused_as_a_whole_are_counted_by_their_rule() {
    let fixture = fixture();
    fixture.post_with_token(format!("{}{}", of("OTHERS"), of("MORE01"))).await;
    fixture.post_with_token(bad("implausible_value")).await;
    assert_eq!(
        counted(&fixture),
        [
            "readings_total{outcome=rejected,rule=implausible} 1",
            "readings_total{outcome=rejected,rule=wrong_consortium} 2",
            "requests_total{problem=rejected,status=422} 1",
            "requests_total{problem=wrong-consortium,status=403} 1",
        ]
    );
}

#[tokio::test]
async fn a_reading_that_no_zone_would_save_is_counted_by_what_its_sender_can_mend() {
    let fixture = fixture();
    let broken = of("NOZONE").replace("P0001", "P-1");
    let answered = fixture.post_with_token(format!("{}{broken}", of("SAMPLE"))).await;
    assert_eq!(statuses(&answered), ["accepted", "rejected"], "{}", answered.body);
    let readings = "readings_total{outcome=rejected,rule=malformed} 1";
    assert!(counted(&fixture).iter().any(|line| line == readings), "{:?}", counted(&fixture));
}
