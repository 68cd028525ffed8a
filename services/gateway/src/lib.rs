//! The gateway: readings come in by HTTP and go to Kafka, and every sender learns what became of
//! every reading.
//!
//! # The request
//! `POST /v1/readings` with one exchange document, or several after one another (newline-delimited
//! JSON); see [`exchange`] for the form. The body may be compressed (`Content-Encoding: gzip` or
//! `zstd`). The `Content-Type` may be any that devices send for JSON, plain `curl --data-binary`
//! included. The credential comes as `Authorization: Bearer …`; the `registry.vendors` topic holds
//! its SHA-256 and the consortia for which it may write, and the vendor's id is put into every
//! reading.
//!
//! # The answer
//! | status | when |
//! | --- | --- |
//! | 202 | at least one reading is accepted, and Kafka has acknowledged all accepted ones with every in-sync replica |
//! | 422 | every reading is rejected, or there is none |
//! | 503 | some readings are not acknowledged in time, or the time zone of their consortium does not exist |
//!
//! These three say for each reading (document from 0, JSON pointer) whether it is `accepted` (with
//! its id), `rejected` (with pointers, rules and messages) or `not_stored`, besides how many of
//! each there are and [`exchange::Warnings`]. A document that is no JSON among others is an entry
//! that is `rejected`; so is each reading of one for a consortium that the credential does not cover,
//! which is recorded in `audit.events`. `Prefer: return=minimal` leaves the accepted ones out of the list.
//! `not_stored` means that no acknowledgement came: the reading may still arrive, and sending it
//! again is harmless, because the platform recognises what it has.
//!
//! All other answers mean that nothing of the request is stored:
//!
//! | status | when |
//! | --- | --- |
//! | 400 | no document can be read: no JSON (with line and column), nested too deep, empty; or not decompressible |
//! | 401 | no valid credential |
//! | 403 | all documents name consortia that the credential does not cover; recorded in `audit.events` |
//! | 408 | the body did not arrive in time |
//! | 413 | a limit on bytes, readings, JSON values or memory is broken; the answer names it |
//! | 415 | a content type or encoding that is not understood |
//! | 503 | starting, more in work than the gateway takes, or no document of a consortium whose time zone exists; with `Retry-After` |
//!
//! Everything but 202 is a problem document (RFC 9457). Answers, logs and metrics name places and
//! rules, never values.
//!
//! # Receipts
//! `GET /v1/readings/{id}` and `GET /v1/deliveries` say what became of what a vendor has sent; see
//! `receipts`.
//!
//! # Order
//! Readings of a request are queued in the order of the document, and the Kafka key is the patient;
//! so one sender's requests, sent one after another, stay in order for each patient. When the queue
//! towards Kafka is full, the rest of the request is not queued either.
//!
//! # Parts
//! [`exchange`] is pure: text to readings. `registry` follows the master lists of who may send, and
//! `patients` those of whose readings somebody will see, `credentials` and `body` take a request
//! in, `intake` makes records of it, `publish` sends them, `answer` and `error_response` say what
//! became of it, `http` joins them. `memory` bounds what requests take together: their bodies, the
//! JSON trees of these, and their readings until they are answered. `kafka_health` watches Kafka,
//! `audit` records refused attempts and accesses to receipts, `metrics` counts. `receipts` alone
//! asks ClickHouse.

mod answer;
mod args;
mod audit;
mod body;
mod credentials;
mod error_response;
pub mod exchange;
mod http;
mod intake;
mod kafka_health;
mod memory;
mod metrics;
mod patients;
mod places;
mod publish;
mod receipts;
mod registry;

use std::sync::Arc;

use anyhow::Context as _;
use chassis::server::Connections;
use chassis::{Essential, Health, Metrics, Shutdown, server, telemetry};
use schemas::topics::Topic;
use schemas::{AuditEvent, Codec, Reading, Topics};
use stream::fitness::{FoundTopics, wait_until_fit};
use stream::hanging::Hanging;
use stream::producer::Producer;

pub use args::{GatewayArgs, LimitArgs};
use audit::AuditTrail;
pub use body::{Decompressed, Encoding, decompress};
pub use credentials::{NoToken, bearer};
pub use error_response::ErrorResponse;
use http::Gateway;
use kafka_health::KafkaHealth;
use memory::most_of_a_vendor;
pub use memory::{Memory, NoRoom, Share};
use metrics::GatewayMetrics;
use patients::Patients;
use places::Places;
use receipts::{ClickHouse, ReceiptStore, Receipts};
use registry::Registry;
pub use registry::{Grant, MasterLists, Snapshot, TokenHash};

/// Runs the gateway until SIGTERM or SIGINT: then it takes no more requests, finishes those in
/// work, flushes what is queued for Kafka, and returns.
///
/// # Errors
/// When a setting is refused, an address is taken, or the schema registry does not answer.
pub async fn run(args: GatewayArgs) -> anyhow::Result<()> {
    telemetry::init("gateway", &args.service.telemetry)?;
    let shutdown = args.service.shutdown()?;
    anyhow::ensure!(
        args.limits.holds_the_largest_body(),
        "--body-memory-bytes must be at least one and a half times --decompressed-bytes, and beside \
         that --decompressed-bytes or one and a half times --body-bytes, whichever is more; or the \
         largest body could never be read"
    );
    let health = Health::new();
    let exposed = Metrics::for_service("gateway");
    let metrics = GatewayMetrics::register(&exposed)?;
    let topics = Topics::with_prefix(&args.deployment.topic_prefix);
    let producer = Producer::new(&args.kafka, "mimamori-gateway")?;
    let (codec, readings, audits) = codec(&args, &topics).await?;

    let registry = Arc::new(Registry::default());
    let component = health.component("registry");
    let follower =
        registry.clone().follow(&args.kafka, &topics, &codec, component, shutdown.clone())?;
    let patients = Arc::new(Patients::default());
    let patients_follower =
        patients::follow_lists(patients.clone(), &args.kafka, &topics, &codec, shutdown.clone())?;
    let kafka = KafkaHealth::new(health.component("kafka"));
    std::thread::Builder::new().name("kafka-health".to_owned()).spawn({
        let (kafka, shutdown, lag) =
            (kafka.clone(), shutdown.clone(), metrics.registry_lag.clone());
        let (args, topic) = (args.kafka.clone(), topics.name(Topic::ReadingsRaw));
        let hanging = Hanging::register(&args, &health, &exposed)?.staying_ready();
        let held_back = [follower.held_back(), patients_follower.held_back()];
        let observe = move || {
            lag.set(follower.lag() + patients_follower.lag());
            let all: Vec<_> = held_back.iter().flat_map(|held_back| held_back()).collect();
            hanging.observe(&all);
        };
        move || {
            let _essential = Essential::to("watching Kafka");
            kafka.watch(&args, &topic, &shutdown, observe);
        }
    })?;

    let publish = Arc::new(producer.clone());
    let audit_topic = topics.name(Topic::AuditEvents);
    let audit =
        AuditTrail::new(publish.clone(), audit_topic, audits, metrics.audit_failures.clone());
    let trail = audit.clone();
    if args.clickhouse.0.is_none() {
        tracing::info!("receipts are answered 503: no CLICKHOUSE_URL is set");
    }
    let insert_timeout = args.inserts.insert_timeout();
    let store = args.clickhouse.0.as_ref().map(|clickhouse| {
        Arc::new(ClickHouse::new(clickhouse, insert_timeout)) as Arc<dyn ReceiptStore>
    });
    let gateway = Arc::new(Gateway {
        places: Places::new(
            args.limits.requests_in_flight,
            most_of_a_vendor(args.limits.requests_in_flight),
        ),
        memory: Memory::new(args.limits.body_memory_bytes),
        limits: args.limits.clone(),
        registry,
        patients,
        publish,
        topic: topics.name(Topic::ReadingsRaw),
        encoder: readings,
        audit,
        metrics,
        kafka,
        receipts: Receipts {
            store,
            places: Places::new(args.receipts_in_flight, args.receipts_in_flight.div_ceil(2)),
        },
    });

    let connections = Connections::with_metrics(&args.connections, &exposed)?;
    let operations = server::operations_router(health.clone(), exposed);
    let api = http::router(gateway).merge(operations.clone());
    let listener = server::bind(args.listen, "--listen or MIMAMORI_GATEWAY_LISTEN").await?;
    let operations_listener = args.service.bind_operations().await?;
    tracing::info!(
        address = %listener.local_addr()?,
        operations = %operations_listener.local_addr()?,
        "listening"
    );
    let intake = health.component("intake");
    intake.ready();
    let ended = tokio::try_join!(
        async {
            anyhow::Ok(server::serve_within(listener, api, connections, shutdown.clone()).await?)
        },
        async {
            anyhow::Ok(server::serve(operations_listener, operations, shutdown.clone()).await?)
        },
        check_topics(&args, &topics, &shutdown),
        async {
            shutdown.requested().await;
            intake.not_ready("stopping");
            anyhow::Ok(())
        }
    );
    shutdown.trigger();
    ended?;
    trail.finish();
    // What waits longer than a request does was answered as not stored: its sender sends it again.
    let patience = args.limits.acknowledgement_deadline();
    match tokio::task::spawn_blocking(move || producer.flush(patience)).await? {
        Ok(()) => tracing::info!("stopped: every request is answered and nothing waits for Kafka"),
        Err(error) => tracing::warn!(%error, "stopped: what was answered as not stored is dropped"),
    }
    shutdown.drained();
    Ok(())
}

/// The topics that the gateway reads or writes.
const USED: [Topic; 7] = [
    Topic::ReadingsRaw,
    Topic::AuditEvents,
    Topic::RegistryVendors,
    Topic::RegistryConsortia,
    Topic::RegistryParticipants,
    Topic::RegistryPractitioners,
    Topic::RegistryCareTeams,
];

/// Checks the topics as soon as Kafka answers.
async fn check_topics(
    args: &GatewayArgs,
    topics: &Topics,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let (kafka, topics, shutdown) = (args.kafka.clone(), topics.clone(), shutdown.clone());
    tokio::task::spawn_blocking(move || {
        let stop = || shutdown.is_requested();
        // Whoever watches Kafka's health says meanwhile why Kafka does not answer.
        let faults = |found: &FoundTopics| topics.faults(&USED, found);
        wait_until_fit(&kafka, &topics.names(&USED), faults, stop, |_| {})
    })
    .await??;
    Ok(())
}

/// The codec and the encoders. With a schema registry the schemas are published now, which blocks.
async fn codec(
    args: &GatewayArgs,
    topics: &Topics,
) -> anyhow::Result<(Codec, schemas::Encoder<Reading>, schemas::Encoder<AuditEvent>)> {
    let url = args.schema_registry.url().map(str::to_owned);
    let readings = topics.name(Topic::ReadingsRaw);
    let audits = topics.name(Topic::AuditEvents);
    tokio::task::spawn_blocking(move || {
        let codec = Codec::new(url.as_deref())?;
        let readings = codec.encoder(&readings)?;
        let audits = codec.encoder(&audits)?;
        Ok((codec, readings, audits))
    })
    .await?
    .map_err(|error: schemas::codec::RegistryError| anyhow::Error::new(error))
    .context("the schemas cannot be published; check SCHEMA_REGISTRY_URL")
}
