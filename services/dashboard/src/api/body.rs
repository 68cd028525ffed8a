//! Bodies of requests: bounded, and what is answered of one that cannot be read.

use std::borrow::Cow;
use std::error::Error;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use futures_util::{StreamExt, stream};
use http_body_util::LengthLimitError;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// No JSON that the API takes is longer, in bytes.
pub(super) const LONGEST_JSON: usize = 16 * 1024;

/// So soon after its head a body has to be there in whole: 16 KiB, or a file of 1 MiB at 1 Mbit/s. Ours. A
/// connection of which a body is waited for gives way to nobody, so none may take longer.
pub(super) const WHOLE_WITHIN: Duration = Duration::from_secs(10);

/// Lets a body fail that is not there in whole in time.
pub(super) async fn in_time(request: Request) -> Request {
    let until = Instant::now() + WHOLE_WITHIN;
    request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        let parts = stream::unfold(Some(body.into_data_stream()), move |parts| async move {
            let mut parts = parts?;
            match timeout_at(until, parts.next()).await {
                Ok(part) => Some((part?, Some(parts))),
                Err(_) => Some((Err(axum::Error::new(io::Error::from(TOO_SLOW))), None)),
            }
        });
        Body::from_stream(parts)
    })
}

const TOO_SLOW: io::ErrorKind = io::ErrorKind::TimedOut;

fn is_too_slow(error: &(dyn Error + 'static)) -> bool {
    let is_of_time = |error: &(dyn Error + 'static)| {
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == TOO_SLOW)
    };
    std::iter::successors(Some(error), |&error| error.source()).any(is_of_time)
}

/// What is answered where a body is no JSON that can be read; `detail` where it is not for its length.
pub(super) fn unreadable(
    rejection: &JsonRejection,
    detail: impl Into<Cow<'static, str>>,
) -> Problem {
    unreadable_of(rejection, LONGEST_JSON, detail)
}

/// As [`unreadable`], where so many bytes are taken.
pub(super) fn unreadable_of(
    rejection: &JsonRejection,
    longest: usize,
    detail: impl Into<Cow<'static, str>>,
) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::body_too_large(longest),
        _ if is_too_slow(rejection) => Problem::body_too_slow(WHOLE_WITHIN),
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
            false if is_too_slow(&error) => Problem::body_too_slow(WHOLE_WITHIN),
            false => Problem::bad_request("The body ends before its end; send it whole."),
        }
    })
}
