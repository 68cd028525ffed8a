//! Aggregates of hours as the writer keeps them: of long periods few rows, found by the primary key.

use std::collections::BTreeSet;

use clickhouse::Row;
use clickhouse::query::Query;
use clinical::metrics::{Aggregate, Bucket, Period, Series};
use clinical::metrics::{Band, InBands};
use clinical::statistics::Mean;
use clinical::{Kind, PatientId, Timestamp};
use schemas::stored::AGGREGATED_UNTIL;
use serde::Deserialize;

use super::readings::bound;
use super::{PATIENTS_AT_ONCE, Store, StoreError};

/// The values of an hour, or of all hours of a patient.
#[derive(Debug, Row, Deserialize)]
struct AggregateRow {
    /// Of all hours of a patient 0.
    of_hour: u32,
    of_patient: String,
    all_counted: u64,
    all_in_mean: u64,
    all_total: f64,
    least_of_all: f64,
    greatest_of_all: f64,
    all_seconds: Vec<u64>,
}

impl AggregateRow {
    fn bucket<T>(self, series: Series, of: impl FnOnce(&mut Self) -> T) -> Bucket<T> {
        let mut row = self;
        Bucket {
            of: of(&mut row),
            aggregate: Aggregate {
                values: count(row.all_counted),
                mean: Mean::of(count(row.all_in_mean), row.all_total),
                lowest: row.least_of_all,
                highest: row.greatest_of_all,
            },
            time: time(series, row.all_seconds),
        }
    }
}

/// The hours of a kind under a condition on patients that begin in a period and have values of a series.
/// Of several computations of an hour the one of the greatest time is current.
fn hours(patients: &str) -> String {
    format!(
        "SELECT patient, toUnixTimestamp(hour) AS hour_seconds, value_count[place] AS counted, \
         mean_count[place] AS in_mean, sum[place] AS total, lowest[place] AS least, \
         highest[place] AS greatest, band_seconds AS seconds, \
         arrayFirstIndex((f, m) -> f = {{field:String}} AND m = {{method:String}}, field, method) AS place \
         FROM (SELECT * FROM hourly_aggregates WHERE kind = {{kind:String}} AND {patients} \
         AND hour >= toDateTime({{from:UInt32}}, 'UTC') AND hour < toDateTime({{to:UInt32}}, 'UTC') \
         ORDER BY computed_at DESC LIMIT 1 BY patient, hour) WHERE place > 0"
    )
}

/// Which hours are put together: each is for itself.
const EACH_HOUR: &str = "hour_seconds";
/// All of a patient's are.
const ALL_HOURS: &str = "toUInt32(0)";

/// What the hours of patients come to, in order.
fn summed(patients: &str, together: &str) -> String {
    format!(
        "SELECT {together} AS of_hour, patient AS of_patient, sum(counted) AS all_counted, \
         sum(in_mean) AS all_in_mean, sum(total) AS all_total, min(least) AS least_of_all, \
         max(greatest) AS greatest_of_all, sumForEach(seconds) AS all_seconds FROM ({}) \
         GROUP BY of_patient, of_hour ORDER BY of_patient, of_hour",
        hours(patients)
    )
}

/// The hours of one patient, in order.
pub(super) fn of_patient() -> String {
    summed("patient = {patient:String}", EACH_HOUR)
}

impl Store {
    /// The hours of a patient that begin in a period and have values of a series, in order.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn hours(
        &self,
        patient: &PatientId,
        (kind, series): (Kind, Series),
        period: Period,
    ) -> Result<Vec<Bucket<Timestamp>>, StoreError> {
        let query = self.about(&of_patient(), (kind, series), period);
        let query = query.param("patient", patient.as_str());
        let rows: Vec<AggregateRow> = self.ask("aggregates", query.fetch_all()).await?;
        let hour = |row: &mut AggregateRow| Timestamp::from_seconds(i64::from(row.of_hour));
        Ok(rows.into_iter().map(|row| row.bucket(series, hour)).collect())
    }

    /// What the values of a series in a period come to, of each of some patients that has any, by their ids.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn aggregates_of(
        &self,
        patients: &BTreeSet<String>,
        (kind, series): (Kind, Series),
        period: Period,
    ) -> Result<Vec<Bucket<String>>, StoreError> {
        let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
        let sql = summed("patient IN {patients:Array(String)}", ALL_HOURS);
        let mut found = Vec::new();
        for patients in patients.chunks(PATIENTS_AT_ONCE) {
            let query = self.about(&sql, (kind, series), period).param("patients", patients);
            let rows: Vec<AggregateRow> = self.ask("aggregates_of", query.fetch_all()).await?;
            let patient = |row: &mut AggregateRow| std::mem::take(&mut row.of_patient);
            found.extend(rows.into_iter().map(|row| row.bucket(series, patient)));
        }
        Ok(found)
    }

    pub(super) fn about(&self, sql: &str, (kind, series): (Kind, Series), period: Period) -> Query {
        let query = self.client.query(sql).param("kind", kind.as_str());
        query
            .param("field", series.field)
            .param("method", series.method)
            .param("from", bound(period.from))
            .param("to", bound(period.to))
    }

    /// What was stored before this time is in the aggregates; none until the first computation has ended.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn aggregated_until(&self) -> Result<Option<Timestamp>, StoreError> {
        let query = self.client.query(AGGREGATED_UNTIL);
        let millis: i64 = self.ask("aggregates", query.fetch_one()).await?;
        Ok((millis > 0).then(|| Timestamp::from_millis(millis)))
    }
}

/// A count as aggregates have it.
pub(super) fn count(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The seconds in bands, of a series that has them.
pub(super) fn time(series: Series, seconds: impl IntoIterator<Item = u64>) -> InBands {
    let mut time = InBands::default();
    if series.has_bands() {
        let bands = Band::ALL.into_iter().zip(seconds);
        bands.for_each(|(band, seconds)| time.add(band, seconds));
    }
    time
}
