//! The two pages of receipts.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use clinical::{ReadingId, Timestamp};

use super::question::Parameters;
use super::{Deliveries, Page, ReadingReceipt, ReceiptStore};
use crate::audit::Receipt;
use crate::error_response::ErrorResponse;
use crate::http::{Gateway, authenticate};
use crate::places::Place;
use crate::registry::Grant;
use ::store::QueryError;

/// The pages of receipts.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/v1/readings/{*id}", get(reading))
        .route("/v1/deliveries", get(deliveries))
        .method_not_allowed_fallback(async || ErrorResponse::get_only())
        .with_state(gateway)
}

/// Who asks, and what is answered from, for as long as the answer takes.
struct Asked {
    grant: Arc<Grant>,
    store: Arc<dyn ReceiptStore>,
    _place: Place,
}

fn ask(gateway: &Gateway, headers: &HeaderMap) -> Result<Asked, ErrorResponse> {
    let registry = gateway.registry.current().ok_or_else(ErrorResponse::starting)?;
    let grant = authenticate(gateway, &registry, headers)?;
    let store = gateway.receipts.store.clone().ok_or_else(ErrorResponse::no_receipts)?;
    let place = gateway.receipts.places.take(&grant.vendor_id).ok_or_else(ErrorResponse::busy)?;
    Ok(Asked { grant, store, _place: place })
}

async fn reading(
    State(gateway): State<Arc<Gateway>>,
    written: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    // What is no text is no id.
    let written = written.map_or_else(|_| String::new(), |Path(written)| written);
    counted(&gateway, find(&gateway, &written, &headers)).await
}

async fn deliveries(
    State(gateway): State<Arc<Gateway>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    counted(&gateway, list(&gateway, parameters, &headers)).await
}

async fn counted(
    gateway: &Gateway,
    answer: impl Future<Output = Result<Response, ErrorResponse>>,
) -> Result<Response, ErrorResponse> {
    let timer = gateway.metrics.receipt_duration.start_timer();
    let answer = answer.await;
    timer.observe_duration();
    let status = answer.as_ref().map_or_else(ErrorResponse::status, Response::status);
    gateway.metrics.receipt_answered(status);
    answer
}

async fn find(
    gateway: &Gateway,
    written: &str,
    headers: &HeaderMap,
) -> Result<Response, ErrorResponse> {
    let Asked { grant, store, _place } = ask(gateway, headers)?;
    let vendor_id = &grant.vendor_id;
    // The same answer for another's reading, an unknown one and a text that is no id: who asks must
    // not learn what others have sent.
    let Ok(id) = ReadingId::parse(written) else {
        return Err(ErrorResponse::no_receipt());
    };
    let patient = id.patient();
    if !grant.covers(patient.consortium()) {
        let refused = Receipt::of_patient(vendor_id, patient, false, "not the vendor's consortium");
        gateway.audit.receipt(refused).await.map_err(|_| ErrorResponse::not_recorded())?;
        return Err(ErrorResponse::no_receipt());
    }
    let versions = store.versions(&id, vendor_id).await.map_err(unavailable)?;
    let receipt = ReadingReceipt::of(&id, versions);
    let detail = match &receipt {
        Some(receipt) => format!("{id}: {} versions", receipt.versions.len()),
        None => "no version of the vendor's".to_owned(),
    };
    let access = Receipt::of_patient(vendor_id, patient, receipt.is_some(), &detail);
    gateway.audit.receipt(access).await.map_err(|_| ErrorResponse::not_recorded())?;
    receipt.map(answer).ok_or_else(ErrorResponse::no_receipt)
}

async fn list(
    gateway: &Gateway,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: &HeaderMap,
) -> Result<Response, ErrorResponse> {
    let Asked { grant, store, _place } = ask(gateway, headers)?;
    let Query(parameters) = parameters.map_err(|_| {
        let detail = "The parameters are since, outcome, cursor and limit, each once.";
        ErrorResponse::parameter("query", detail)
    })?;
    let question = parameters.question(Timestamp::from_millis(chassis::now_ms()))?;
    let Deliveries { list: mut found, settled } =
        store.deliveries(&grant, &question).await.map_err(unavailable)?;
    let more = found.len() > question.limit as usize;
    found.truncate(question.limit as usize);
    let end = match found.last() {
        Some(last) if more => last.cursor,
        // What was looked at and is of another outcome need not be looked at again.
        _ => settled.max(question.after),
    };
    let detail = format!("{} deliveries, from {} to {end}", found.len(), question.after);
    let access = Receipt::of_list(&grant.vendor_id, &detail);
    gateway.audit.receipt(access).await.map_err(|_| ErrorResponse::not_recorded())?;
    let deliveries = found.into_iter().map(Into::into).collect();
    Ok(answer(Page { deliveries, cursor: end.to_string(), more }))
}

fn unavailable(error: QueryError) -> ErrorResponse {
    tracing::warn!(%error, "a receipt cannot be answered");
    ErrorResponse::receipts_unavailable()
}

fn answer(body: impl serde::Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
