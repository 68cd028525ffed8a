//! The physician's pages, embedded in the binary.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Pages;

const INDEX: &str = "index.html";

/// Names of files under `assets/` change with their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept, but asked about each time.
const ASK: &str = "no-cache";

/// Everything from this server, nothing from elsewhere, nothing written into the page, no frame
/// around it.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'; object-src 'none'";

const PROTECTION: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Adds what protects a page, and harms no other answer.
pub async fn protect(mut response: Response) -> Response {
    for (name, value) in PROTECTION {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The file of a path; the first page for a path of the pages themselves, which they take apart.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Pages::get(path) {
        return answer(path, file, &headers);
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Pages::get(INDEX) {
        Some(index) if !is_file => answer(INDEX, index, &headers),
        _ => (StatusCode::NOT_FOUND, "no such file").into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = tag(&file);
    let caching = if path.starts_with("assets/") { FOREVER } else { ASK };
    let common = [(header::CACHE_CONTROL, caching.to_owned()), (header::ETAG, tag.clone())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    // A proxy that compresses marks the tag as weak.
    let is_known = |known: &str| known.trim().trim_start_matches("W/") == tag;
    if known.is_some_and(|known| known.split(',').any(is_known)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, media_type(path))];
    match file.data {
        Cow::Borrowed(bytes) => (common, kind, bytes).into_response(),
        Cow::Owned(bytes) => (common, kind, bytes).into_response(),
    }
}

fn tag(file: &EmbeddedFile) -> String {
    format!("\"{}\"", chassis::hex(&file.metadata.sha256_hash()[..12]))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str, headers: HeaderMap) -> Response {
        serve(Method::GET, path.parse().unwrap(), headers).await
    }

    #[tokio::test]
    async fn a_path_of_the_pages_is_answered_with_the_first_page_and_a_missing_file_is_not() {
        for path in ["/", "/patients/CGM005/S001"] {
            let response = get(path, HeaderMap::new()).await;
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[header::CACHE_CONTROL], ASK);
        }
        assert_eq!(get("/assets/gone-1234.js", HeaderMap::new()).await.status(), 404);
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let first = get("/", HeaderMap::new()).await;
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("\"other\", W/{tag}")] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())]);
            assert_eq!(get("/", headers).await.status(), 304);
        }
    }
}
