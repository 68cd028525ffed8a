//! How current readings are asked of the tables of the kinds, and what rules may look at is read of
//! them: text and numbers, without a client of ClickHouse.
//!
//! The tables keep every version. The greatest is current, unless it says that the reading was entered in
//! error: then there is no reading.

use std::fmt::Write;
use std::time::Duration;

use clinical::kinds::Watched;
use clinical::sample::Sample;
use clinical::source::SourceDigest;
use clinical::{Kind, Source};

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::fields::{Column, form};

/// What was stored before this time is in the aggregates of hours, milliseconds since the epoch. It is 0
/// until the writer has computed all that it marked first, of what was stored before there were marks.
pub const AGGREGATED_UNTIL: &str = "SELECT if(first > 0 AND computed > first, computed, toInt64(0)) FROM \
     (SELECT toUnixTimestamp64Milli(maxIf(touched_at, name = 'hours')) AS computed, \
     toUnixTimestamp64Milli(maxIf(touched_at, name = 'first')) AS first FROM aggregation_progress)";

/// The present by the clock that rows are stored by, milliseconds since the epoch.
pub const NOW: &str = "SELECT toUnixTimestamp64Milli(now64(3, 'UTC'))";

/// After so long nothing that was inserted later can carry an earlier `stored_at`: an insert may take its
/// timeout, and 15 s longer where the server ends it late or its clock was set back a little.
pub fn settled_after(insert_timeout: Duration) -> Duration {
    insert_timeout.saturating_add(Duration::from_secs(15))
}

/// The value of an enum by the name that it has in columns and in JSON; none where no value has it.
pub fn by_name<T: DeserializeOwned>(name: &str) -> Option<T> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    T::deserialize(name).ok()
}

/// Some columns of the current readings of a kind, under a condition on patient, `source_id` or
/// `observation_time`: on what a reading is, never on what a version says, because an older version must
/// not take the place of the current one. The condition is inside, where the primary key serves it.
pub fn current(kind: Kind, columns: &str, condition: &str) -> String {
    format!(
        "SELECT {columns} FROM (SELECT * FROM {kind} WHERE {condition} \
         ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time) WHERE NOT entered_in_error"
    )
}

/// What a sample holds of a kind, as an array of 64-bit numbers: of a code its number.
pub fn sample_numbers(kind: Kind) -> String {
    let mut numbers = String::new();
    for (name, column, _) in watched(kind) {
        let separator = if numbers.is_empty() { "" } else { ", " };
        let number = match column {
            Column::Enum8(_) => format!("toFloat64(toInt8({name}))"),
            _ => format!("toFloat64({name})"),
        };
        let _ = write!(numbers, "{separator}{number}");
    }
    format!("[{numbers}]")
}

/// The sample of the numbers of [`sample_numbers`]; none where they are not as many.
pub fn sample(kind: Kind, numbers: &[f64]) -> Option<Sample> {
    let mut sample = Sample::default();
    let mut fields = watched(kind);
    for number in numbers {
        let (_, column, watched) = fields.next()?;
        if let Some(value) = value(column, *number) {
            sample = sample.with(watched, value);
        }
    }
    fields.next().is_none().then_some(sample)
}

/// The digest of a source by the column `source_id`, which need not be of one that is valid now.
pub fn source_digest(written: &str) -> SourceDigest {
    let valid = Source::parse(written).map(|source| source.digest());
    valid.unwrap_or_else(|| SourceDigest::of_written(written))
}

/// The columns of the fields of a kind that a sample holds.
fn watched(kind: Kind) -> impl Iterator<Item = (&'static str, Column, Watched)> {
    let fields = form(kind).fields.iter();
    fields.filter_map(|field| Some((field.name(), field.column, field.declared.watched?)))
}

/// The value of a field for a sample, of the number in its column; none where it is absent.
fn value(column: Column, number: f64) -> Option<f64> {
    if column.absent() == Some(number) {
        return None;
    }
    match column {
        Column::Enum8(numbers) => {
            numbers.iter().position(|code| f64::from(*code) == number).map(|place| place as f64)
        }
        _ => Some(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_another_count_are_no_sample() {
        for kind in Kind::ALL {
            let count = watched(kind).count();
            assert!(sample(kind, &vec![1.0; count]).is_some(), "{kind}");
            assert!(sample(kind, &vec![1.0; count + 1]).is_none(), "{kind}");
            assert!(count == 0 || sample(kind, &vec![1.0; count - 1]).is_none(), "{kind}");
        }
    }
}
