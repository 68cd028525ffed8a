//! What summarises a patient's readings. Each kind that has metrics is named here.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use clinical::Hours;
use clinical::limit::Limit;
use clinical::local_time::LocalTime;
use clinical::metrics::{self, PressureTarget, Trace};
use clinical::remembered::CurrentReading;
use clinical::rules;
use clinical::{Kind, PatientId, Span, Timestamp};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::responses::{NotAssigned, NotSignedIn, StoreUnavailable};
use crate::access::{AssignedPatient, ReadMetrics};
use crate::clock::now;
use crate::model::metrics::{
    BloodPressureSummary, GlucoseDays, GlucoseProfile, GlucoseSummary, Period,
};
use crate::model::time;
use crate::problem::{Problem, ProblemDetails};
use crate::queries::StoreError;
use crate::state::Dashboard;
use crate::turns::Turn;

/// When a period begins that ends at a time, where its begin is not asked for: with a local day.
type UsualBegin = fn(&LocalTime, Hours, Timestamp) -> Timestamp;
/// No longer period is summarised: what has to be read for an answer stays bounded.
const LONGEST: Span = Span::from_days(100);

/// Which period.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// Observed at this time or later; where not given, since the midnight 14 local days before that of
    /// `to`'s, of blood pressure since the patient's morning begins (04:00, or as the plan has it) on the first of seven days, of
    /// which that of `to` is the last.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Observed before this time; now where not given. At most 100 days after `from`.
    #[param(format = DateTime)]
    to: Option<String>,
}

impl PeriodQuery {
    /// The period that is asked for, which ends with the present at the latest.
    fn parse(
        self,
        usual: UsualBegin,
        (local, hours): (&LocalTime, Hours),
        now: Timestamp,
    ) -> Result<metrics::Period, Problem> {
        let time = |text: Option<String>, problem: &'static str| {
            text.map(|text| time::parse(&text).ok_or_else(|| Problem::bad_request(problem)))
                .transpose()
        };
        const FROM: &str = "from is a time with an offset, e.g. 2026-11-22T07:31:00+09:00.";
        const TO: &str = "to is a time with an offset, e.g. 2026-11-22T07:31:00+09:00.";
        let to = time(self.to, TO)?.unwrap_or(now).min(now);
        let from = time(self.from, FROM)?.unwrap_or_else(|| usual(local, hours, to));
        if from >= to || to - from > LONGEST {
            return Err(Problem::bad_request("from is before to, by 100 days at most."));
        }
        Ok(metrics::Period { from, to })
    }
}

/// What is read for a summary.
struct Wanted {
    patient: PatientId,
    period: metrics::Period,
    local: LocalTime,
    readings: Vec<CurrentReading>,
    /// Ends with the rest.
    _turn: Turn,
}

impl Wanted {
    async fn read(
        dashboard: &Dashboard,
        patient: PatientId,
        (kind, usual): (Kind, UsualBegin),
        query: Result<Query<PeriodQuery>, QueryRejection>,
    ) -> Result<Self, Problem> {
        let Query(query) = query.map_err(|refused| Problem::bad_request(refused.body_text()))?;
        if !dashboard.plans.is_caught_up() {
            return Err(Problem::still_loading("care plans"));
        }
        if !dashboard.rule_sets.is_caught_up() {
            return Err(Problem::still_loading("rule sets"));
        }
        let plan = dashboard.plan_of(patient.as_str());
        let (local, hours) = (plan.local_time().clone(), Hours::of(&plan));
        let period = query.parse(usual, (&local, hours), now())?;
        let turn = dashboard.turns.take().await?;
        let readings = dashboard.store.samples(&patient, kind, period).await;
        let readings = readings.map_err(|error| match error {
            StoreError::TooMany(most) => Problem::too_many_readings(most, "choose fewer days"),
            _ => Problem::store_unavailable(),
        })?;
        Ok(Self { patient, period, local, readings, _turn: turn })
    }

    /// What is made of many thousand readings: not where others wait. The turn ends with it.
    async fn summarised<T: Send + 'static>(
        self,
        summary: impl FnOnce(&mut Self) -> T + Send + 'static,
    ) -> Result<Json<T>, Problem> {
        let mut wanted = self;
        let made = spawn_blocking(move || summary(&mut wanted));
        made.await.map(Json).map_err(|_| Problem::internal())
    }

    fn period(&self) -> Period {
        Period::of(self.period, &self.local)
    }

    fn trace(&mut self) -> Trace {
        Trace::of(std::mem::take(&mut self.readings), self.period)
    }
}

/// Sensor glucose over a period: times in ranges, events, variability
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/glucose/summary",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        PeriodQuery,
    ),
    responses(
        (status = 200, description = "Sensor glucose over the period", body = GlucoseSummary),
        (status = 400, description = "A parameter is not understood, or there are too many readings for a summary", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn read_glucose_summary(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadMetrics>,
    query: Result<Query<PeriodQuery>, QueryRejection>,
) -> Result<Json<GlucoseSummary>, Problem> {
    let wanted = glucose(&dashboard, assigned, query).await?;
    let limits: Vec<Limit> = rules::limits(&dashboard.plan_of(wanted.patient.as_str())).collect();
    let own = metrics::own_range(&limits);
    let summary = wanted.summarised(move |wanted| {
        let trace = wanted.trace();
        let summary = metrics::glucose_summary(&trace, wanted.period, &wanted.local);
        let own = own.map(|own| (own, metrics::time_in_range(&trace, own)));
        GlucoseSummary::new(wanted.patient.to_string(), wanted.period(), &summary, own)
    });
    summary.await
}

/// The ambulatory glucose profile: percentiles of sensor glucose by the time of the patient's day
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/glucose/agp",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        PeriodQuery,
    ),
    responses(
        (status = 200, description = "Percentiles by time of day", body = GlucoseProfile),
        (status = 400, description = "A parameter is not understood, or there are too many readings for a summary", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn read_glucose_profile(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadMetrics>,
    query: Result<Query<PeriodQuery>, QueryRejection>,
) -> Result<Json<GlucoseProfile>, Problem> {
    let wanted = glucose(&dashboard, assigned, query).await?;
    let plan = dashboard.plan_of(wanted.patient.as_str());
    let profile = wanted.summarised(move |wanted| {
        let slots = metrics::ambulatory_profile(&wanted.trace(), &wanted.local);
        let limits = rules::limits(&plan).filter(|limit| limit.kind() == Kind::BloodGlucose);
        GlucoseProfile {
            period: wanted.period(),
            patient: wanted.patient.to_string(),
            slot_minutes: metrics::SLOT_MINUTES,
            slots: slots.into_iter().map(Into::into).collect(),
            limits: limits.map(Into::into).collect(),
        }
    });
    profile.await
}

/// Sensor glucose day by day
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/glucose/days",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        PeriodQuery,
    ),
    responses(
        (status = 200, description = "Local days with values, the first first", body = GlucoseDays),
        (status = 400, description = "A parameter is not understood, or there are too many readings for a summary", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn list_glucose_days(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadMetrics>,
    query: Result<Query<PeriodQuery>, QueryRejection>,
) -> Result<Json<GlucoseDays>, Problem> {
    let wanted = glucose(&dashboard, assigned, query).await?;
    let days = wanted.summarised(|wanted| {
        let trace = wanted.trace();
        let days = metrics::glucose_days(&trace, wanted.period, &wanted.local);
        GlucoseDays {
            period: wanted.period(),
            patient: wanted.patient.to_string(),
            days: days.into_iter().map(Into::into).collect(),
        }
    });
    days.await
}

/// Blood pressure at home over a period: means of mornings and evenings, variability, target
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/blood-pressure/summary",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        PeriodQuery,
    ),
    responses(
        (status = 200, description = "Blood pressure over the period", body = BloodPressureSummary),
        (status = 400, description = "A parameter is not understood, or there are too many readings for a summary", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn read_pressure_summary(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadMetrics>,
    query: Result<Query<PeriodQuery>, QueryRejection>,
) -> Result<Json<BloodPressureSummary>, Problem> {
    let asked: (Kind, UsualBegin) = (Kind::BloodPressure, metrics::usual_pressure_begin);
    let wanted = Wanted::read(&dashboard, assigned.patient, asked, query).await?;
    let (hours, limits) = {
        let plan = dashboard.plan_of(wanted.patient.as_str());
        (Hours::of(&plan), rules::limits(&plan).collect::<Vec<Limit>>())
    };
    let target = PressureTarget::of(&limits);
    let summary = wanted.summarised(move |wanted| {
        let readings = std::mem::take(&mut wanted.readings);
        let summary = metrics::blood_pressure_summary(
            readings,
            wanted.period,
            (&wanted.local, hours),
            target,
        );
        let patient = wanted.patient.to_string();
        BloodPressureSummary::new(patient, wanted.period(), target, summary)
    });
    summary.await
}

async fn glucose(
    dashboard: &Dashboard,
    assigned: AssignedPatient<ReadMetrics>,
    query: Result<Query<PeriodQuery>, QueryRejection>,
) -> Result<Wanted, Problem> {
    let asked: (Kind, UsualBegin) =
        (Kind::BloodGlucose, |local, _, to| metrics::usual_glucose_begin(local, to));
    Wanted::read(dashboard, assigned.patient, asked, query).await
}

/// Their routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Dashboard>> {
    OpenApiRouter::new()
        .routes(routes!(read_glucose_summary))
        .routes(routes!(read_glucose_profile))
        .routes(routes!(list_glucose_days))
        .routes(routes!(read_pressure_summary))
}

/// The same with the patient in one segment, its slash encoded.
pub fn of_one_segment() -> Router<Arc<Dashboard>> {
    Router::new()
        .route("/api/v1/patients/{patient}/glucose/summary", get(read_glucose_summary))
        .route("/api/v1/patients/{patient}/glucose/agp", get(read_glucose_profile))
        .route("/api/v1/patients/{patient}/glucose/days", get(list_glucose_days))
        .route("/api/v1/patients/{patient}/blood-pressure/summary", get(read_pressure_summary))
}

#[cfg(test)]
mod tests {
    use clinical::local_time::JAPAN;

    use super::*;

    fn period(from: Option<&str>, to: Option<&str>) -> Result<metrics::Period, Problem> {
        usually(|local, _, to| metrics::usual_glucose_begin(local, to), from, to)
    }

    /// Of a patient in Japan, at six in the evening.
    fn usually(
        usual: UsualBegin,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<metrics::Period, Problem> {
        let now = time::parse("2026-11-22T09:00:00Z").unwrap();
        let query = PeriodQuery { from: from.map(str::to_owned), to: to.map(str::to_owned) };
        query.parse(usual, (&JAPAN, Hours::default()), now)
    }

    #[test]
    fn whole_days_and_today_are_summarised_where_no_period_is_asked_for() {
        let glucose = period(None, None).unwrap();
        assert_eq!(glucose.from.to_string(), "2026-11-07T15:00:00Z", "midnight 14 days before");
        assert_eq!(glucose.to.to_string(), "2026-11-22T09:00:00Z");
        let pressure = |to| usually(metrics::usual_pressure_begin, None, to).unwrap();
        assert_eq!(pressure(None).from.to_string(), "2026-11-15T19:00:00Z", "04:00 of the 16th");
        let before_four = pressure(Some("2026-11-22T03:59:00+09:00"));
        assert_eq!(before_four.from.to_string(), "2026-11-14T19:00:00Z", "still of the 21st");
        let at_four = pressure(Some("2026-11-22T04:00:00+09:00"));
        assert_eq!(at_four.from.to_string(), "2026-11-14T19:00:00Z", "seven whole days");
    }

    #[test]
    fn a_period_ends_with_the_present_and_is_a_hundred_days_long_at_most() {
        let later = period(Some("2026-11-01T00:00:00Z"), Some("2027-01-01T00:00:00Z")).unwrap();
        assert_eq!(later.to.to_string(), "2026-11-22T09:00:00Z");
        assert!(period(Some("2026-08-14T09:00:00Z"), None).is_ok());
        assert!(period(Some("2026-08-14T08:59:59Z"), None).is_err());
        assert!(period(Some("2026-11-23T00:00:00Z"), None).is_err());
        assert!(period(Some("yesterday"), None).is_err());
        assert!(period(None, Some("2026-11-22")).is_err());
    }
}
