//! Taking a request body in, within limits.

use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::args::LimitArgs;
use crate::refusal::Refusal;

/// A body, and its share of the memory for bodies, which is given back with it.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) bytes: Vec<u8>,
    _memory: Option<OwnedSemaphorePermit>,
}

/// Bounds the body as it is sent, which the layer that decompresses no longer sees.
pub(crate) async fn limit_sent(
    State(limit): State<usize>,
    request: Request,
    next: Next,
) -> Response {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Refusal::body_too_large("body_bytes", limit).into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, limit)))).await
}

/// Whether the body may hold JSON. `curl --data-binary` calls everything a form, and many devices
/// call nothing anything; so only what is certainly something else is refused.
pub(crate) fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    // The layer that decompresses removes the header of what it understands.
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::content_encoding());
    }
    let Some(written) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let written = written.to_str().map_err(|_| Refusal::media_type())?;
    let media_type = written.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json"
        | "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/octet-stream"
        | "application/x-www-form-urlencoded"
        | "text/plain"
        | "text/json" => Ok(()),
        other if other.ends_with("+json") => Ok(()),
        _ => Err(Refusal::media_type()),
    }
}

/// Takes a decompressed body in.
pub(crate) async fn take(
    mut body: Body,
    limits: &LimitArgs,
    memory: &Arc<Semaphore>,
) -> Result<Taken, Refusal> {
    let deadline = Instant::now() + limits.body_deadline();
    let mut bytes = Vec::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    loop {
        let frame = timeout_at(deadline, body.frame())
            .await
            .map_err(|_elapsed| Refusal::body_too_slow(limits.body_deadline_seconds))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| refusal_of(&error, limits))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limits.decompressed_bytes {
            return Err(Refusal::body_too_large("decompressed_bytes", limits.decompressed_bytes));
        }
        let more = u32::try_from(data.len()).map_err(|_| Refusal::busy())?;
        let more = memory.clone().try_acquire_many_owned(more).map_err(|_| Refusal::busy())?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Taken { bytes, _memory: share })
}

fn refusal_of(error: &axum::Error, limits: &LimitArgs) -> Refusal {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Refusal::body_too_large("body_bytes", limits.body_bytes);
        }
        cause = inner(error);
    }
    Refusal::body_broken()
}

/// What an error is caused by. An `io::Error` passes over the error that it wraps and names that
/// one's cause.
fn inner<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}
