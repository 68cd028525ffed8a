//! The table of all patients of a physician: how their last days compare with those before.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use clinical::alert::Severity;
use clinical::local_time::{JAPAN, LocalTime};
use clinical::metrics::{
    Bucket, COMPARED_DAYS, MONTH_DAYS, Series, Trend, WEEK_DAYS, change_in_deviations,
    compared_series,
};
use clinical::{Kind, Timestamp};
use jiff::civil::Date;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::{self, timeout_at};
use utoipa::IntoParams;

use super::responses::{NotAPhysician, NotSignedIn};
use crate::access::{ListAggregates, Physician};
use crate::clock::now;
use crate::model::trend::{ComparedDays, PatientTrends, Show, TrendRow, TrendsOfPatients};
use crate::model::{Instant, documented};
use crate::problem::{Problem, ProblemDetails};
use crate::queries::{DaysOfPatient, OneZone, StoreError};
use crate::state::Dashboard;
use crate::turns::Turn;

/// So many patients are on a page: what can be looked through at once.
const PATIENTS_PER_PAGE: usize = 50;

/// So long the store is asked for a table in all: patients of many time zones are many questions.
const LONGEST: Duration = Duration::from_secs(15);

/// Which page of which patients.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrendsQuery {
    /// Only this kind, and the patients who have measured it in the last 30 days.
    #[param(value_type = Option<documented::Kind>)]
    kind: Option<Kind>,
    /// Only patients whose id contains this.
    sought: Option<String>,
    /// Which of them.
    #[serde(default)]
    #[param(inline, required = false)]
    show: Show,
    /// Which page, from 1.
    #[param(minimum = 1, default = 1)]
    page: Option<usize>,
}

/// How the last 7 and 30 days of the physician's patients compare with those before, what matters first
#[utoipa::path(
    get,
    path = "/api/v1/trends",
    params(TrendsQuery),
    responses(
        (status = 200, description = "A page of the physician's patients, what matters first", body = TrendsOfPatients),
        (status = 400, description = "A parameter is not understood", body = ProblemDetails, content_type = "application/problem+json"),
        NotSignedIn,
        NotAPhysician,
        (status = 503, description = "Just started, the store is unavailable, or the access cannot be recorded", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub async fn list_trends(
    State(dashboard): State<Arc<Dashboard>>,
    physician: Physician<ListAggregates>,
    query: Result<Query<TrendsQuery>, QueryRejection>,
) -> Result<Json<TrendsOfPatients>, Problem> {
    let patients = dashboard.registry.patients_of(physician.user());
    physician.record_granted(&dashboard, &patients).await?;
    let Query(query) = query.map_err(|refused| Problem::bad_request(refused.body_text()))?;
    let kinds = query.kinds()?;
    let page = query.page.unwrap_or(1);
    if page == 0 {
        return Err(Problem::bad_request("page is a number from 1."));
    }
    if !dashboard.alerts.is_caught_up() {
        return Err(Problem::still_loading("alerts"));
    }
    if !dashboard.plans.is_caught_up() {
        return Err(Problem::still_loading("care plans"));
    }
    // One instance puts few tables together at a time: each may be made of a million hours.
    let turn = dashboard.tables.take().await?;
    // A client that hangs up ends no question to the store, and frees no turn.
    let table = tokio::spawn(table(dashboard, patients, (query, kinds, page), turn));
    table.await.map_err(|_| Problem::internal())?.map(Json)
}

/// The turn ends with the work.
async fn table(
    dashboard: Arc<Dashboard>,
    patients: BTreeSet<String>,
    (query, kinds, page): (TrendsQuery, Vec<Kind>, usize),
    _turn: Turn,
) -> Result<TrendsOfPatients, Problem> {
    let end = time::Instant::now() + LONGEST;
    let now = now();
    // Asked before the store is: what comes to it meanwhile is then said to wait.
    let waiting_since = dashboard.changed.waiting_since_of(&patients, now);
    let as_of = before(end, dashboard.store.aggregated_until()).await?;
    let asked = Arc::new(People::asked(&dashboard, &patients, &query));
    let zones = asked.zones(asked.people.iter());
    let days = dashboard.store.days_of(&zones, &kinds, (now, MONTH_DAYS));
    let days = before(end, days).await?;
    // Some hundred thousand days are put in an order: not where others wait.
    let people = Arc::clone(&asked);
    let ordered = spawn_blocking(move || {
        let found = people.found(days, &query, now);
        let shown = found.iter().skip((page - 1).saturating_mul(PATIENTS_PER_PAGE));
        let shown = shown.take(PATIENTS_PER_PAGE).map(|one| one.person.clone());
        (found.len(), shown.collect::<Vec<Person>>())
    });
    let (patients_found, shown) = ordered.await.map_err(|_| Problem::internal())?;
    // The longest comparison is of those alone who are shown.
    let zones = asked.zones(shown.iter());
    let days = dashboard.store.days_of(&zones, &kinds, (now, COMPARED_DAYS));
    let mut days = before(end, days).await?;
    let mut trends = |person: &Person| {
        let days = days.remove(&person.patient).unwrap_or_default();
        person.trends(&dashboard, (asked.local(&person.zone), now), &days)
    };
    Ok(TrendsOfPatients {
        as_of: as_of.map(Instant::utc),
        waiting_since: waiting_since.map(Instant::utc),
        patients_followed: patients.len(),
        patients_found,
        page,
        patients_per_page: PATIENTS_PER_PAGE,
        kinds: compared_kinds().collect(),
        patients: shown.iter().map(&mut trends).collect(),
    })
}

/// What the store answers, unless the table has taken too long by then.
async fn before<T>(
    end: time::Instant,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Problem> {
    let answer = timeout_at(end, answer).await.inspect_err(|_| {
        tracing::warn!("a table of trends was given up: the store took too long in all");
    });
    answer.ok().and_then(Result::ok).ok_or_else(Problem::store_unavailable)
}

/// The kinds of which something is compared, in the order of lists.
fn compared_kinds() -> impl Iterator<Item = Kind> {
    Kind::LISTED.into_iter().filter(|kind| !compared_series(*kind).is_empty())
}

impl TrendsQuery {
    fn kinds(&self) -> Result<Vec<Kind>, Problem> {
        let is_asked = |kind: &Kind| self.kind.is_none_or(|asked| asked == *kind);
        let kinds: Vec<Kind> = compared_kinds().filter(is_asked).collect();
        if kinds.is_empty() {
            return Err(Problem::bad_request("Days of this kind are not compared."));
        }
        Ok(kinds)
    }
}

/// A patient whom the table may show, and how the patient is doing.
#[derive(Clone)]
struct Person {
    patient: String,
    zone: String,
    severity: Option<Severity>,
}

/// The patients whom the table may show, and their clocks.
struct People {
    people: Vec<Person>,
    clocks: BTreeMap<String, LocalTime>,
}

/// A patient in the table.
struct Found<'p> {
    person: &'p Person,
    order: Order,
}

/// What matters first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Order {
    severity: Option<Severity>,
    measures_less: bool,
    change: f64,
}

impl Order {
    fn first(&self, other: &Self) -> Ordering {
        let key = |of: &Self| (Reverse(of.severity), Reverse(of.measures_less));
        key(self).cmp(&key(other)).then_with(|| other.change.total_cmp(&self.change))
    }
}

impl People {
    fn asked(dashboard: &Dashboard, patients: &BTreeSet<String>, query: &TrendsQuery) -> Self {
        let mut clocks = BTreeMap::new();
        let sought = query.sought.as_deref().unwrap_or_default().trim().to_lowercase();
        let is_sought = |patient: &&String| patient.to_lowercase().contains(&sought);
        let person = |patient: &String| {
            let alerts = dashboard.alerts.of_patient(patient);
            let local = dashboard.local_time(patient);
            let zone = local.name().to_owned();
            clocks.insert(zone.clone(), local);
            Person {
                zone,
                severity: alerts.iter().map(|alert| alert.severity).max(),
                patient: patient.clone(),
            }
        };
        let people = patients.iter().filter(is_sought).map(person);
        let people = people
            .filter(|person| query.show != Show::Alerts || person.severity.is_some())
            .collect();
        Self { people, clocks }
    }

    fn zones<'p>(&self, people: impl Iterator<Item = &'p Person>) -> Vec<OneZone<'p>> {
        let mut zones: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for person in people {
            zones.entry(&person.zone).or_default().push(&person.patient);
        }
        let zone = |(zone, patients)| OneZone { local: self.local(zone).clone(), patients };
        zones.into_iter().map(zone).collect()
    }

    fn local(&self, zone: &str) -> &LocalTime {
        self.clocks.get(zone).unwrap_or(&JAPAN)
    }

    /// Who is in the table by their last days, what matters first; of those who are alike by their ids.
    fn found(
        &self,
        mut days: BTreeMap<String, DaysOfPatient>,
        query: &TrendsQuery,
        now: Timestamp,
    ) -> Vec<Found<'_>> {
        let mut found = Vec::new();
        for person in &self.people {
            let days = days.remove(&person.patient).unwrap_or_default();
            if query.kind.is_some() && days.is_empty() {
                continue;
            }
            let local = self.local(&person.zone);
            let week =
                |(of, days): (&(Kind, Series), &Vec<_>)| (of.0, Week::of(of.1, days, (local, now)));
            let weeks = Weeks(days.iter().map(week).collect());
            if query.show == Show::Few && !weeks.are_few() {
                continue;
            }
            let order = Order {
                severity: person.severity,
                measures_less: weeks.are_less_than_before(),
                change: weeks.greatest_change(),
            };
            found.push(Found { person, order });
        }
        found.sort_by(|a, b| {
            a.order.first(&b.order).then_with(|| a.person.patient.cmp(&b.person.patient))
        });
        found
    }
}

/// The last week of a series.
struct Week {
    trend: Trend,
    change: Option<f64>,
}

/// The last weeks of a patient, of each series that has values.
struct Weeks(Vec<(Kind, Week)>);

impl Weeks {
    /// Whether a kind has too few values that had enough in the week before, in whichever way it was measured.
    fn are_less_than_before(&self) -> bool {
        let less = self.0.iter().filter(|(_, week)| week.trend.is_less_than_before());
        less.map(|(kind, _)| *kind).any(|kind| !self.is_enough(kind))
    }

    /// Whether there is less than before, or of no kind enough. A kind that is measured now and then beside
    /// another one is none that is missed.
    fn are_few(&self) -> bool {
        self.are_less_than_before() || !self.0.iter().any(|(_, week)| week.trend.last.is_enough)
    }

    fn is_enough(&self, kind: Kind) -> bool {
        self.0.iter().any(|(of, week)| *of == kind && week.trend.last.is_enough)
    }

    fn greatest_change(&self) -> f64 {
        self.0.iter().filter_map(|(_, week)| week.change).fold(0.0, f64::max)
    }
}

impl Week {
    fn of(series: Series, days: &[Bucket<Date>], (local, now): (&LocalTime, Timestamp)) -> Self {
        let trend = Trend::of(series, days, (local, now), WEEK_DAYS);
        Self { change: change_in_deviations(&trend, days, local.day_of(now)), trend }
    }
}

impl Person {
    fn trends(
        &self,
        dashboard: &Dashboard,
        (local, now): (&LocalTime, Timestamp),
        days: &DaysOfPatient,
    ) -> PatientTrends {
        let person = dashboard.registry.person(&self.patient);
        PatientTrends {
            patient: self.patient.clone(),
            birth_year: person.birth_year,
            sex: person.sex,
            severity: self.severity,
            time_zone: self.zone.clone(),
            today: local.day_of(now).to_string(),
            rows: compared_kinds().flat_map(|kind| rows(days, kind, (local, now))).collect(),
        }
    }
}

/// The rows of a kind: one for each way of measuring that it has values of.
fn rows(days: &DaysOfPatient, kind: Kind, when: (&LocalTime, Timestamp)) -> Vec<TrendRow> {
    let series = compared_series(kind);
    let mut methods: Vec<&'static str> = Vec::new();
    for method in series.iter().map(|series| series.method) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    let of_method = |method| series.iter().filter(move |series| series.method == method);
    let row = |method| row(days, kind, of_method(method), when);
    methods.into_iter().filter_map(row).collect()
}

/// The row of the series that are measured in one way.
fn row<'s>(
    days: &DaysOfPatient,
    kind: Kind,
    series: impl Iterator<Item = &'s Series>,
    when: (&LocalTime, Timestamp),
) -> Option<TrendRow> {
    let with_days: Vec<(Series, &Vec<Bucket<Date>>)> =
        series.filter_map(|series| Some((*series, days.get(&(kind, *series))?))).collect();
    let last_day = with_days.iter().flat_map(|(_, days)| days.iter().map(|day| day.of)).max()?;
    let compared = |length| {
        let trend = |(series, days): &(Series, &Vec<Bucket<Date>>)| {
            (series.field, Trend::of(*series, days, when, length))
        };
        ComparedDays::of(&with_days.iter().map(trend).collect::<Vec<_>>())
    };
    let method = with_days.first()?.0.method;
    Some(TrendRow {
        kind,
        method: (!method.is_empty()).then_some(method),
        last_day: last_day.to_string(),
        week: compared(WEEK_DAYS)?,
        month: compared(MONTH_DAYS)?,
    })
}

#[cfg(test)]
#[path = "trends_tests.rs"]
mod tests;
