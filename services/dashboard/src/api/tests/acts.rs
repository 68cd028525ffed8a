//! What physicians do about alerts.

use schemas::registry::Role;
use tokio::time::timeout;

use super::*;
use crate::act_log::tests::MemoryActLog;
use crate::person_keys::tests::MemoryKeyLog;
use crate::registry::tests::team;

const ACTS: &str = "/api/v1/alerts/a/acts";
const MANY: &str = "/api/v1/acts";
const TEXT: &str = "電話した。頭痛はない";

/// Two instances, and what they share.
struct Two {
    here: Api,
    there: Api,
    acts: Arc<MemoryActLog>,
    keys: Arc<MemoryKeyLog>,
}

/// Dr. Sato and Dr. Ito follow A/1, who has the alert `a`; Dr. Ito alone B/1, who has `theirs`.
fn two(severity: &str) -> Two {
    let (audit, acts, keys): (Arc<MemoryAuditLog>, _, _) = Default::default();
    let instance = || {
        let dashboard = testing::instance_with_acts(&audit, &acts, &keys);
        dashboard.registry.apply(team("A/1", &["dr.sato", "dr.ito"]));
        let api = Api::of(dashboard, Arc::clone(&audit));
        api.alert("a", "A/1", severity);
        api.alert("theirs", "B/1", severity);
        api
    };
    Two { here: instance(), there: instance(), acts, keys }
}

fn seen(severity: &str) -> Value {
    json!({ "changed_at": "2026-11-18T11:06:40Z", "severity": severity })
}

fn acknowledge(id: &str, severity: &str) -> Value {
    json!({ "id": id, "seen": seen(severity), "act": { "kind": "acknowledge" } })
}

fn comment(id: &str, text: &str) -> Value {
    json!({ "id": id, "act": { "kind": "comment", "text": text } })
}

fn undo(id: &str, act: &str) -> Value {
    json!({ "id": id, "act": { "kind": "undo", "act": act } })
}

fn in_an_hour() -> String {
    (now() + Span::from_hours(1)).to_string()
}

impl Api {
    async fn post(&self, user: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, basic(user))
            .header(header::CONTENT_TYPE, "application/json");
        let response = self.send(request.body(body.to_string().into()).unwrap()).await;
        (response.status(), json_of(response).await)
    }

    /// What an act is answered with: the problem's name where it is refused.
    async fn refused(&self, user: &str, path: &str, body: &Value) -> (u16, String) {
        let (status, answer) = self.post(user, path, body).await;
        let name = answer["type"].as_str().unwrap_or_default();
        (status.as_u16(), name.trim_start_matches("urn:mimamori:problem:").to_owned())
    }

    async fn done(&self, user: &str, body: &Value) -> Value {
        let (status, answer) = self.post(user, ACTS, body).await;
        assert_eq!(status, 200, "{answer}");
        answer["care"].clone()
    }

    async fn care(&self) -> Value {
        self.get("dr.sato", "/api/v1/alerts").await.1["alerts"][0]["care"].clone()
    }

    async fn history(&self) -> Vec<Value> {
        self.get("dr.sato", ACTS).await.1["acts"].as_array().unwrap().clone()
    }

    /// The alert becomes urgent, or is raised as such: a minute after it was raised.
    fn escalate(&self) {
        let mut event = event("a", "A/1", "urgent", "open");
        event.transition = "escalated".to_owned();
        event.changed_at += 60_000;
        self.alert_event(event);
    }
}

fn problem(status: u16, name: &str) -> (u16, String) {
    (status, name.to_owned())
}

#[tokio::test]
async fn an_act_is_shown_by_its_answer_by_every_instance_and_on_open_pages() {
    let two = two("review");
    let stream = Request::get("/api/v1/alerts/stream")
        .header(header::AUTHORIZATION, basic("dr.ito"))
        .body(Body::empty());
    let mut stream = two.there.send(stream.unwrap()).await.into_body();
    let mut next = async || {
        let frame = timeout(std::time::Duration::from_secs(5), stream.frame()).await.unwrap();
        let text = frame.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    };
    assert!(next().await.starts_with("event: snapshot"));
    let care = two.here.done("dr.sato", &acknowledge("1", "review")).await;
    assert_eq!(care["acknowledged"]["by"], json!({ "id": "dr.sato", "name": "DR.SATO" }));
    assert_eq!((&care["due_at"], &care["came_back_at"]), (&Value::Null, &Value::Null));
    let event = next().await;
    let reported: Value =
        serde_json::from_str(event.strip_prefix("event: care\ndata: ").unwrap()).unwrap();
    assert_eq!(reported, json!({ "alert": "a", "patient": "A/1", "care": care }));
    for api in [&two.here, &two.there] {
        assert_eq!(api.care().await, care);
        let (_, list) = api.get("dr.sato", "/api/v1/patients").await;
        assert_eq!(list["patients"][0]["open_alerts"][0]["care"], care);
        let history = api.history().await;
        assert_eq!((&history[0]["id"], &history[0]["kind"]), (&json!("1"), &json!("acknowledge")));
        assert_eq!(
            (&history[0]["by"]["id"], &history[0]["severity"]),
            (&json!("dr.sato"), &json!("review"))
        );
    }
    let said = two.here.audit.said();
    assert!(said.contains(&("act_on_alert".to_owned(), Some("A/1".to_owned()), true)), "{said:?}");
    assert!(said.contains(&("read_acts".to_owned(), Some("A/1".to_owned()), true)), "{said:?}");
}

#[tokio::test]
async fn a_retry_is_one_act_and_an_id_of_another_act_is_refused() {
    let two = two("review");
    let first = two.here.done("dr.sato", &comment("1", TEXT)).await;
    assert_eq!(first["comments"], 1);
    assert_eq!(two.there.done("dr.sato", &comment("1", TEXT)).await, first);
    let taken = problem(409, "other-content");
    assert_eq!(two.here.refused("dr.sato", ACTS, &comment("1", "something else")).await, taken);
    assert_eq!(two.here.refused("dr.sato", ACTS, &acknowledge("1", "review")).await, taken);
    assert_eq!(two.here.refused("dr.ito", ACTS, &comment("1", TEXT)).await, taken);
    // Written twice all the same, by an instance that did not know: the first is the act.
    let copy = two.acts.events.lock().unwrap()[0].clone();
    two.acts.push(copy);
    assert_eq!(two.there.care().await, first);
    assert_eq!(two.there.history().await.len(), 1);
    // What the alert has become since changes nothing of an act that is done.
    let acknowledged = two.here.done("dr.sato", &acknowledge("2", "review")).await;
    assert_eq!(acknowledged["acknowledged"]["by"]["id"], "dr.sato");
    two.here.escalate();
    let again = two.here.done("dr.sato", &acknowledge("2", "review")).await;
    assert_eq!(
        again["acknowledged"],
        Value::Null,
        "it is done, and covers less than the alert is now"
    );
    assert_eq!(two.acts.events.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn nobody_acts_on_what_is_not_theirs_and_the_attempt_is_recorded() {
    let two = two("urgent");
    let theirs = "/api/v1/alerts/theirs/acts";
    let unknown = "/api/v1/alerts/none/acts";
    for path in [theirs, unknown] {
        let refused = two.here.refused("dr.sato", path, &acknowledge("1", "urgent")).await;
        assert_eq!(refused, problem(403, "not-your-alert"));
        assert_eq!(two.here.get("dr.sato", path).await.0, 403);
        let of_operator = two.here.refused("ops", path, &acknowledge("1", "urgent")).await;
        assert_eq!(of_operator, problem(403, "physicians-only"));
    }
    let said = two.here.audit.said();
    for (action, patient) in
        [("act_on_alert", Some("B/1")), ("act_on_alert", None), ("read_acts", Some("B/1"))]
    {
        assert!(said.contains(&(action.to_owned(), patient.map(str::to_owned), false)), "{said:?}");
    }
    for path in [theirs, MANY] {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let response = two.here.send(request.body("{}".into()).unwrap()).await;
        assert_eq!(response.status(), 401);
    }
    // What a page of another site can send without asking has another type.
    let request = Request::post(ACTS).header(header::AUTHORIZATION, basic("dr.sato"));
    let body = acknowledge("1", "urgent").to_string();
    let plain = request.header(header::CONTENT_TYPE, "text/plain").body(body.into());
    assert_eq!(two.here.send(plain.unwrap()).await.status(), 400);
    assert!(two.acts.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_done_that_could_not_be_recorded_as_an_access() {
    let two = two("urgent");
    assert_eq!(two.here.get("dr.sato", "/api/v1/alerts").await.0, 200);
    two.here.audit.broken.store(true, Ordering::Relaxed);
    let refused = two.here.refused("dr.sato", ACTS, &acknowledge("1", "urgent")).await;
    assert_eq!(refused, problem(503, "access-not-recorded"));
    assert!(two.acts.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_has_become_worse_is_not_covered_and_what_was_covered_comes_back() {
    let two = two("review");
    two.here.done("dr.sato", &acknowledge("1", "review")).await;
    let snooze = json!({ "kind": "snooze", "until": in_an_hour(), "reason": "asleep" });
    let snooze = json!({ "id": "2", "seen": seen("review"), "act": snooze });
    assert!(two.here.done("dr.sato", &snooze).await["snoozed"]["until"].is_string());
    two.here.escalate();
    let back = two.here.care().await;
    assert_eq!(back["came_back_at"], "2026-11-18T11:07:40Z");
    assert_eq!((&back["acknowledged"], &back["snoozed"]), (&Value::Null, &Value::Null));
    assert_eq!(back["due_at"], "2026-11-18T11:37:40Z");
    let stale = two.here.refused("dr.ito", ACTS, &acknowledge("3", "review")).await;
    assert_eq!(stale, problem(409, "has-become-worse"));
    // The other instance has not read it yet, and the page has.
    let mut ahead = acknowledge("4", "urgent");
    ahead["seen"]["changed_at"] = json!("2026-11-18T11:07:40Z");
    let behind = two.there.refused("dr.ito", ACTS, &ahead).await;
    assert_eq!(behind, problem(503, "not-seen-yet"));
    let care = two.here.done("dr.ito", &ahead).await;
    assert_eq!(
        (&care["acknowledged"]["by"]["id"], &care["came_back_at"]),
        (&json!("dr.ito"), &Value::Null)
    );
    // What is over by itself stays with what was done about it.
    let mut over = event("a", "A/1", "urgent", "resolved");
    over.changed_at += 120_000;
    two.here.alert_event(over);
    let history = two.here.get("dr.sato", ACTS).await.1;
    assert_eq!(history["care"]["acknowledged"]["by"]["id"], "dr.ito");
    assert_eq!(history["care"]["due_at"], Value::Null);
}

#[tokio::test]
async fn words_are_written_down_sealed_and_die_with_the_patients_key() {
    let two = two("urgent");
    let close = json!({ "kind": "close", "outcome": "false_alarm", "reason": TEXT });
    let close = json!({ "id": "1", "seen": seen("urgent"), "act": close });
    let care = two.here.done("dr.sato", &close).await;
    assert_eq!(care["closed"]["outcome"], "false_alarm");
    two.there.done("dr.ito", &comment("2", "and again")).await;
    for event in two.acts.events.lock().unwrap().iter() {
        let words = event.act.as_ref().unwrap().text.as_ref().unwrap();
        let holds = |text: &str| words.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(event.text.is_empty() && !holds(TEXT) && !holds("and again"));
    }
    assert_eq!(two.keys.keys.lock().unwrap().len(), 1, "one key for one patient");
    let texts = |history: Vec<Value>| {
        let of = |act: &Value| (act["text"].clone(), act["text_lost"].clone());
        history.iter().map(of).collect::<Vec<_>>()
    };
    let readable = |text: &str| (json!(text), json!(false));
    for api in [&two.here, &two.there] {
        assert_eq!(texts(api.history().await), [readable(TEXT), readable("and again")]);
    }
    two.keys.erase("A/1");
    for api in [&two.here, &two.there] {
        assert_eq!(texts(api.history().await), vec![(Value::Null, json!(true)); 2]);
        let refused = api.refused("dr.sato", ACTS, &comment("3", "more")).await;
        assert_eq!(refused, problem(409, "data-erased"));
        assert_eq!(api.care().await["closed"]["outcome"], "false_alarm", "what was done stays");
    }
    // Another patient's words need another key, and without one nothing is written.
    two.keys.broken.store(true, Ordering::Relaxed);
    let theirs = "/api/v1/alerts/theirs/acts";
    let refused = two.here.refused("dr.ito", theirs, &comment("1", "words")).await;
    assert_eq!(refused, problem(503, "words-not-sealed"));
    assert_eq!(two.acts.events.lock().unwrap().len(), 2);
    assert_eq!(two.here.post("dr.ito", theirs, &acknowledge("1", "urgent")).await.0, 200);
}

#[tokio::test]
async fn an_act_is_taken_back_by_a_further_one_also_by_a_colleague() {
    let two = two("urgent");
    two.here.done("dr.sato", &acknowledge("1", "urgent")).await;
    let care = two.there.done("dr.ito", &undo("2", "1")).await;
    assert_eq!(care["acknowledged"], Value::Null);
    let history = two.here.history().await;
    assert_eq!(history[0]["undone"]["act"], "2");
    assert_eq!(history[0]["undone"]["by"]["id"], "dr.ito");
    assert_eq!((&history[1]["undoes"], &history[1]["undone"]), (&json!("1"), &Value::Null));
    let again = two.here.refused("dr.sato", ACTS, &undo("3", "1")).await;
    assert_eq!(again, problem(409, "already-undone"));
    assert_eq!(
        two.here.refused("dr.sato", ACTS, &undo("3", "9")).await,
        problem(409, "unknown-act")
    );
    let care = two.here.done("dr.sato", &undo("4", "2")).await;
    assert_eq!(care["acknowledged"]["by"]["id"], "dr.sato");
}

#[tokio::test]
async fn an_alert_is_given_to_whom_follows_the_patient_and_to_nobody_else() {
    let two = two("urgent");
    let (status, answer) = two.here.get("dr.sato", "/api/v1/patients/A/1/colleagues").await;
    assert_eq!(status, 200);
    let names =
        json!([{ "id": "dr.ito", "name": "DR.ITO" }, { "id": "dr.sato", "name": "DR.SATO" }]);
    assert_eq!((&answer["patient"], &answer["colleagues"]), (&json!("A/1"), &names));
    let assign = |id: &str, to: Value| json!({ "id": id, "act": { "kind": "assign", "to": to } });
    let care = two.here.done("dr.sato", &assign("1", json!("dr.ito"))).await;
    assert_eq!(
        (&care["assigned"]["to"]["id"], &care["assigned"]["by"]["id"]),
        (&json!("dr.ito"), &json!("dr.sato"))
    );
    for nobody in ["ops", "unregistered", "dr.none"] {
        let refused = two.here.refused("dr.sato", ACTS, &assign("2", json!(nobody))).await;
        assert_eq!(refused, problem(422, "not-a-colleague"), "{nobody}");
    }
    two.here.escalate();
    assert_eq!(two.here.care().await["assigned"]["to"]["id"], "dr.ito", "who is on it stays");
    let care = two.here.done("dr.sato", &assign("3", Value::Null)).await;
    assert_eq!(care["assigned"], Value::Null);
    // Who is struck off is shown by the id, and is nobody's colleague any more.
    two.here.done("dr.sato", &assign("4", json!("dr.ito"))).await;
    two.here.dashboard.registry.apply(practitioner("dr.ito", None));
    assert_eq!(two.here.care().await["assigned"]["to"], json!({ "id": "dr.ito", "name": null }));
    two.here.dashboard.registry.apply(practitioner("dr.ito", Some(Role::Operator)));
    let (_, answer) = two.here.get("dr.sato", "/api/v1/patients/A%2F1/colleagues").await;
    assert_eq!(answer["colleagues"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_many_alerts_each_is_answered_for_itself_and_whose_they_are_is_recorded() {
    let two = two("review");
    two.here.alert("b", "A/2", "review");
    two.here.alert("worse", "A/2", "urgent");
    let alerts = ["a", "b", "worse", "theirs", "none"]
        .map(|alert| json!({ "alert": alert, "seen": seen("review") }));
    let many = json!({ "id": "1", "act": { "kind": "acknowledge" }, "alerts": alerts });
    let (status, answer) = two.here.post("dr.sato", MANY, &many).await;
    assert_eq!(status, 200, "{answer}");
    let answers = answer["answers"].as_array().unwrap();
    let statuses: Vec<_> = answers.iter().map(|of| of["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 409, 403, 403]);
    assert_eq!(answers[0]["care"]["acknowledged"]["by"]["id"], "dr.sato");
    assert_eq!(answers[2]["problem"]["type"], "urn:mimamori:problem:has-become-worse");
    assert_eq!(answers[3]["problem"], answers[4]["problem"]);
    let mine = ("act_on_alerts".to_owned(), vec!["A/1".to_owned(), "A/2".to_owned()]);
    let theirs = ("act_on_alerts".to_owned(), vec!["B/1".to_owned()]);
    let listed = two.here.audit.listed();
    assert!(listed.contains(&mine) && listed.contains(&theirs), "{listed:?}");
    assert_eq!(two.here.post("dr.sato", MANY, &many).await.1, answer, "a retry");
    assert_eq!(two.acts.events.lock().unwrap().len(), 2);
    // With words: one key for each patient.
    let words = json!({ "kind": "snooze", "until": in_an_hour(), "reason": TEXT });
    let some = json!({ "id": "2", "act": words, "alerts": alerts[..2] });
    let (_, answer) = two.here.post("dr.sato", MANY, &some).await;
    assert_eq!(answer["answers"][1]["status"], 200, "{answer}");
    assert_eq!(two.keys.keys.lock().unwrap().len(), 2);
    let of = |count: u32| {
        let alerts = (0..count)
            .map(|number| json!({ "alert": format!("{number:032x}"), "seen": seen("review") }));
        json!({ "id": "3", "act": { "kind": "acknowledge" }, "alerts": alerts.collect::<Vec<_>>() })
    };
    let mut twice = of(2);
    twice["alerts"][1] = twice["alerts"][0].clone();
    for none in [of(0), of(201), twice] {
        let refused = two.here.refused("dr.sato", MANY, &none).await;
        assert_eq!(refused, problem(422, "invalid-act"));
    }
    assert!(of(200).to_string().len() > crate::api::body::LONGEST_JSON);
    assert_eq!(two.here.post("dr.sato", MANY, &of(200)).await.0, 200);
}

#[tokio::test]
async fn an_act_that_kafka_has_not_acknowledged_is_not_said_to_be_done() {
    let two = two("urgent");
    two.acts.broken.store(true, Ordering::Relaxed);
    let refused = two.here.refused("dr.sato", ACTS, &acknowledge("1", "urgent")).await;
    assert_eq!(refused, problem(503, "act-not-known-to-be-done"));
    assert_eq!(two.here.care().await["acknowledged"], Value::Null);
    two.acts.broken.store(false, Ordering::Relaxed);
    let care = two.here.done("dr.sato", &acknowledge("1", "urgent")).await;
    assert_eq!(care["acknowledged"]["by"]["id"], "dr.sato");
}

#[tokio::test]
async fn an_act_is_answered_when_this_instance_shows_it_and_not_before() {
    let two = two("urgent");
    // Acknowledged, and read by nobody yet.
    let followers = std::mem::take(&mut *two.acts.followers.lock().unwrap());
    tokio::time::pause();
    let refused = two.here.refused("dr.sato", ACTS, &acknowledge("1", "urgent")).await;
    assert_eq!(refused, problem(503, "act-not-known-to-be-done"));
    tokio::time::resume();
    *two.acts.followers.lock().unwrap() = followers;
    let written = two.acts.events.lock().unwrap()[0].clone();
    two.acts.push(written);
    let care = two.here.done("dr.sato", &acknowledge("1", "urgent")).await;
    assert_eq!(care["acknowledged"]["by"]["id"], "dr.sato");
    assert_eq!(two.here.history().await.len(), 1);
}

#[tokio::test]
async fn while_acts_are_still_read_alerts_are_shown_without_and_nothing_is_done() {
    let (dashboard, audit) = testing::dashboard_without_acts();
    let api = Api::of(dashboard, audit);
    api.alert("a", "A/1", "urgent");
    let (status, alerts) = api.get("dr.sato", "/api/v1/alerts").await;
    assert_eq!((status, &alerts["alerts"][0]["care"]), (StatusCode::OK, &Value::Null));
    let loading = problem(503, "still-loading");
    assert_eq!(api.refused("dr.sato", ACTS, &acknowledge("1", "urgent")).await, loading);
    assert_eq!(api.get("dr.sato", ACTS).await.0, 503);
    api.dashboard.care.caught_up();
    assert!(api.care().await["due_at"].is_string());
}

#[tokio::test]
async fn what_is_no_act_is_refused_and_says_what_is_wrong() {
    let two = two("urgent");
    let with = |act: Value| json!({ "id": "1", "seen": seen("urgent"), "act": act });
    let long = "a".repeat(2001);
    let invalid = [
        with(json!({ "kind": "comment", "text": " " })),
        with(json!({ "kind": "comment", "text": long })),
        with(json!({ "kind": "close", "outcome": "false_alarm" })),
        with(json!({ "kind": "snooze", "until": "2026-11-18T11:06:41Z", "reason": "past" })),
        with(
            json!({ "kind": "snooze", "until": (now() + Span::from_hours(5)).to_string(), "reason": "x" }),
        ),
        with(json!({ "kind": "snooze", "until": "tomorrow", "reason": "x" })),
        json!({ "id": "1", "act": { "kind": "acknowledge" } }),
        json!({ "id": "a b", "seen": seen("urgent"), "act": { "kind": "acknowledge" } }),
    ];
    for body in invalid {
        let refused = two.here.refused("dr.sato", ACTS, &body).await;
        assert_eq!(refused, problem(422, "invalid-act"), "{body}");
    }
    let unknown = [
        with(json!({ "kind": "escalate" })),
        with(json!({ "kind": "close", "outcome": "gone" })),
        with(json!({ "kind": "acknowledge", "text": "not taken" })),
        json!({ "id": "1", "seen": seen("urgent"), "act": { "kind": "acknowledge" }, "by": "dr.ito" }),
    ];
    for body in unknown {
        let refused = two.here.refused("dr.sato", ACTS, &body).await;
        assert_eq!(refused, problem(400, "bad-request"), "{body}");
    }
    assert!(two.acts.events.lock().unwrap().is_empty());
}
