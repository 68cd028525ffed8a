//! What physicians do about alerts.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use futures_util::future::join_all;

use super::responses::{NotAnOwnAlert, NotAssigned, NotReady, NotSignedIn, UnreadBody};
use crate::access::{
    ActOnAlert, ActOnAlerts, AssignedPatient, OwnAlert, Physician, ReadActs, ReadColleagues,
    ReadNotifications,
};
use crate::acting::Acting;
use crate::api::body::{unreadable, unreadable_of};
use crate::model::care::{
    ActAnswer, ActAnswers, ActRequest, ActsRequest, AlertActs, AlertCare, Colleague, Colleagues,
};
use crate::model::notification::AlertNotifications;
use crate::problem::{Problem, ProblemDetails};
use crate::state::Dashboard;

/// So many alerts at most are acted on at once. Ours: more than a screen holds.
const MOST_ALERTS: usize = 200;

/// No list of alerts is longer, bytes: 200 alerts as they were seen, and words.
pub(super) const LONGEST_LIST: usize = 64 * 1024;

/// Does something about an alert
///
/// Answered when Kafka has the act and this instance shows it; every other one does so within a second.
/// Nothing is edited: a mistake is taken back by a further act. It works while the store of readings is
/// away.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{alert_id}/acts",
    params(("alert_id" = String, Path, description = "The alert's id")),
    request_body = ActRequest,
    responses(
        (status = 200, description = "It is done, now or by an earlier request of the same id: what people did about the alert", body = AlertCare),
        (status = 400, description = "The body is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAnOwnAlert,
        UnreadBody,
        (status = 409, description = "The id belongs to another act, the alert has become worse than it was seen, there is no such act to take back, or it was taken back before", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The act is not valid; the detail says why", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Just started, the access cannot be recorded, or the act is not known to be done: send it again under the same id", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn act_on_alert(
    State(dashboard): State<Arc<Dashboard>>,
    own: OwnAlert<ActOnAlert>,
    body: Result<Json<ActRequest>, JsonRejection>,
) -> Result<Json<AlertCare>, Problem> {
    let Json(ActRequest { id, seen, act }) =
        body.map_err(|rejection| unreadable(&rejection, rejection.body_text()))?;
    let acting = Acting::new(&dashboard, &own.user, &id, &act)?;
    acting.prepare([own.patient.to_string()].into()).await?;
    acting.on(&own.alert, &own.patient, seen.as_ref()).await.map(Json)
}

/// Does the same about many alerts
///
/// As if each act had been sent alone: some may be done and others not, and each answer says so.
#[utoipa::path(
    post,
    path = "/api/v1/acts",
    request_body = ActsRequest,
    responses(
        (status = 200, description = "An answer for each alert", body = ActAnswers),
        (status = 400, description = "The body is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        (status = 403, description = "Not for this role", body = ProblemDetails, content_type = "application/problem+json"),
        UnreadBody,
        (status = 422, description = "The act is not valid; the detail says why", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Just started, the access cannot be recorded, or words cannot be sealed: nothing is done", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn act_on_alerts(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<ActOnAlerts>,
    body: Result<Json<ActsRequest>, JsonRejection>,
) -> Result<Json<ActAnswers>, Problem> {
    let Json(ActsRequest { id, act, alerts }) =
        body.map_err(|rejection| unreadable_of(&rejection, LONGEST_LIST, rejection.body_text()))?;
    let named: BTreeSet<&str> = alerts.iter().map(|of| of.alert.as_str()).collect();
    if !(1..=MOST_ALERTS).contains(&alerts.len()) || named.len() < alerts.len() {
        let detail = "An act is on 1 to 200 alerts, each named once; send several lists.";
        return Err(Problem::invalid_act(detail));
    }
    if !dashboard.alerts.is_caught_up() {
        return Err(Problem::still_loading("alerts"));
    }
    let user = physician.user();
    let acting = Acting::new(&dashboard, user, &id, &act)?;
    let patients = |is_own: bool| -> BTreeSet<String> {
        let known = alerts.iter().filter_map(|of| dashboard.care.patient_of(&of.alert));
        let follows = |patient: &str| dashboard.registry.follows(user, patient);
        known.map(|of| of.to_string()).filter(|of| follows(of) == is_own).collect()
    };
    let own: Vec<_> = alerts.iter().map(|of| dashboard.own_alert(user, &of.alert)).collect();
    if own.iter().any(Option::is_none) {
        physician.record_refused(&dashboard, &patients(false), "not in the care team").await?;
    }
    let granted = patients(true);
    if !granted.is_empty() {
        physician.record_granted(&dashboard, &granted).await?;
        acting.prepare(granted).await?;
    }
    let answers = alerts.iter().zip(&own).map(async |(of, patient)| {
        let done = match patient {
            Some(patient) => acting.on(&of.alert, patient, of.seen.as_ref()).await,
            None => Err(Problem::not_your_alert()),
        };
        let alert = of.alert.clone();
        match done {
            Ok(done) => ActAnswer { alert, status: 200, care: Some(done.care), problem: None },
            Err(problem) => {
                let (status, problem) = (problem.status().as_u16(), Some(problem.details()));
                ActAnswer { alert, status, care: None, problem }
            }
        }
    });
    Ok(Json(ActAnswers { answers: join_all(answers).await }))
}

/// Everything that people did about an alert, oldest first
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{alert_id}/acts",
    params(("alert_id" = String, Path, description = "The alert's id")),
    responses(
        (status = 200, description = "The acts, also those that were taken back, and what they come to", body = AlertActs),
        NotSignedIn,
        NotAnOwnAlert,
        NotReady,
    )
)]
pub async fn list_acts(
    State(dashboard): State<Arc<Dashboard>>,
    own: OwnAlert<ReadActs>,
) -> Result<Json<AlertActs>, Problem> {
    dashboard.acts_are_read()?;
    let care = dashboard.alert_care(&own.alert).map(|of| of.care);
    let acts = dashboard.acts_of(&own.alert, &own.patient);
    Ok(Json(AlertActs { alert: own.alert, patient: own.patient.to_string(), care, acts }))
}

/// Who was notified of an alert, because nobody saw to it
///
/// What the notifier decided, tried and delivered in the last 30 days, and when nobody could be notified. It works
/// while the store of readings is away.
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{alert_id}/notifications",
    params(("alert_id" = String, Path, description = "The alert's id")),
    responses(
        (status = 200, description = "The messages, and when nobody could be notified", body = AlertNotifications),
        NotSignedIn,
        NotAnOwnAlert,
        NotReady,
    )
)]
pub async fn list_notifications(
    State(dashboard): State<Arc<Dashboard>>,
    own: OwnAlert<ReadNotifications>,
) -> Result<Json<AlertNotifications>, Problem> {
    if !dashboard.notifications.is_caught_up() {
        return Err(Problem::still_loading("notifications"));
    }
    let known = dashboard.notifications.of(&own.alert);
    let of = (own.alert, own.patient.to_string());
    Ok(Json(AlertNotifications::of(of, &known, &dashboard.registry)))
}

/// Who follows a patient: to whom alerts can be assigned
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/colleagues",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
    ),
    responses(
        (status = 200, description = "The physicians who follow the patient, by name", body = Colleagues),
        NotSignedIn,
        NotAssigned,
        NotReady,
    )
)]
pub async fn list_colleagues(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadColleagues>,
) -> Json<Colleagues> {
    let patient = assigned.patient.to_string();
    let followers = dashboard.registry.followers(&patient).into_iter();
    let colleagues =
        followers.map(|(id, staff)| Colleague { id, name: Some(staff.name) }).collect();
    Json(Colleagues { patient, colleagues })
}
