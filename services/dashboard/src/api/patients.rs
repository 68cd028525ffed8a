//! Patients, their readings and their alerts.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use clinical::limit::Limit;
use clinical::{ReadingId, Span, rules};
use serde::Deserialize;
use utoipa::IntoParams;

use super::responses::{NotAPhysician, NotAssigned, NotReady, NotSignedIn, StoreUnavailable};
use crate::access::{AssignedPatient, ListPatients, Physician, ReadAlerts, ReadReadings};
use crate::clock::now;
use crate::model::alert::PatientAlerts;
use crate::model::documented::Kind;
use crate::model::patient::{PatientSummary, Patients, StoreState};
use crate::model::reading::{BackdatedReadings, PatientReadings, ReadingVersions};
use crate::model::{Alert, Instant, Reading, time};
use crate::problem::{Problem, ProblemDetails};
use crate::queries::{StoreError, Wanted};
use crate::state::Dashboard;

/// The physician's patients, worst first
#[utoipa::path(
    get,
    path = "/api/v1/patients",
    responses(
        (status = 200, description = "The physician's patients, worst first", body = Patients),
        NotSignedIn,
        NotAPhysician,
        NotReady,
    )
)]
pub async fn list_patients(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<ListPatients>,
) -> Result<Json<Patients>, Problem> {
    if !dashboard.alerts.is_caught_up() {
        return Err(Problem::still_loading("alerts"));
    }
    let patients = dashboard.registry.patients_of(&physician.signed_in.session.user);
    physician.record_granted(&dashboard, &patients).await?;
    let waiting_since = dashboard.changed.waiting_since_of(&patients, now()).map(Instant::utc);
    let (mut latest, store) = match dashboard.store.latest_readings(&patients, now()).await {
        Ok(latest) => (latest, StoreState::Available),
        Err(_) => (HashMap::new(), StoreState::Unavailable),
    };
    let mut patients: Vec<PatientSummary> = patients
        .into_iter()
        .map(|patient| {
            let latest = latest.remove(&patient).unwrap_or_default();
            summary(&dashboard, patient, latest)
        })
        .collect();
    patients.sort_by(PatientSummary::worst_first);
    Ok(Json(Patients { patients, store, waiting_since }))
}

fn summary(dashboard: &Dashboard, patient: String, latest: Vec<Reading>) -> PatientSummary {
    let person = dashboard.registry.person(&patient);
    let open_alerts = dashboard.alerts.of_patient(&patient);
    let open_alerts: Vec<_> = open_alerts.iter().map(|alert| dashboard.as_shown(alert)).collect();
    let last = latest.iter().map(Reading::measured_by).max_by_key(|time| time.at());
    PatientSummary {
        time_zone: dashboard.local_time(&patient).name().to_owned(),
        name: dashboard.directory.identity(&patient).map(|identity| (&*identity).into()),
        patient,
        birth_year: person.birth_year,
        sex: person.sex,
        severity: open_alerts.iter().map(|alert| alert.severity).max(),
        open_alerts,
        last_reading_at: last,
        latest,
    }
}

/// Which readings.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReadingsQuery {
    /// Only this kind.
    #[param(value_type = Option<Kind>)]
    kind: Option<clinical::Kind>,
    /// Observed at this time or later; or received, where the clock of the device was not set.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Observed before this time.
    #[param(format = DateTime)]
    to: Option<String>,
    /// How many at most; the newest where there are more.
    #[param(minimum = 1, maximum = 50000, default = 10000)]
    limit: Option<u32>,
}

const DEFAULT_LIMIT: u32 = 10_000;
const GREATEST_LIMIT: u32 = 50_000;

impl ReadingsQuery {
    /// The readings that are asked for.
    ///
    /// # Errors
    /// A problem document that names the parameter that is not understood.
    pub fn parse(self) -> Result<Wanted, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=GREATEST_LIMIT).contains(&limit) {
            let problem = format!("limit is a number from 1 to {GREATEST_LIMIT}.");
            return Err(Problem::bad_request(problem));
        }
        let time = |text: Option<String>, problem: &'static str| {
            text.map(|text| time::parse(&text).ok_or_else(|| Problem::bad_request(problem)))
                .transpose()
        };
        const FROM: &str = "from is a time with an offset, e.g. 2026-11-22T07:31:00+09:00.";
        const TO: &str = "to is a time with an offset, e.g. 2026-11-22T07:31:00+09:00.";
        Ok(Wanted { kind: self.kind, from: time(self.from, FROM)?, to: time(self.to, TO)?, limit })
    }
}

/// The current readings of a patient, oldest first, and the limits that charts of them draw
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/readings",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        ReadingsQuery,
    ),
    responses(
        (status = 200, description = "Current readings, oldest first", body = PatientReadings),
        (status = 400, description = "A parameter is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn list_readings(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadReadings>,
    query: Result<Query<ReadingsQuery>, QueryRejection>,
) -> Result<Json<PatientReadings>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let wanted = query.parse()?;
    if !dashboard.plans.is_caught_up() {
        return Err(Problem::still_loading("care plans"));
    }
    if !dashboard.rule_sets.is_caught_up() {
        return Err(Problem::still_loading("rule sets"));
    }
    let plan = dashboard.plan_of(assigned.patient.as_str());
    let is_wanted = |limit: &Limit| wanted.kind.is_none_or(|kind| kind == limit.kind());
    let limits = rules::limits(&plan).filter(is_wanted).map(Into::into).collect();
    // Asked before the store is: what comes to it meanwhile is then said to wait, and reported again.
    let waiting_since = dashboard.changed.waiting_since(assigned.patient.as_str(), now());
    let page = dashboard.store.readings(&assigned.patient, wanted).await;
    let page = page.map_err(unavailable)?;
    Ok(Json(PatientReadings {
        patient: assigned.patient.to_string(),
        readings: page.readings,
        truncated: page.truncated,
        time_zone: dashboard.local_time(assigned.patient.as_str()).name().to_owned(),
        waiting_since: waiting_since.map(Instant::utc),
        limits,
    }))
}

/// How far back receipts are listed: as long as the page's charts look back at first.
const RECEIVED_WITHIN: Span = Span::from_days(30);

/// What of a patient was received in the last 30 days and is dated so long before that no rule looks at it
///
/// Readings at home of any kind, by their receipt: a device's memory that was read out, what a person typed or
/// corrected, or what a clock says that shows a wrong date. They are where their dates place them, too. Those
/// of which a date is doubted say so (`time_unknown`, `observed_long_ago`).
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/readings/backdated",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
    ),
    responses(
        (status = 200, description = "Current readings, that received last first", body = BackdatedReadings),
        (status = 401, description = "Nobody is signed in, or the session has ended", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "Not for this role, or not a patient of this physician", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "The store is unavailable, or the access cannot be recorded", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn list_backdated_readings(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadReadings>,
) -> Result<Json<BackdatedReadings>, Problem> {
    let now = now();
    let since = now - RECEIVED_WITHIN;
    let waiting_since = dashboard.changed.waiting_since(assigned.patient.as_str(), now);
    let page = dashboard.store.backdated(&assigned.patient, since, now).await;
    let page = page.map_err(unavailable)?;
    Ok(Json(BackdatedReadings {
        patient: assigned.patient.to_string(),
        received_since: Instant::utc(since),
        readings: page.readings,
        truncated: page.truncated,
        time_zone: dashboard.local_time(assigned.patient.as_str()).name().to_owned(),
        waiting_since: waiting_since.map(Instant::utc),
    }))
}

/// Which reading.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionsQuery {
    /// The reading's id, as readings say it.
    id: String,
}

/// Every version of a reading: who said what, when, and from where
///
/// Also versions that came too late, and those that say that the reading was entered in error. A reading of
/// which nothing is stored has none.
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/readings/versions",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        VersionsQuery,
    ),
    responses(
        (status = 200, description = "The versions, the current one first", body = ReadingVersions),
        (status = 400, description = "The id is none of this patient's readings", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn list_reading_versions(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadReadings>,
    query: Result<Query<VersionsQuery>, QueryRejection>,
) -> Result<Json<ReadingVersions>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let reading = ReadingId::parse(&query.id)
        .map_err(|error| Problem::bad_request(format!("id is the id of a reading: {error}.")))?;
    if *reading.patient() != assigned.patient {
        return Err(Problem::bad_request("id is of a reading of another patient.".to_owned()));
    }
    let waiting_since = dashboard.changed.waiting_since(assigned.patient.as_str(), now());
    let versions = dashboard.store.versions(&reading).await.map_err(unavailable)?;
    Ok(Json(ReadingVersions {
        id: reading.to_string(),
        versions,
        time_zone: dashboard.local_time(assigned.patient.as_str()).name().to_owned(),
        waiting_since: waiting_since.map(Instant::utc),
    }))
}

/// Every alert of a patient, newest first
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/alerts",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
    ),
    responses(
        (status = 200, description = "All alerts, newest first", body = PatientAlerts),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn list_patient_alerts(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadAlerts>,
) -> Result<Json<PatientAlerts>, Problem> {
    let stored = dashboard.store.alerts(&assigned.patient).await.map_err(unavailable)?;
    let newest = dashboard.alerts.newest_of_patient(assigned.patient.as_str());
    let alerts = with_newer(stored, &newest);
    let alerts = alerts.iter().map(|alert| dashboard.as_shown(alert)).collect();
    Ok(Json(PatientAlerts { patient: assigned.patient.to_string(), alerts }))
}

/// The store is a moment behind: an alert that the physician has just seen live is there already, and
/// one that has just been closed is closed.
fn with_newer(mut stored: Vec<Alert>, newest: &[Arc<Alert>]) -> Vec<Alert> {
    for alert in newest {
        match stored.iter_mut().find(|known| known.id == alert.id) {
            Some(known) if known.changed_at.at() < alert.changed_at.at() => {
                *known = Alert::clone(alert);
            }
            Some(_) => {}
            None => stored.push(Alert::clone(alert)),
        }
    }
    let raised = |alert: &Alert| Instant::at(alert.raised_at);
    stored.sort_by(|a, b| raised(b).cmp(&raised(a)).then_with(|| a.id.cmp(&b.id)));
    stored
}

/// Whatever the store's failure is, the physician can only come back; the log says more.
fn unavailable(_: StoreError) -> Problem {
    Problem::store_unavailable()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::tests::event;

    #[test]
    fn an_alert_that_is_not_stored_yet_is_listed_and_a_stored_one_not_twice() {
        let alert = |id: &str, raised: i64, changed: i64| {
            let mut event = event(id, "A/1", "urgent", "open");
            event.raised_at += raised;
            event.changed_at += changed;
            Alert::try_from(event).unwrap()
        };
        let stored = vec![alert("old", 1, 1), alert("changed", 2, 2), alert("resolved", 3, 9)];
        let open = [alert("changed", 2, 5), alert("new", 4, 4), alert("resolved", 3, 3)];
        let listed = with_newer(stored, &open.map(Arc::new));
        let listed: Vec<_> = listed
            .iter()
            .map(|alert| (alert.id.as_str(), alert.changed_at.at().millis() % 1000))
            .collect();
        assert_eq!(listed, [("new", 4), ("resolved", 9), ("changed", 5), ("old", 1)]);
    }
}
