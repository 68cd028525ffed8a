//! Signing in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse};
use axum_extra::extract::PrivateCookieJar;

use crate::access::SignedIn;
use crate::model::Session;
use crate::model::session::Credentials;
use crate::problem::{Problem, ProblemDetails};
use crate::state::{Dashboard, now};

/// Sign in
#[utoipa::path(
    post,
    path = "/api/v1/session",
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in; the session cookie is set", body = Session),
        (status = 400, description = "The body is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "User or password is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The account's person is not registered", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many failed sign-ins of this user; Retry-After says when to come back", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Just started, or the sign-in cannot be recorded", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(
    State(dashboard): State<Arc<Dashboard>>,
    credentials: Result<Json<Credentials>, JsonRejection>,
) -> Result<(PrivateCookieJar, Json<Session>), Problem> {
    // The rejection's own words may quote the body, and so the password.
    let Json(Credentials { user, password }) = credentials.map_err(|_| {
        Problem::bad_request("Send {\"user\": …, \"password\": …} as application/json.")
    })?;
    let session = dashboard.sign_in(&user, &password).await?;
    let account = dashboard.sign_in.account_state(&user).ok_or_else(Problem::wrong_credentials)?;
    Ok((dashboard.session_key.seal(&user, account, now()), Json(session)))
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/api/v1/session",
    responses(
        (status = 200, description = "Who is signed in", body = Session),
        (status = 401, description = "Nobody is signed in, or the session has ended", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn current_session(signed_in: SignedIn) -> Json<Session> {
    Json(signed_in.session)
}

/// Sign out
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    responses((status = 204, description = "Signed out"))
)]
pub async fn sign_out(State(dashboard): State<Arc<Dashboard>>) -> impl IntoResponse {
    (StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, dashboard.session_key.end().to_string())]))
}
