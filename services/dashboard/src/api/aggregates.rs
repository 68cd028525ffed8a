//! Hours and days of a patient's readings over long periods: for charts of a year.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use clinical::local_time::LocalTime;
use clinical::metrics::{self, HOUR, Series, days_of_hours};
use clinical::{Span, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::responses::{NotAPhysician, NotAssigned, NotSignedIn, StoreUnavailable};
use crate::access::{AssignedPatient, ListAggregates, Physician, ReadMetrics};
use crate::clock::now;
use crate::model::aggregate::{AggregateBucket, Aggregates, AggregatesOfPatients, By};
use crate::model::documented::Kind;
use crate::model::metrics::Period;
use crate::model::{Instant, time};
use crate::problem::{Problem, ProblemDetails};
use crate::state::Dashboard;

/// The longest period, and the one where none is asked for.
const OF_DAYS: (Span, Span) = (Span::from_days(1_830), Span::from_days(365));
const OF_HOURS: (Span, Span) = (Span::from_days(100), Span::from_days(7));

/// What of which period.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AggregatesQuery {
    /// The kind of readings.
    #[param(value_type = Kind)]
    kind: clinical::Kind,
    /// The field of the kind; its first where not given.
    field: Option<String>,
    /// How it was measured, where that is distinguished; the first way where not given.
    method: Option<String>,
    /// Hours, or days of the patient's time zone.
    by: By,
    /// Observed at this time or later, from the beginning of its hour or day on; a year before `to`, of hours
    /// a week, where not given.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Observed before this time; now where not given. At most 1,830 days after `from`, of hours 100.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// The series of a kind that is asked for.
fn series(
    kind: clinical::Kind,
    field: Option<&str>,
    method: Option<&str>,
) -> Result<Series, Problem> {
    let all = metrics::series(kind);
    if all.is_empty() {
        let why =
            "Readings of this kind are not aggregated: each says how much there was of its day.";
        return Err(Problem::bad_request(why));
    }
    let of_field = |series: &&Series| field.is_none_or(|field| series.field == field);
    let fields: Vec<&Series> = all.iter().filter(of_field).collect();
    if fields.is_empty() {
        return Err(not_one_of("field", all.iter().map(|series| series.field)));
    }
    let of_method = |series: &&&Series| method.is_none_or(|method| series.method == method);
    let found = fields.iter().find(of_method).map(|series| **series);
    found.ok_or_else(|| not_one_of("method", fields.iter().map(|series| series.method)))
}

impl AggregatesQuery {
    /// The period that is asked for, which ends with the present at the latest.
    fn period(&self, local: &LocalTime, now: Timestamp) -> Result<metrics::Period, Problem> {
        let read = |text: &Option<String>, problem: &'static str| {
            let text = text.as_deref();
            text.map(|text| time::parse(text).ok_or_else(|| Problem::bad_request(problem)))
                .transpose()
        };
        const FROM: &str = "from is a time with an offset, e.g. 2026-11-22T07:31:00+09:00.";
        const TO: &str = "to is a time with an offset, e.g. 2026-11-22T07:31:00+09:00.";
        let (longest, usual) = match self.by {
            By::Day => OF_DAYS,
            By::Hour => OF_HOURS,
        };
        let to = read(&self.to, TO)?.unwrap_or(now).min(now);
        let from = read(&self.from, FROM)?.unwrap_or(to - usual);
        if from >= to || to - from > longest {
            let days = longest.millis() / Span::from_days(1).millis();
            let problem = format!("from is before to, by {days} days at most.");
            return Err(Problem::bad_request(problem));
        }
        let period = metrics::Period { from, to };
        Ok(match self.by {
            By::Day => period.of_whole_days(local),
            By::Hour => period.of_whole_hours(),
        })
    }
}

fn not_one_of<'a>(parameter: &str, names: impl Iterator<Item = &'a str>) -> Problem {
    let mut names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    names.dedup();
    Problem::bad_request(match names.is_empty() {
        true => format!("{parameter} is not distinguished of this field."),
        false => format!("{parameter} is one of {}.", names.join(", ")),
    })
}

/// Hours or days of a patient's readings: how many, their mean and their range
#[utoipa::path(
    get,
    path = "/api/v1/patients/{consortium}/{person}/aggregates",
    params(
        ("consortium" = String, Path, description = "The patient's consortium_id; both ids may also be one segment, CGM005%2FS001"),
        ("person" = String, Path, description = "The patient's person_id"),
        AggregatesQuery,
    ),
    responses(
        (status = 200, description = "Hours or days with values, the first first", body = Aggregates),
        (status = 400, description = "A parameter is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAssigned,
        StoreUnavailable,
    )
)]
pub async fn list_aggregates(
    State(dashboard): State<Arc<Dashboard>>,
    assigned: AssignedPatient<ReadMetrics>,
    query: Result<Query<AggregatesQuery>, QueryRejection>,
) -> Result<Json<Aggregates>, Problem> {
    let Query(query) = query.map_err(|refused| Problem::bad_request(refused.body_text()))?;
    let series = series(query.kind, query.field.as_deref(), query.method.as_deref())?;
    if !dashboard.plans.is_caught_up() {
        return Err(Problem::still_loading("care plans"));
    }
    let patient = assigned.patient;
    let local = dashboard.local_time(patient.as_str());
    let period = query.period(&local, now())?;
    let store = &dashboard.store;
    let unavailable = |_| Problem::store_unavailable();
    // Before the hours are read: they hold what was stored by then, and perhaps more.
    let as_of = store.aggregated_until().await.map_err(unavailable)?;
    let hours = store.hours(&patient, (query.kind, series), period).await.map_err(unavailable)?;
    let buckets = match query.by {
        By::Hour => {
            let of = |hour: &metrics::Bucket<Timestamp>| {
                AggregateBucket::new(hour, (hour.of, hour.of + HOUR), None)
            };
            hours.iter().map(of).collect()
        }
        By::Day => {
            let of = |day: &metrics::Bucket<_>| {
                let lasts = (local.begin_of(day.of, 0), local.begin_of(day.of, 1));
                AggregateBucket::new(day, lasts, Some(day.of.to_string()))
            };
            days_of_hours(hours, &local).iter().map(of).collect()
        }
    };
    Ok(Json(Aggregates {
        patient: patient.to_string(),
        kind: query.kind,
        field: series.field,
        method: (!series.method.is_empty()).then_some(series.method),
        by: query.by,
        period: Period::of(period, &local),
        as_of: as_of.map(Instant::utc),
        buckets,
    }))
}

/// What of which days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PatientsQuery {
    /// The kind of readings.
    #[param(value_type = Kind)]
    kind: clinical::Kind,
    /// The field of the kind; its first where not given.
    field: Option<String>,
    /// How it was measured, where that is distinguished; the first way where not given.
    method: Option<String>,
    /// Of how many times 24 hours up to now.
    #[param(minimum = 1, maximum = 100, default = 14)]
    days: Option<u8>,
}

/// What the readings of each of the physician's patients come to over some days
#[utoipa::path(
    get,
    path = "/api/v1/aggregates",
    params(PatientsQuery),
    responses(
        (status = 200, description = "The physician's patients with values, by their ids", body = AggregatesOfPatients),
        (status = 400, description = "A parameter is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAPhysician,
        StoreUnavailable,
    )
)]
pub async fn list_aggregates_of_patients(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<ListAggregates>,
    query: Result<Query<PatientsQuery>, QueryRejection>,
) -> Result<Json<AggregatesOfPatients>, Problem> {
    let patients = dashboard.registry.patients_of(&physician.signed_in.session.user);
    physician.record_granted(&dashboard, &patients).await?;
    let Query(query) = query.map_err(|refused| Problem::bad_request(refused.body_text()))?;
    let series = series(query.kind, query.field.as_deref(), query.method.as_deref())?;
    let days = query.days.unwrap_or(14);
    if !(1..=100).contains(&days) {
        return Err(Problem::bad_request("days is a number from 1 to 100."));
    }
    let to = now();
    let period =
        metrics::Period { from: to - Span::from_days(i64::from(days)), to }.of_whole_hours();
    let store = &dashboard.store;
    let unavailable = |_| Problem::store_unavailable();
    let as_of = store.aggregated_until().await.map_err(unavailable)?;
    let found = store.aggregates_of(&patients, (query.kind, series), period).await;
    Ok(Json(AggregatesOfPatients {
        kind: query.kind,
        field: series.field,
        method: (!series.method.is_empty()).then_some(series.method),
        from: Instant::utc(period.from),
        to: Instant::utc(period.to),
        as_of: as_of.map(Instant::utc),
        patients: found.map_err(unavailable)?.into_iter().map(Into::into).collect(),
    }))
}

/// The same with the patient in one segment, its slash encoded.
pub fn of_one_segment() -> Router<Arc<Dashboard>> {
    Router::new().route("/api/v1/patients/{patient}/aggregates", get(list_aggregates))
}

#[cfg(test)]
mod tests {
    use clinical::Kind;
    use clinical::local_time::JAPAN;

    use super::*;

    fn query(kind: Kind, by: By) -> AggregatesQuery {
        AggregatesQuery { kind, field: None, method: None, by, from: None, to: None }
    }

    fn period(query: &AggregatesQuery) -> Option<(String, String)> {
        let now = time::parse("2026-11-22T09:31:00Z").unwrap();
        let period = query.period(&JAPAN, now).ok()?;
        Some((period.from.to_string(), period.to.to_string()))
    }

    #[test]
    fn a_period_begins_with_a_whole_hour_or_local_day_and_ends_with_the_present() {
        let days = query(Kind::BloodPressure, By::Day);
        let found = period(&days).unwrap();
        assert_eq!(found, ("2025-11-21T15:00:00Z".to_owned(), "2026-11-22T09:31:00Z".to_owned()));
        let hours = query(Kind::BloodPressure, By::Hour);
        assert_eq!(period(&hours).unwrap().0, "2026-11-15T09:00:00Z");
        let from = |from: &str, query: AggregatesQuery| {
            period(&AggregatesQuery { from: Some(from.to_owned()), ..query })
        };
        assert!(from("2026-11-22T09:31:00Z", query(Kind::BloodPressure, By::Day)).is_none());
        assert!(from("yesterday", query(Kind::BloodPressure, By::Day)).is_none());
        assert!(from("2022-01-01T00:00:00Z", query(Kind::BloodPressure, By::Day)).is_some());
        assert!(from("2020-01-01T00:00:00Z", query(Kind::BloodPressure, By::Day)).is_none());
        assert!(from("2026-08-01T00:00:00Z", query(Kind::BloodPressure, By::Hour)).is_none());
    }

    #[test]
    fn a_year_of_days_begins_with_a_whole_day_where_midnight_is_no_full_hour() {
        let now = time::parse("2026-11-22T09:31:00Z").unwrap();
        for (zone, begins) in [
            ("Asia/Kolkata", "2025-11-21T18:30:00Z"),
            ("Asia/Kathmandu", "2025-11-21T18:15:00Z"),
            ("Australia/Lord_Howe", "2025-11-21T13:00:00Z"),
            ("America/St_Johns", "2025-11-22T03:30:00Z"),
        ] {
            let local = LocalTime::of(zone).unwrap();
            let period = query(Kind::BloodPressure, By::Day).period(&local, now).unwrap();
            assert_eq!(period.from.to_string(), begins, "{zone}");
        }
    }

    #[test]
    fn the_first_series_is_meant_where_none_is_named_and_others_by_name() {
        let named = |kind, field: Option<&str>, method: Option<&str>| {
            series(kind, field, method).map(|series| (series.field, series.method))
        };
        assert_eq!(named(Kind::BloodPressure, None, None), Ok(("systolic", "")));
        assert_eq!(named(Kind::BloodPressure, Some("diastolic"), None), Ok(("diastolic", "")));
        let finger = named(Kind::BloodGlucose, None, Some("finger_stick"));
        assert_eq!(finger, Ok(("glucose_value", "finger_stick")));
        let sensor = named(Kind::BloodGlucose, None, None);
        assert_eq!(sensor, Ok(("glucose_value", "continuous_sensor")));
        assert!(named(Kind::BloodPressure, Some("pulse"), None).is_err());
        assert!(named(Kind::BloodPressure, None, Some("finger_stick")).is_err());
        assert!(named(Kind::Activity, None, None).is_err());
    }
}
