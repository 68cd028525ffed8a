//! Current readings, as every query asks for them: [`stored::current`] says which version that is. The
//! views `current_*` of the migrations say the same, but a condition on them would be tried on every
//! patient's rows: here the conditions are inside, where the primary key serves them.

use std::fmt::Write;

use clickhouse::Row;
use clinical::clock::{self, Doubt, Said};
use clinical::preview::ReceivedReading;
use clinical::remembered::RememberedReading;
use clinical::{Kind, PatientId, ReadingId, Timestamp, Version};
use schemas::reading::DataInput;
use schemas::records::StoredOutcome;
use schemas::stored::{self, by_name};
use serde::Deserialize;
use store::QueryError;

use crate::model::reading::{Reading, ReadingVersion, Source};
use crate::model::{Instant, Measurement, values};
use crate::queries::StoreError;

/// A row of [`readings`], or of [`versions`].
#[derive(Debug, Row, Deserialize)]
pub struct CurrentRow {
    kind: String,
    pub patient: String,
    written_source: String,
    model: String,
    observed_seconds: i64,
    offset_minutes: i16,
    updated_millis: i64,
    received_millis: i64,
    outcome_name: String,
    data_input_name: String,
    is_in_error: bool,
    vendor_name: String,
    value_texts: Vec<String>,
}

/// The columns of [`CurrentRow`] of a kind, as text and numbers: the same types for each kind, so
/// that kinds can be joined in one answer. Text is the shortest that is exact, `61.4` for a 32-bit
/// 61.4.
fn columns(kind: Kind) -> String {
    let mut texts = String::new();
    for (column, _) in values::columns(kind) {
        let separator = if texts.is_empty() { "" } else { ", " };
        let _ = write!(texts, "{separator}toString({column})");
    }
    format!(
        "'{kind}' AS kind, patient, toString(source_id) AS written_source, toString(model_number) AS model, \
         toInt64(toUnixTimestamp(observation_time)) AS observed_seconds, \
         utc_offset_minutes AS offset_minutes, \
         toUnixTimestamp64Milli(update_time) AS updated_millis, \
         toUnixTimestamp64Milli(received_at) AS received_millis, \
         toString(outcome) AS outcome_name, toString(data_input) AS data_input_name, \
         entered_in_error AS is_in_error, toString(vendor) AS vendor_name, \
         [{texts}] AS value_texts"
    )
}

/// The current readings of a kind under a condition on patient, source_id or observation_time: on
/// what a reading is, never on what a version says, because an older version must not take the
/// place of the current one.
pub fn readings(kind: Kind, condition: &str) -> String {
    select(kind, &columns(kind), condition)
}

/// Every version of the readings of a kind under such a condition, of each the greatest first.
pub fn versions(kind: Kind, condition: &str) -> String {
    format!(
        "SELECT {} FROM {kind} WHERE {condition} ORDER BY version DESC \
         LIMIT 1 BY source_id, observation_time, version",
        columns(kind)
    )
}

/// Some columns of the current readings of a kind, under such a condition.
pub fn select(kind: Kind, columns: &str, condition: &str) -> String {
    stored::current(kind, columns, condition)
}

impl CurrentRow {
    /// The reading that the row holds, as one that is no copy: other rows say whether it is.
    pub fn into_reading(self) -> Result<Reading, StoreError> {
        let wrong = QueryError::NotUnderstood;
        let kind = Kind::parse(&self.kind).ok_or(wrong("kind"))?;
        let patient = PatientId::parse(&self.patient).map_err(|_| wrong("patient"))?;
        let (source, digest) = Source::of(&self.written_source, &self.model);
        let observed = Timestamp::from_seconds(self.observed_seconds);
        let received = Timestamp::from_millis(self.received_millis);
        let updated = Timestamp::from_millis(self.updated_millis);
        let outcome: Option<StoredOutcome> = by_name(&self.outcome_name);
        let data_input: Option<DataInput> = by_name(&self.data_input_name);
        let values = values::from_columns(kind, &self.value_texts).ok_or(wrong("values"))?;
        let data_input = data_input.ok_or(wrong("data_input"))?;
        let by_hand = data_input.is_by_hand();
        let said = Said { kind, entered_in_error: self.is_in_error, by_hand };
        let doubts: Vec<Doubt> = clock::doubts(said, (observed, updated), received).collect();
        Ok(Reading {
            id: ReadingId::new(patient, kind, observed, digest),
            copy_of: None,
            observed_at: Instant::with_offset(observed, self.offset_minutes),
            time_unknown: doubts.contains(&Doubt::NotSet),
            observed_long_ago: doubts.contains(&Doubt::LongAgo),
            observed_ahead: doubts.contains(&Doubt::ObservedAhead),
            updated_at: Instant::utc(updated),
            received_at: Instant::utc(received),
            outcome: outcome.ok_or(wrong("outcome"))?,
            source,
            data_input,
            measurement: Measurement::new(kind, values),
        })
    }
}

impl CurrentRow {
    /// The version that the row holds; as one that is not current: rows before it say whether it is.
    pub fn into_version(mut self) -> Result<ReadingVersion, StoreError> {
        let vendor = Some(std::mem::take(&mut self.vendor_name)).filter(|name| !name.is_empty());
        let entered_in_error = self.is_in_error;
        let reading = self.into_reading()?;
        Ok(ReadingVersion { is_current: false, entered_in_error, vendor, reading })
    }
}

/// A part of what tells the newer of two readings.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age<'r> {
    /// A time.
    At(i64),
    /// A source.
    Of(&'r str),
}

/// A part of the age of a row.
type AgeOf = for<'r> fn(&'r CurrentRow) -> Age<'r>;

/// By which the newer of two readings of a kind is known, in SQL and of a row: by when it was measured for
/// certain, for one ahead of its receipt is not newer than what is received after it; by when it says that
/// it was; and by its source, of which the page shows the last of its answer, too.
const AGE: [(&str, AgeOf); 3] = [
    ("least(observed_seconds * 1000, received_millis)", |row| {
        Age::At((row.observed_seconds * 1000).min(row.received_millis))
    }),
    ("observed_seconds", |row| Age::At(row.observed_seconds)),
    ("written_source", |row| Age::Of(&row.written_source)),
];

/// The newest first, in SQL.
pub fn newest_first() -> String {
    format!("ORDER BY {} DESC", AGE.map(|(in_sql, _)| in_sql).join(" DESC, "))
}

impl CurrentRow {
    /// By which the newer of two readings of a kind is known.
    pub fn age_order(&self) -> [Age<'_>; 3] {
        AGE.map(|(_, of_row)| of_row(self))
    }

    /// The reading as it is remembered, with its receipt.
    pub fn into_received(self) -> Result<ReceivedReading, StoreError> {
        let wrong = QueryError::NotUnderstood;
        let kind = Kind::parse(&self.kind).ok_or(wrong("kind"))?;
        let (said, source) = Source::of(&self.written_source, &self.model);
        let values = values::from_columns(kind, &self.value_texts).ok_or(wrong("values"))?;
        let sample = values::sample(kind, &values).of_product(kind, || said.product());
        let reading = RememberedReading {
            kind,
            observation_time: Timestamp::from_seconds(self.observed_seconds),
            source,
            // Its content tells it from no other: it is the only version that is asked for.
            version: Version::new(Timestamp::from_millis(self.updated_millis), 0),
            entered_in_error: false,
            // There is no other version from which a person's would have to be distinguished.
            by_hand: false,
            sample,
        };
        Ok(ReceivedReading { reading, received: Timestamp::from_millis(self.received_millis) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_is_inside_where_the_primary_key_serves_it() {
        let sql = readings(Kind::BodyTemperature, "patient = {patient:String}");
        let inside = sql.find("WHERE patient = {patient:String}").unwrap();
        assert!(inside < sql.find("LIMIT 1 BY").unwrap());
        assert!(sql.ends_with("WHERE NOT entered_in_error"));
    }

    #[test]
    fn a_row_becomes_the_reading_with_its_own_id_and_civil_time() {
        let row = CurrentRow {
            kind: "weighing_scale".to_owned(),
            patient: "CGM005/S001".to_owned(),
            written_source: "ACME||00%2542".to_owned(),
            model: "W|1".to_owned(),
            observed_seconds: 1_433_577_027,
            offset_minutes: 540,
            updated_millis: 1_433_577_027_250,
            received_millis: 1_433_577_028_000,
            outcome_name: "new".to_owned(),
            data_input_name: "manual".to_owned(),
            is_in_error: false,
            vendor_name: "acme".to_owned(),
            value_texts: vec!["61.4".to_owned(), "0".to_owned()],
        };
        let reading = serde_json::to_value(row.into_reading().unwrap()).unwrap();
        let source = clinical::Source::device("ACME", "00%42").unwrap();
        let id =
            format!("CGM005/S001/weighing_scale/20150606T075027Z/{:016x}", source.digest().bits());
        assert_eq!(
            reading,
            serde_json::json!({
                "id": id,
                "kind": "weighing_scale",
                "observed_at": "2015-06-06T16:50:27+09:00",
                "updated_at": "2015-06-06T07:50:27.25Z",
                "received_at": "2015-06-06T07:50:28Z",
                "outcome": "new",
                "source": { "manufacturer": "ACME", "model_number": "W|1", "serial": "00%42" },
                "data_input": "manual",
                "values": { "body_weight": 61.4 }
            })
        );
    }
}
