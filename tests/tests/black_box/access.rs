//! Who may write and who may read.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use schemas::AuditEvent;
use schemas::topics::Topic;
use serde_json::Value;

use tests::readings::{blood_pressure, document, seconds_ago};
use tests::registered::{BOUND_TOKEN, BOUND_VENDOR, ITO, OPERATOR, PASSWORD, SATO, TOKEN};
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, eventually};

pub fn a_vendor_writes_for_its_own_consortia_only_and_the_attempt_is_recorded() {
    let stack = Plan::named("vendors").start(&[Service::Gateway]);
    let reading = |patient| document(&[blood_pressure(patient, seconds_ago(60), 120, 80)]);

    assert_eq!(stack.post(None, reading("TST001/P1")).status, 401);
    assert_eq!(stack.post(Some("nobody-knows-it"), reading("TST001/P1")).status, 401);
    let own = stack.post(Some(BOUND_TOKEN), reading("TST001/P1")).expect(202);
    assert_eq!(own["accepted"], 1);
    // Nothing is taken where all is of another consortium; beside others such a document costs itself.
    let refused = stack.post(Some(BOUND_TOKEN), reading("TST002/P1")).expect(403);
    assert_eq!(refused["status"], 403, "problem details: {refused}");
    assert_eq!(stack.records(Topic::ReadingsRaw).len(), 1);
    let both = format!("{}\n{}", reading("TST001/P2"), reading("TST002/P1"));
    let partly = stack.post(Some(BOUND_TOKEN), both).expect(202);
    assert_eq!((&partly["accepted"], &partly["rejected"]), (&1.into(), &1.into()), "{partly}");
    assert_eq!(partly["readings"][1]["errors"][0]["rule"], "wrong_consortium", "{partly}");
    assert_eq!(stack.records(Topic::ReadingsRaw).len(), 2);

    stack.tail(Topic::AuditEvents).wait_for("both attempts are recorded", |events| {
        let events: Vec<AuditEvent> = stack.decoded(events);
        let denied = |actor: &str, consortium: Option<&str>| {
            events.iter().any(|event| {
                event.service == "gateway"
                    && event.actor == actor
                    && !event.allowed
                    && event.consortium.as_deref() == consortium
            })
        };
        if denied(BOUND_VENDOR, Some("TST002")) && denied("unknown", None) {
            Ok(())
        } else {
            Err(format!("{events:?}"))
        }
    });
}

const HERS: &str = "TST001/P1";
const HIS: &str = "TST001/P2";
const HIS_TOO: &str = "TST001/P3";

pub fn a_physician_sees_nothing_of_patients_of_others_and_an_operator_no_patient_at_all() {
    let stack = Plan::named("physicians")
        .followed_by(SATO, &[HERS])
        .followed_by(ITO, &[HIS, HIS_TOO])
        .start(&Service::ALL);
    let (sato, ito, operator) = (stack.sign_in(SATO), stack.sign_in(ITO), stack.sign_in(OPERATOR));
    let (sees_hers, sees_his) = (sato.alert_stream(), ito.alert_stream());
    for events in [&sees_hers, &sees_his] {
        assert_eq!(events.next("snapshot")["alerts"].as_array().unwrap().len(), 0);
    }

    // One after the other: when an alert has come, that of the patient before would have come too.
    let patients = |alerts: Vec<Value>| -> BTreeSet<String> {
        alerts.iter().map(|alert| alert["patient"].as_str().unwrap().to_owned()).collect()
    };
    severe(&stack, HIS);
    assert_eq!(patients(sees_his.alerts_until(HIS)), BTreeSet::from([HIS.to_owned()]));
    severe(&stack, HERS);
    assert_eq!(patients(sees_hers.alerts_until(HERS)), BTreeSet::from([HERS.to_owned()]));
    severe(&stack, HIS_TOO);
    let his = [HIS, HIS_TOO].map(str::to_owned);
    assert!(patients(sees_his.alerts_until(HIS_TOO)).is_subset(&BTreeSet::from(his)));

    let open = sato.get("alerts").expect(200);
    assert_eq!(open["alerts"].as_array().unwrap().len(), 1, "{open}");
    let listed = sato.get("patients").expect(200);
    assert_eq!(listed["patients"].as_array().unwrap().len(), 1);
    assert!(!listed.to_string().contains(HIS));
    for page in ["readings", "alerts"] {
        eventually("her own patient's data are there", || {
            let answer = sato.get(&format!("patients/{HERS}/{page}"));
            let found = answer.body[page].as_array().map_or(0, Vec::len);
            if found > 0 { Ok(()) } else { Err(format!("{answer:?}")) }
        });
        let one_segment = HIS.replace('/', "%2F");
        for path in [format!("patients/{HIS}/{page}"), format!("patients/{one_segment}/{page}")] {
            let denied = sato.get(&path).expect(403);
            assert!(!denied.to_string().contains("191"), "{denied}");
        }
        // Whether a patient exists is not said either.
        assert_eq!(sato.get(&format!("patients/TST001/NOBODY/{page}")).status, 403);
        assert_eq!(operator.get(&format!("patients/{HERS}/{page}")).status, 403);
    }
    for path in ["patients", "alerts", "alerts/stream"] {
        assert_eq!(operator.get(path).status, 403, "{path}");
    }

    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let denied = events.iter().filter(|event| !event.allowed && event.service == "dashboard");
    let denied: Vec<_> = denied.map(|event| (&*event.actor, event.patient.as_deref())).collect();
    assert!(denied.contains(&(SATO, Some(HIS))), "{denied:?}");
    assert!(denied.contains(&(OPERATOR, Some(HERS))), "{denied:?}");
}

pub fn without_a_session_there_is_nothing_to_see() {
    let stack = Plan::named("signed_out").patients(&[HERS]).start(&[Service::Dashboard]);
    let base = stack.url(Service::Dashboard);
    let status = |path: &str| stack.http.get(format!("{base}{path}")).send().unwrap().status();
    for path in ["session", "patients", "alerts", "alerts/stream", "patients/TST001/P1/readings"] {
        assert_eq!(status(&format!("/api/v1/{path}")), 401, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/"] {
        assert_eq!(status(path), 200, "{path}");
    }
    let sign_in = |user: &str, password: &str| {
        let credentials = serde_json::json!({ "user": user, "password": password });
        let url = format!("{base}/api/v1/session");
        stack.http.post(url).json(&credentials).send().unwrap().status()
    };
    assert_eq!(sign_in(SATO, "wrong"), 401);
    assert_eq!(sign_in("dr.nobody", PASSWORD), 401);
    assert_eq!(sign_in(SATO, PASSWORD), 200);
}

pub fn a_session_that_ends_at_one_dashboard_ends_at_all_within_a_second() {
    let stack = Plan::named("two_dashboards").patients(&[HERS]).start(&[Service::Dashboard]);
    let here = stack.sign_in(SATO);
    let other = stack.sign_in(SATO);
    let stream = here.alert_stream();
    stream.next("snapshot");
    let _first = stack.give_up(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    let there = here.at(stack.url(Service::Dashboard));
    let stream_there = there.alert_stream();
    stream_there.next("snapshot");

    assert_eq!(there.sign_out().status, 204);
    let started = Instant::now();
    stream_there.next("ended");
    stream.next("ended");
    let took = started.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    for instance in [&here, &there] {
        for path in ["session", "patients", "alerts", "alerts/stream"] {
            assert_eq!(instance.get(path).status, 401, "{path}");
        }
    }
    assert_eq!(other.get("patients").status, 200, "a session of its own");
    // One that starts later reads that the session has ended.
    stack.kill(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    assert_eq!(here.at(stack.url(Service::Dashboard)).get("session").status, 401);
}

pub fn what_a_list_showed_is_reported_by_the_store_once_a_session_and_change() {
    let stack =
        Plan::named("shown").patients(&[HERS, HIS]).start(&[Service::Dashboard, Service::Writer]);
    let sato = stack.sign_in(SATO);
    for _ in 0..3 {
        sato.get("patients").expect(200);
    }
    let shown = "SELECT count() FROM audit_events FINAL WHERE action = 'list_patients'";
    eventually("the access is in the store", || equal(stack.number(shown)?, 1));
    let whose = "SELECT countIf(patient IN ('TST001/P1', 'TST001/P2')) FROM ( \
        SELECT arrayJoin(splitByChar('\\n', patients)) AS patient FROM audit_sets FINAL \
        WHERE patient_set IN (SELECT patient_set FROM audit_events WHERE action = 'list_patients'))";
    eventually("and whose data it showed", || equal(stack.number(whose)?, 2));
}

/// Two severe readings, one minute and more apart: an urgent alert.
fn severe(stack: &Stack, patient: &str) {
    let readings = [
        blood_pressure(patient, seconds_ago(180), 191, 113),
        blood_pressure(patient, seconds_ago(90), 189, 112),
    ];
    stack.post(Some(TOKEN), document(&readings)).expect(202);
}
