//! Signing in and out by OpenID Connect: what browsers are sent to, and what the provider tells.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::{Json, http};
use openidconnect::url::form_urlencoded;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::{LONGEST_JSON, whole};
use super::responses::UnreadBody;
use crate::clock::now;
use crate::model::session::{SignInBy, SignInWay};
use crate::openid::attempt::{self, Attempt, own_path};
use crate::openid::{Answer, Failure, OpenId};
use crate::problem::{Problem, ProblemDetails};
use crate::session::{AtProvider, SESSION, Sealed};
use crate::sign_in::Way;
use crate::state::Dashboard;

/// How people sign in here
///
/// Open to everybody: the page to sign in asks.
#[utoipa::path(
    get,
    path = "/api/v1/session/way",
    responses((status = 200, description = "How people sign in", body = SignInWay))
)]
pub async fn sign_in_way(State(dashboard): State<Arc<Dashboard>>) -> Json<SignInWay> {
    let by = match dashboard.sign_in {
        Way::Accounts(_) => SignInBy::Password,
        Way::OpenId(_) => SignInBy::OpenidConnect,
    };
    Json(SignInWay { by })
}

/// Where somebody wants to go who signs in.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Destination {
    /// A path of the pages; everything else is the first page.
    to: String,
}

/// Begin to sign in at the OpenID provider
///
/// For browsers: leads to the provider, or to the page to sign in, which says why not.
#[utoipa::path(
    get,
    path = "/api/v1/session/oidc/start",
    params(Destination),
    responses(
        (status = 303, description = "To the provider, with a cookie for ten minutes; or to the page to sign in, with `failed`"),
        (status = 404, description = "People sign in with a password here", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn start_at_provider(
    State(dashboard): State<Arc<Dashboard>>,
    Query(Destination { to }): Query<Destination>,
) -> Result<Response, Problem> {
    let openid = of(&dashboard)?;
    let to = own_path(&to).to_owned();
    Ok(match openid.begin().await {
        Ok(begun) => {
            let known = (&begun.state, &begun.nonce, &begun.verifier);
            let attempt = Attempt::beginning(known, to, now());
            let jar = dashboard.session_key.jar().add(attempt.cookie());
            (jar, see_other(begun.url.as_str())).into_response()
        }
        Err(failure) => failed(&dashboard, failure, &to),
    })
}

/// Complete a sign-in at the OpenID provider
///
/// The provider sends browsers here. A session that the browser had before ends, on every instance. The
/// answer is a page that goes on by itself: the session's cookie is sent from this site's own pages only.
#[utoipa::path(
    get,
    path = "/api/v1/session/oidc/callback",
    params(
        ("code" = Option<String>, Query, description = "What the provider gives an ID token for"),
        ("state" = Option<String>, Query, description = "Which attempt it belongs to"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
        ("iss" = Option<String>, Query, description = "Who answers"),
    ),
    responses(
        (status = 200, description = "Signed in; the session cookie is set", body = String, content_type = "text/html"),
        (status = 303, description = "To the page to sign in, with the reason in `failed`"),
        (status = 404, description = "People sign in with a password here", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn return_from_provider(
    State(dashboard): State<Arc<Dashboard>>,
    headers: HeaderMap,
    answer: Result<Query<Answer>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let openid = of(&dashboard)?;
    let attempt = dashboard.session_key.opened(&headers, attempt::COOKIE);
    let attempt = attempt.and_then(|text| Attempt::parse(&text, now()));
    let to = attempt.as_ref().map_or("/", Attempt::to).to_owned();
    let Query(answer) = answer.unwrap_or_default();
    let begun = match openid.complete(attempt.as_ref(), answer).await {
        Ok(person) => match dashboard.sign_in_by_provider(&person).await {
            Ok((session, provider)) => begin(&dashboard, &headers, &session, provider).await,
            Err(failure) => Err(failure),
        },
        Err(failure) => Err(failure),
    };
    Ok(match begun {
        Ok(sealed) => {
            let jar = dashboard.session_key.seal(&sealed).add(attempt::end());
            (jar, [(SESSION, sealed.id)], Html(onward(&to))).into_response()
        }
        Err(failure) => failed(&dashboard, failure, &to),
    })
}

/// The session that begins, where the browser's former one has ended.
async fn begin(
    dashboard: &Dashboard,
    headers: &HeaderMap,
    session: &crate::model::Session,
    provider: AtProvider,
) -> Result<Sealed, Failure> {
    let sealed = dashboard.begin_session(session, Some(provider)).map_err(|_| Failure::Later)?;
    if let Some(former) = dashboard.session_key.open(headers, now()) {
        dashboard.end_session(&former).await.map_err(|_| Failure::Later)?;
    }
    Ok(sealed)
}

/// A provider's word that somebody has signed out there.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the API's document")]
pub struct LogoutForm {
    /// A logout token (OpenID Connect Back-Channel Logout 1.0).
    logout_token: String,
}

/// End the sessions of somebody who has signed out at the OpenID provider
///
/// For the provider. The sessions have ended on every instance: here when this is answered, elsewhere
/// within a second.
#[utoipa::path(
    post,
    path = "/api/v1/session/oidc/logout",
    request_body(content = LogoutForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The sessions have ended"),
        (status = 400, description = "The token does not hold, or was sent before", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "People sign in with a password here", body = ProblemDetails, content_type = "application/problem+json"),
        UnreadBody,
        (status = 503, description = "The end cannot be recorded, or the provider's keys cannot be had", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn end_from_provider(
    State(dashboard): State<Arc<Dashboard>>,
    form: Body,
) -> Result<StatusCode, Problem> {
    let form = whole(form, LONGEST_JSON).await?;
    let token = form_urlencoded::parse(&form).find(|(name, _)| name == "logout_token");
    let Some((_, logout_token)) = token else {
        return Err(Problem::bad_request("Send the logout token as logout_token, in a form."));
    };
    let openid = of(&dashboard)?;
    let count = |result| dashboard.metrics.provider_logouts.with_label_values(&[result]).inc();
    let refused = |what: &str| {
        count("refused");
        tracing::warn!(what, "a logout of the OpenID provider was refused");
        Problem::logout_token_invalid()
    };
    let logout = openid.verify_logout(&logout_token).await.map_err(|failure| match failure {
        Failure::Invalid(what) => refused(&format!("{what:?}")),
        _ => {
            count("provider_away");
            Problem::provider_away()
        }
    })?;
    match dashboard.end_by_provider(&logout).await {
        Ok(true) => {
            count("ended");
            Ok(StatusCode::OK)
        }
        Ok(false) => Err(refused("it was sent before")),
        Err(problem) => {
            count("not_recorded");
            Err(problem)
        }
    }
}

fn of(dashboard: &Dashboard) -> Result<&Arc<OpenId>, Problem> {
    match &dashboard.sign_in {
        Way::OpenId(openid) => Ok(openid),
        Way::Accounts(_) => Err(Problem::not_found()),
    }
}

/// To the page to sign in, which says why and what to do.
fn failed(dashboard: &Dashboard, failure: Failure, to: &str) -> Response {
    dashboard.metrics.sign_ins.with_label_values(&[failure.result()]).inc();
    // What the provider and the browser said may name a person: only the kind is written down.
    tracing::warn!(result = failure.result(), what = ?failure, "a sign-in by OpenID Connect has failed");
    let from: String = http::uri::PathAndQuery::try_from(to).map_or_else(
        |_| String::new(),
        |_| form_urlencoded::byte_serialize(to.as_bytes()).collect(),
    );
    let page = format!("/sign-in?failed={}&from={from}", failure.reason());
    let jar = dashboard.session_key.jar().add(attempt::end());
    (jar, see_other(&page)).into_response()
}

fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

/// A page that goes on to another of this site.
fn onward(to: &str) -> String {
    // A path of ours has no quotes and no brackets.
    let to = to.replace('&', "&amp;").replace('\'', "&#39;");
    format!(
        "<!doctype html>\n<html lang=\"ja\">\n<meta charset=\"utf-8\">\n<title>Mimamori</title>\n\
         <meta http-equiv=\"refresh\" content=\"0;url={to}\">\n\
         <p><a href=\"{to}\">次へ<span lang=\"en\"> / Continue</span></a>\n</html>\n"
    )
}
