//! `POST /v1/readings`: from headers to answer. The receipts are beside it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use clinical::Timestamp;
use schemas::{Encoder, Reading};
use stream::SendError;

use crate::answer::{Answer, prefers_minimal};
use crate::args::LimitArgs;
use crate::audit::AuditTrail;
use crate::body::{self, Encoding};
use crate::credentials;
use crate::error_response::ErrorResponse;
use crate::intake::{self, IntakeError, ReadingResult};
use crate::kafka_health::KafkaHealth;
use crate::memory::{Memory, Share};
use crate::metrics::GatewayMetrics;
use crate::patients::Patients;
use crate::places::Places;
use crate::publish::{Outbound, Publish, deliver};
use crate::receipts::{self, Receipts};
use crate::registry::{Grant, Registry, Snapshot};

/// Bodies from this size on are read on a thread that may block, so that small requests do not
/// wait behind large ones.
const LARGE_BODY: usize = 64 * 1024;

/// What all requests share.
pub(crate) struct Gateway {
    pub(crate) limits: LimitArgs,
    pub(crate) registry: Arc<Registry>,
    pub(crate) patients: Arc<Patients>,
    pub(crate) publish: Arc<dyn Publish>,
    pub(crate) topic: String,
    pub(crate) encoder: Encoder<Reading>,
    pub(crate) audit: AuditTrail,
    pub(crate) metrics: GatewayMetrics,
    pub(crate) places: Places,
    pub(crate) memory: Memory,
    pub(crate) kafka: KafkaHealth,
    pub(crate) receipts: Receipts,
}

/// The API.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/v1/readings", post(receive))
        .method_not_allowed_fallback(async || ErrorResponse::method())
        .layer(from_fn_with_state(gateway.metrics.clone(), measure))
        .fallback(async || ErrorResponse::no_such_page())
        .with_state(gateway.clone())
        .merge(receipts::router(gateway))
}

async fn measure(State(metrics): State<GatewayMetrics>, request: Request, next: Next) -> Response {
    let timer = metrics.request_duration.start_timer();
    let response = next.run(request).await;
    timer.observe_duration();
    metrics.answered(response.status());
    response
}

async fn receive(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let registry = gateway.registry.current().ok_or_else(ErrorResponse::starting)?;
    let (parts, body) = request.into_parts();
    let grant = authenticate(&gateway, &registry, &parts.headers)?;
    let encoding = body::check_headers(&parts.headers, &gateway.limits)?;
    let minimal = prefers_minimal(&parts.headers);
    // A sender that hangs up must not leave half of its request uncounted.
    let sender = Sender { registry, grant };
    tokio::spawn(work(gateway, sender, body, encoding, minimal))
        .await
        .unwrap_or_else(|_panicked| Err(ErrorResponse::internal()))
}

pub(crate) fn authenticate(
    gateway: &Gateway,
    registry: &Snapshot,
    headers: &HeaderMap,
) -> Result<Arc<Grant>, ErrorResponse> {
    let response = match credentials::bearer(headers) {
        Ok(hash) => match registry.grant(&hash) {
            Some(grant) => return Ok(grant.clone()),
            None => ErrorResponse::unauthenticated(None),
        },
        Err(reason) => ErrorResponse::unauthenticated(Some(reason)),
    };
    gateway.audit.unauthenticated();
    Err(response)
}

/// Who sends, by the master lists as they were when the request came in.
#[derive(Clone)]
struct Sender {
    registry: Arc<Snapshot>,
    grant: Arc<Grant>,
}

async fn work(
    gateway: Arc<Gateway>,
    sender: Sender,
    body: Body,
    encoding: Encoding,
    minimal: bool,
) -> Result<Response, ErrorResponse> {
    let mut share = gateway.memory.share_of(&sender.grant.vendor_id);
    let sent = body::read(body, &gateway.limits, &mut share).await?;
    // Only now: bodies that do not come must not keep the places of those that have.
    let place = gateway.places.take(&sender.grant.vendor_id);
    let _place = place.ok_or_else(ErrorResponse::busy)?;
    gateway.metrics.in_flight.inc();
    let in_flight = gateway.metrics.in_flight.clone();
    let _leaving = Leaving(move || in_flight.dec());
    let large = encoding != Encoding::Identity || sent.len() >= LARGE_BODY;
    let prepared = {
        let (gateway, sender) = (gateway.clone(), sender.clone());
        off_the_runtime(large, move || prepare(&gateway, &sender, sent, encoding, share)).await?
    };
    let (prepared, share) = prepared.map_err(|error| match error {
        IntakeError::Answered(response) => response,
        IntakeError::WrongConsortium { document, consortium_id } => {
            refused(&gateway, &sender, &consortium_id, 0);
            ErrorResponse::wrong_consortium(document)
        }
    })?;
    if let Some((consortium_id, others)) = &prepared.uncovered {
        refused(&gateway, &sender, consortium_id, *others);
    }
    let acknowledged = send(&gateway, &prepared.records).await;
    count(&gateway.metrics, &prepared, &acknowledged);
    off_the_runtime(large, move || {
        let _until_it_is_answered = share;
        Answer::new(&prepared.entries, &acknowledged, &prepared.warnings, minimal).into_response()
    })
    .await
}

/// Puts it on record that a vendor may not write for a consortium, and for so many others of the request.
fn refused(gateway: &Gateway, sender: &Sender, consortium_id: &str, others: usize) {
    let vendor_id = &sender.grant.vendor_id;
    gateway.audit.wrong_consortium(vendor_id, consortium_id, others);
    tracing::warn!(
        vendor = vendor_id,
        consortium = consortium_id,
        others,
        "refused: the vendor may not write for this consortium"
    );
}

/// Reads what was sent. The share then has what is kept of it.
fn prepare(
    gateway: &Gateway,
    sender: &Sender,
    sent: Vec<u8>,
    encoding: Encoding,
    mut share: Share,
) -> Result<(intake::Prepared, Share), IntakeError> {
    let limit = gateway.limits.decompressed_bytes;
    let body::Decompressed { bytes: body, is_padded } =
        body::decompress(sent, encoding, limit, &mut share).map_err(IntakeError::Answered)?;
    let limits = gateway.limits.of_parser();
    let received = Timestamp::from_millis(chassis::now_ms());
    let Sender { registry, grant } = sender;
    let encoder = &gateway.encoder;
    let lists = (&**registry, &*gateway.patients);
    let mut prepared = intake::prepare(&body, grant, lists, encoder, limits, received, &mut share)?;
    drop(body);
    if is_padded {
        prepared.warnings.add_padding();
    }
    share.give_back(share.bytes() - prepared.bytes);
    Ok((prepared, share))
}

async fn send(gateway: &Gateway, records: &[Outbound]) -> Vec<bool> {
    if records.is_empty() {
        return Vec::new();
    }
    let patience = gateway.limits.acknowledgement_deadline();
    let timer = gateway.metrics.acknowledgement.start_timer();
    let delivered = deliver(&*gateway.publish, &gateway.topic, records, patience).await;
    timer.observe_duration();
    if let Some(error) = &delivered.failure {
        let not_stored = delivered.acknowledged.iter().filter(|done| !**done).count();
        tracing::warn!(%error, not_stored, "readings are not acknowledged by Kafka; answered 503");
        if *error != SendError::QueueFull {
            gateway.kafka.failed();
        }
    }
    delivered.acknowledged
}

fn count(metrics: &GatewayMetrics, prepared: &intake::Prepared, acknowledged: &[bool]) {
    let accepted = acknowledged.iter().filter(|done| **done).count();
    let is_not_stored =
        |entry: &&intake::Entry| matches!(entry.result, ReadingResult::NotStored(_));
    let not_stored = prepared.entries.iter().filter(is_not_stored).count();
    metrics.published(accepted, acknowledged.len() - accepted + not_stored);
    for entry in &prepared.entries {
        if let ReadingResult::Rejected(problems) = &entry.result
            && let Some(first) = problems.first()
        {
            metrics.rejected(first.rule);
        }
    }
    metrics.warned(&prepared.warnings);
    metrics.unregistered("patient", prepared.of_unregistered_patients);
    metrics.unregistered("consortium", prepared.of_unregistered_consortia);
}

/// Runs work that takes long on a thread that may block, and short work here.
async fn off_the_runtime<T: Send + 'static>(
    long: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorResponse> {
    if long {
        tokio::task::spawn_blocking(work).await.map_err(|_panicked| ErrorResponse::internal())
    } else {
        Ok(work())
    }
}

/// Does something when a request is left, however it is left.
struct Leaving<F: FnMut()>(F);

impl<F: FnMut()> Drop for Leaving<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod fake_kafka;
#[cfg(test)]
mod tests;
