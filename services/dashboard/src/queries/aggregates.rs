//! Aggregates of hours as the writer keeps them: of long periods few rows, found by the primary key.

use clickhouse::Row;
use clinical::glucose::bands::{Band, InBands};
use clinical::metrics::{Aggregate, Bucket, Period, Series};
use clinical::statistics::Mean;
use clinical::{Kind, PatientId, Timestamp};
use serde::Deserialize;

use super::readings::bound;
use super::{Store, StoreError};

#[derive(Debug, Row, Deserialize)]
struct HourRow {
    hour_seconds: u32,
    counted: u32,
    in_mean: u32,
    total: f64,
    least: f64,
    greatest: f64,
    seconds: Vec<u32>,
}

/// Of several computations of an hour the one of the greatest time is current.
const HOURS: &str = "SELECT toUnixTimestamp(hour) AS hour_seconds, value_count[place] AS counted, \
     mean_count[place] AS in_mean, sum[place] AS total, lowest[place] AS least, \
     highest[place] AS greatest, band_seconds AS seconds, \
     arrayFirstIndex((f, m) -> f = {field:String} AND m = {method:String}, field, method) AS place \
     FROM (SELECT * FROM hourly_aggregates WHERE kind = {kind:String} AND patient = {patient:String} \
     AND hour >= toDateTime({from:UInt32}, 'UTC') AND hour < toDateTime({to:UInt32}, 'UTC') \
     ORDER BY computed_at DESC LIMIT 1 BY hour) WHERE place > 0";

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
        let query = self
            .client
            .query(&sql())
            .param("patient", patient.as_str())
            .param("kind", kind.as_str())
            .param("field", series.field)
            .param("method", series.method)
            .param("from", bound(period.from))
            .param("to", bound(period.to));
        let rows: Vec<HourRow> = self.ask("aggregates", query.fetch_all()).await?;
        Ok(rows.into_iter().map(|row| row.into_bucket(series)).collect())
    }

    /// What was stored before this time is in the aggregates; none where nothing is yet.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn aggregated_until(&self) -> Result<Option<Timestamp>, StoreError> {
        let query = "SELECT toUnixTimestamp64Milli(max(touched_at)) FROM aggregation_progress";
        let millis: i64 = self.ask("aggregates", self.client.query(query).fetch_one()).await?;
        Ok((millis > 0).then(|| Timestamp::from_millis(millis)))
    }
}

/// Without the column that only the condition is about.
fn sql() -> String {
    format!("SELECT * EXCEPT (place) FROM ({HOURS}) ORDER BY hour_seconds")
}

impl HourRow {
    fn into_bucket(self, series: Series) -> Bucket<Timestamp> {
        let mut time = InBands::default();
        if series.has_bands() {
            let bands = Band::ALL.into_iter().zip(self.seconds);
            bands.for_each(|(band, seconds)| time.add(band, u64::from(seconds)));
        }
        Bucket {
            begin: Timestamp::from_seconds(i64::from(self.hour_seconds)),
            aggregate: Aggregate {
                values: self.counted,
                mean: Mean::of(self.in_mean, self.total),
                lowest: self.least,
                highest: self.greatest,
            },
            time,
        }
    }
}
