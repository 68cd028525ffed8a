//! Bodies of requests: bounded, and what is answered of one that cannot be read.

use std::borrow::Cow;
use std::error::Error;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use http_body_util::LengthLimitError;

use crate::problem::Problem;

/// No JSON that the API takes is longer, in bytes.
pub(super) const LONGEST_JSON: usize = 16 * 1024;

/// What is answered where a body is no JSON that can be read; `detail` where it is not for its length.
pub(super) fn unreadable(
    rejection: &JsonRejection,
    detail: impl Into<Cow<'static, str>>,
) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::body_too_large(LONGEST_JSON),
        _ => Problem::bad_request(detail),
    }
}

/// A body of so many bytes at most, whole.
///
/// # Errors
/// The problem to answer with where it is longer, or ends before its end.
pub(super) async fn whole(body: Body, most: usize) -> Result<Bytes, Problem> {
    to_bytes(body, most).await.map_err(|error| {
        let is_too_long = error.source().is_some_and(|source| source.is::<LengthLimitError>());
        match is_too_long {
            true => Problem::body_too_large(most),
            false => Problem::bad_request("The body ends before its end; send it whole."),
        }
    })
}
