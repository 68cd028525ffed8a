//! Signing in and out.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum_extra::extract::PrivateCookieJar;

use super::responses::{NotSignedIn, UnreadBody};
use crate::access::SignedIn;
use crate::api::body;
use crate::clock::now;
use crate::model::Session;
use crate::model::session::{Credentials, SignedOut};
use crate::problem::{Problem, ProblemDetails};
use crate::session::SESSION;
use crate::sign_in::Way;
use crate::state::Dashboard;

/// How a proxy says how it was asked.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Refuses what a page asks that belongs to another session than the cookie, and names in each
/// answer the session that it was given in: so no page shows what another person may see.
pub async fn of_one_session(
    State(dashboard): State<Arc<Dashboard>>,
    request: Request,
    next: Next,
) -> Response {
    let session = dashboard.session_key.open(request.headers(), now()).map(|sealed| sealed.id);
    let asked = request.headers().get(SESSION);
    let mut response = match (&session, asked) {
        (Some(session), Some(asked)) if asked.as_bytes() != session.as_bytes() => {
            Problem::other_session().into_response()
        }
        _ => next.run(request).await,
    };
    let named = session.and_then(|session| HeaderValue::try_from(session).ok());
    if let Some(session) = named {
        response.headers_mut().entry(SESSION).or_insert(session);
    }
    response
}

/// Whether a browser asks over plain HTTP and not from its own machine: it would not send the
/// session's cookie back. The page's own origin says so where there is one, because a proxy may
/// speak plain HTTP behind TLS.
fn is_without_tls(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match text(&ORIGIN) {
        Some(origin) => origin.starts_with("http://") && !is_loopback(origin),
        None => {
            // Of several proxies the first is the browser's.
            let scheme = text(&FORWARDED_PROTO).and_then(|list| list.split(',').next());
            scheme.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("http"))
                && !text(&HOST).is_some_and(|host| is_loopback(&format!("http://{host}")))
        }
    }
}

fn is_loopback(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let is_named = host == "localhost" || host.ends_with(".localhost");
    is_named || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Sign in
///
/// A session that the browser had before ends, on every instance.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in; the session cookie is set", body = Session),
        (status = 400, description = "The body is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "User or password is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The account's person is not registered, the page was loaded without TLS, or people sign in by OpenID Connect here", body = ProblemDetails, content_type = "application/problem+json"),
        UnreadBody,
        (status = 429, description = "Too many failed sign-ins of this user; Retry-After says when to come back", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Just started, or the sign-in or the end of the session before cannot be recorded", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(
    State(dashboard): State<Arc<Dashboard>>,
    headers: HeaderMap,
    credentials: Result<Json<Credentials>, JsonRejection>,
) -> Result<SignedInAnswer, Problem> {
    if is_without_tls(&headers) {
        return Err(Problem::tls_missing());
    }
    // The rejection's own words may quote the body, and so the password.
    let Json(Credentials { user, password }) = credentials.map_err(|rejection| {
        body::unreadable(&rejection, "Send {\"user\": …, \"password\": …} as application/json.")
    })?;
    let session = dashboard.sign_in(&user, password.expose()).await?;
    let sealed = dashboard.begin_session(&session, None)?;
    // The browser has one cookie: other pages of it must not go on with the session before.
    if let Some(former) = dashboard.session_key.open(&headers, now()) {
        dashboard.end_session(&former).await?;
    }
    let jar = dashboard.session_key.seal(&sealed);
    let session = Session { id: Some(sealed.id.clone()), ..session };
    Ok((jar, [(SESSION, sealed.id)], Json(session)))
}

/// The session's cookie, its number, and who is signed in.
type SignedInAnswer = (PrivateCookieJar, [(HeaderName, String); 1], Json<Session>);

/// Who is signed in
#[utoipa::path(
    get,
    path = "/api/v1/session",
    responses(
        (status = 200, description = "Who is signed in", body = Session),
        NotSignedIn,
    )
)]
pub async fn current_session(signed_in: SignedIn) -> Json<Session> {
    Json(signed_in.session)
}

/// Sign out
///
/// The session has ended on every instance: here when this is answered, elsewhere within a second. A
/// copy of its cookie lets nobody in.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    responses(
        (status = 200, description = "Signed out here; the OpenID provider has a page to sign out of it too", body = SignedOut),
        (status = 204, description = "Signed out"),
        (status = 401, description = "The cookie is of another session than the page", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "The end of the session cannot be recorded; the session goes on", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn sign_out(
    State(dashboard): State<Arc<Dashboard>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(sealed) = dashboard.session_key.open(&headers, now()) {
        dashboard.end_session(&sealed).await?;
    }
    let cookie = AppendHeaders([(SET_COOKIE, dashboard.session_key.end().to_string())]);
    let provider = match &dashboard.sign_in {
        Way::OpenId(openid) => openid.sign_out_url(),
        Way::Accounts(_) => None,
    };
    Ok(match provider {
        Some(url) => (cookie, Json(SignedOut { provider: url.into() })).into_response(),
        None => (StatusCode::NO_CONTENT, cookie).into_response(),
    })
}
