//! Computes hours of the current readings, and stores them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clickhouse::Row;
use clickhouse::query::Query;
use clinical::copies::COPY_WITHIN;
use clinical::metrics::Band;
use clinical::metrics::{HOUR, HourAggregates, hour_aggregates};
use clinical::remembered::{CurrentReading, Delay};
use clinical::{Kind, Timestamp, clock};
use schemas::stored;
use serde::{Deserialize, Serialize};

use super::marks::Mark;
use crate::faults::StoreError;
use crate::store::Store;

/// Hours of one question.
const HOURS_AT_ONCE: usize = 500;
/// Hours of one question lie in so many seconds: then it is of two months at most, which are partitions.
const APART: u32 = 31 * 86_400;

/// A patient and the beginning of an hour, seconds since the epoch.
type PatientHour<'m> = (&'m str, u32);

/// Computes the marked hours of what is current now and stores them as computed at a time before now, in
/// milliseconds. Returns how many they were.
pub(super) async fn compute(
    store: &Store,
    marks: &[Mark],
    computed_at: i64,
) -> Result<usize, StoreError> {
    let mut touched: BTreeMap<(Kind, u32), BTreeSet<PatientHour<'_>>> = BTreeMap::new();
    for mark in marks {
        let kind = Kind::parse(&mark.of_kind).ok_or_else(unknown_kind)?;
        let place = (kind, mark.hour_seconds / APART);
        touched.entry(place).or_default().insert((&mark.of_patient, mark.hour_seconds));
    }
    let mut computed = 0;
    for ((kind, _), hours) in touched {
        let hours: Vec<PatientHour<'_>> = hours.into_iter().collect();
        for hours in hours.chunks(HOURS_AT_ONCE) {
            let readings = current_readings(store, kind, hours).await?;
            let rows = hours.iter().map(|hour| {
                let (patient, begin) = *hour;
                let near = readings.get(patient).map_or(&[][..], |readings| near(readings, begin));
                let begin = Timestamp::from_seconds(i64::from(begin));
                let aggregates = hour_aggregates(kind, near.iter().copied(), begin);
                HourRow::new(kind, hour, computed_at, &aggregates)
            });
            insert(store, rows.collect()).await?;
            computed += hours.len();
        }
    }
    Ok(computed)
}

/// A writer that knows the kind has to go on.
fn unknown_kind() -> StoreError {
    let difference = "it names a kind that this version does not know".to_owned();
    StoreError::OtherShape { table: "touched_hours".to_owned(), difference }
}

/// Of readings in observation order those that an hour is computed of.
fn near(readings: &[CurrentReading], begin: u32) -> &[CurrentReading] {
    let begin = Timestamp::from_seconds(i64::from(begin));
    let from = readings.partition_point(|reading| reading.time < begin - COPY_WITHIN);
    let to = readings.partition_point(|reading| reading.time <= begin + HOUR + COPY_WITHIN);
    &readings[from..to]
}

#[derive(Debug, Row, Deserialize)]
struct ReadingRow {
    of_patient: String,
    written_source: String,
    observed_seconds: i64,
    received_millis: i64,
    numbers: Vec<f64>,
}

/// The current readings in some hours and near their ends, by patient, in observation order. Those whose
/// clock was not set are left out: nobody knows when they were measured.
async fn current_readings(
    store: &Store,
    kind: Kind,
    hours: &[PatientHour<'_>],
) -> Result<HashMap<String, Vec<CurrentReading>>, StoreError> {
    let query = question(store, &sql(kind), hours);
    let rows: Vec<ReadingRow> = store.bounded(query.fetch_all()).await?;
    let mut readings: HashMap<String, Vec<CurrentReading>> = HashMap::new();
    for row in rows {
        let time = Timestamp::from_seconds(row.observed_seconds);
        let received = Timestamp::from_millis(row.received_millis);
        if clock::is_doubted(kind) && clock::not_set(time, received) {
            continue;
        }
        let sample = stored::sample(kind, &row.numbers).ok_or_else(|| StoreError::OtherShape {
            table: kind.to_string(),
            difference: "its numbers are not as many".to_owned(),
        })?;
        let source = stored::source_digest(&row.written_source);
        let delay = Delay::between(time, received);
        let reading = CurrentReading { time, source, sample, delay };
        readings.entry(row.of_patient).or_default().push(reading);
    }
    for readings in readings.values_mut() {
        readings.sort_by_key(|reading| (reading.time, reading.source));
    }
    Ok(readings)
}

/// A question about readings in some hours and near their ends, which [`sql`] is a part of.
pub(super) fn question(store: &Store, sql: &str, hours: &[PatientHour<'_>]) -> Query {
    let near = near_seconds();
    let begins = || hours.iter().map(|(_, begin)| *begin);
    let from = begins().min().unwrap_or(0).saturating_sub(near);
    let to = begins().max().unwrap_or(0).saturating_add(3_600 + near);
    let patients: BTreeSet<&str> = hours.iter().map(|(patient, _)| *patient).collect();
    let (of, begins): (Vec<&str>, Vec<u32>) = hours.iter().copied().unzip();
    let query = store.client().query(sql);
    query
        .with_setting("max_threads", "1")
        .with_setting("priority", "10")
        .param("patients", patients.into_iter().collect::<Vec<_>>())
        .param("of", of)
        .param("hours", begins)
        .param("from", from)
        .param("to", to)
}

fn near_seconds() -> u32 {
    u32::try_from(COPY_WITHIN.millis() / 1000).unwrap_or(u32::MAX)
}

/// Patients and times are for the primary key and the partitions; the pairs leave out the hours between.
pub(super) fn sql(kind: Kind) -> String {
    let near = near_seconds();
    let columns = format!(
        "patient AS of_patient, toString(source_id) AS written_source, \
         toInt64(toUnixTimestamp(observation_time)) AS observed_seconds, \
         toUnixTimestamp64Milli(received_at) AS received_millis, {} AS numbers",
        stored::sample_numbers(kind)
    );
    let pairs = "SELECT pair.1, pair.2 FROM \
         (SELECT arrayJoin(arrayZip({of:Array(String)}, {hours:Array(UInt32)})) AS pair)";
    let of_hour =
        |time: String| format!("(patient, toUnixTimestamp(toStartOfHour({time}))) IN ({pairs})");
    let condition = format!(
        "patient IN {{patients:Array(String)}} \
         AND observation_time >= toDateTime({{from:UInt32}}, 'UTC') \
         AND observation_time <= toDateTime({{to:UInt32}}, 'UTC') \
         AND ({} OR {})",
        of_hour(format!("observation_time - {near}")),
        of_hour(format!("observation_time + {near}")),
    );
    stored::current(kind, &columns, &condition)
}

/// A row of `hourly_aggregates`.
#[derive(Debug, Clone, PartialEq, Row, Serialize)]
struct HourRow {
    patient: String,
    kind: String,
    hour: u32,
    computed_at: i64,
    field: Vec<&'static str>,
    method: Vec<&'static str>,
    value_count: Vec<u32>,
    mean_count: Vec<u32>,
    sum: Vec<f64>,
    lowest: Vec<f64>,
    highest: Vec<f64>,
    band_seconds: Vec<u32>,
}

impl HourRow {
    fn new(
        kind: Kind,
        (patient, hour): &PatientHour<'_>,
        computed_at: i64,
        aggregates: &HourAggregates,
    ) -> Self {
        let series = || aggregates.series.keys();
        let of = || aggregates.series.values();
        let time = &aggregates.time;
        let seconds = |band| u32::try_from(time.of(band)).unwrap_or(u32::MAX);
        Self {
            patient: (*patient).to_owned(),
            kind: kind.to_string(),
            hour: *hour,
            computed_at,
            field: series().map(|series| series.field).collect(),
            method: series().map(|series| series.method).collect(),
            value_count: of().map(|one| one.values).collect(),
            mean_count: of().map(|one| one.mean.count()).collect(),
            sum: of().map(|one| one.mean.sum()).collect(),
            lowest: of().map(|one| one.lowest).collect(),
            highest: of().map(|one| one.highest).collect(),
            band_seconds: match time.total() {
                0 => Vec::new(),
                _ => Band::ALL.map(seconds).to_vec(),
            },
        }
    }
}

async fn insert(store: &Store, rows: Vec<HourRow>) -> Result<(), StoreError> {
    let inserted = async {
        let mut insert = store.client().insert::<HourRow>("hourly_aggregates").await?;
        for row in &rows {
            insert.write(row).await?;
        }
        insert.end().await
    };
    store.bounded(inserted).await
}
