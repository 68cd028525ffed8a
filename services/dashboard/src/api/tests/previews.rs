//! Asking what a proposed plan would have raised.

use axum::http::{Request, header};
use serde_json::{Value, json};

use super::{Api, api, basic, json_of};

impl Api {
    pub(super) async fn preview(&self, user: &str, patient: &str, plan: &Value) -> (u16, Value) {
        let request = Request::post(format!("/api/v1/patients/{patient}/plan/preview"))
            .header(header::AUTHORIZATION, basic(user))
            .header(header::CONTENT_TYPE, "application/json")
            .body(plan.to_string().into())
            .unwrap();
        let response = self.send(request).await;
        (response.status().as_u16(), json_of(response).await)
    }
}

#[tokio::test]
async fn a_preview_is_of_ones_own_patients_only_and_recorded() {
    let api = api();
    let plan = json!({ "reason": "after the visit" });
    for (user, patient) in [("dr.sato", "B/1"), ("ops", "A/1")] {
        assert_eq!(api.preview(user, patient, &plan).await.0, 403, "{user}");
    }
    let (status, problem) = api.preview("dr.sato", "A/1", &plan).await;
    assert_eq!(status, 503, "the store is away");
    assert_eq!(problem["type"], "urn:mimamori:problem:store-unavailable");
    let said = api.audit.said();
    assert_eq!(said.last().unwrap(), &("preview_plan".to_owned(), Some("A/1".to_owned()), true));
    let denied = said.iter().filter(|(action, _, allowed)| action == "preview_plan" && !allowed);
    assert_eq!(denied.count(), 2);
}

#[tokio::test]
async fn a_plan_that_no_rule_can_follow_is_answered_with_the_place_of_each_fault() {
    let api = api();
    let plan = json!({ "thresholds": { "bp.severe_high.systolic": 1 }, "schedule": 7 });
    let (status, problem) = api.preview("dr.sato", "A/1", &plan).await;
    assert_eq!(status, 422);
    let faults = problem["faults"].as_array().unwrap();
    let mut places: Vec<&str> =
        faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/schedule", "/thresholds/bp.severe_high.systolic"]);
}

#[tokio::test]
async fn a_plan_is_tried_before_anybody_has_written_why() {
    let api = api();
    for plan in [json!({}), json!({ "reason": "" }), json!({ "reason": null })] {
        let (status, problem) = api.preview("dr.sato", "A/1", &plan).await;
        assert_eq!(status, 503, "{plan}: {problem}");
    }
    // What is no text is a fault here as well, and so is what is no object.
    for (plan, place) in [(json!({ "reason": 7 }), "/reason"), (json!([]), "")] {
        let (status, problem) = api.preview("dr.sato", "A/1", &plan).await;
        assert_eq!((status, &problem["faults"][0]["pointer"]), (422, &json!(place)), "{problem}");
    }
    assert_eq!(api.preview("dr.sato", "A%2F1", &json!({})).await.0, 503, "in one segment");
}

#[tokio::test]
async fn of_many_previews_and_summaries_at_once_the_last_are_asked_to_come_back() {
    let api = api();
    let turns = &api.dashboard.turns;
    let _held = (turns.take().await.unwrap(), turns.take().await.unwrap());
    let plan = json!({ "reason": "after the visit" });
    let (preview, summary) = tokio::join!(
        api.preview("dr.sato", "A/1", &plan),
        api.get("dr.sato", "/api/v1/patients/A/1/glucose/summary"),
    );
    for (status, problem) in [preview, (summary.0.as_u16(), summary.1)] {
        assert_eq!(status, 503);
        assert_eq!(problem["type"], "urn:mimamori:problem:summaries-busy");
    }
}
