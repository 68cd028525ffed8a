use clinical::reliability::Trust;
use schemas::registry::{DeviceModel, DeviceReliability};

use super::*;

const OUTCOME: &str = "/api/v1/reports/hba1c";

async fn post(api: &Api, user: &str, rows: &str) -> (StatusCode, Value) {
    let mut request = Request::post(OUTCOME).header(header::CONTENT_TYPE, "text/csv");
    if !user.is_empty() {
        request = request.header(header::AUTHORIZATION, basic(user));
    }
    let body = format!("patient,arm,treated,start,end\n{rows}");
    let response = api.send(request.body(body.into()).unwrap()).await;
    (response.status(), json_of(response).await)
}

const OWN: &str = "A/1,with,yes,2026-04-01,2026-06-30\nA/2,without,no,2026-04-01,2026-06-30\n";

#[tokio::test]
async fn the_outcome_of_a_trial_is_for_the_physician_of_every_patient_in_it() {
    let api = api();
    assert_eq!(post(&api, "", OWN).await.0, 401);
    assert_eq!(post(&api, "ops", OWN).await.1["type"], "urn:mimamori:problem:physicians-only");
    let with_others =
        format!("{OWN}B/1,with,no,2026-04-01,2026-06-30\nZ/9,with,no,2026-04-01,2026-06-30\n");
    let (status, problem) = post(&api, "dr.sato", &with_others).await;
    assert_eq!(status, 403);
    assert_eq!(problem["type"], "urn:mimamori:problem:not-your-patient");
    assert!(problem["detail"].as_str().unwrap().starts_with("The lines 4, 5 name patients"));
    let denied = ("report_outcome".to_owned(), None, false);
    assert_eq!(api.audit.said().iter().filter(|said| **said == denied).count(), 2);
    // Whose data was asked for is recorded, also of those who are nobody's.
    let asked = ["A/1", "A/2", "B/1", "Z/9"].map(str::to_owned).to_vec();
    assert_eq!(api.audit.listed(), [("report_outcome".to_owned(), asked)]);
}

#[tokio::test]
async fn whose_data_a_report_is_made_of_is_on_record_before_the_store_is_asked() {
    let api = api();
    // There is no store in this test.
    assert_eq!(post(&api, "dr.sato", OWN).await.0, 503);
    assert_eq!(api.audit.said().last().unwrap(), &("report_outcome".to_owned(), None, true));
    api.audit.broken.store(true, Ordering::Relaxed);
    let (status, problem) = post(&api, "dr.sato", OWN).await;
    assert_eq!(status, 503);
    assert_eq!(problem["type"], "urn:mimamori:problem:access-not-recorded");
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_answered_with_its_lines_and_no_values() {
    let api = api();
    let (status, problem) =
        post(&api, "dr.sato", "A/1,with,perhaps,2026-04-01,2026-06-30\nA1,x,yes,2026-04-01,y\n")
            .await;
    assert_eq!(status, 400);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("line 2: write yes or no for treated; line 3:"), "{detail}");
    assert!(!detail.contains("perhaps") && !detail.contains("A1"), "{detail}");
}

#[tokio::test]
async fn everybody_who_is_signed_in_sees_how_well_products_measure() {
    let api = api();
    let entry = |trust, reliability| DeviceModel {
        manufacturer: "ACME".to_owned(),
        model_number: "W1".to_owned(),
        name: "watch".to_owned(),
        corrects_clock: true,
        conformity: None,
        accuracy: None,
        trust,
        reliability,
    };
    let apply = |entry: DeviceModel| {
        let key = format!("{}|{}", entry.manufacturer, entry.model_number);
        api.dashboard.registry.apply(Change::Device(key, Some(entry)));
    };
    apply(entry(None, None));
    let (status, answer) = api.get("ops", DEVICES).await;
    assert_eq!(status, 200);
    assert_eq!(answer["products"][0]["trust"], Value::Null);
    assert_eq!(answer["products"][0]["errors"], Value::Null);
    let reliability = DeviceReliability {
        kind: "activity".to_owned(),
        field: "step".to_owned(),
        determined_on: "2026-11-22".to_owned(),
        pairs: 60,
        wearers: 12,
        mean_error: 0.01,
        mean_absolute_error: 0.03,
        first_quartile: -0.02,
        median: 0.01,
        third_quartile: 0.03,
        within_band: 0.7,
        between_wearers: 0.015,
    };
    apply(entry(Some(Trust::Moderate), Some(reliability)));
    let (_, answer) = api.get("dr.sato", DEVICES).await;
    let products = answer["products"].as_array().unwrap();
    assert_eq!(products.len(), 1);
    assert_eq!(products[0]["trust"], "moderate");
    assert_eq!(products[0]["errors"]["within_band"], 0.7);
}
