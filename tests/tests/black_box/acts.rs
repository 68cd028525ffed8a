//! Physicians act on alerts, whatever happens to the store.

use std::time::{Duration, Instant};

use schemas::topics::Topic;
use schemas::{AuditEvent, CareEvent, PersonKey};
use serde_json::{Value, json};
use stream::producer::Outgoing;
use tests::http::SignedIn;
use tests::readings::{blood_pressure, seconds_ago};
use tests::registered::{ITO, SATO};
use tests::run::run;
use tests::service::Service;
use tests::stack::{End, Plan, Stack};
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";
const TEXT: &str = "電話した。頭痛はない";
/// From the answer to an act until another instance shows it.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// An urgent alert of Dr. Sato's patient.
fn alert(stack: &Stack, sato: &SignedIn) -> Value {
    let events = sato.alert_stream();
    events.next("snapshot");
    stack.produce(&blood_pressure(PATIENT, seconds_ago(180), 192, 114));
    stack.produce(&blood_pressure(PATIENT, seconds_ago(60), 188, 111));
    loop {
        let alert = events.next("alert");
        if alert["stage"] == "confirmed" {
            return alert;
        }
    }
}

fn id_of(alert: &Value) -> &str {
    alert["id"].as_str().unwrap()
}

fn acknowledge(id: &str, alert: &Value) -> Value {
    let seen = json!({ "changed_at": alert["changed_at"], "severity": alert["severity"] });
    json!({ "id": id, "seen": seen, "act": { "kind": "acknowledge" } })
}

fn comment(id: &str, text: &str) -> Value {
    json!({ "id": id, "act": { "kind": "comment", "text": text } })
}

fn acts(stack: &Stack) -> Vec<CareEvent> {
    stack.read(Topic::CareEvents)
}

pub fn an_act_at_one_dashboard_is_seen_at_the_other_within_a_second_without_the_store() {
    let stack = Plan::named("acts").own_clickhouse().patients(&[PATIENT]).start(&Service::ALL);
    let here = stack.sign_in(SATO);
    let alert = alert(&stack, &here);
    let _first = stack.give_up(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    let there = here.at(stack.url(Service::Dashboard));
    let events = there.alert_stream();
    let shown = events.next("snapshot");
    assert_eq!(shown["alerts"][0]["care"]["acknowledged"], Value::Null);
    stack.end_clickhouse(End::InOrder);
    stack.kill(Service::Writer);

    let done = here.act(id_of(&alert), &acknowledge("1", &alert)).expect(200);
    let answered = Instant::now();
    assert_eq!(done["care"]["acknowledged"]["by"]["id"], SATO);
    let reported = events.next("care");
    assert!(answered.elapsed() < ELSEWHERE, "{:?}", answered.elapsed());
    assert_eq!(reported, done);
    // Both show it, and a retry at the other one is the same act.
    for instance in [&here, &there] {
        let alerts = instance.get("alerts").expect(200);
        assert_eq!(alerts["alerts"][0]["care"], done["care"]);
        let again = instance.act(id_of(&alert), &acknowledge("1", &alert)).expect(200);
        assert_eq!(again, done);
    }
    assert_eq!(acts(&stack).len(), 1);

    // Another physician is refused, as if there were no such alert, and that is on record.
    let ito = stack.sign_in(ITO);
    ito.act(id_of(&alert), &acknowledge("2", &alert)).expect(403);
    let refused = |event: &AuditEvent| {
        (event.actor.as_str(), event.action.as_str(), event.allowed) == (ITO, "act_on_alert", false)
    };
    let accesses: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    assert_eq!(accesses.iter().filter(|event| refused(event)).count(), 1);

    // Words are read at the other dashboard, and stand nowhere in the topic.
    here.act(id_of(&alert), &comment("3", TEXT)).expect(200);
    let history = || there.get(&format!("alerts/{}/acts", id_of(&alert))).expect(200);
    eventually("the other dashboard shows the words", || {
        equal(history()["acts"][1]["text"].clone(), TEXT.into())
    });
    for record in stack.records(Topic::CareEvents) {
        let bytes = record.payload.unwrap();
        assert!(!bytes.windows(TEXT.len()).any(|part| part == TEXT.as_bytes()));
    }
    let undo = json!({ "id": "4", "act": { "kind": "undo", "act": "1" } });
    let undone = there.act(id_of(&alert), &undo).expect(200);
    assert_eq!(undone["care"]["acknowledged"], Value::Null);

    // One that starts later reads all of it.
    stack.kill(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    let later = here.at(stack.url(Service::Dashboard));
    let history = later.get(&format!("alerts/{}/acts", id_of(&alert))).expect(200);
    assert_eq!(history["care"], undone["care"]);
    assert_eq!(history["acts"][0]["undone"]["act"], "4");
    assert_eq!(history["acts"][1]["text"], TEXT);
}

pub fn two_dashboards_that_write_a_patients_first_words_at_once_make_one_key() {
    let stack = Plan::named("acts_key").patients(&[PATIENT]).start(&[
        Service::Gateway,
        Service::Processor,
        Service::Dashboard,
    ]);
    let here = stack.sign_in(SATO);
    let alert = alert(&stack, &here);
    let _first = stack.give_up(Service::Dashboard);
    stack.start(&[Service::Dashboard]);
    let there = here.at(stack.url(Service::Dashboard));
    std::thread::scope(|scope| {
        for (instance, id) in [(&here, "here"), (&there, "there")] {
            let alert = &alert;
            scope.spawn(move || instance.act(id_of(alert), &comment(id, TEXT)).expect(200));
        }
    });
    let keys: Vec<PersonKey> = stack.read(Topic::RegistryKeys);
    assert_eq!(keys.iter().map(|key| key.patient.as_str()).collect::<Vec<_>>(), [PATIENT]);
    for instance in [&here, &there] {
        eventually("both comments can be read", || {
            let history = instance.get(&format!("alerts/{}/acts", id_of(&alert))).expect(200);
            let texts = [&history["acts"][0]["text"], &history["acts"][1]["text"]];
            equal(texts.map(Value::clone), [json!(TEXT), json!(TEXT)])
        });
    }

    // Who erases the key has erased the words, at every dashboard; what was done stays.
    let topic = stack.topics.name(Topic::RegistryKeys);
    let (partition, key) = (None, Some(PATIENT.as_bytes()));
    let tombstone = Outgoing { topic: &topic, partition, key, payload: None };
    run().wait_for(stack.producer.enqueue(tombstone).unwrap()).unwrap();
    for instance in [&here, &there] {
        eventually("the words are lost", || {
            let history = instance.get(&format!("alerts/{}/acts", id_of(&alert))).expect(200);
            let lost = [&history["acts"][0]["text_lost"], &history["acts"][1]["text_lost"]];
            equal(lost.map(Value::clone), [json!(true), json!(true)])
        });
        instance.act(id_of(&alert), &comment("later", TEXT)).expect(409);
    }
}
