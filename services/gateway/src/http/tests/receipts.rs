//! Requests for receipts, answered from a store that is as the test wants it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical::{ReadingId, Timestamp};
use serde_json::json;

use super::{Answered, Fixture, Gateway, TOKEN, fixture, good, problem};
use crate::places::Places;
use crate::receipts::{
    Answer, Cursor, DeliveredVersion, Deliveries, Delivery, QueryError, Question, ReceiptStore,
    Receipts, Version, Warning,
};
use crate::registry::Grant;

const ID: &str = "SAMPLE/P0001/blood_pressure/20260114T213000Z/6f0c1b6a5d0e9a11";

/// What a row says was not taken as it was sent.
const WARNINGS: &str = "pulse_rate:left_out body_fat:rounded";

/// What answers say of it.
fn warnings() -> serde_json::Value {
    json!([
        { "field": "pulse_rate", "rule": "left_out" },
        { "field": "body_fat", "rule": "rounded" },
    ])
}

/// What is asked of it is kept; what it answers is given.
struct FakeStore {
    versions: Result<Vec<Version>, QueryError>,
    deliveries: Result<Vec<Delivery>, QueryError>,
    settled: Cursor,
    asked: Mutex<Vec<Question>>,
}

impl ReceiptStore for FakeStore {
    fn versions(&self, id: &ReadingId, vendor_id: &str) -> Answer<Vec<Version>> {
        assert_eq!((vendor_id, &*id.to_string()), ("acme", ID));
        let versions = self.versions.clone();
        Box::pin(async { versions })
    }

    fn deliveries(&self, grant: &Grant, question: &Question) -> Answer<Deliveries> {
        assert_eq!(grant.vendor_id, "acme");
        self.asked.lock().unwrap().push(question.clone());
        let settled = self.settled;
        let deliveries = self.deliveries.clone().map(|list| Deliveries { list, settled });
        Box::pin(async { deliveries })
    }
}

fn version(is_own: bool, outcome: &str, update_seconds: i64) -> Version {
    Version {
        is_own,
        update_time: Timestamp::from_seconds(update_seconds),
        outcome: outcome.to_owned(),
        entered_in_error: false,
        warnings: Warning::of_row(if is_own { WARNINGS } else { "" }),
        received: Timestamp::from_seconds(1_768_430_000),
        partition: 3,
        offset: 7,
    }
}

fn delivery(offset: i64) -> Delivery {
    Delivery {
        cursor: Cursor { stored_at: chassis::now_ms(), partition: 3, offset },
        received: Timestamp::from_seconds(1_768_430_000),
        outcome: "stale".to_owned(),
        patient: "SAMPLE/P0001".to_owned(),
        version: Some(DeliveredVersion {
            id: ReadingId::parse(ID).unwrap(),
            update_time: Timestamp::from_seconds(1_768_420_000),
            entered_in_error: true,
            warnings: Warning::of_row(WARNINGS),
        }),
        rejection: None,
    }
}

fn rejected(offset: i64) -> Delivery {
    Delivery {
        outcome: "rejected".to_owned(),
        version: None,
        rejection: Some(("too_many_devices".to_owned(), "more than 1024 sources".to_owned())),
        ..delivery(offset)
    }
}

fn with_store(
    versions: Result<Vec<Version>, QueryError>,
    deliveries: Result<Vec<Delivery>, QueryError>,
) -> (Fixture, Arc<FakeStore>) {
    let settled = Cursor::behind(chassis::now_ms() - 45_000);
    let store = Arc::new(FakeStore { versions, deliveries, settled, asked: Mutex::default() });
    let receipts = Receipts { store: Some(store.clone()), places: Places::new(2, 1) };
    (fixture().changed(|gateway| Gateway { receipts, ..gateway }), store)
}

async fn get(fixture: &Fixture, path: &str) -> Answered {
    let request = Request::get(path).header("authorization", TOKEN).body(Body::empty());
    fixture.send(request.unwrap()).await
}

async fn get_reading(fixture: &Fixture, id: &str) -> Answered {
    get(fixture, &format!("/v1/readings/{id}")).await
}

#[tokio::test]
async fn a_receipt_lists_the_vendors_versions_and_says_which_of_them_counts() {
    let versions = vec![
        Version { entered_in_error: true, ..version(true, "correction", 1_768_420_002) },
        version(false, "correction", 1_768_420_001),
        version(true, "stale", 1_768_420_000),
    ];
    let (fixture, _) = with_store(Ok(versions), Ok(vec![]));
    let answered = get_reading(&fixture, ID).await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
    assert_eq!(answered.headers["cache-control"], "no-store");
    let of = |outcome: &str, current: bool, status: &str, second: u32| {
        json!({
            "outcome": outcome,
            "current": current,
            "status": status,
            "warnings": warnings(),
            "update_time": format!("2026-01-14T19:46:4{second}Z"),
            "received": "2026-01-14T22:33:20Z",
            "record": { "partition": 3, "offset": 7 },
        })
    };
    let expected = [of("correction", true, "entered_in_error", 2), of("stale", false, "final", 0)];
    assert_eq!(answered.body, json!({ "id": ID, "versions": expected }));
    let encoded = get_reading(&fixture, &ID.replace('/', "%2F")).await;
    assert_eq!(encoded.body, answered.body);
    let audits = fixture.kafka.audits();
    assert_eq!(audits.len(), 2);
    let access = (audits[0].actor.as_str(), audits[0].action.as_str(), audits[0].allowed);
    assert_eq!(access, ("acme", "read_receipt", true));
    assert_eq!(audits[0].patient.as_deref(), Some("SAMPLE/P0001"));
}

#[tokio::test]
async fn anothers_reading_is_answered_as_one_that_does_not_exist_and_is_on_record() {
    let anothers = vec![version(false, "new", 1_768_420_000)];
    let mut answers = Vec::new();
    for versions in [anothers, vec![]] {
        let (fixture, _) = with_store(Ok(versions), Ok(vec![]));
        answers.push(get_reading(&fixture, ID).await);
        assert!(!fixture.kafka.audits()[0].allowed);
        let elsewhere = get_reading(&fixture, &ID.replace("SAMPLE", "OTHERS")).await;
        answers.push(elsewhere);
        assert_eq!(fixture.kafka.audits()[1].consortium.as_deref(), Some("OTHERS"));
        answers.push(get_reading(&fixture, "no/id").await);
        answers.push(get_reading(&fixture, "%FF").await);
        answers.push(get_reading(&fixture, &ID.replace("blood_pressure", "x")).await);
    }
    for answered in &answers {
        assert_eq!(answered.status, StatusCode::NOT_FOUND);
        assert_eq!(problem(answered), "no-receipt");
        assert_eq!(answered.body, answers[0].body);
    }
}

#[tokio::test]
async fn deliveries_come_page_by_page_and_a_cursor_goes_on_where_the_page_ended() {
    let (fixture, store) = with_store(Ok(vec![]), Ok(vec![delivery(1), rejected(2), delivery(3)]));
    let answered = get(&fixture, "/v1/deliveries?limit=2&outcome=rejected").await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
    let shown = answered.body["deliveries"].as_array().unwrap();
    assert_eq!(shown.len(), 2);
    assert_eq!(answered.body["more"], true);
    assert_eq!(shown[0]["id"], ID);
    assert_eq!(shown[0]["status"], "entered_in_error");
    assert_eq!(shown[0]["warnings"], warnings());
    assert_eq!(
        shown[1],
        json!({
            "outcome": "rejected",
            "patient": "SAMPLE/P0001",
            "received": "2026-01-14T22:33:20Z",
            "reason": "too_many_devices",
            "detail": "more than 1024 sources",
            "record": { "partition": 3, "offset": 2 },
        })
    );
    let cursor = answered.body["cursor"].as_str().unwrap();
    get(&fixture, &format!("/v1/deliveries?cursor={cursor}")).await;
    let asked = store.asked.lock().unwrap();
    assert_eq!((asked[0].outcome, asked[0].limit), (Some("rejected"), 2));
    assert_eq!((asked[1].after.partition, asked[1].after.offset), (3, 2));
    assert_eq!(asked[1].outcome, None);
    let audits = fixture.kafka.audits();
    assert_eq!((audits.len(), audits[0].action.as_str()), (2, "list_deliveries"));
    assert!(audits[0].detail.starts_with("2 deliveries"), "{}", audits[0].detail);
}

#[tokio::test]
async fn where_there_is_no_more_the_cursor_is_as_far_as_was_looked_and_never_goes_back() {
    for deliveries in [vec![], vec![delivery(1)]] {
        let (fixture, store) = with_store(Ok(vec![]), Ok(deliveries));
        let settled = store.settled.to_string();
        for path in [
            "/v1/deliveries?outcome=stale".to_owned(),
            format!("/v1/deliveries?cursor={}", Cursor::before(store.settled.stored_at)),
        ] {
            let answered = get(&fixture, &path).await;
            assert_eq!(answered.body["more"], false, "{path}");
            assert_eq!(answered.body["cursor"], settled, "{path}");
        }
        let ahead = Cursor::behind(store.settled.stored_at + 1).to_string();
        let answered = get(&fixture, &format!("/v1/deliveries?cursor={ahead}")).await;
        assert_eq!(answered.body["cursor"], ahead);
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_understood_is_named() {
    let (fixture, _) = with_store(Ok(vec![]), Ok(vec![]));
    for (query, parameter) in [
        ("since=yesterday", "since"),
        ("since=2020-01-01T00:00:00Z", "since"),
        ("outcome=duplicate", "outcome"),
        ("cursor=1", "cursor"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "query"),
        ("from=now", "query"),
    ] {
        let answered = get(&fixture, &format!("/v1/deliveries?{query}")).await;
        assert_eq!(answered.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(problem(&answered), "parameter");
        assert_eq!(answered.body["parameter"], parameter, "{query}");
    }
}

#[tokio::test]
async fn without_the_store_receipts_are_503_and_readings_are_taken_as_ever() {
    let unreachable = || with_store(Err(QueryError::Unreachable), Err(QueryError::Unreachable)).0;
    for fixture in [fixture(), unreachable()] {
        for path in [format!("/v1/readings/{ID}"), "/v1/deliveries".to_owned()] {
            let answered = get(&fixture, &path).await;
            assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert_eq!(problem(&answered), "receipts");
            assert!(answered.headers.contains_key("retry-after"));
        }
        let posted = fixture.post_with_token(good("activity.json")).await;
        assert_eq!(posted.status, StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn nothing_is_shown_that_could_not_be_recorded() {
    let versions = vec![version(true, "new", 1_768_420_000)];
    let (fixture, _) = with_store(Ok(versions), Ok(vec![delivery(1)]));
    fixture.kafka.room.store(0, Ordering::Relaxed);
    for path in [format!("/v1/readings/{ID}"), "/v1/deliveries".to_owned()] {
        let answered = get(&fixture, &path).await;
        assert_eq!(answered.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(!answered.body.to_string().contains("P0001"), "{}", answered.body);
    }
}

#[tokio::test]
async fn receipts_need_a_credential_and_a_place_and_take_none_of_the_intake() {
    let (fixture, _) = with_store(Ok(vec![]), Ok(vec![]));
    for path in ["/v1/deliveries", "/v1/readings/%FF"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answered = fixture.send(request).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let place = fixture.gateway.receipts.places.take("acme");
    assert!(place.is_some());
    let answered = get(&fixture, "/v1/deliveries").await;
    assert_eq!(problem(&answered), "busy");
    let posted = fixture.post_with_token(good("activity.json")).await;
    assert_eq!(posted.status, StatusCode::ACCEPTED);
    drop(place);
    assert_eq!(get(&fixture, "/v1/deliveries").await.status, StatusCode::OK);
    let post = Request::post("/v1/deliveries").body(Body::empty()).unwrap();
    let answered = fixture.send(post).await;
    assert_eq!((answered.status, problem(&answered)), (StatusCode::METHOD_NOT_ALLOWED, "method"));
    assert_eq!(answered.headers["allow"], "GET, HEAD");
}
