//! The aggregates of hours in the store are what the accepted readings come to, computed here in memory,
//! of the topic and not of the store, by the one definition of an hour's aggregates.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::glucose::bands::Band;
use clinical::metrics::{HourAggregates, hour_aggregates};
use clinical::remembered::{CurrentReading, Delay};
use clinical::{Kind, PatientId, Reading, ReadingId, Timestamp, clock};
use schemas::AcceptedReading;
use schemas::stored::{AGGREGATED_UNTIL, NOW};
use serde_json::Value;

use crate::stack::Stack;
use crate::wait::within;

/// After everything is stored, the aggregates may be behind by so much: by how long an insert may take, by
/// the margin behind it, and by two looks.
const BEHIND: Duration = Duration::from_secs(90);
/// So many differences are named.
const FEW: usize = 5;

/// Patient, kind, and the hour's beginning in seconds.
type Key = (String, String, i64);
/// What is compared of a series: values, values in the mean, sum, lowest and highest.
type Sums = (u64, u64, f64, f64, f64);

/// An hour: its series by field and method, and seconds in bands.
#[derive(Debug, Clone, Default, PartialEq)]
struct Hour {
    series: BTreeMap<(String, String), Sums>,
    bands: Vec<u64>,
}

/// What is wrong with the aggregates in the store, of which nothing is sent any more.
///
/// # Panics
/// When they do not come to what is stored in time.
pub(super) fn complaints(stack: &Stack, accepted: &[AcceptedReading]) -> Vec<String> {
    let stored_by = stack.number(NOW).expect("the clock of ClickHouse");
    within(BEHIND, "what is stored is aggregated", || match stack.number(AGGREGATED_UNTIL)? {
        until if until >= stored_by => Ok(()),
        until => Err(format!("{} ms are missing", stored_by - until)),
    });
    let due = due(accepted);
    assert!(due.len() > 10, "the load has hours in it: {}", due.len());
    compare(&stored(stack), &due)
}

fn stored(stack: &Stack) -> BTreeMap<Key, Hour> {
    let rows = stack.sql(
        "SELECT patient, kind, toUnixTimestamp(hour) AS begin, field, method, value_count, mean_count, \
         sum, lowest, highest, band_seconds FROM hourly_aggregates FINAL WHERE notEmpty(field)",
    );
    rows.iter().map(hour_of).collect()
}

fn hour_of(row: &Value) -> (Key, Hour) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| row[name].as_array().cloned().unwrap_or_default();
    let whole = |value: &Value| value.as_u64().unwrap_or(u64::MAX);
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let series = list("field").into_iter().enumerate().map(|(place, field)| {
        let of = |name: &str| row[name][place].clone();
        let name = (text(&field), text(&of("method")));
        let counts = (whole(&of("value_count")), whole(&of("mean_count")));
        let [sum, lowest, highest] = ["sum", "lowest", "highest"].map(|name| number(&of(name)));
        (name, (counts.0, counts.1, sum, lowest, highest))
    });
    let hour =
        Hour { series: series.collect(), bands: list("band_seconds").iter().map(whole).collect() };
    ((text(&row["patient"]), text(&row["kind"]), row["begin"].as_i64().unwrap_or(-1)), hour)
}

/// What the greatest version of each reading comes to.
fn due(accepted: &[AcceptedReading]) -> BTreeMap<Key, Hour> {
    let mut greatest: BTreeMap<ReadingId, (u64, Timestamp, Reading)> = BTreeMap::new();
    for accepted in accepted {
        let received = Timestamp::from_millis(accepted.origin.received_at);
        let Ok(reading) = accepted.reading.validate(received) else { continue };
        let version = accepted.version.cast_unsigned();
        let id = reading.id();
        if greatest.get(&id).is_none_or(|(known, ..)| version > *known) {
            greatest.insert(id, (version, received, reading));
        }
    }
    let mut current: BTreeMap<(PatientId, Kind), Vec<CurrentReading>> = BTreeMap::new();
    for (_, received, reading) in greatest.into_values() {
        let (time, kind) = (reading.observation_time, reading.kind);
        let is_undated = clock::is_doubted(kind) && clock::not_set(time, received);
        if reading.entered_in_error || is_undated {
            continue;
        }
        let (source, sample) = (reading.source.digest(), reading.sample);
        let delay = Delay::between(time, received);
        let one = CurrentReading { time, source, sample, delay };
        current.entry((reading.patient, kind)).or_default().push(one);
    }
    let mut hours = BTreeMap::new();
    for ((patient, kind), mut readings) in current {
        readings.sort_by_key(|reading| (reading.time, reading.source));
        let begins: BTreeSet<i64> =
            readings.iter().map(|reading| reading.time.seconds().div_euclid(3600) * 3600).collect();
        for begin in begins {
            let at = Timestamp::from_seconds(begin);
            let hour = Hour::of(&hour_aggregates(kind, readings.iter().copied(), at));
            if !hour.series.is_empty() {
                hours.insert((patient.to_string(), kind.to_string(), begin), hour);
            }
        }
    }
    hours
}

impl Hour {
    fn of(hour: &HourAggregates) -> Self {
        let series = hour.series.iter().map(|(series, one)| {
            let (values, counted) = (u64::from(one.values), u64::from(one.mean.count()));
            let name = (series.field.to_owned(), series.method.to_owned());
            (name, (values, counted, one.mean.sum(), one.lowest, one.highest))
        });
        let bands = match hour.time.total() {
            0 => Vec::new(),
            _ => Band::ALL.map(|band| hour.time.of(band)).to_vec(),
        };
        Self { series: series.collect(), bands }
    }

    /// The order in which a sum is made may change its last digits.
    fn is_like(&self, other: &Self) -> bool {
        let near = |one: f64, other: f64| (one - other).abs() <= 1e-9 * one.abs().max(1.0);
        let is_like = |(one, other): (&Sums, &Sums)| {
            (one.0, one.1) == (other.0, other.1)
                && near(one.2, other.2)
                && near(one.3, other.3)
                && near(one.4, other.4)
        };
        self.bands == other.bands
            && self.series.keys().eq(other.series.keys())
            && self.series.values().zip(other.series.values()).all(is_like)
    }
}

fn compare(stored: &BTreeMap<Key, Hour>, due: &BTreeMap<Key, Hour>) -> Vec<String> {
    let nothing = Hour::default();
    let keys: BTreeSet<&Key> = stored.keys().chain(due.keys()).collect();
    let differing = keys.into_iter().filter_map(|key| {
        let of = |hours: &BTreeMap<Key, Hour>| hours.get(key).unwrap_or(&nothing).clone();
        let (stored, due) = (of(stored), of(due));
        (!stored.is_like(&due)).then(|| format!("{key:?}: {stored:?} instead of {due:?}"))
    });
    let differing: Vec<String> = differing.collect();
    if differing.is_empty() {
        return Vec::new();
    }
    let few: Vec<&str> = differing.iter().take(FEW).map(String::as_str).collect();
    let what = format!(
        "aggregates of hours in the store: {} differ, such as {}",
        differing.len(),
        few.join("; ")
    );
    vec![what]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(begin: i64, sum: f64) -> Value {
        json!({
            "patient": "A/1", "kind": "blood_pressure", "begin": begin, "field": ["systolic"],
            "method": [""], "value_count": [2], "mean_count": [2], "sum": [sum], "lowest": [120],
            "highest": [140], "band_seconds": []
        })
    }

    fn hours(rows: &[Value]) -> BTreeMap<Key, Hour> {
        rows.iter().map(hour_of).collect()
    }

    #[test]
    fn an_hour_that_is_missing_invented_or_of_other_sums_is_complained_of() {
        let due = hours(&[row(3600, 260.0), row(7200, 270.0)]);
        assert_eq!(compare(&due, &due), [""; 0]);
        assert_eq!(compare(&hours(&[row(3600, 260.0 + 1e-10), row(7200, 270.0)]), &due), [""; 0]);
        for stored in [
            hours(&[row(3600, 260.0)]),
            hours(&[row(3600, 260.0), row(7200, 271.0)]),
            hours(&[row(3600, 260.0), row(7200, 270.0), row(10_800, 1.0)]),
        ] {
            let complaints = compare(&stored, &due);
            assert!(complaints[0].contains("1 differ"), "{complaints:?}");
        }
        let mut bands = due.clone();
        bands.values_mut().for_each(|hour| hour.bands = vec![300, 0, 0, 0, 0]);
        assert!(compare(&bands, &due)[0].contains("2 differ"));
        let mut more = row(3600, 260.0);
        more["value_count"] = json!([3]);
        assert!(!compare(&hours(&[more, row(7200, 270.0)]), &due).is_empty());
    }
}
