//! What a proposed plan would have raised.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use clinical::plan::Plan;
use clinical::preview::{self, PREVIEWED, ReceivedReading};
use clinical::{PatientId, Timestamp};
use schemas::CarePlan;
use schemas::plan_document::{Signature, parse};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::responses::{NotAssigned, NotSignedIn, StoreUnavailable, UnreadBody};
use crate::access::{AssignedPatient, PreviewPlan};
use crate::api::body::unreadable;
use crate::api::plan::{invalid, ready};
use crate::clock::now;
use crate::model::Instant;
use crate::model::care_plan::{InvalidPlanProblem, PlanContent};
use crate::model::preview::{PlanPreview, PreviewedAlert};
use crate::problem::{Problem, ProblemDetails};
use crate::queries::StoreError;
use crate::state::Dashboard;

/// Which alerts the last 30 days' readings would have raised under a proposed plan, and under the present
/// one
#[utoipa::path(
    post,
    path = "/api/v1/patients/{consortium}/{person}/plan/preview",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id"),
        ("person" = String, Path, description = "The patient's person_id"),
    ),
    request_body(content = PlanContent, description = "The proposed plan, as it would be set. A reason is not asked for yet."),
    responses(
        (status = 200, description = "The alerts under both plans", body = PlanPreview),
        (status = 400, description = "The body is no JSON, or there are too many readings for a preview", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        UnreadBody,
        (status = 422, description = "The plan is not valid: every fault with its place", body = InvalidPlanProblem, content_type = "application/problem+json"),
        StoreUnavailable,
    )
)]
pub async fn preview_plan(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<PreviewPlan>,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Problem> {
    ready(&dashboard)?;
    let Json(document) = body.map_err(|rejection| unreadable(&rejection, rejection.body_text()))?;
    let to = now();
    let from = to - PREVIEWED;
    let patient = assigned.patient.clone();
    let trusted = Arc::new(dashboard.registry.trusted_products());
    let present = dashboard.plan_of(patient.as_str()).trusting(trusted.clone());
    let signature = Signature {
        patient: patient.as_str(),
        version: present.version.saturating_add(1),
        author: &assigned.user,
        at: to,
    };
    let fits = |plan: CarePlan| {
        plan.check_under(dashboard.rule_sets.from(to)).and_then(|()| plan.validate())
    };
    let proposed = match parse(&with_reason(document), signature).and_then(fits) {
        Ok(plan) => plan
            .under(present.rule_set().cloned())
            .trusting(trusted)
            .with_consortium_time(dashboard.registry.consortium_time(patient.as_str())),
        Err(faults) => return Ok(invalid(faults)),
    };
    let turn = dashboard.turns.take().await?;
    let readings = dashboard.store.received_readings(&patient, (from, to)).await;
    let readings = readings.map_err(|error| match error {
        StoreError::TooMany(most) => {
            Problem::too_many_readings(most, "a preview is not made of so many")
        }
        _ => Problem::store_unavailable(),
    })?;
    // Some ten thousand readings are judged twice: not where others wait.
    let judged = spawn_blocking(move || {
        let _turn = turn;
        judged(patient, readings, &[present, proposed], (from, to))
    });
    let preview = judged.await.map_err(|_| Problem::internal())?;
    Ok(Json(preview).into_response())
}

/// A plan that nobody sets yet may lack the reason why it is set.
fn with_reason(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        let reason = members.entry("reason").or_insert(Value::Null);
        if reason.is_null() || reason.as_str().is_some_and(|text| text.trim().is_empty()) {
            *reason = "preview".into();
        }
    }
    document
}

fn judged(
    patient: PatientId,
    readings: Vec<ReceivedReading>,
    [present, proposed]: &[Plan; 2],
    (from, to): (Timestamp, Timestamp),
) -> PlanPreview {
    let alerts = |readings, plan: &Plan| -> Vec<PreviewedAlert> {
        let found = preview::alerts(&patient, readings, plan, (from, to));
        found.iter().filter_map(|one| PreviewedAlert::new(one, plan).ok()).collect()
    };
    PlanPreview {
        present: alerts(readings.clone(), present),
        proposed: alerts(readings, proposed),
        rule_set: present.rule_set_name().to_owned(),
        patient: patient.to_string(),
        from: Instant::utc(from),
        to: Instant::utc(to),
    }
}
