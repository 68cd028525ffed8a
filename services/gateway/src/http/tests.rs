//! Requests against a gateway whose Kafka is made to misbehave.

mod bodies;
mod consortia;
mod field;
mod receipts;
mod unregistered;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use examples::{BAD_DOCUMENTS, GOOD_DOCUMENTS};
use http_body_util::BodyExt;
use jiff::tz::TimeZone;
use schemas::Codec;
use schemas::registry::Vendor;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::fake_kafka::FakeKafka;
use super::{Gateway, router};
use crate::args::LimitArgs;
use crate::audit::AuditTrail;
use crate::kafka_health::KafkaHealth;
use crate::memory::{Memory, most_of_a_vendor};
use crate::metrics::GatewayMetrics;
use crate::places::Places;
use crate::receipts::Receipts;
use crate::registry::{Registry, Snapshot};

const TOKEN: &str = "Bearer acme-token";

struct Fixture {
    kafka: Arc<FakeKafka>,
    gateway: Arc<Gateway>,
    router: Router,
    health: chassis::Health,
    exposed: chassis::Metrics,
}

fn limits() -> LimitArgs {
    LimitArgs {
        body_bytes: 16 * 1024,
        decompressed_bytes: 64 * 1024,
        body_memory_bytes: 256 * 1024,
        nesting: 16,
        readings: 50,
        requests_in_flight: 2,
        body_deadline_seconds: 15,
        acknowledgement_deadline_ms: 50,
    }
}

fn fixture() -> Fixture {
    fixture_with(limits())
}

fn fixture_with(limits: LimitArgs) -> Fixture {
    let kafka = Arc::new(FakeKafka::new());
    let health = chassis::Health::new();
    let component = health.component("kafka");
    component.ready();
    let codec = Codec::default();
    let exposed = chassis::Metrics::for_service("gateway");
    let metrics = GatewayMetrics::register(&exposed).unwrap();
    let hash = Sha256::digest("acme-token");
    let vendor = Vendor {
        vendor_id: "acme".to_owned(),
        name: "Acme".to_owned(),
        token_hashes: vec![chassis::hex(&hash)],
        consortia: ["SAMPLE", "SAM1", "BERLIN", "NOZONE", "NOTYET"].map(str::to_owned).to_vec(),
        every_consortium: false,
    };
    let registry = Registry::default();
    let tokyo = || TimeZone::get("Asia/Tokyo").ok();
    let zones = HashMap::from([
        ("SAMPLE".to_owned(), tokyo()),
        ("BERLIN".to_owned(), TimeZone::get("Europe/Berlin").ok()),
        ("NOZONE".to_owned(), None),
    ]);
    registry.replace(Snapshot::new([&vendor], zones));
    let audit = AuditTrail::new(
        kafka.clone(),
        "audit.events".to_owned(),
        codec.encoder("audit.events").unwrap(),
        metrics.audit_failures.clone(),
    );
    let gateway = Arc::new(Gateway {
        places: Places::new(limits.requests_in_flight, most_of_a_vendor(limits.requests_in_flight)),
        memory: Memory::new(limits.body_memory_bytes),
        limits,
        registry: Arc::new(registry),
        patients: Arc::default(),
        publish: kafka.clone(),
        topic: "readings.raw".to_owned(),
        encoder: codec.encoder("readings.raw").unwrap(),
        audit,
        metrics,
        kafka: KafkaHealth::new(component),
        receipts: Receipts { store: None, places: Places::new(2, 1) },
    });
    Fixture { kafka, router: router(gateway.clone()), gateway, health, exposed }
}

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Fixture {
    /// The same with another gateway.
    fn changed(self, change: impl FnOnce(Gateway) -> Gateway) -> Self {
        let Self { kafka, gateway, router: unused, health, exposed } = self;
        drop(unused);
        let Some(gateway) = Arc::into_inner(gateway) else { panic!("only the router shared it") };
        let gateway = Arc::new(change(gateway));
        Self { kafka, router: router(gateway.clone()), gateway, health, exposed }
    }

    async fn post(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answered {
        let mut request = Request::post("/v1/readings");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap();
        Answered { status: parts.status, headers: parts.headers, body }
    }

    async fn post_with_token(&self, body: impl Into<Body>) -> Answered {
        self.post(&[("authorization", TOKEN)], body).await
    }
}

fn good(name: &str) -> &'static str {
    GOOD_DOCUMENTS.iter().find(|(known, _)| *known == name).unwrap().1
}

fn bad(name: &str) -> &'static str {
    BAD_DOCUMENTS.iter().find(|known| known.name == name).unwrap().text
}

fn problem(answered: &Answered) -> &str {
    let media_type = answered.headers["content-type"].to_str().unwrap();
    assert_eq!(media_type, "application/problem+json", "{}", answered.body);
    assert_eq!(answered.body["status"], answered.status.as_u16());
    answered.body["type"].as_str().unwrap().rsplit(':').next().unwrap()
}

fn statuses(answered: &Answered) -> Vec<&str> {
    let readings = answered.body["readings"].as_array().unwrap();
    readings.iter().map(|reading| reading["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn accepted_readings_are_in_kafka_under_their_patient_with_the_senders_vendor_id() {
    let fixture = fixture();
    let answered = fixture.post_with_token(good("several_persons.json")).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    assert_eq!(fixture.kafka.keys(), ["SAMPLE/P0001", "SAMPLE/P0002", "SAMPLE/P0002"]);
    assert!(fixture.kafka.readings().iter().all(|r| r.vendor.as_deref() == Some("acme")));
    insta::assert_json_snapshot!("accepted", answered.body);
}

#[tokio::test]
async fn one_bad_reading_leaves_the_others_accepted() {
    let fixture = fixture();
    let answered = fixture.post_with_token(bad("one_bad_among_good")).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED);
    assert_eq!(statuses(&answered), ["accepted", "rejected", "accepted"]);
    assert_eq!(fixture.kafka.readings().len(), 2);
    insta::assert_json_snapshot!("partly_accepted", answered.body);
}

#[tokio::test]
async fn a_request_of_which_every_reading_is_rejected_is_a_problem_that_lists_them() {
    let fixture = fixture();
    let answered = fixture.post_with_token(bad("implausible_value")).await;
    assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem(&answered), "rejected");
    assert!(fixture.kafka.readings().is_empty());
    insta::assert_json_snapshot!("rejected", answered.body);
    let answered = fixture.post_with_token(
        r#"{"format_version":"2.0","consortium_id":"SAMPLE",
        "send_time":"20260115080000000","person_information":[]}"#,
    );
    assert_eq!(problem(&answered.await), "no-readings");
}

#[tokio::test]
async fn minimal_answers_leave_accepted_readings_out() {
    let fixture = fixture();
    let headers = [("authorization", TOKEN), ("prefer", "respond-async, return=minimal")];
    let answered = fixture.post(&headers, bad("one_bad_among_good")).await;
    assert_eq!(statuses(&answered), ["rejected"]);
    assert_eq!(answered.body["accepted"], 2);
    assert_eq!(answered.headers["preference-applied"], "return=minimal");
}

#[tokio::test]
async fn what_kafka_does_not_acknowledge_in_time_is_not_stored_and_the_rest_is_safe() {
    let fixture = fixture();
    fixture.kafka.acknowledged.store(2, Ordering::Relaxed);
    let answered = fixture.post_with_token(good("several_persons.json")).await;
    assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem(&answered), "not-stored");
    assert!(answered.headers.contains_key("retry-after"));
    assert_eq!(statuses(&answered), ["accepted", "accepted", "not_stored"]);
    assert_eq!(fixture.kafka.readings().len(), 2);
    assert!(!fixture.health.is_ready(), "readiness knows of it");
    insta::assert_json_snapshot!("not_stored", answered.body);
}

#[tokio::test]
async fn when_the_queue_is_full_nothing_later_overtakes_what_was_refused() {
    let fixture = fixture();
    fixture.kafka.room.store(1, Ordering::Relaxed);
    let answered = fixture.post_with_token(good("several_persons.json")).await;
    assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(statuses(&answered), ["accepted", "not_stored", "not_stored"]);
    assert_eq!(fixture.kafka.keys(), ["SAMPLE/P0001"]);
}

#[tokio::test]
async fn without_a_valid_credential_nothing_is_taken_and_the_attempt_is_recorded() {
    let fixture = fixture();
    let missing = fixture.post(&[], good("activity.json")).await;
    let wrong =
        fixture.post(&[("authorization", "Bearer other-token")], good("activity.json")).await;
    for answered in [missing, wrong] {
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED);
        assert_eq!(problem(&answered), "unauthenticated");
        assert!(answered.headers.contains_key("www-authenticate"));
    }
    assert!(fixture.kafka.readings().is_empty());
    let audits = fixture.kafka.audits();
    assert_eq!(audits.len(), 1, "the second attempt came within the same second");
    assert_eq!((audits[0].actor.as_str(), audits[0].allowed), ("unknown", false));
}

/// How many attempts without a valid credential are on record.
fn attempts_on_record(fixture: &Fixture) -> u64 {
    let audits = fixture.kafka.audits();
    let number = |detail: &str| detail.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    audits.iter().map(|audit| number(&audit.detail)).sum()
}

#[tokio::test]
async fn every_attempt_without_a_credential_is_recorded_although_none_follows() {
    let fixture = fixture();
    for _ in 0..5 {
        fixture.post(&[], good("activity.json")).await;
    }
    let recorded = async {
        while attempts_on_record(&fixture) < 5 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), recorded).await;
    assert!(waited.is_ok(), "{} of 5 attempts are on record", attempts_on_record(&fixture));
    assert_eq!(fixture.kafka.audits().len(), 2);
}

#[tokio::test]
async fn a_gateway_that_ends_records_the_attempts_that_have_no_record_yet() {
    let fixture = fixture();
    for _ in 0..5 {
        fixture.post(&[], good("activity.json")).await;
    }
    fixture.gateway.audit.finish();
    assert_eq!(attempts_on_record(&fixture), 5);
}

#[tokio::test]
async fn the_consortiums_zone_makes_the_time() {
    let fixture = fixture();
    fixture.post_with_token(good("body_temperature.json").replace("SAMPLE", "BERLIN")).await;
    let readings = fixture.kafka.readings();
    assert_eq!(readings[0].utc_offset_minutes, 60);
    let answered = fixture.post_with_token(good("activity.json").replace("SAMPLE", "NOZONE")).await;
    assert_eq!(problem(&answered), "time-zone");
}

#[tokio::test]
async fn before_the_vendors_are_known_the_gateway_answers_that_it_is_starting() {
    let fresh = gateway_without_registry();
    let answered = fresh.post_with_token(good("activity.json")).await;
    assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem(&answered), "starting");
    assert!(answered.headers.contains_key("retry-after"));
}

fn gateway_without_registry() -> Fixture {
    fixture().changed(|gateway| Gateway { registry: Arc::default(), ..gateway })
}

#[tokio::test]
async fn more_requests_than_the_gateway_takes_are_answered_that_it_is_busy() {
    let fixture = fixture_with(LimitArgs { requests_in_flight: 0, ..limits() });
    let answered = fixture.post_with_token(good("activity.json")).await;
    assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem(&answered), "busy");
    assert_eq!(fixture.gateway.metrics.in_flight.get(), 0);
}

#[tokio::test]
async fn one_vendor_with_all_that_it_may_have_in_work_leaves_places_and_memory_to_the_others() {
    let limits = LimitArgs { requests_in_flight: 8, ..limits() };
    let fixture = fixture_with(limits.clone());
    let places = |vendor: &'static str| std::iter::from_fn(|| fixture.gateway.places.take(vendor));
    let theirs: Vec<_> = places("other").collect();
    assert_eq!(theirs.len(), 6);
    let mut memory = fixture.gateway.memory.share_of("other");
    memory.take(1000).unwrap();
    let mut more = fixture.gateway.memory.share_of("other");
    while more.take(1000).is_ok() {}
    let answered = fixture.post_with_token(good("blood_pressure.json")).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    // Its own requests wait for each other.
    drop(theirs);
    let own: Vec<_> = std::iter::from_fn(|| fixture.gateway.places.take("acme")).collect();
    let answered = fixture.post_with_token(good("blood_pressure.json")).await;
    assert_eq!((answered.status, problem(&answered)), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
    drop(own);
}

#[tokio::test]
async fn bodies_that_do_not_come_keep_nobody_out() {
    let fixture = Arc::new(fixture());
    let mut waiting = tokio::task::JoinSet::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let bodies = 4 * limits().requests_in_flight;
    for _ in 0..bodies {
        let (fixture, asked) = (fixture.clone(), asked.clone());
        let never = futures_util::stream::poll_fn(move |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            Poll::<Option<Result<Vec<u8>, Infallible>>>::Pending
        });
        waiting.spawn(async move {
            fixture.post_with_token(Body::from_stream(never)).await;
        });
    }
    let all_are_waited_for = async {
        while asked.load(Ordering::Relaxed) < bodies {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), all_are_waited_for).await.unwrap();
    let answered = fixture.post_with_token(good("blood_pressure.json")).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.body);
    waiting.abort_all();
}

#[tokio::test]
async fn a_request_waits_for_memory_that_others_have_and_is_split_where_there_never_is_enough() {
    let fixture = fixture();
    let mut other = fixture.gateway.memory.share();
    other.take(limits().body_memory_bytes - 1000).unwrap();
    let answered = fixture.post_with_token(good("activity.json")).await;
    assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem(&answered), "busy");
    assert!(answered.headers.contains_key("retry-after"));
    drop(other);
    let answered = fixture.post_with_token(good("activity.json")).await;
    assert_eq!(answered.status, StatusCode::ACCEPTED);
    let fixture = fixture_with(LimitArgs { body_memory_bytes: 100, ..limits() });
    let answered = fixture.post_with_token(good("activity.json")).await;
    assert_eq!(answered.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answered.body["limit"], "body_memory_bytes");
    assert_eq!(answered.body["maximum"], 100);
    assert_eq!(fixture.gateway.memory.taken(), 0);
}

/// Small bodies that hold as much as their bytes can.
fn dense_bodies() -> Vec<String> {
    let full = |element: &str, bytes: usize| element.repeat(bytes / element.len());
    let document = |fields: &str, records: &str| {
        format!(
            r#"{{{fields}"person_information":[{{"person_id":"P1","healthcare_information":{{"activity":[{records}1]}}}}]}}"#
        )
    };
    let unknown: String = (0..20).map(|n| format!(r#""{n}":0,"#)).collect();
    vec![
        format!("[{}1]", full("{},", 15_000)),
        format!("[{}1]", full("[],", 15_000)),
        format!("[{}1]", full("[[[[1]]]],", 15_000)),
        format!("[{}1]", full("1,", 15_000)),
        format!("[{}1]", full(r#"{"":1},"#, 15_000)),
        format!("{{{}\"\":1}}", full(r#""\n":1,"#, 15_000)),
        document("", &"1,".repeat(49)),
        document(&unknown, &"1,".repeat(49)),
        full("{}\n", 150),
    ]
}

#[tokio::test]
async fn small_bodies_that_become_large_stay_within_the_memory_limit_however_many_come() {
    for body in dense_bodies() {
        let start = &body[..40.min(body.len())];
        let limits = LimitArgs { body_memory_bytes: 1 << 20, requests_in_flight: 64, ..limits() };
        let fixture = fixture_with(limits);
        let mut other = fixture.gateway.memory.share();
        // Whatever room there is: a request has it, or is answered that it has not.
        for room in (0..=20).map(|part| part * (1 << 20) / 20) {
            other.take((1 << 20) - room).unwrap();
            let answered = fixture.post_with_token(body.clone()).await;
            let is_busy = answered.status == StatusCode::SERVICE_UNAVAILABLE;
            assert!(is_busy || answered.status.is_client_error(), "{start}: {}", answered.body);
            assert!(!is_busy || problem(&answered) == "busy", "{start}: {}", answered.body);
            assert!(is_busy || room > 0, "{start}");
            assert!(!is_busy || room < 1 << 20, "{start}");
            other = fixture.gateway.memory.share();
            assert_eq!(fixture.gateway.memory.taken(), 0, "{start}");
        }
        let limits = LimitArgs {
            body_memory_bytes: body.len() * 3 / 2,
            requests_in_flight: 64,
            ..self::limits()
        };
        let answered = fixture_with(limits).post_with_token(body.clone()).await;
        assert_eq!(answered.status, StatusCode::PAYLOAD_TOO_LARGE, "{start}: {}", answered.body);
        assert_eq!(answered.body["limit"], "body_memory_bytes", "{start}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_at_once_take_no_more_than_the_memory_limit_and_give_it_back() {
    let limits = LimitArgs { body_memory_bytes: 1 << 20, requests_in_flight: 64, ..limits() };
    let fixture = Arc::new(fixture_with(limits));
    let body = format!("[{}1]", "{},".repeat(5000));
    let requests = (0..40).map(|_| {
        let (fixture, body) = (fixture.clone(), zstd(&body));
        tokio::spawn(async move {
            let headers = [("authorization", TOKEN), ("content-encoding", "zstd")];
            let answered = fixture.post(&headers, body).await;
            assert!(fixture.gateway.memory.taken() <= 1 << 20);
            (answered.status, problem(&answered).to_owned())
        })
    });
    for answered in futures_util::future::join_all(requests).await {
        let (status, code) = answered.unwrap();
        let is_read = status == StatusCode::UNPROCESSABLE_ENTITY && code == "rejected";
        assert!(is_read || code == "busy", "{status} {code}");
    }
    assert_eq!(fixture.gateway.memory.taken(), 0);
}

#[tokio::test]
async fn other_pages_and_methods_are_problems_too() {
    let fixture = fixture();
    let get = Request::get("/v1/readings").body(Body::empty()).unwrap();
    let answered = fixture.send(get).await;
    assert_eq!(answered.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(problem(&answered), "method");
    let elsewhere = Request::post("/readings").body(Body::empty()).unwrap();
    assert_eq!(problem(&fixture.send(elsewhere).await), "no-such-page");
}

#[tokio::test]
async fn every_good_example_is_accepted_whole() {
    let fixture = fixture();
    for (name, text) in GOOD_DOCUMENTS {
        let answered = fixture.post_with_token(*text).await;
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{name}: {}", answered.body);
        assert_eq!(answered.body["rejected"], 0, "{name}");
    }
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 3).unwrap()
}
