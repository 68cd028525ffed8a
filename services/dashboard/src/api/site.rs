//! What the page of another site asks a browser to change.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Where a browser says from which site a request comes (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what is not read only where a browser says that a page of another site asks for it.
///
/// The session's cookie is `SameSite=Strict`, so such a request carries none; credentials that a browser
/// keeps otherwise it may carry, and a cookie where the other site is of the same domain.
pub(super) async fn of_this_site(request: Request, next: Next) -> Response {
    if !request.method().is_safe() && is_of_another_site(request.headers(), request.uri()) {
        return Problem::other_site().into_response();
    }
    next.run(request).await
}

/// Browsers say which site asks; older ones say the page's origin at least. What is no browser says neither.
fn is_of_another_site(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return !["same-origin", "none"].map(str::as_bytes).contains(&site.as_bytes());
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let asking = origin.as_ref().and_then(Uri::authority).map(|authority| authority.as_str());
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok());
    let asked = asked.or(uri.authority().map(|authority| authority.as_str()));
    match (asking, asked) {
        (Some(asking), Some(asked)) => !asking.eq_ignore_ascii_case(asked),
        _ => true,
    }
}
