//! What rules may look at of a patient's readings of a kind: few columns, as numbers, for metrics of
//! many thousands of readings.

use std::collections::HashMap;

use clickhouse::Row;
use clinical::copies::COPY_WITHIN;
use clinical::metrics::Period;
use clinical::remembered::{CurrentReading, Delay};
use clinical::source::SourceDigest;
use clinical::{Kind, PatientId, Span, Timestamp, clock};
use schemas::stored;
use serde::Deserialize;
use store::QueryError;

use crate::model::reading::Source;
use crate::queries::readings::{CONDITION, bound};
use crate::queries::{MOST_READINGS, Store, StoreError, at_most, current};

/// A current reading, of which no more is asked for than what metrics need.
#[derive(Debug, Row, Deserialize)]
struct SampleRow {
    written_source: String,
    observed_seconds: i64,
    received_millis: i64,
    numbers: Vec<f64>,
}

impl Store {
    /// The current readings of a patient and a kind in a period and near its ends, where what they are
    /// copies of may be, in observation order; copies among them are not left out. Those whose clock was
    /// not set are left out: nobody knows when they were measured.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time, or has more readings than an answer is made of.
    pub async fn samples(
        &self,
        patient: &PatientId,
        kind: Kind,
        period: Period,
    ) -> Result<Vec<CurrentReading>, StoreError> {
        let query = self
            .client
            .query(&sql(kind))
            .param("patient", patient.as_str())
            .param("from", bound(period.from - COPY_WITHIN))
            .param("to", bound(period.to + COPY_WITHIN + Span::from_seconds(1)))
            .param("limit", MOST_READINGS + 1);
        let rows: Vec<SampleRow> = self.ask("samples", query.fetch_all()).await?;
        read(kind, at_most(MOST_READINGS, rows)?)
    }
}

fn sql(kind: Kind) -> String {
    let numbers = stored::sample_numbers(kind);
    let columns = format!(
        "toString(source_id) AS written_source, \
         toInt64(toUnixTimestamp(observation_time)) AS observed_seconds, \
         toUnixTimestamp64Milli(received_at) AS received_millis, {numbers} AS numbers"
    );
    format!("{} LIMIT {{limit:UInt64}}", current::select(kind, &columns, CONDITION))
}

fn read(kind: Kind, rows: Vec<SampleRow>) -> Result<Vec<CurrentReading>, StoreError> {
    // A patient has few sources, and each is written thousands of times.
    let mut digests: HashMap<String, SourceDigest> = HashMap::new();
    let mut readings = Vec::with_capacity(rows.len());
    for row in rows {
        let time = Timestamp::from_seconds(row.observed_seconds);
        let received = Timestamp::from_millis(row.received_millis);
        if clock::is_doubted(kind) && clock::not_set(time, received) {
            continue;
        }
        let sample =
            stored::sample(kind, &row.numbers).ok_or(QueryError::NotUnderstood("values"))?;
        let source = match digests.get(&row.written_source) {
            Some(digest) => *digest,
            None => {
                let (_, digest) = Source::of(&row.written_source, "");
                digests.insert(row.written_source, digest);
                digest
            }
        };
        let delay = Delay::between(time, received);
        readings.push(CurrentReading { time, source, sample, delay });
    }
    readings.sort_by_key(|reading| (reading.time, reading.source));
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
    use clinical::measured::Measured;

    use super::*;

    fn row(numbers: &[f64]) -> SampleRow {
        SampleRow {
            written_source: "DEXCOM||1".to_owned(),
            observed_seconds: 1_795_305_600,
            received_millis: 1_795_305_601_000,
            numbers: numbers.to_vec(),
        }
    }

    #[test]
    fn only_what_samples_hold_is_asked_for_and_by_the_primary_key() {
        for kind in Kind::ALL {
            let sql = sql(kind);
            assert!(sql.contains("WHERE patient = {patient:String}"), "{kind}");
            assert!(!sql.contains("toString(model_number)"), "{kind}");
            assert!(sql.ends_with(" LIMIT {limit:UInt64}"), "{kind}");
        }
        assert!(!sql(Kind::BloodGlucose).contains("meal_timing"));
    }

    #[test]
    fn a_row_is_the_sample_that_rules_see() {
        let readings = read(Kind::BloodGlucose, vec![row(&[104.0, 1.0, -1.0])]).unwrap();
        let [reading] = &readings[..] else { panic!("{readings:?}") };
        assert_eq!(reading.sample.measured(GLUCOSE_VALUE), Some(Measured::Exactly(104.0)));
        assert_eq!(reading.sample.value(GLUCOSE_METHOD), Some(1.0));
        let source = clinical::Source::device("DEXCOM", "1").unwrap();
        assert_eq!(reading.source, source.digest());
        let low = read(Kind::BloodGlucose, vec![row(&[40.0, 1.0, 0.0])]).unwrap();
        assert_eq!(low[0].sample.measured(GLUCOSE_VALUE), Some(Measured::Below(40.0)));
        assert!(read(Kind::BloodGlucose, vec![row(&[40.0])]).is_err());
    }

    #[test]
    fn what_a_clock_measured_that_was_not_set_is_left_out() {
        let new_year = 1_767_225_600;
        let unset = SampleRow { observed_seconds: new_year, ..row(&[104.0, 1.0, -1.0]) };
        assert!(read(Kind::BloodGlucose, vec![unset]).unwrap().is_empty());
    }
}
