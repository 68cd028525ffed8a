//! A gateway that is slow, deaf or strict gets every reading all the same, in order.

use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chassis::Metrics;
use clinical::{Span, Timestamp};

use super::*;
use crate::metrics::SimulatorMetrics;
use crate::population::population;
use crate::timetable::Timetable;
use crate::transmission::{Pace, Plan, Reception, TransmissionArgs};
use crate::truth;

/// Documents as received, and the answers still to be given before all is well.
#[derive(Clone, Default)]
struct FakeGateway {
    documents: Arc<Mutex<Vec<serde_json::Value>>>,
    troubles: Arc<Mutex<Vec<(StatusCode, &'static str)>>>,
}

async fn take(
    State(gateway): State<FakeGateway>,
    axum::Json(document): axum::Json<serde_json::Value>,
) -> Response {
    if let Some((status, retry_after)) = gateway.troubles.lock().unwrap().pop() {
        return (status, [("retry-after", retry_after)]).into_response();
    }
    gateway.documents.lock().unwrap().push(document);
    (StatusCode::ACCEPTED, axum::Json(serde_json::json!({ "accepted": 0, "rejected": 0 })))
        .into_response()
}

async fn serve(gateway: FakeGateway) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/v1/readings", post(take)).with_state(gateway);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn sendings(people: u32) -> Vec<Sending> {
    let now = Timestamp::from_seconds(1_767_538_800);
    let plan = Plan {
        shares: TransmissionArgs::none(),
        pace: Pace::Days,
        reception: Reception::At(now),
        kafka_share: 0.0,
    };
    let mut timetable = Timetable::default();
    for patient in population(42, people, 2) {
        for reading in truth(&patient, now - Span::from_days(2), now) {
            timetable.extend(plan.sendings(&patient, reading));
        }
    }
    timetable.due(Timestamp::LATEST)
}

struct Run {
    send_log: Arc<SendLog>,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
    senders: HttpSenders,
}

fn start(url: &str) -> Run {
    let send_log = Arc::new(SendLog::new(
        SimulatorMetrics::register(&Metrics::for_service("simulator")).unwrap(),
        true,
    ));
    let shutdown = Shutdown::new();
    let mut tasks = JoinSet::new();
    let gateway = Gateway::new(url, "token").unwrap();
    let senders = HttpSenders::start(&gateway, 3, &send_log, &shutdown, &mut tasks);
    Run { send_log, shutdown, tasks, senders }
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn every_reading_arrives_once_after_troubles_and_each_patients_in_order() {
    let gateway = FakeGateway::default();
    gateway.troubles.lock().unwrap().extend([
        (StatusCode::SERVICE_UNAVAILABLE, "0"),
        (StatusCode::INTERNAL_SERVER_ERROR, "0"),
        (StatusCode::UNAUTHORIZED, "0"),
        (StatusCode::TOO_MANY_REQUESTS, "0"),
    ]);
    let mut run = start(&serve(gateway.clone()).await);
    let sendings = sendings(20);
    let count = sendings.len() as u64;
    run.send_log.handed_over(count);
    run.senders.send(sendings);
    until("all are acknowledged", || run.send_log.acknowledged_count() == count).await;
    assert_eq!(run.send_log.on_the_way(), 0);
    drop(run.senders);
    while run.tasks.join_next().await.is_some() {}

    let mut of_person = std::collections::BTreeMap::<String, Vec<String>>::new();
    for document in gateway.documents.lock().unwrap().iter() {
        assert!(document["consortium_id"].as_str().unwrap().starts_with("DEMO0"));
        for person in document["person_information"].as_array().unwrap() {
            let id = person["person_id"].as_str().unwrap().to_owned();
            let readings = person["healthcare_information"]["blood_pressure"].as_array();
            let times = readings
                .into_iter()
                .flatten()
                .map(|reading| reading["update_time"].as_str().unwrap().to_owned());
            of_person.entry(id).or_default().extend(times);
        }
    }
    assert!(of_person.values().filter(|times| times.len() > 2).count() > 10);
    for times in of_person.values() {
        assert!(times.is_sorted(), "{times:?}");
    }
}

#[tokio::test]
async fn readings_that_nobody_answered_for_are_uncertain_at_the_end() {
    // A port that nobody listens on.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let mut run = start(&url);
    let sendings = sendings(1);
    let count = sendings.len() as u64;
    run.send_log.handed_over(count);
    run.senders.send(sendings);
    let answers = run.send_log.metrics.answers.with_label_values(&["none"]);
    until("an attempt has failed", || answers.get() > 0).await;
    run.shutdown.trigger();
    drop(run.senders);
    while run.tasks.join_next().await.is_some() {}
    assert_eq!((run.send_log.on_the_way(), run.send_log.acknowledged_count()), (0, 0));
    assert_eq!(run.send_log.metrics.unsent.with_label_values(&["http"]).get(), count);
}
