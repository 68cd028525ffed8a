//! Names of patients: for their physicians alone, found by what those know, and nowhere in the record.

use axum::http::{Request, header};
use serde_json::{Value, json};

use super::{Api, api, basic, json_of};
use crate::directory::tests::identity;
use crate::identities::seal;
use crate::testing::key_of;

fn with_names() -> Api {
    let api = api();
    for (patient, name, kana, telephone) in [
        ("A/1", "見本 花子", "ミホン ハナコ", "090-0000-0001"),
        ("B/1", "架空 花子", "カクウ ハナコ", "090-0000-0002"),
    ] {
        let key = key_of(&api.dashboard, patient);
        let sealed = seal(&key, patient, &identity(name, kana, telephone));
        api.dashboard.directory.apply(patient.to_owned(), Some(sealed)).unwrap();
    }
    api
}

async fn search(api: &Api, user: &str, body: &str) -> (u16, Value) {
    let mut request =
        Request::post("/api/v1/patients/search").header(header::CONTENT_TYPE, "application/json");
    if !user.is_empty() {
        request = request.header(header::AUTHORIZATION, basic(user));
    }
    let response = api.send(request.body(body.to_owned().into()).unwrap()).await;
    (response.status().as_u16(), json_of(response).await)
}

#[tokio::test]
async fn a_physician_reads_and_finds_the_names_of_their_own_patients_alone() {
    let api = with_names();
    let (status, list) = api.get("dr.sato", "/api/v1/patients").await;
    assert_eq!(status, 200);
    let name = json!({ "name": "見本 花子", "kana": "ミホン ハナコ", "birth_date": "1950-03-02", "chart_number": "0012345" });
    assert_eq!(list["patients"][0]["name"], name);
    assert_eq!(list["patients"][1]["name"], Value::Null);
    let (status, own) = api.get("dr.sato", "/api/v1/patients/A/1/identity").await;
    assert_eq!((status.as_u16(), &own["name"]), (200, &name));
    assert_eq!(own["telephone"], "090-0000-0001");
    let (status, none) = api.get("dr.sato", "/api/v1/patients/A%2F2/identity").await;
    assert_eq!((status.as_u16(), &none["name"]), (200, &Value::Null));
    let (status, refused) = api.get("dr.sato", "/api/v1/patients/B/1/identity").await;
    assert_eq!(status, 403);
    assert!(!refused.to_string().contains("架空"));
    for (user, found) in [("dr.sato", "A/1"), ("dr.ito", "B/1")] {
        let (status, answer) = search(&api, user, r#"{"text":"はなこ"}"#).await;
        assert_eq!((status, &answer["patients"]), (200, &json!([found])));
    }
    let (_, answer) = search(&api, "dr.sato", r#"{"text":"A/2"}"#).await;
    assert_eq!(answer["patients"], json!(["A/2"]), "who has no name is found by the id");
    assert_eq!(search(&api, "dr.sato", r#"{"text":"0002"}"#).await.1["patients"], json!([]));
    assert_eq!(search(&api, "", r#"{"text":"はなこ"}"#).await.0, 401);
    assert_eq!(search(&api, "ops", r#"{"text":"はなこ"}"#).await.0, 403);
}

#[tokio::test]
async fn a_search_is_recorded_with_whose_names_it_looked_through_and_without_its_text() {
    let api = with_names();
    search(&api, "dr.sato", r#"{"text":"見本"}"#).await;
    search(&api, "dr.sato", r#"{"text":"見本 花"}"#).await;
    search(&api, "ops", r#"{"text":"見本"}"#).await;
    let events = api.audit.events();
    let searches: Vec<_> =
        events.iter().filter(|event| event.action == "search_patients").collect();
    let said = searches.iter().map(|event| (event.actor.as_str(), event.detail.as_str()));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [("dr.sato", "found 1 of 2"), ("dr.sato", "found 1 of 2"), ("ops", "not a physician"),]
    );
    assert!(searches[0].patient_set.is_some() && searches[0].allowed && !searches[2].allowed);
    assert!(!format!("{events:?}").contains("見本"));
}

#[tokio::test]
async fn what_is_no_search_is_said_to_be_none_without_its_text() {
    let api = with_names();
    for (body, expected) in [
        (r#"{"text":"　"}"#.to_owned(), 422),
        (format!(r#"{{"text":"{}"}}"#, "見".repeat(101)), 422),
        (r#"{"見本":"x"}"#.to_owned(), 400),
        (r#"{"text":"見本""#.to_owned(), 400),
        (r#"{"text":["見本"]}"#.to_owned(), 400),
    ] {
        let (status, answer) = search(&api, "dr.sato", &body).await;
        assert_eq!(status, expected, "{body}: {answer}");
        assert!(!answer.to_string().contains('見'), "{answer}");
    }
}

#[tokio::test]
async fn a_name_whose_key_was_erased_is_gone_from_lists_and_searches() {
    let api = with_names();
    api.dashboard.person_keys.apply("A/1".to_owned(), Some(None)).unwrap();
    api.dashboard.directory.key_changed("A/1").unwrap();
    let (_, list) = api.get("dr.sato", "/api/v1/patients").await;
    assert_eq!(list["patients"][0]["name"], Value::Null);
    assert_eq!(search(&api, "dr.sato", r#"{"text":"見本"}"#).await.1["patients"], json!([]));
}
