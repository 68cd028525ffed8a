//! For the fuzzer: what reads foreign bytes here and is otherwise this crate's own business.

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::IntoResponse;
use clinical::Timestamp;
use schemas::AlertEvent;

use crate::api::patients::ReadingsQuery;
use crate::basic;
use crate::model::Alert;
use crate::model::session::Credentials;
use crate::open_alerts::OpenAlerts;
use crate::session::SessionKey;

/// Whether an address asks for readings in an understood way.
pub fn asks_for_readings(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    Query::<ReadingsQuery>::try_from_uri(&uri).is_ok_and(|Query(query)| query.parse().is_ok())
}

/// What a browser sends back that was given a session.
pub fn sealed_cookie(key: &SessionKey, user: &str, now: Timestamp) -> Vec<u8> {
    let response = (key.seal(user, [7; 8], now), "").into_response();
    let cookie = response.headers().get(header::SET_COOKIE).map_or(&b""[..], |it| it.as_bytes());
    cookie.split(|byte| *byte == b';').next().unwrap_or_default().to_vec()
}

/// The user whose session a `Cookie` header holds.
pub fn user_of_cookie(key: &SessionKey, cookie: &[u8], now: Timestamp) -> Option<String> {
    let value = HeaderValue::from_bytes(cookie).ok()?;
    key.open(&HeaderMap::from_iter([(header::COOKIE, value)]), now).map(|sealed| sealed.user)
}

/// User and password of an `Authorization` header.
pub fn basic_credentials(authorization: &[u8]) -> Option<(String, String)> {
    basic::parse(&HeaderValue::from_bytes(authorization).ok()?)
}

/// Whether a body signs somebody in, as far as its form goes.
pub fn is_sign_in(body: &[u8]) -> bool {
    serde_json::from_slice::<Credentials>(body).is_ok()
}

/// Takes an alert in as from its topic, and writes it as the pages get it.
pub fn alert_told(event: AlertEvent) -> Option<String> {
    let alert = Alert::try_from(event).ok()?;
    let open = OpenAlerts::default();
    open.apply(alert.clone());
    serde_json::to_string(&alert).ok()
}
