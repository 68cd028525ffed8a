//! What a vendor learns of what it has sent, who sees a patient whom nobody follows, and what was read
//! with the time zone of a consortium that was not registered.

use std::time::Duration;

use schemas::AuditEvent;
use schemas::reading::Reading;
use schemas::topics::Topic;
use serde_json::Value;

use tests::readings::{blood_pressure, corrected, document, entered_in_error, seconds_ago};
use tests::registered::{BOUND_TOKEN, BOUND_VENDOR, SATO, TOKEN};
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, eventually, within};

use crate::rejected::output;

const PATIENT: &str = "TST001/P1";

fn send(stack: &Stack, reading: &Reading) -> String {
    let answer = stack.post(Some(BOUND_TOKEN), document(std::slice::from_ref(reading))).expect(202);
    answer["readings"][0]["id"].as_str().unwrap().to_owned()
}

fn outcomes(receipt: &Value) -> Vec<(String, bool, String)> {
    let versions = receipt["versions"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    versions.map(|it| (text(&it["outcome"]), it["current"] == true, text(&it["status"]))).collect()
}

pub fn a_vendor_learns_what_became_of_its_readings_and_takes_one_back_and_others_learn_nothing() {
    let stack = Plan::named("receipts").patients(&[PATIENT]).start(&Service::ALL);
    let first = blood_pressure(PATIENT, seconds_ago(600), 191, 112);
    let second = corrected(&first, 60_000, 128, 82);
    let id = send(&stack, &second);
    let path = format!("/v1/readings/{id}");
    eventually("the first version has a receipt", || {
        let answer = stack.ask_gateway(Some(BOUND_TOKEN), &path);
        if answer.status == 200 { Ok(()) } else { Err(format!("{answer:?}")) }
    });
    assert_eq!(send(&stack, &first), id, "the same reading");
    assert_eq!(send(&stack, &entered_in_error(&second, 60_000)), id);
    let expected = [
        ("correction", true, "entered_in_error"),
        ("new", false, "final"),
        ("stale", false, "final"),
    ]
    .map(|(outcome, current, status)| (outcome.to_owned(), current, status.to_owned()));
    eventually("every version has a receipt", || {
        let found = outcomes(&stack.ask_gateway(Some(BOUND_TOKEN), &path).expect(200));
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    });
    assert!(stack.sign_in(SATO).readings(PATIENT).unwrap().is_empty(), "it was taken back");
    // The vendor's own producer writes to Kafka, where nobody is answered.
    let vendor = Some(BOUND_VENDOR.to_owned());
    stack.produce(&Reading { vendor, ..blood_pressure(PATIENT, seconds_ago(300), 700, 80) });
    // Another vendor may write for the consortium, and has sent none of it.
    assert_eq!(stack.ask_gateway(Some(TOKEN), &path).status, 404);
    assert_eq!(stack.ask_gateway(None, &path).status, 401);

    // What the writer may take for an insert has to pass first.
    let delivered = within(Duration::from_secs(120), "what was sent is delivered", || {
        let page = stack.ask_gateway(Some(BOUND_TOKEN), "/v1/deliveries").expect(200);
        let deliveries = page["deliveries"].as_array().unwrap().clone();
        if deliveries.len() == 4 { Ok(page) } else { Err(page.to_string()) }
    });
    let of = |outcome: &str| {
        let path = format!("/v1/deliveries?outcome={outcome}");
        stack.ask_gateway(Some(BOUND_TOKEN), &path).expect(200)["deliveries"].clone()
    };
    assert_eq!(of("stale"), Value::Array(vec![delivered["deliveries"][1].clone()]));
    let rejected = of("rejected");
    let reasons = rejected.as_array().unwrap().iter().map(|one| (&one["reason"], &one["patient"]));
    assert_eq!(reasons.collect::<Vec<_>>(), [(&"implausible".into(), &PATIENT.into())]);
    let cursor = delivered["cursor"].as_str().unwrap();
    let rest = stack.ask_gateway(Some(BOUND_TOKEN), &format!("/v1/deliveries?cursor={cursor}"));
    assert_eq!(rest.expect(200)["deliveries"], Value::Array(vec![]));
    let others = stack.ask_gateway(Some(TOKEN), "/v1/deliveries").expect(200);
    assert_eq!(others["deliveries"], Value::Array(vec![]));

    let accesses: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let of_vendor = |action: &str, allowed: bool| {
        accesses.iter().any(|it| it.action == action && it.allowed == allowed)
    };
    let own = accesses.iter().find(|it| it.action == "read_receipt" && it.allowed);
    assert_eq!(own.map(|it| &*it.actor), Some(BOUND_VENDOR), "{accesses:?}");
    assert!(of_vendor("read_receipt", false), "{accesses:?}");
    assert!(of_vendor("list_deliveries", true));
}

pub fn a_patient_in_no_list_is_warned_of_and_seen_by_the_fallback_team() {
    const STRAY: &str = "TST001/P7";
    let stack =
        Plan::named("fallback").followed_by(SATO, &[PATIENT, "TST001/*"]).start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    let events = sato.alert_stream();
    events.next("snapshot");
    let severe = [
        blood_pressure(STRAY, seconds_ago(180), 191, 113),
        blood_pressure(STRAY, seconds_ago(90), 189, 112),
    ];
    eventually("the sender is warned", || {
        let answer = stack.post(Some(TOKEN), document(&severe)).expect(202);
        let warnings = answer["warnings"].as_array().unwrap();
        match warnings.iter().find(|warning| warning["rule"] == "unregistered_patient") {
            Some(warning) if warning["pointer"] == "/person_information/0/person_id" => Ok(()),
            _ => Err(answer.to_string()),
        }
    });
    let listed = eventually("the patient is in the list of the fallback team", || {
        let listed = sato.get("patients").expect(200);
        let patients = listed["patients"].as_array().unwrap();
        let stray = patients.iter().find(|patient| patient["patient"] == STRAY);
        stray.cloned().ok_or_else(|| listed.to_string())
    });
    assert_eq!(listed["severity"], "urgent");
    assert_eq!(sato.readings(STRAY).unwrap().len(), 2);
    let metric = "mimamori_dashboard_unfollowed_alerts";
    assert_eq!(stack.metric(Service::Dashboard, metric), Ok(0.0));
}

pub fn what_was_read_with_a_wrong_zone_is_reviewed_withdrawn_and_written_as_it_was_meant() {
    const BERLINER: &str = "TST009/P1";
    const CURRENT: &str = "SELECT count() FROM current_blood_pressure WHERE patient = 'TST009/P1'";
    let stack = Plan::named("rezoned").patients(&[PATIENT]).start(&[
        Service::Gateway,
        Service::Processor,
        Service::Writer,
    ]);
    // Written down in the civil time of Japan, half a day ago: so it is in the past everywhere.
    let sent = document(&[blood_pressure(BERLINER, seconds_ago(12 * 3600), 131, 84)]);
    let warned = |answer: &Value| {
        let warnings = answer["warnings"].as_array().unwrap().iter();
        warnings.filter(|warning| warning["rule"] == "unregistered_consortium").count()
    };
    let first = stack.post(Some(TOKEN), sent.clone()).expect(202);
    assert_eq!(warned(&first), 1, "{first}");

    let entry = r#"{"consortia": [{"consortium_id": "TST009", "name": "Berlin", "time_zone": "Europe/Berlin"}]}"#;
    let file = stack.folder.join("berlin.json");
    std::fs::write(&file, entry).unwrap();
    output(stack.tool("registry apply").arg(&file), true);
    let second = eventually("the gateway knows the zone", || {
        let answer = stack.post(Some(TOKEN), sent.clone()).expect(202);
        if warned(&answer) == 0 { Ok(answer) } else { Err(answer.to_string()) }
    });
    assert_ne!(first["readings"][0]["id"], second["readings"][0]["id"]);
    eventually("the document is doubled", || equal(stack.number(CURRENT)?, 2));

    let rezone = |apply: &[&str]| {
        let mut rezone = stack.tool("registry rezone");
        output(rezone.args(["--operator", "hana", "TST009"]).args(apply), true).0
    };
    let review = rezone(&[]);
    assert!(
        review.contains("blood_pressure: 0 to write as they were meant, 1 to withdraw"),
        "{review}"
    );
    assert!(review.contains("looked at "), "{review}");
    assert!(review.contains("1 are there already") && !review.contains("P1"), "{review}");
    rezone(&["--apply"]);
    eventually("one reading is left", || equal(stack.number(CURRENT)?, 1));
    let left = stack.sql("SELECT utc_offset_minutes AS offset FROM current_blood_pressure WHERE patient = 'TST009/P1'");
    assert!(left[0]["offset"] == 60 || left[0]["offset"] == 120, "{left:?}");
    let again = rezone(&["--apply"]);
    assert!(again.contains("0 readings written"), "{again}");
    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let repairs: Vec<_> = events.iter().filter(|it| it.action == "rezone_readings").collect();
    assert_eq!(repairs.len(), 1, "{events:?}");
    assert_eq!((&*repairs[0].actor, repairs[0].patient.as_deref()), ("hana", Some(BERLINER)));

    let listed = output(stack.tool("registry unfollowed").args(["--operator", "hana"]), true).0;
    assert!(listed.contains("TST009/P1 (in no list, followed by nobody): "), "{listed}");
    assert!(!listed.contains(PATIENT), "{listed}");
}
