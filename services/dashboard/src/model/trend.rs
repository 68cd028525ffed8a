//! How the last days of many patients compare with those before, as the API says it. `clinical::metrics` says
//! what the numbers are.

use clinical::alert::Severity;
use clinical::metrics::{DaysTrend, Trend};
use schemas::registry::Sex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documented;
use super::metrics::TimeInBands;
use super::time::Instant;

/// A page of the table of a physician's patients.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrendsOfPatients {
    /// What was stored before this time is counted; null until all that is stored has been counted once.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Instant>,
    /// Since when accepted readings of any of the patients wait for the store; null where it has all, or
    /// is behind by no more than the usual seconds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waiting_since: Option<Instant>,
    /// How many patients the physician follows.
    pub patients_followed: usize,
    /// How many of them are in the table as it was asked for.
    pub patients_found: usize,
    /// Which page this is, from 1.
    pub page: usize,
    /// So many patients are on a page.
    pub patients_per_page: usize,
    /// The kinds that may be asked for.
    #[schema(value_type = Vec<documented::Kind>)]
    pub kinds: Vec<clinical::Kind>,
    /// What matters first: the worst open alert, then who measures less than before, then by how much means have
    /// moved against how much the patient's days differ anyhow.
    pub patients: Vec<PatientTrends>,
}

/// A patient's rows of the table.
#[derive(Debug, Serialize, ToSchema)]
pub struct PatientTrends {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// Year of birth, where registered.
    pub birth_year: Option<i32>,
    /// Sex, as registered.
    #[schema(value_type = documented::Sex)]
    pub sex: Sex,
    /// The worst severity among the open alerts; null without any.
    #[schema(value_type = Option<documented::Severity>)]
    pub severity: Option<Severity>,
    /// The patient's time zone, by its name in the tz database: days are by its clock.
    pub time_zone: String,
    /// The patient's day now, the last one of each period.
    #[schema(format = Date)]
    pub today: String,
    /// What has values of the last 60 days that are compared, in the order of lists. None says not that nothing was
    /// measured: steps and check-ups are not compared, and what is not counted yet is in no row.
    pub rows: Vec<TrendRow>,
}

/// A kind, of glucose as it was measured in one way.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrendRow {
    /// The kind.
    #[schema(value_type = documented::Kind)]
    pub kind: clinical::Kind,
    /// How it was measured; null where that is not distinguished.
    pub method: Option<&'static str>,
    /// The last day with values.
    #[schema(format = Date)]
    pub last_day: String,
    /// The last 7 days, with today, against the 7 before.
    pub week: ComparedDays,
    /// The last 30 days, with today, against the 30 before.
    pub month: ComparedDays,
}

/// Some days up to now, and as many before.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedDays {
    /// How many days there are.
    pub days_of_period: u32,
    /// How many of them have values.
    pub days: u32,
    /// How many have to have some: 5 of each 7. Null of a sensor, which has to cover 70 % of the time.
    pub days_needed: Option<u32>,
    /// How much of the time up to now is covered by values of a sensor.
    pub covered_percent: Option<f64>,
    /// Whether there are as many, or as much is covered: with less a mean says little.
    pub is_enough: bool,
    /// Values that are counted, without copies.
    pub values: u32,
    /// How many of them are only known to be beyond what the device can say: they are in no mean.
    pub values_beyond: u32,
    /// The means of all values that are not, of each field that lists show.
    pub means: Vec<ComparedMean>,
    /// Times in the bands of the consensus; null where no sensor was worn, and where there are fewer than 14
    /// days or too little is covered.
    pub time_in_bands: Option<TimeInBands>,
    /// The same of the days before.
    pub time_in_bands_before: Option<TimeInBands>,
}

/// The mean of a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedMean {
    /// The field.
    pub field: &'static str,
    /// In its unit; null where all values are beyond what the device can say, and without any.
    pub mean: Option<f64>,
    /// That of the days before; null where those or the last ones are too few to be compared, or more than 1 % of
    /// their values are in no mean.
    pub before: Option<f64>,
}

/// Which patients are in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// All of them.
    #[default]
    All,
    /// Those with an open alert.
    Alerts,
    /// Those of whom a kind has too few values in the last 7 days and had enough in the 7 before, or no kind has
    /// enough.
    Few,
}

impl ComparedDays {
    /// Of the trends of a row's fields, each of the same readings.
    pub fn of(fields: &[(&'static str, Trend)]) -> Option<Self> {
        let (_, Trend { last, before }) = fields.first()?;
        let bands = |of: &DaysTrend| of.time.as_ref().and_then(TimeInBands::of);
        let mean = |(field, trend): &(&'static str, Trend)| ComparedMean {
            field,
            mean: trend.last.mean,
            before: trend.change().and(trend.before.mean),
        };
        Some(Self {
            days_of_period: last.days_of_period,
            days: last.days,
            days_needed: last.days_needed,
            covered_percent: last.covered_percent,
            is_enough: last.is_enough,
            values: last.values,
            values_beyond: last.values_beyond,
            means: fields.iter().map(mean).collect(),
            time_in_bands: bands(last),
            time_in_bands_before: bands(last).and(bands(before)),
        })
    }
}
