//! Answers to requests of which nothing is stored: problem details (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::credentials::NoToken;
use crate::exchange::Unreadable;
use crate::memory::NoRoom;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Encodings of a body that are understood.
const ENCODINGS: &str = "gzip, zstd, identity";
/// Media types of a body that are understood, for a person.
const MEDIA_TYPES: &str = "application/json, application/x-ndjson";

/// Why nothing of a request is stored.
#[derive(Debug)]
pub struct ErrorResponse {
    status: StatusCode,
    /// Last part of the problem's type.
    code: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// The last part of a problem's `type`, among the extensions of the response: what is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemCode(pub(crate) &'static str);

/// The `type` of a problem.
pub(crate) fn problem_type(code: &str) -> String {
    format!("urn:mimamori:problem:{code}")
}

impl ErrorResponse {
    fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self { status, code, title, detail, members: Map::new(), headers: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    fn header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    fn limit(self, name: &str, maximum: usize) -> Self {
        self.with("limit", name).with("maximum", maximum)
    }

    fn unavailable(
        code: &'static str,
        title: &'static str,
        detail: &str,
        after: &'static str,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail)
            .header(header::RETRY_AFTER, after)
    }

    pub(crate) fn starting() -> Self {
        let detail = "The gateway has not read the list of vendors yet. Send the request again.";
        Self::unavailable("starting", "The gateway is starting", detail, "2")
    }

    pub(crate) fn busy() -> Self {
        let detail = "As many requests are in work as the gateway takes. Send the request again.";
        Self::unavailable("busy", "The gateway is busy", detail, "1")
    }

    pub(crate) fn no_usable_zone(consortium_id: &str) -> Self {
        let detail = "The time zone that is registered for this consortium does not exist. \
                      The operators have to correct the entry; send the request again then.";
        Self::unavailable("time-zone", "The consortium's time zone is unknown", detail, "60")
            .with("consortium_id", consortium_id)
    }

    pub(crate) fn unauthenticated(reason: Option<NoToken>) -> Self {
        let (detail, challenge) = match reason {
            None => (
                "The bearer token is not valid (any more). Ask the operators for a new one.",
                r#"Bearer realm="mimamori", error="invalid_token""#,
            ),
            Some(NoToken::Missing | NoToken::NotBearer) => (
                "Send the device credential as 'Authorization: Bearer <token>'.",
                r#"Bearer realm="mimamori""#,
            ),
        };
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "No valid credential", detail)
            .header(header::WWW_AUTHENTICATE, challenge)
    }

    pub(crate) fn wrong_consortium(document: usize) -> Self {
        let detail = "This credential may not write for the consortium that the document names. \
                      Nothing of the request was taken, and the attempt is recorded.";
        Self::new(StatusCode::FORBIDDEN, "wrong-consortium", "Not your consortium", detail)
            .with("document", document)
            .with("pointer", "/consortium_id")
    }

    pub(crate) fn media_type() -> Self {
        let detail = format!("Send exchange documents as one of: {MEDIA_TYPES}.");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "This Content-Type is not understood",
            detail,
        )
        .header(header::ACCEPT, MEDIA_TYPES)
    }

    pub(crate) fn content_encoding() -> Self {
        let detail = format!("Send the body with one of these encodings: {ENCODINGS}.");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-encoding",
            "This Content-Encoding is not understood",
            detail,
        )
        .header(header::ACCEPT_ENCODING, ENCODINGS)
    }

    pub(crate) fn body_too_large(limit: &'static str, maximum: usize) -> Self {
        let what = match limit {
            "decompressed_bytes" => "after decompression",
            _ => "as it is sent",
        };
        let detail = format!("A body may have {maximum} bytes {what}. Send several requests.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
            .limit(limit, maximum)
    }

    fn too_much_memory(maximum: usize) -> Self {
        let detail = format!(
            "With all that is in it, the request takes more than the {maximum} bytes of memory that \
             requests may take. Send several requests."
        );
        let title = "The request takes too much memory";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title, detail)
            .limit("body_memory_bytes", maximum)
    }

    pub(crate) fn body_too_slow(seconds: u64) -> Self {
        let detail = format!("A body has to arrive within {seconds} seconds.");
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body came too slowly", detail)
            .with("limit", "body_deadline_seconds")
            .with("maximum", seconds)
    }

    pub(crate) fn body_broken() -> Self {
        let detail = "The body ended early or is not encoded as its Content-Encoding says.";
        Self::new(StatusCode::BAD_REQUEST, "broken-body", "The body cannot be read", detail)
    }

    pub(crate) fn unreadable(error: &Unreadable) -> Self {
        let detail = error.to_string();
        let bad = |code, title| Self::new(StatusCode::BAD_REQUEST, code, title, detail.clone());
        let too_large =
            |title| Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title, detail.clone());
        match *error {
            Unreadable::Empty => bad("empty", "There is no document in the body"),
            Unreadable::Malformed { document, line, column, .. } => {
                bad("malformed-json", "The body is not JSON")
                    .with("document", document)
                    .with("line", line)
                    .with("column", column)
            }
            Unreadable::TooDeep { document, limit } => {
                bad("too-deep", "The document is nested too deep")
                    .with("document", document)
                    .limit("nesting", limit)
            }
            Unreadable::TooManyReadings { limit } => {
                too_large("Too many readings").limit("readings", limit)
            }
            Unreadable::TooManyValues { limit } => {
                too_large("Too many values").limit("json_values", limit)
            }
            Unreadable::NoRoom(no_room) => no_room.into(),
        }
    }

    pub(crate) fn no_such_page() -> Self {
        let detail = "Readings are sent with POST to /v1/readings. Receipts are at \
                      GET /v1/readings/{id} and /v1/deliveries.";
        Self::new(StatusCode::NOT_FOUND, "no-such-page", "There is no such page", detail)
    }

    pub(crate) fn method() -> Self {
        let detail = "Readings are sent with POST to /v1/readings.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Use POST", detail)
            .header(header::ALLOW, "POST")
    }

    pub(crate) fn get_only() -> Self {
        let detail = "Receipts are asked for with GET.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Use GET", detail)
            .header(header::ALLOW, "GET, HEAD")
    }

    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "parameter", "A parameter is not understood", detail)
            .with("parameter", name)
    }

    pub(crate) fn no_receipt() -> Self {
        let detail = "There is no version of such a reading that came in with your credentials. It \
                      may still be on its way, for some seconds; it may have been rejected after it \
                      was taken, which /v1/deliveries?outcome=rejected lists; or it was there \
                      already, and what was sent again is dropped.";
        Self::new(StatusCode::NOT_FOUND, "no-receipt", "There is no receipt", detail)
    }

    pub(crate) fn no_receipts() -> Self {
        let detail = "This deployment answers no receipts: its gateway is not connected to the \
                      store. Ask the operators. Readings are taken as ever.";
        Self::unavailable("receipts", "There are no receipts here", detail, "3600")
    }

    pub(crate) fn receipts_unavailable() -> Self {
        let detail =
            "The store of readings does not answer. Ask again; readings are taken as ever.";
        Self::unavailable("receipts", "Receipts cannot be answered now", detail, "30")
    }

    pub(crate) fn not_recorded() -> Self {
        let detail = "The access cannot be recorded, so nothing is shown. Ask again.";
        Self::unavailable("receipts", "The access cannot be recorded", detail, "5")
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn internal() -> Self {
        let detail = "The gateway failed. What was sent may be stored or not; send it again, \
                      which is harmless.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "A fault of the gateway", detail)
    }
}

impl From<NoRoom> for ErrorResponse {
    fn from(no_room: NoRoom) -> Self {
        match no_room {
            NoRoom::Now => Self::busy(),
            NoRoom::Ever { limit } => Self::too_much_memory(limit),
        }
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let mut problem = json!({
            "type": problem_type(self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        for (name, value) in self.members {
            problem[name] = value;
        }
        let mut response =
            (self.status, [(header::CONTENT_TYPE, PROBLEM_JSON)], problem.to_string())
                .into_response();
        response.extensions_mut().insert(ProblemCode(self.code));
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_say_has_no_runs_of_blanks() {
        for answer in [
            ErrorResponse::starting(),
            ErrorResponse::busy(),
            ErrorResponse::no_usable_zone("SAMPLE"),
            ErrorResponse::unauthenticated(None),
            ErrorResponse::wrong_consortium(0),
            ErrorResponse::media_type(),
            ErrorResponse::content_encoding(),
            ErrorResponse::body_too_large("body_bytes", 1),
            ErrorResponse::too_much_memory(1),
            ErrorResponse::body_too_slow(15),
            ErrorResponse::body_broken(),
            ErrorResponse::no_such_page(),
            ErrorResponse::method(),
            ErrorResponse::get_only(),
            ErrorResponse::no_receipt(),
            ErrorResponse::no_receipts(),
            ErrorResponse::receipts_unavailable(),
            ErrorResponse::not_recorded(),
            ErrorResponse::internal(),
        ] {
            assert!(!answer.detail.contains("  "), "{}", answer.detail);
            assert!(!answer.detail.contains('\n'), "{}", answer.detail);
        }
    }
}
