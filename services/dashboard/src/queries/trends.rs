//! The local days of many patients, put together from hours: one question for all of a time zone.

use std::collections::BTreeMap;

use clickhouse::Row;
use clickhouse::query::Query;
use clinical::local_time::LocalTime;
use clinical::metrics::{Aggregate, Bucket, Series, compared_series};
use clinical::statistics::Mean;
use clinical::{Kind, Timestamp};
use jiff::civil::Date;
use serde::Deserialize;

use super::aggregates::{count, time};
use super::readings::bound;
use super::{PATIENTS_AT_ONCE, Store, StoreError};

/// Days of each series that a patient has values of.
pub type DaysOfPatient = BTreeMap<(Kind, Series), Vec<Bucket<Date>>>;

/// Patients who live by the same clock.
pub struct OneZone<'p> {
    /// The clock.
    pub local: LocalTime,
    /// Their ids.
    pub patients: Vec<&'p str>,
}

#[derive(Debug, Row, Deserialize)]
struct SeriesRow {
    of_patient: String,
    of_kind: String,
    of_field: String,
    of_method: String,
    /// The beginning of each day, how many values, how many of them in a mean, their sum, seconds in bands.
    of_days: Vec<(u32, u64, u64, f64, Vec<u64>)>,
}

/// An hour is of the day that has begun last when it begins, as [`clinical::metrics::days_of_hours`] has it.
const DAYS: &str = "\
    SELECT patient AS of_patient, toString(kind) AS of_kind, toString(one_field) AS of_field, \
     toString(one_method) AS of_method, groupArray((day, counted, in_mean, total, seconds)) AS of_days \
     FROM (SELECT patient, kind, one_field, one_method, \
      roundDown(toUnixTimestamp(hour), {begins:Array(UInt32)}) AS day, sum(one_count) AS counted, \
      sum(one_in_mean) AS in_mean, sum(one_sum) AS total, sumForEach(band_seconds) AS seconds \
      FROM hourly_aggregates FINAL ARRAY JOIN field AS one_field, method AS one_method, \
      value_count AS one_count, mean_count AS one_in_mean, sum AS one_sum \
      WHERE kind IN {kinds:Array(String)} AND patient IN {patients:Array(String)} \
      AND hour >= toDateTime({from:UInt32}, 'UTC') AND hour < toDateTime({to:UInt32}, 'UTC') \
      AND has({fields:Array(String)}, one_field) \
      GROUP BY patient, kind, one_field, one_method, day) \
     GROUP BY of_patient, of_kind, of_field, of_method ORDER BY of_patient";

impl Store {
    /// So many days up to now of patients, of each series of some kinds that has values. Patients without any
    /// are left out.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn days_of(
        &self,
        zones: &[OneZone<'_>],
        kinds: &[Kind],
        (now, length): (Timestamp, u32),
    ) -> Result<BTreeMap<String, DaysOfPatient>, StoreError> {
        let mut found: BTreeMap<String, DaysOfPatient> = BTreeMap::new();
        for OneZone { local, patients } in zones {
            for patients in patients.chunks(PATIENTS_AT_ONCE) {
                let query = self.days_query((local, patients), kinds, (now, length));
                let rows: Vec<SeriesRow> = self.ask("days_of", query.fetch_all()).await?;
                for row in rows {
                    let Some(of) = row.series() else { continue };
                    let days = row.days(of.1, local);
                    found.entry(row.of_patient).or_default().insert(of, days);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn days_query(
        &self,
        (local, patients): (&LocalTime, &[&str]),
        kinds: &[Kind],
        (now, length): (Timestamp, u32),
    ) -> Query {
        let today = local.day_of(now);
        let days_ago = |days: u32| local.begin_of(today, -i32::try_from(days).unwrap_or(0));
        let begins: Vec<u32> = (0..length).rev().map(|days| bound(days_ago(days))).collect();
        let fields = kinds.iter().flat_map(|kind| compared_series(*kind));
        let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        self.client
            .query(DAYS)
            .param("kinds", names)
            .param("fields", fields.map(|series| series.field).collect::<Vec<_>>())
            .param("patients", patients)
            .param("from", begins[0])
            .param("to", bound(now))
            .param("begins", begins)
    }
}

impl SeriesRow {
    /// What it is of; none of what is not looked at.
    fn series(&self) -> Option<(Kind, Series)> {
        let kind = Kind::parse(&self.of_kind)?;
        let is_it =
            |series: &Series| series.field == self.of_field && series.method == self.of_method;
        Some((kind, compared_series(kind).into_iter().find(is_it)?))
    }

    fn days(&self, series: Series, local: &LocalTime) -> Vec<Bucket<Date>> {
        let of_day =
            |(begin, counted, in_mean, total, seconds): &(u32, u64, u64, f64, Vec<u64>)| {
                let aggregate = Aggregate {
                    values: count(*counted),
                    mean: Mean::of(count(*in_mean), *total),
                    ..Aggregate::default()
                };
                let day = local.day_of(Timestamp::from_seconds(i64::from(*begin)));
                Bucket { of: day, aggregate, time: time(series, seconds.iter().copied()) }
            };
        self.of_days.iter().map(of_day).collect()
    }
}
