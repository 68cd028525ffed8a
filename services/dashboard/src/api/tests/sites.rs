//! Requests that a page of another site makes a browser send.

use super::*;

/// What the document says changes something, of the patient A/1 and the alert `a`.
fn changes() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&super::super::openapi_json()).unwrap();
    let all = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, methods): (&String, &Value)| {
        let path =
            path.replace("{consortium}", "A").replace("{person}", "1").replace("{alert_id}", "a");
        let methods = methods.as_object().unwrap().keys().cloned();
        let methods =
            methods.filter(|method| ["post", "put", "patch", "delete"].contains(&&**method));
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    let all: Vec<_> = all.flat_map(of_path).collect();
    assert!(all.contains(&("POST".to_owned(), SESSION.to_owned())), "{all:?}");
    assert!(all.contains(&("PUT".to_owned(), "/api/v1/patients/A/1/plan".to_owned())), "{all:?}");
    all
}

async fn asked(api: &Api, (method, path): &(String, String), headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder()
        .method(method.as_str())
        .uri(path)
        .header(header::AUTHORIZATION, basic("dr.sato"))
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.send(request.body(Body::from("{}")).unwrap()).await
}

async fn is_refused(api: &Api, change: &(String, String), headers: &[(&str, &str)]) -> bool {
    let response = asked(api, change, headers).await;
    let is_forbidden = response.status() == 403;
    is_forbidden && json_of(response).await["type"] == "urn:mimamori:problem:other-site"
}

#[tokio::test]
async fn no_page_of_another_site_changes_anything() {
    const HOST: (&str, &str) = ("host", "dashboard.example");
    let others: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), HOST, ("origin", "https://dashboard.example")],
        &[HOST, ("origin", "https://elsewhere.example")],
        &[HOST, ("origin", "https://dashboard.example:8443")],
        &[HOST, ("origin", "null")],
    ];
    let own: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "same-origin"), ("origin", "https://dashboard.example")],
        &[("sec-fetch-site", "none")],
        &[HOST, ("origin", "https://Dashboard.example")],
        &[HOST],
    ];
    let api = api();
    for change in changes() {
        for headers in others {
            assert!(is_refused(&api, &change, headers).await, "{change:?} {headers:?}");
        }
    }
    assert!(api.audit.said().is_empty());
    for change in changes() {
        for headers in own {
            assert!(!is_refused(&api, &change, headers).await, "{change:?} {headers:?}");
        }
    }
}

#[tokio::test]
async fn a_link_from_another_site_leads_to_the_pages() {
    let api = api();
    let read = ("GET".to_owned(), "/api/v1/patients".to_owned());
    assert_eq!(asked(&api, &read, &[("sec-fetch-site", "cross-site")]).await.status(), 200);
}
