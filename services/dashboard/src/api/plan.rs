//! A patient's care plan: read, set, and its versions.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use clinical::{Span, Timestamp};
use schemas::CarePlan;
use schemas::clinical_plan::Faults;
use schemas::plan_document::{Signature, parse};
use serde_json::Value;
use tokio::time::timeout;

use super::responses::{NotAssigned, NotReady, NotSignedIn, UnreadBody};
use crate::access::{AssignedPatient, ReadPlan, SetPlan};
use crate::api::body::unreadable;
use crate::care_plans::HeldPlan;
use crate::clock::now;
use crate::model::care_plan::{
    InvalidPlanProblem, PatientPlan, PlanConflictProblem, PlanContent, PlanVersion, PlanVersions,
};
use crate::plan_log::NotSet;
use crate::problem::{Problem, ProblemDetails};
use crate::recorder::{DEADLINE, NotRecorded};
use crate::state::Dashboard;

/// A patient's plan is changed so often within [`CHANGES_WITHIN`] at most.
const MOST_CHANGES: usize = 50;
const CHANGES_WITHIN: Span = Span::from_days(1);

/// A patient's care plan, with the value of every parameter that is in force
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/plan",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
    ),
    responses(
        (status = 200, description = "The plan; version 0 and the defaults where none was set", body = PatientPlan, headers(("ETag" = String, description = "The version, \"3\""))),
        NotSignedIn,
        NotAssigned,
        NotReady,
    )
)]
pub async fn read_plan(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadPlan>,
) -> Result<Response, Problem> {
    ready(&dashboard)?;
    Ok(shown(&dashboard, assigned.patient.as_str()))
}

/// Sets a patient's care plan in the place of the version that If-Match names
#[utoipa::path(
    put,
    path = "/api/v1/patients/{consortium}/{person}/plan",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        ("If-Match" = String, Header, description = "The ETag of the version that was read: \"0\" where none was set"),
    ),
    request_body(content = PlanContent, description = "The whole plan. Only the reason is required; what is left out is not planned."),
    responses(
        (status = 200, description = "The plan is set: Kafka has it, and every later answer of this instance", body = PatientPlan, headers(("ETag" = String, description = "The new version, \"4\""))),
        (status = 400, description = "The body is no JSON, or If-Match is no ETag of a plan", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        UnreadBody,
        (status = 412, description = "Somebody was quicker: both versions", body = PlanConflictProblem, content_type = "application/problem+json"),
        (status = 422, description = "The plan is not valid: every fault with its place", body = InvalidPlanProblem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "This patient's plan has been changed 50 times within 24 hours", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Just started, the access cannot be recorded, or the plan is not known to be set", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn set_plan(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<SetPlan>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Problem> {
    ready(&dashboard)?;
    let instead_of = version_of(&headers)?;
    let Json(document) = body.map_err(|rejection| unreadable(&rejection, rejection.body_text()))?;
    let patient = assigned.patient.as_str();
    let current = dashboard.plans.of(patient);
    let version = current.as_ref().map_or(0, |held| held.record.version);
    // A plan that was taken back has had versions, too, and none is used again.
    let earlier = dashboard.plan_history.of(patient);
    let newest = earlier.first().map_or(0, |plan| plan.version);
    let at = now();
    let signature = Signature {
        patient,
        version: version.max(newest).max(instead_of).saturating_add(1),
        author: &assigned.user,
        at,
    };
    let fits = |plan: CarePlan| plan.check_under(dashboard.rule_sets.from(at)).map(|()| plan);
    let plan = match parse(&document, signature).and_then(fits) {
        Ok(plan) => plan,
        Err(faults) => return Ok(invalid(faults)),
    };
    // An instance may not have read the version yet that is named: then the log decides.
    if version > instead_of {
        return Ok(overtaken(
            PatientPlan::of(patient, current.as_deref(), dashboard.rule_sets.in_force(now())),
            &plan,
        ));
    }
    let is_same =
        |held: &Arc<HeldPlan>| PlanContent::from(&held.record) == PlanContent::from(&plan);
    if version == instead_of && current.as_ref().is_some_and(is_same) {
        return Ok(shown(&dashboard, patient));
    }
    if let Some(wait) = wait_for_change(&earlier, at) {
        return Err(Problem::too_many_plan_changes(wait));
    }
    let place = match dashboard.plan_log.set(plan.clone(), instead_of).await {
        Ok(place) => place,
        Err(NotSet::Overtaken(current)) => {
            let current = current.map(|record| HeldPlan::of(*record));
            return Ok(overtaken(
                PatientPlan::of(patient, current.as_ref(), dashboard.rule_sets.in_force(now())),
                &plan,
            ));
        }
        Err(NotSet::NotRecorded(error)) => return Err(not_known(&error)),
    };
    if timeout(DEADLINE, dashboard.plans.reached().wait_for(place)).await.is_err() {
        return Err(not_known(&NotRecorded::NotRead));
    }
    dashboard.plan_history.apply(patient.to_owned(), plan);
    Ok(shown(&dashboard, patient))
}

/// Every version of a patient's care plan, newest first
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/plan/versions",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
    ),
    responses(
        (status = 200, description = "The versions of five years, newest first", body = PlanVersions),
        NotSignedIn,
        NotAssigned,
        NotReady,
    )
)]
pub async fn list_plan_versions(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadPlan>,
) -> Result<Json<PlanVersions>, Problem> {
    ready(&dashboard)?;
    let patient = assigned.patient.as_str();
    let known = dashboard.plan_history.of(patient);
    let mut versions: Vec<PlanVersion> = known.iter().map(|plan| (&**plan).into()).collect();
    if let Some(current) = dashboard.plans.of(patient)
        && !versions.iter().any(|known| known.version == current.record.version)
    {
        versions.push((&current.record).into());
        versions.sort_by_key(|version| std::cmp::Reverse(version.version));
    }
    Ok(Json(PlanVersions { patient: patient.to_owned(), versions }))
}

pub(super) fn ready(dashboard: &Dashboard) -> Result<(), Problem> {
    if !dashboard.rule_sets.is_caught_up() {
        return Err(Problem::still_loading("rule sets"));
    }
    match dashboard.plans.is_caught_up() && dashboard.plan_history.is_caught_up() {
        true => Ok(()),
        false => Err(Problem::still_loading("care plans")),
    }
}

/// How long a plan may not be changed whose versions, newest first, are too many within a day: every
/// instance has all of them in memory.
fn wait_for_change(versions: &[Arc<CarePlan>], at: Timestamp) -> Option<Duration> {
    let first = versions.get(MOST_CHANGES - 1)?;
    let again = Timestamp::from_millis(first.updated_at) + CHANGES_WITHIN;
    let wait = u64::try_from((again - at).millis()).ok().filter(|wait| *wait > 0);
    wait.map(Duration::from_millis)
}

/// The plan as it is in force, with its ETag.
fn shown(dashboard: &Dashboard, patient: &str) -> Response {
    let held = dashboard.plans.of(patient);
    let plan = PatientPlan::of(patient, held.as_deref(), dashboard.rule_sets.in_force(now()));
    let tag = HeaderValue::try_from(format!("\"{}\"", plan.version));
    let mut response = Json(plan).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The version that a change is one of.
fn version_of(headers: &HeaderMap) -> Result<i32, Problem> {
    const UNREADABLE: &str = "If-Match is the ETag of the plan that was read, e.g. \"3\".";
    let mut tags = headers.get_all(header::IF_MATCH).iter();
    let tag = tags.next().ok_or_else(Problem::version_missing)?;
    let text = tag.to_str().ok().filter(|_| tags.next().is_none());
    let digits = text.and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'));
    let is_number = |digits: &&str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let version = digits.filter(is_number).and_then(|digits| digits.parse().ok());
    version.ok_or_else(|| Problem::bad_request(UNREADABLE))
}

/// Everything that is wrong with a plan.
pub(super) fn invalid(faults: Faults) -> Response {
    let problem = Problem::invalid_plan();
    let faults = faults.0.into_iter().map(Into::into).collect();
    problem.answer(InvalidPlanProblem { problem: problem.details(), faults })
}

fn overtaken(current: PatientPlan, submitted: &CarePlan) -> Response {
    let problem = Problem::plan_changed();
    problem.answer(PlanConflictProblem {
        problem: problem.details(),
        current,
        submitted: PlanContent::from(submitted),
    })
}

fn not_known(error: &NotRecorded) -> Problem {
    tracing::error!(%error, "a care plan is not known to be set");
    Problem::plan_not_known_to_be_set()
}
