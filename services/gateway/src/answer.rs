//! The answer to a request of which every reading has an answer of its own.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error_response::{PROBLEM_JSON, problem_type};
use crate::exchange::{Problem, Warning, Warnings};
use crate::intake::{Entry, ReadingResult};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const RETURN_MINIMAL: &str = "return=minimal";

/// What became of every reading of a request.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    #[serde(flatten)]
    problem: Option<ProblemDetails>,
    accepted: usize,
    rejected: usize,
    not_stored: usize,
    readings: Vec<Line<'a>>,
    warnings: &'a [Warning],
    #[serde(skip_serializing_if = "is_zero")]
    warnings_omitted: usize,
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    minimal: bool,
}

#[derive(Debug, Serialize)]
struct ProblemDetails {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    document: usize,
    pointer: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Problem]>::is_empty")]
    errors: &'a [Problem],
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Whether the sender does without the list of accepted readings (RFC 7240).
pub(crate) fn prefers_minimal(headers: &HeaderMap) -> bool {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|preference| preference.trim().eq_ignore_ascii_case(RETURN_MINIMAL))
}

impl<'a> Answer<'a> {
    /// The answer, given for each good entry in order whether Kafka has acknowledged its record.
    pub(crate) fn new(
        entries: &'a [Entry],
        acknowledged: &[bool],
        warnings: &'a Warnings,
        minimal: bool,
    ) -> Self {
        let mut acknowledged = acknowledged.iter();
        let (mut accepted, mut rejected, mut not_stored) = (0, 0, 0);
        let mut readings = Vec::with_capacity(if minimal { 0 } else { entries.len() });
        for Entry { document, pointer, result } in entries {
            let (status, id, errors): (_, _, &[Problem]) = match result {
                ReadingResult::Rejected(problems) => {
                    rejected += 1;
                    ("rejected", None, problems)
                }
                ReadingResult::NotStored(problems) => {
                    not_stored += 1;
                    ("not_stored", None, problems)
                }
                ReadingResult::Good(id) if acknowledged.next() == Some(&true) => {
                    accepted += 1;
                    if minimal {
                        continue;
                    }
                    ("accepted", Some(id.as_str()), &[])
                }
                ReadingResult::Good(id) => {
                    not_stored += 1;
                    ("not_stored", Some(id.as_str()), &[])
                }
            };
            readings.push(Line { document: *document, pointer, status, id, errors });
        }
        let status = match (accepted, not_stored) {
            (_, 1..) => StatusCode::SERVICE_UNAVAILABLE,
            (1.., 0) => StatusCode::ACCEPTED,
            (0, 0) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let problem = ProblemDetails::of(status, entries.is_empty());
        let (warnings, warnings_omitted) = (warnings.listed.as_slice(), warnings.omitted);
        Self {
            problem,
            accepted,
            rejected,
            not_stored,
            readings,
            warnings,
            warnings_omitted,
            status,
            minimal,
        }
    }
}

impl ProblemDetails {
    fn of(status: StatusCode, empty: bool) -> Option<Self> {
        let (code, title, detail) = match status {
            StatusCode::SERVICE_UNAVAILABLE => (
                "not-stored",
                "Not every reading is stored",
                "Readings with status 'accepted' are safe. Send those with status 'not_stored' \
                 again: one that was stored after all is recognised and not counted twice.",
            ),
            StatusCode::UNPROCESSABLE_ENTITY if empty => (
                "no-readings",
                "There is no reading in the request",
                "The documents are well-formed, but no person in them has a reading.",
            ),
            StatusCode::UNPROCESSABLE_ENTITY => (
                "rejected",
                "Every reading is rejected",
                "Each reading's errors say which rule it breaks and where. Sending the same again \
                 does not help.",
            ),
            _ => return None,
        };
        Some(Self { r#type: problem_type(code), title, status: status.as_u16(), detail })
    }
}

impl IntoResponse for Answer<'_> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "an answer has no JSON form");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let media_type = match self.problem {
            None => HeaderValue::from_static("application/json"),
            Some(_) => PROBLEM_JSON,
        };
        let mut response =
            (self.status, [(header::CONTENT_TYPE, media_type)], body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if self.minimal {
            let applied = HeaderValue::from_static(RETURN_MINIMAL);
            response.headers_mut().insert(PREFERENCE_APPLIED, applied);
        }
        response
    }
}
