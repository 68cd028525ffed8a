//! The mornings, evenings and days of a patient without a schedule are those of the consortium, whoever
//! tells them.

use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use schemas::AlertEvent;
use schemas::topics::Topic;
use serde_json::{Value, json};
use tests::http::SignedIn;
use tests::readings::{blood_pressure, now};
use tests::registered::SATO;
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, within};

use crate::rejected::output;

const PATIENT: &str = "BER001/P1";
/// What came late is judged after a minute of receipts; the rest is for a busy machine.
const SEEN_WITHIN: Duration = Duration::from_secs(105);

/// The mean systolic pressure of the mornings and of the evenings: as an alert says it that is open, as
/// the summary does, and as the preview of the present plan does.
fn told(sato: &SignedIn, period: &str) -> Result<[[Option<f64>; 2]; 3], String> {
    let of_patient = |path: &str| format!("patients/{PATIENT}/{path}");
    let found = |alert: &Value| {
        let of = |part: &str| alert["findings"][format!("{part}_systolic")].as_f64();
        ["morning", "evening"].map(of)
    };
    let is_it = |alert: &Value| alert["rule"] == "bp.above_target" && alert["status"] == "open";
    let alerts = sato.get(&of_patient("alerts")).expect(200);
    let alert = alerts["alerts"].as_array().and_then(|all| all.iter().find(|one| is_it(one)));
    let alert = alert.ok_or_else(|| format!("no alert: {alerts}"))?;
    let summary = sato.get(&of_patient(&format!("blood-pressure/summary?{period}"))).expect(200);
    let preview = sato.post(&of_patient("plan/preview"), &json!({})).expect(200);
    let previewed = preview["present"].as_array().into_iter().flatten();
    let previewed = previewed.map(|one| &one["alert"]).find(|one| is_it(one));
    let previewed = previewed.ok_or_else(|| format!("no alert previewed: {preview}"))?;
    let summarised = ["morning", "evening"].map(|part| summary[part]["systolic"].as_f64());
    Ok([found(alert), summarised, found(previewed)])
}

fn enter(stack: &Stack, zone: &str) {
    let entry = json!({ "consortium_id": "BER001", "name": "B", "time_zone": zone });
    let file = stack.folder.join("consortia.json");
    std::fs::write(&file, json!({ "consortia": [entry] }).to_string()).unwrap();
    output(stack.tool("registry apply").arg(&file), true);
}

pub fn an_alert_its_preview_and_the_summary_tell_the_same_mornings_where_the_consortium_is() {
    let stack = Plan::named("time_zones")
        .patients(&[PATIENT])
        .registered(|people| people.add_consortium("BER001", "Europe/Berlin"))
        .start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    // A week of pressures at 23:00 in Berlin, which is six or seven in the morning in Japan.
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let today = jiff::Timestamp::from_millisecond(now().millis()).unwrap();
    let today = berlin.to_datetime(today).date();
    let on = |days_ago: i64, hour: i8| {
        let civil = (today - days_ago.days()).at(hour, 0, 0, 0);
        berlin.to_timestamp(civil).unwrap()
    };
    for days_ago in 2..9 {
        let at = clinical::Timestamp::from_millis(on(days_ago, 23).as_millisecond());
        stack.produce(&blood_pressure(PATIENT, at, 152, 93));
    }
    stack.assert_balanced();
    let period = format!("from={}&to={}", on(8, 4), on(1, 4));
    within(SEEN_WITHIN, "all tell of evenings in Berlin", || {
        equal(told(&sato, &period)?, [[None, Some(152.0)]; 3])
    });

    // An operator corrects the entry: what is open is judged anew at once, by nobody's restart.
    enter(&stack, "Asia/Tokyo");
    within(SEEN_WITHIN, "all tell of mornings in Japan", || {
        equal(told(&sato, &period)?, [[Some(152.0), None]; 3])
    });
    let reported = || -> Vec<String> {
        let events: Vec<AlertEvent> = stack.read(Topic::Alerts);
        events.into_iter().map(|event| format!("{} {}", event.rule, event.transition)).collect()
    };
    let said = ["bp.above_target raised", "bp.above_target updated"];
    assert_eq!(reported(), said);
    stack.kill(Service::Processor);
    stack.start(&[Service::Processor]);
    stack.produce(&blood_pressure(PATIENT, now(), 128, 80));
    stack.assert_balanced();
    assert_eq!(reported(), said, "a restart reports nothing again");
}
