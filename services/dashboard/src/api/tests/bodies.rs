//! Bodies that are longer than is taken, or slower.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream;

use super::*;

const MEBIBYTE: usize = 1 << 20;

/// Every request that has a body: method, path, type, and the most bytes.
const WITH_A_BODY: [(&str, &str, &str, usize); 10] = [
    ("POST", SESSION, "application/json", 16 * 1024),
    ("PUT", "/api/v1/patients/A/1/plan", "application/json", 16 * 1024),
    ("PUT", "/api/v1/patients/A%2F1/plan", "application/json", 16 * 1024),
    ("POST", "/api/v1/patients/A/1/plan/preview", "application/json", 16 * 1024),
    ("POST", "/api/v1/patients/A%2F1/plan/preview", "application/json", 16 * 1024),
    ("POST", "/api/v1/alerts/a/acts", "application/json", 16 * 1024),
    ("POST", "/api/v1/acts", "application/json", 64 * 1024),
    ("POST", "/api/v1/patients/search", "application/json", 16 * 1024),
    ("POST", "/api/v1/reports/hba1c", "text/csv", MEBIBYTE),
    ("POST", "/api/v1/session/oidc/logout", "application/x-www-form-urlencoded", 16 * 1024),
];

async fn answer(api: &Api, of: (&str, &str, &str), body: Body) -> (StatusCode, Value) {
    let (method, path, kind) = of;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, basic("dr.sato"))
        .header(header::CONTENT_TYPE, kind)
        .header(header::IF_MATCH, "\"0\"");
    let response = api.send(request.body(body).unwrap()).await;
    let status = response.status();
    if status.is_client_error() {
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{path}");
    }
    (status, json_of(response).await)
}

#[tokio::test]
async fn a_body_that_is_too_long_is_answered_413_with_the_most_that_is_taken() {
    let api = api();
    api.alert("a", "A/1", "review");
    for (method, path, kind, most) in WITH_A_BODY {
        let body = "x".repeat(most + 1);
        let (status, problem) = answer(&api, (method, path, kind), body.into()).await;
        assert_eq!(status, 413, "{method} {path}");
        assert_eq!(problem["type"], "urn:mimamori:problem:body-too-large", "{path}");
        assert_eq!(problem["status"], 413);
        assert!(problem["detail"].as_str().unwrap().contains(&most.to_string()), "{problem}");
        // As long as may be, and no JSON and no table.
        let body = "x".repeat(most);
        let (status, problem) = answer(&api, (method, path, kind), body.into()).await;
        assert_eq!(status, 400, "{method} {path}");
        assert_eq!(problem["type"], "urn:mimamori:problem:bad-request", "{path}");
    }
}

/// Whoever sends a byte now and then keeps no connection: without a password too.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_there_in_whole_after_ten_seconds_is_answered_408() {
    let api = api();
    api.alert("a", "A/1", "review");
    for (method, path, kind, _) in WITH_A_BODY {
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
        });
        let begun = tokio::time::Instant::now();
        let body = Body::from_stream(drops);
        let (status, problem) = answer(&api, (method, path, kind), body).await;
        assert_eq!(status, 408, "{method} {path}: {problem}");
        assert_eq!(problem["type"], "urn:mimamori:problem:body-too-slow", "{path}");
        assert_eq!(begun.elapsed().as_secs(), 10, "{path}");
    }
}

#[test]
fn the_document_says_408_and_413_of_every_request_with_a_body_and_none_is_left_out_here() {
    let document: Value = serde_json::from_str(&crate::api::openapi_json()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["requestBody"].is_object() {
                for status in ["408", "413"] {
                    assert!(operation["responses"][status].is_object(), "{method} {path}");
                }
                let path = path.replace("{consortium}", "A").replace("{person}", "1");
                let path = path.replace("{alert_id}", "a");
                found.push((method.to_uppercase(), path));
            }
        }
    }
    for (method, path) in &found {
        assert!(WITH_A_BODY.iter().any(|it| it.0 == method && it.1 == path), "{method} {path}");
    }
    assert_eq!(found.len(), 8);
}
