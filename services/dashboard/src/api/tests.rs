//! The API as its users meet it: requests in, answers out.

mod acts;
mod bodies;
mod directory;
mod notifications;
mod openid;
mod plans;
mod previews;
mod quiet_hours;
mod reports;
mod sessions;
mod silent_groups;
mod sites;
mod tables;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::stream::record::Position;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use clinical::{Kind, Span, Timestamp};
use http_body_util::BodyExt;
use schemas::AlertEvent;
use schemas::registry::Consortium;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::audit::tests::MemoryAuditLog;
use crate::clock::now;
use crate::model::Alert;
use crate::model::alert::tests::event;
use crate::registry::Change;
use crate::service::router;
use crate::state::Dashboard;
use crate::testing::{self, practitioner};

struct Api {
    dashboard: Arc<Dashboard>,
    audit: Arc<MemoryAuditLog>,
    router: Router,
}

fn api() -> Api {
    let (dashboard, audit) = testing::dashboard();
    Api::of(dashboard, audit)
}

/// `user:user-pass` in base64.
fn basic(user: &str) -> String {
    let credentials = axum_extra::headers::Authorization::basic(user, &format!("{user}-pass"));
    let mut values = Vec::new();
    axum_extra::headers::Header::encode(&credentials, &mut values);
    values[0].to_str().unwrap().to_owned()
}

impl Api {
    fn of(dashboard: Arc<Dashboard>, audit: Arc<MemoryAuditLog>) -> Self {
        Self { router: router(Arc::clone(&dashboard)), dashboard, audit }
    }

    async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, user: &str, path: &str) -> (StatusCode, Value) {
        let mut request = Request::get(path);
        if !user.is_empty() {
            request = request.header(header::AUTHORIZATION, basic(user));
        }
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        let status = response.status();
        (status, json_of(response).await)
    }

    async fn sign_in(&self, user: &str, password: &str) -> Response {
        let body = json!({ "user": user, "password": password }).to_string();
        let request = Request::post("/api/v1/session")
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap();
        self.send(request).await
    }

    fn alert(&self, id: &str, patient: &str, severity: &str) {
        self.alert_event(event(id, patient, severity, "open"));
    }

    /// As the topic of alerts is followed.
    fn alert_event(&self, event: AlertEvent) {
        self.dashboard.care.apply_alert(&event).unwrap();
        self.dashboard.alerts.apply(Alert::try_from(event).unwrap());
    }
}

const SESSION: &str = "/api/v1/session";

/// What every role may read, because nothing in it is of a patient.
const DEVICES: &str = "/api/v1/devices/reliability";
const SILENT_GROUPS: &str = "/api/v1/silent-groups";

/// What belongs to signing in, and is open to everybody.
const SIGNING_IN: [&str; 3] =
    ["/api/v1/session/way", "/api/v1/session/oidc/start", "/api/v1/session/oidc/callback"];

/// What the document says can be read, of the patient A/1, but for signing in, the devices and the silent
/// groups: all of it is about patients.
fn paths_of_patients() -> Vec<String> {
    let document: Value = serde_json::from_str(&super::openapi_json()).unwrap();
    let all = document["paths"].as_object().unwrap().iter();
    let read = all.filter(|(path, methods)| {
        let path = path.as_str();
        let is_open =
            [SESSION, DEVICES, SILENT_GROUPS].contains(&path) || SIGNING_IN.contains(&path);
        !is_open && methods["get"].is_object()
    });
    let paths: Vec<String> = read
        .map(|(path, _)| {
            path.replace("{consortium}", "A").replace("{person}", "1").replace("{alert_id}", "a")
        })
        .collect();
    assert!(paths.iter().any(|path| path == "/api/v1/patients/A/1/readings"), "{paths:?}");
    paths
}

async fn json_of(response: Response) -> Value {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap_or(Value::Null)
}

#[tokio::test]
async fn without_signing_in_every_route_is_closed_but_sign_in_and_the_document() {
    let api = api();
    let others = [SESSION, DEVICES, SILENT_GROUPS].map(str::to_owned);
    for path in paths_of_patients().into_iter().chain(others) {
        let response = api.send(Request::get(&path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 401, "{path}");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }
    assert_eq!(api.get("", "/api/v1/openapi.json").await.0, 200);
    for what in [
        "readings",
        "readings/backdated",
        "readings/versions",
        "alerts",
        "glucose/summary",
        "glucose/agp",
        "glucose/days",
        "blood-pressure/summary",
        "aggregates",
        "colleagues",
        "identity",
    ] {
        assert_eq!(api.get("", &format!("/api/v1/patients/A%2F1/{what}")).await.0, 401, "{what}");
    }
    assert!(api.audit.said().is_empty());
}

#[tokio::test]
async fn another_physicians_patient_is_refused_as_one_who_does_not_exist_and_recorded() {
    let api = api();
    let mut answers = Vec::new();
    for patient in ["B/1", "Z/9", "B%2F1", "not%20an%20id/1"] {
        for what in [
            "readings",
            "alerts",
            "glucose/summary",
            "blood-pressure/summary",
            "aggregates",
            "readings/backdated",
            "readings/versions?id=B/1/blood_pressure/20261122T000000Z/0000000000000001",
        ] {
            answers.push(api.get("dr.sato", &format!("/api/v1/patients/{patient}/{what}")).await);
        }
    }
    assert_eq!(answers[0].0, 403);
    assert_eq!(answers[0].1["type"], "urn:mimamori:problem:not-your-patient");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let said = api.audit.said();
    assert_eq!(said[0], ("sign_in".to_owned(), None, true));
    assert_eq!(said[1], ("read_readings".to_owned(), Some("B/1".to_owned()), false));
    assert_eq!(said[2], ("read_alerts".to_owned(), Some("B/1".to_owned()), false));
    assert_eq!(said[3], ("read_metrics".to_owned(), Some("B/1".to_owned()), false));
    assert_eq!(said.len(), 1 + answers.len());
}

#[tokio::test]
async fn the_list_says_each_patients_time_and_since_when_readings_wait() {
    let api = api();
    let (consortium_id, name) = ("A".to_owned(), String::new());
    let entry = Consortium { consortium_id, name, time_zone: "Europe/Berlin".to_owned() };
    api.dashboard.registry.apply(Change::Consortium("A".to_owned(), Some(entry)));
    let waits = |patient: &str, offset| {
        let (place, at) = (Position { partition: 0, offset }, Timestamp::from_seconds(offset));
        api.dashboard.changed.accepted(patient, Kind::BloodPressure, place, at);
    };
    waits("B/1", 1_795_000_000);
    let (_, list) = api.get("dr.sato", "/api/v1/patients").await;
    assert_eq!(list["patients"][0]["time_zone"], "Europe/Berlin");
    assert_eq!(list["waiting_since"], Value::Null, "another physician's patient waits");
    waits("A/2", 1_795_000_060);
    waits("A/1", 1_795_000_120);
    let (_, list) = api.get("dr.sato", "/api/v1/patients").await;
    assert_eq!(list["waiting_since"], "2026-11-18T11:07:40Z");
    let (_, list) = api.get("dr.ito", "/api/v1/patients").await;
    assert_eq!(list["patients"][0]["time_zone"], "Asia/Tokyo");
}

#[tokio::test]
async fn readings_are_said_to_wait_when_they_have_for_long_by_the_clock_of_the_server() {
    for (seconds, is_said) in [(0, false), (10, true)] {
        let api = api();
        let (place, at) =
            (Position { partition: 0, offset: 0 }, now() - Span::from_seconds(seconds));
        api.dashboard.changed.accepted("A/1", Kind::BloodPressure, place, at);
        let (_, list) = api.get("dr.sato", "/api/v1/patients").await;
        assert_eq!(list["waiting_since"].is_string(), is_said, "{seconds}");
    }
}

#[tokio::test]
async fn an_operator_sees_no_patient() {
    let api = api();
    let paths = paths_of_patients();
    for path in &paths {
        let (status, problem) = api.get("ops", path).await;
        assert_eq!(status, 403, "{path}");
        assert_eq!(problem["type"], "urn:mimamori:problem:physicians-only");
    }
    assert_eq!(api.get("ops", "/api/v1/session").await.1["role"], "operator");
    let denied = api.audit.said().into_iter().filter(|(_, _, allowed)| !allowed).count();
    assert_eq!(denied, paths.len());
}

#[tokio::test]
async fn the_list_holds_only_ones_own_patients_and_stands_without_the_store() {
    let api = api();
    api.alert("a", "A/2", "review");
    api.alert("b", "A/2", "urgent");
    api.alert("theirs", "B/1", "urgent");
    let participant = json!({
        "consortium_id": "A", "person_id": "2", "birth_year": 1957, "sex": "female"
    });
    let participant = serde_json::from_value(participant).unwrap();
    api.dashboard.registry.apply(Change::Participant("A/2".to_owned(), Some(participant)));
    let (status, list) = api.get("dr.sato", "/api/v1/patients").await;
    assert_eq!(status, 200);
    assert_eq!(list["store"], "unavailable");
    let patients = list["patients"].as_array().unwrap();
    assert_eq!(patients.len(), 2);
    assert_eq!(patients[0]["patient"], "A/2");
    assert_eq!(patients[0]["birth_year"], 1957);
    assert_eq!(patients[0]["sex"], "female");
    assert_eq!(patients[0]["severity"], "urgent");
    assert_eq!(patients[0]["open_alerts"][0]["id"], "b");
    assert_eq!(patients[1]["severity"], Value::Null);
    assert_eq!(patients[1]["last_reading_at"], Value::Null);
    let shown = ["A/1", "A/2"].map(str::to_owned).to_vec();
    assert_eq!(api.audit.listed().last().unwrap(), &("list_patients".to_owned(), shown));
    assert_eq!(api.audit.events.lock().unwrap().last().unwrap().actor, "dr.sato");
}

#[tokio::test]
async fn open_alerts_are_answered_without_the_store_and_readings_say_when_to_come_back() {
    let api = api();
    api.alert("mine", "A/1", "review");
    api.alert("theirs", "B/1", "urgent");
    let (status, alerts) = api.get("dr.sato", "/api/v1/alerts").await;
    assert_eq!(status, 200);
    assert_eq!(alerts["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(alerts["alerts"][0]["id"], "mine");
    for what in [
        "readings?kind=blood_pressure",
        "readings/backdated",
        "readings/versions?id=A/1/blood_pressure/20261122T000000Z/0000000000000001",
        "alerts",
        "glucose/agp",
        "glucose/days",
        "aggregates?kind=blood_pressure&by=day",
    ] {
        let request = Request::get(format!("/api/v1/patients/A/1/{what}"))
            .header(header::AUTHORIZATION, basic("dr.sato"));
        let response = api.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 503, "{what}");
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(json_of(response).await["type"], "urn:mimamori:problem:store-unavailable");
    }
    let (status, problem) = api.get("dr.sato", "/api/v1/trends").await;
    assert_eq!((status, &problem["status"]), (StatusCode::SERVICE_UNAVAILABLE, &503.into()));
    assert_eq!(problem["type"], "urn:mimamori:problem:store-unavailable");
}

#[tokio::test]
async fn nothing_is_shown_that_could_not_be_recorded() {
    let api = api();
    api.alert("mine", "A/1", "review");
    assert_eq!(api.get("dr.sato", "/api/v1/alerts").await.0, 200);
    api.audit.broken.store(true, Ordering::Relaxed);
    let of_another = "/api/v1/patients/B/1/alerts".to_owned();
    for path in paths_of_patients().into_iter().chain([of_another]) {
        let (status, problem) = api.get("dr.sato", &path).await;
        assert_eq!(status, 503, "{path}");
        assert_eq!(problem["type"], "urn:mimamori:problem:access-not-recorded");
    }
    assert_eq!(api.sign_in("dr.ito", "dr.ito-pass").await.status(), 503);
}

#[tokio::test]
async fn failed_sign_ins_are_recorded_without_what_was_typed_and_slowed_down() {
    let api = api();
    let (wrong_password, no_user) =
        (api.sign_in("dr.sato", "guess").await, api.sign_in("hunter2", "guess").await);
    assert_eq!(
        (wrong_password.status(), no_user.status()),
        (401.try_into().unwrap(), StatusCode::UNAUTHORIZED)
    );
    assert_eq!(json_of(wrong_password).await, json_of(no_user).await);
    {
        let events = api.audit.events.lock().unwrap();
        assert_eq!(events.len(), 2);
        assert!(events.iter().all(|event| !event.allowed && event.actor == "unknown"));
        assert!(!format!("{events:?}").contains("hunter2"));
        assert!(events[0].detail.contains("dr.sato"));
    }
    for _ in 0..4 {
        assert_eq!(api.sign_in("dr.sato", "guess").await.status(), 401);
    }
    let response = api.sign_in("dr.sato", "dr.sato-pass").await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn an_account_whose_person_is_on_no_list_may_do_nothing() {
    let api = api();
    let response = api.sign_in("unregistered", "unregistered-pass").await;
    assert_eq!(response.status(), 403);
    assert!(!response.headers().contains_key(header::SET_COOKIE));
    assert_eq!(api.get("unregistered", "/api/v1/patients").await.0, 403);
    assert!(api.audit.said().iter().all(|(action, _, allowed)| action == "sign_in" && !allowed));
}

#[tokio::test]
async fn what_is_not_understood_is_said_without_repeating_it() {
    let api = api();
    for query in ["kind=pulse", "from=yesterday", "to=2026", "limit=0", "limit=50001", "limit=x"] {
        let path = format!("/api/v1/patients/A/1/readings?{query}");
        let (status, problem) = api.get("dr.sato", &path).await;
        assert_eq!(status, 400, "{query}");
        assert_eq!(problem["type"], "urn:mimamori:problem:bad-request");
    }
    let of_another = "id=B/1/blood_pressure/20261122T000000Z/0000000000000001";
    for query in ["", "id=A/1", "id=A/1/pulse/20261122T000000Z/0000000000000001", of_another] {
        let path = format!("/api/v1/patients/A/1/readings/versions?{query}");
        let (status, problem) = api.get("dr.sato", &path).await;
        assert_eq!(status, 400, "{query}");
        assert!(!problem.to_string().contains("B/1"));
    }
    for query in ["from=yesterday", "to=2026", "from=2026-01-01T00:00:00Z&to=2026-08-01T00:00:00Z"]
    {
        for what in ["glucose/summary", "glucose/agp", "glucose/days", "blood-pressure/summary"] {
            let path = format!("/api/v1/patients/A/1/{what}?{query}");
            assert_eq!(api.get("dr.sato", &path).await.0, 400, "{path}");
        }
    }
    for query in [
        "by=day",
        "kind=blood_pressure",
        "kind=blood_pressure&by=week",
        "kind=blood_pressure&by=day&field=pulse",
        "kind=blood_pressure&by=day&method=finger_stick",
        "kind=activity&by=day",
        "kind=blood_pressure&by=hour&from=2026-01-01T00:00:00Z&to=2026-08-01T00:00:00Z",
    ] {
        let path = format!("/api/v1/patients/A/1/aggregates?{query}");
        assert_eq!(api.get("dr.sato", &path).await.0, 400, "{path}");
    }
    for query in ["days=7", "kind=blood_pressure&days=0", "kind=blood_pressure&days=101"] {
        let path = format!("/api/v1/aggregates?{query}");
        assert_eq!(api.get("dr.sato", &path).await.0, 400, "{path}");
    }
    let form = Request::post("/api/v1/session").body("user=a&password=b".into()).unwrap();
    assert_eq!(api.send(form).await.status(), 400);
}

#[tokio::test]
async fn the_stream_is_a_snapshot_then_transitions_until_the_shutdown() {
    let api = api();
    api.alert("before", "A/1", "review");
    let request =
        Request::get("/api/v1/alerts/stream").header(header::AUTHORIZATION, basic("dr.sato"));
    let response = api.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(api.audit.said().last().unwrap().0, "stream_alerts");
    let mut body = response.into_body();
    let mut next = async || {
        let frame = body.frame().await?.unwrap().into_data().unwrap();
        Some(String::from_utf8(frame.to_vec()).unwrap())
    };
    let snapshot = next().await.unwrap();
    assert!(
        snapshot.starts_with("event: snapshot\ndata: {\"alerts\":[{\"id\":\"before\""),
        "{snapshot}"
    );
    assert_eq!(api.dashboard.metrics.stream_subscribers.get(), 1);
    api.alert("theirs", "B/1", "urgent");
    api.alert("after", "A/2", "urgent");
    let alert = next().await.unwrap();
    assert!(alert.starts_with("event: alert\ndata: {\"id\":\"after\""), "{alert}");
    api.dashboard.shutdown.trigger();
    assert_eq!(next().await, None);
    drop(body);
    assert_eq!(api.dashboard.metrics.stream_subscribers.get(), 0);
}

#[tokio::test]
async fn pages_and_api_answer_with_what_protects_them() {
    let api = api();
    for path in ["/", "/patients/A/1", "/api/v1/session"] {
        let response = api.send(Request::get(path).body(Body::empty()).unwrap()).await;
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    assert_eq!(api.get("", "/api/v1/nothing").await.0, 404);
    let deleted = Request::delete("/api/v1/patients").body(Body::empty()).unwrap();
    assert_eq!(api.send(deleted).await.status(), 405);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_patient() {
    let api = api();
    api.get("dr.sato", "/api/v1/patients/B/1/readings").await;
    let families = prometheus::core::Collector::collect(&api.dashboard.metrics.requests);
    let text = format!("{families:?}");
    assert!(text.contains("/api/v1/patients/{consortium}/{person}/readings"), "{text}");
    assert!(!text.contains("B/1"), "{text}");
}

#[tokio::test]
async fn before_the_lists_are_read_nobody_is_refused_for_being_on_none() {
    let (dashboard, audit) = testing::empty_dashboard();
    let api = Api::of(dashboard, audit);
    assert_eq!(api.get("dr.sato", "/api/v1/patients").await.0, 503);
    assert_eq!(api.sign_in("dr.sato", "dr.sato-pass").await.status(), 503);
}

#[tokio::test]
async fn before_the_rule_sets_are_read_nothing_is_said_that_follows_them() {
    let (dashboard, audit) = testing::dashboard_without_rule_sets();
    let api = Api::of(dashboard, audit);
    let plans = ["plan", "readings"];
    let summaries = ["glucose/summary", "glucose/agp", "glucose/days", "blood-pressure/summary"];
    for what in plans.into_iter().chain(summaries) {
        let (status, problem) = api.get("dr.sato", &format!("/api/v1/patients/A/1/{what}")).await;
        assert_eq!(status, 503, "{what}");
        assert_eq!(problem["type"], "urn:mimamori:problem:still-loading", "{what}");
    }
}
