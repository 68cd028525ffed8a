//! Somebody notices when nothing comes.

use schemas::records::{ExpectedReadings, Schedule};
use schemas::topics::Topic;
use schemas::{AlertEvent, CarePlan};
use stream::producer::Outgoing;

use clinical::Span;
use tests::readings::{blood_pressure, now};
use tests::registered::SATO;
use tests::run::run;
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, eventually};

const SILENT: &str = "TST001/P1";
const UNPLANNED: &str = "TST001/P2";
const DAY: i64 = 86_400;

/// Home blood pressure is expected every day, since ten days ago.
fn plan(version: i32) -> CarePlan {
    let expected = ExpectedReadings::daily("blood_pressure", 3, 14);
    CarePlan {
        patient: SILENT.to_owned(),
        version,
        thresholds: [].into(),
        author: SATO.to_owned(),
        updated_at: now().millis(),
        schedule: Some(Schedule {
            time_zone: "Asia/Tokyo".to_owned(),
            start: (now().seconds() / DAY - 10) as i32,
            expected: vec![expected],
        }),
        ..CarePlan::default()
    }
}

fn publish(stack: &Stack, plan: Option<&CarePlan>) {
    let topic = stack.topics.name(Topic::CarePlans);
    let encoder = stack.codec.encoder::<CarePlan>(&topic).unwrap();
    let payload = plan.map(|plan| encoder.encode(plan).unwrap());
    let key = Some(SILENT.as_bytes());
    let (partition, payload) = (None, payload.as_deref());
    run()
        .wait_for(stack.producer.send(Outgoing { topic: &topic, partition, key, payload }))
        .unwrap();
}

pub fn a_patient_from_whom_nothing_comes_is_reported_once_and_late_readings_take_it_back() {
    let stack = Plan::named("missing").patients(&[SILENT, UNPLANNED]).start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    let events = sato.alert_stream();
    events.next("snapshot");
    publish(&stack, Some(&plan(1)));
    let alert = events.next("alert");
    assert_eq!(
        (&alert["patient"], &alert["rule"]),
        (&SILENT.into(), &"data.missing.blood_pressure".into())
    );
    assert_eq!((&alert["severity"], &alert["stage"]), (&"technical".into(), &"missing".into()));
    assert_eq!((&alert["transition"], &alert["plan_version"]), (&"raised".into(), &1.into()));
    eventually("the store has the alert", || {
        let stored = stack.try_sql("SELECT patient, severity FROM current_alerts")?;
        equal(stored.len(), 1)
    });

    // A restart says nothing again, and what was expected is expected still.
    stack.kill(Service::Processor);
    stack.start(&[Service::Processor]);
    stack.produce(&blood_pressure(UNPLANNED, now() - Span::from_minutes(1), 128, 80));
    stack.assert_balanced();
    let reported: Vec<AlertEvent> = stack.read(Topic::Alerts);
    assert_eq!(reported.len(), 1, "{reported:?}");

    // The phone was off: a reading of every other day arrives now, the newest first.
    for days in 0..6 {
        let at = now() - Span::from_hours(48 * days) - Span::from_minutes(1);
        stack.produce(&blood_pressure(SILENT, at, 128, 80));
    }
    stack.assert_balanced();
    let reported: Vec<AlertEvent> = stack.read(Topic::Alerts);
    let last = reported.last().unwrap();
    assert_eq!((&*last.status, &*last.alert_id), ("retracted", alert["id"].as_str().unwrap()));
    assert!(last.cause.is_some(), "a reading that came late is the reason");
    eventually("no alert is open on the page", || {
        let open = sato.get("alerts").expect(200);
        equal(open["alerts"].as_array().map(Vec::len), Some(0))
    });
}

pub fn a_plan_that_ends_expects_nothing_and_its_alert_is_taken_back() {
    let stack = Plan::named("plan_ends").start(&[Service::Processor]);
    let alerts = stack.tail(Topic::Alerts);
    publish(&stack, Some(&plan(1)));
    let reported = |promise: &str, expected: &[&str]| {
        alerts.wait_for(promise, |records| {
            let reported: Vec<AlertEvent> = stack.decoded(records);
            let transitions: Vec<&str> = reported.iter().map(|event| &*event.transition).collect();
            if transitions == expected { Ok(()) } else { Err(format!("{transitions:?}")) }
        });
    };
    reported("the silence is reported", &["raised"]);
    publish(&stack, None);
    reported("with the plan the alert goes", &["raised", "criteria_changed"]);
    publish(&stack, Some(&plan(2)));
    reported("with a new plan it is reported again", &["raised", "criteria_changed", "raised"]);
}
