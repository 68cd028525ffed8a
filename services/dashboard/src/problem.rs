//! Errors as problem details (RFC 9457), each saying what to do next.

mod acts;

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// So many places of a file are named; who mends them sees the next ones.
const MOST_NAMED: usize = 50;

/// The first places of a file, and how many more there are.
pub fn named(places: &[impl Display], separator: &str) -> String {
    let first: Vec<String> = places.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    let more = match places.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!("{separator}and {more} more"),
    };
    first.join(separator) + &more
}

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
}

/// Problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDetails {
    /// What kind of problem, as a URN that stays the same.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What happened and what to do.
    detail: String,
}

impl Problem {
    const fn new(
        status: StatusCode,
        name: &'static str,
        title: &'static str,
        detail: &'static str,
    ) -> Self {
        Self { status, name, title, detail: Cow::Borrowed(detail), retry_after: None }
    }

    fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// No session and no credentials. There is no challenge for HTTP Basic, because browsers would
    /// keep what is typed into it.
    pub const fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not-signed-in",
            "Not signed in",
            "Nobody is signed in, or the session has ended; sign in with POST /api/v1/session.",
        )
    }

    /// The page that asks belongs to a session that is not this browser's any more.
    pub const fn other_session() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "other-session",
            "Another session",
            "The session that the request names has given way to another one in this browser; load the page anew.",
        )
    }

    /// A browser would keep no session, because it came here without TLS.
    pub const fn tls_missing() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "tls-missing",
            "TLS is missing",
            "The page was loaded over plain HTTP, where browsers keep no session and others can read the password; use the address that begins with https.",
        )
    }

    /// A page of another site asks the browser to change something.
    pub const fn other_site() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "other-site",
            "Another site asks",
            "A page of another site has asked for this, and nothing was changed; use the dashboard's own pages, or a client that is no browser.",
        )
    }

    /// It cannot be made known that a session has ended.
    pub fn session_not_ended() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "session-not-ended",
            "The session goes on",
            "That the session has ended cannot be made known now, so it goes on; try again.",
        )
        .retry_after(Duration::from_secs(2))
    }

    /// User and password do not belong together.
    pub const fn wrong_credentials() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong-credentials",
            "User or password is wrong",
            "The user or the password is wrong; check both and sign in again.",
        )
    }

    /// Too many failed sign-ins of this user.
    pub fn too_many_sign_ins(wait: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-sign-ins",
            "Too many failed sign-ins",
            "Signing in failed too often for this user; wait as long as Retry-After says.",
        )
        .retry_after(wait)
    }

    /// A password where people sign in at a provider.
    pub const fn sign_in_at_provider() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "sign-in-at-provider",
            "Passwords are not taken here",
            "People sign in by OpenID Connect here, in a browser, with GET /api/v1/session/oidc/start.",
        )
    }

    /// What is said to come of the provider, and does not.
    pub const fn logout_token_invalid() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "logout-token-invalid",
            "The logout token does not hold",
            "The logout token is none of this client's provider, is too old, or was sent before; the log says what does not hold.",
        )
    }

    /// The provider's keys cannot be had.
    pub fn provider_away() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "provider-away",
            "The OpenID provider is away",
            "The provider's keys cannot be had now, by which the logout token is checked; send it again.",
        )
        .retry_after(Duration::from_secs(5))
    }

    /// More sign-ins at once than can be checked.
    pub fn sign_in_busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "sign-in-busy",
            "Sign-in is busy",
            "More people sign in than can be checked now; try again.",
        )
        .retry_after(Duration::from_secs(2))
    }

    /// An account whose person is on no list.
    pub const fn not_registered() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not-registered",
            "Not registered",
            "The account is known, but its person is not registered as a practitioner; ask the operators.",
        )
    }

    /// Patient data was asked for by somebody other than a physician.
    pub const fn physicians_only() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "physicians-only",
            "For physicians only",
            "Patients' data is shown to the physicians who follow them, and to nobody else.",
        )
    }

    /// Not a patient of this physician, whether or not there is such a patient.
    pub const fn not_your_patient() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not-your-patient",
            "Not a patient of yours",
            "No patient of this id is assigned to you; the care team decides who is.",
        )
    }

    /// A file names patients who are not all of this physician, whether or not there are such patients.
    pub fn not_your_patients(lines: &[usize]) -> Self {
        let detail = format!(
            "The lines {} name patients who are not assigned to you; leave them out. The care team decides who is.",
            named(lines, ", ")
        );
        Self { detail: Cow::Owned(detail), ..Self::not_your_patient() }
    }

    /// The master lists or the alerts are still being read.
    pub fn still_loading(what: &'static str) -> Self {
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "still-loading", "Still loading", "");
        let detail =
            format!("The dashboard has just started and still reads the {what}; try again.");
        Self { detail: Cow::Owned(detail), ..problem }.retry_after(Duration::from_secs(1))
    }

    /// Who is looked for is blank, or longer than any name.
    pub const fn invalid_search() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-search",
            "Nobody is looked for",
            "Who is looked for has 1 to 100 characters that can be seen.",
        )
    }

    /// The access could not be recorded, so it is not granted.
    pub fn access_not_recorded() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "access-not-recorded",
            "The access cannot be recorded",
            "Every access to patients' data is recorded first, and the record cannot be written now; try again.",
        )
        .retry_after(Duration::from_secs(2))
    }

    /// ClickHouse does not answer.
    pub fn store_unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store-unavailable",
            "The store of readings is unavailable",
            "The store of readings does not answer in time; open alerts still arrive. Try again.",
        )
        .retry_after(Duration::from_secs(5))
    }

    /// More previews, summaries or tables are asked for at once than are made.
    pub fn summaries_busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "summaries-busy",
            "Summaries are busy",
            "More previews, summaries or tables are asked for than can be made now; try again.",
        )
        .retry_after(Duration::from_secs(2))
    }

    /// More readings than an answer is made of.
    pub fn too_many_readings(most: usize, next: &str) -> Self {
        let problem =
            Self::new(StatusCode::BAD_REQUEST, "too-many-readings", "Too many readings", "");
        let detail = format!("There are more than {most} readings in these days; {next}.");
        Self { detail: Cow::Owned(detail), ..problem }
    }

    /// A plan has been changed too often within a day.
    pub fn too_many_plan_changes(wait: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-plan-changes",
            "The plan has been changed too often",
            "This patient's plan has been changed 50 times within 24 hours; wait as long as Retry-After says, and set all that is to change at once.",
        )
        .retry_after(wait)
    }

    /// A request that cannot be understood.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "bad-request", "Not understood", "");
        Self { detail: detail.into(), ..problem }
    }

    /// A body that is longer than the resource takes.
    pub fn body_too_large(most: usize) -> Self {
        let problem =
            Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large", "");
        let detail = format!("The body has more than {most} bytes, which is the most; send less.");
        Self { detail: Cow::Owned(detail), ..problem }
    }

    /// A body that is not there in whole in time.
    pub fn body_too_slow(within: Duration) -> Self {
        let problem =
            Self::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", "The body came too slowly", "");
        let seconds = within.as_secs();
        let detail = format!("The body was not there {seconds} s after its head; send it again.");
        Self { detail: Cow::Owned(detail), ..problem }
    }

    /// A change that does not say of which version it is one.
    pub const fn version_missing() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "version-missing",
            "The version is missing",
            "A plan is set with If-Match: the ETag of the version that was read, e.g. \"3\".",
        )
    }

    /// Somebody was quicker.
    pub const fn plan_changed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "plan-changed",
            "The plan has changed meanwhile",
            "Somebody has set the plan since it was read; compare both, and set it again upon the current version.",
        )
    }

    /// A plan that no rule can work with.
    pub const fn invalid_plan() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-plan",
            "The plan is not valid",
            "Nothing was set; the list of faults says where and what.",
        )
    }

    /// It is not known whether a plan has been set.
    pub fn plan_not_known_to_be_set() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "plan-not-known-to-be-set",
            "The plan is not known to be set",
            "The plan could not be recorded in time; it may be in force all the same. Read it again before it is set again.",
        )
        .retry_after(Duration::from_secs(2))
    }

    /// No such resource of the API.
    pub const fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "No such resource",
            "The API has no such resource; /api/v1/openapi.json lists what there is.",
        )
    }

    /// The resource has no such method.
    pub const fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "The resource has no such method; /api/v1/openapi.json lists what there is.",
        )
    }

    /// A defect.
    pub const fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "A defect of the dashboard; its log says more. Tell the operators when it happened.",
        )
    }

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl Problem {
    /// What the answer says.
    pub fn details(&self) -> ProblemDetails {
        ProblemDetails {
            kind: format!("urn:mimamori:problem:{}", self.name),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone().into_owned(),
        }
    }

    /// An answer that says more than the details.
    pub fn answer(&self, body: impl Serialize) -> Response {
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.answer(self.details())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_problem_says_its_type_its_status_and_when_to_come_back() {
        let response = Problem::too_many_sign_ins(Duration::from_millis(1500)).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "urn:mimamori:problem:too-many-sign-ins");
        assert_eq!(body["status"], 429);
        assert!(body["detail"].as_str().unwrap().contains("Retry-After"));
    }

    #[test]
    fn of_many_lines_fifty_are_named_and_the_others_counted() {
        let said =
            |most| Problem::not_your_patients(&(2..=most).collect::<Vec<_>>()).details().detail;
        assert!(said(3).starts_with("The lines 2, 3 name patients"));
        assert!(said(51).contains(", 51 name patients"));
        let of_many = said(40_000);
        assert!(of_many.contains(", 51, and 39949 more name patients"), "{of_many}");
    }

    #[test]
    fn nobody_is_asked_for_basic_credentials() {
        let response = Problem::not_signed_in().into_response();
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}
