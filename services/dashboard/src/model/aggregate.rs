//! Aggregates of hours and days as the API says them. `clinical::metrics` says what they are.

use clinical::metrics;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documented;
use super::metrics::{Period, TimeInBands};
use super::time::Instant;

/// What a long chart is made of: of each hour or day that has values how many they are, their mean and
/// their range.
#[derive(Debug, Serialize, ToSchema)]
pub struct Aggregates {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The kind of readings.
    #[schema(value_type = documented::Kind)]
    pub kind: clinical::Kind,
    /// The field of the kind.
    pub field: &'static str,
    /// How it was measured; null where that is not distinguished.
    pub method: Option<&'static str>,
    /// Of hours or of days.
    pub by: By,
    /// The period, from the beginning of its first hour or day.
    pub period: Period,
    /// What was stored before this time is counted; null until all that is stored has been counted once.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Instant>,
    /// Hours or days with values, the first first.
    pub buckets: Vec<AggregateBucket>,
}

/// What the readings of each of a physician's patients come to over some days.
#[derive(Debug, Serialize, ToSchema)]
pub struct AggregatesOfPatients {
    /// The kind of readings.
    #[schema(value_type = documented::Kind)]
    pub kind: clinical::Kind,
    /// The field of the kind.
    pub field: &'static str,
    /// How it was measured; null where that is not distinguished.
    pub method: Option<&'static str>,
    /// The first instant of the period, which begins with an hour.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// The first instant after it.
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
    /// What was stored before this time is counted; null until all that is stored has been counted once.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Instant>,
    /// Patients with values, by their ids.
    pub patients: Vec<AggregateOfPatient>,
}

/// What the values of a series in some time come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AggregateValues {
    /// Values that are counted, without copies.
    pub values: u32,
    /// Values only known to be beyond what the device can say: they are in no mean.
    pub values_beyond: u32,
    /// The mean of the others, in the field's unit; null where there are none.
    pub mean: Option<f64>,
    /// The lowest value, in the field's unit; of one beyond what the device can say its limit.
    pub lowest: f64,
    /// The highest value, likewise.
    pub highest: f64,
    /// Times in the bands of the consensus, of sensor glucose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_in_bands: Option<TimeInBands>,
}

impl<T> From<&metrics::Bucket<T>> for AggregateValues {
    fn from(of: &metrics::Bucket<T>) -> Self {
        Self {
            values: of.aggregate.values,
            values_beyond: of.aggregate.values_beyond(),
            mean: of.aggregate.mean.value(),
            lowest: of.aggregate.lowest,
            highest: of.aggregate.highest,
            time_in_bands: TimeInBands::of(&of.time),
        }
    }
}

/// What a patient's values come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AggregateOfPatient {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// What they come to.
    #[serde(flatten)]
    pub of: AggregateValues,
}

impl From<metrics::Bucket<String>> for AggregateOfPatient {
    fn from(of: metrics::Bucket<String>) -> Self {
        Self { of: (&of).into(), patient: of.of }
    }
}

/// What a value is aggregated by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Hours that begin with those of UTC.
    Hour,
    /// Days of the patient's time zone, put together from those hours.
    Day,
}

/// The values of an hour or a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct AggregateBucket {
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// The first instant after it.
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
    /// The local day, of a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub day: Option<String>,
    /// What they come to.
    #[serde(flatten)]
    pub of: AggregateValues,
}

impl AggregateBucket {
    /// The values of a bucket, which lasts from an instant on and until another.
    pub fn new<T>(
        of: &metrics::Bucket<T>,
        (from, to): (clinical::Timestamp, clinical::Timestamp),
        day: Option<String>,
    ) -> Self {
        Self { from: Instant::utc(from), to: Instant::utc(to), day, of: of.into() }
    }
}
