//! Physicians set care plans, and rules follow them at once.

use std::time::{Duration, Instant};

use schemas::records::CareAction;
use schemas::topics::Topic;
use schemas::{CareEvent, CarePlan};
use serde_json::{Value, json};
use tests::readings::{blood_pressure, seconds_ago};
use tests::registered::SATO;
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, within};

const PATIENT: &str = "TST001/P1";
/// From the answer to a change until alerts have changed.
const AT_ONCE: Duration = Duration::from_secs(2);

fn limit(systolic: f64, reason: &str) -> Value {
    json!({ "thresholds": { "bp.severe_high.systolic": systolic }, "reason": reason })
}

/// A patient of Dr. Sato with 172/98 mmHg, confirmed.
pub(crate) fn stack(name: &str) -> Stack {
    let stack = Plan::named(name).patients(&[PATIENT]).start(&Service::ALL);
    stack.produce(&blood_pressure(PATIENT, seconds_ago(180), 172, 98));
    stack.produce(&blood_pressure(PATIENT, seconds_ago(60), 172, 98));
    stack.assert_balanced();
    stack
}

pub fn a_plan_that_is_changed_changes_alerts_within_two_seconds_without_a_reading() {
    let stack = stack("plan_at_once");
    let sato = stack.sign_in(SATO);
    let events = sato.alert_stream();
    assert_eq!(events.next("snapshot")["alerts"], json!([]));

    let set = sato.set_plan(PATIENT, 0, &limit(165.0, "aneurysm")).expect(200);
    let answered = Instant::now();
    let alert = events.next("alert");
    assert!(answered.elapsed() < AT_ONCE, "{:?}", answered.elapsed());
    assert_eq!((&alert["rule"], &alert["severity"]), (&json!("bp.severe_high"), &json!("urgent")));
    assert_eq!(alert["plan_version"], set["version"]);

    sato.set_plan(PATIENT, 1, &limit(178.0, "too many calls")).expect(200);
    let answered = Instant::now();
    let alert = events.next("alert");
    assert!(answered.elapsed() < AT_ONCE, "{:?}", answered.elapsed());
    assert_eq!(alert["transition"], "criteria_changed");
    assert_eq!(alert["plan_version"], set["version"], "by which it was judged");

    // What was set is in the versions, also after a restart.
    stack.kill(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    let sato = stack.sign_in(SATO);
    let versions = sato.get(&format!("patients/{PATIENT}/plan/versions")).expect(200);
    let reasons: Vec<_> =
        versions["versions"].as_array().unwrap().iter().map(|v| &v["plan"]["reason"]).collect();
    assert_eq!(reasons, ["too many calls", "aneurysm"]);
}

pub fn the_second_of_two_physicians_is_answered_412_and_only_one_plan_is_in_the_log() {
    let stack = stack("plan_twice");
    let sato = stack.sign_in(SATO);
    let plans = [limit(165.0, "first"), limit(160.0, "second")];
    let answers = std::thread::scope(|scope| {
        let sato = &sato;
        let set = |plan| scope.spawn(move || sato.set_plan(PATIENT, 0, plan));
        plans.each_ref().map(set).map(|asked| asked.join().unwrap())
    });
    let mut statuses = answers.each_ref().map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let lost = answers.into_iter().find(|answer| answer.status == 412).unwrap().expect(412);
    assert_eq!(lost["current"]["version"], 1);
    assert_ne!(lost["current"]["plan"]["reason"], lost["submitted"]["reason"]);

    let log: Vec<CarePlan> = stack.read(Topic::CarePlans);
    assert_eq!(log.iter().map(|plan| plan.version).collect::<Vec<_>>(), [1]);
    let events: Vec<CareEvent> = stack.read(Topic::CareEvents);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, &events[0].text), (CareAction::SetPlan, &log[0].reason));
    within(AT_ONCE, "whoever reads the plan again sees the winner's", || {
        let plan = sato.get(&format!("patients/{PATIENT}/plan")).expect(200);
        equal(plan["plan"]["reason"].clone(), log[0].reason.clone().into())
    });
}
