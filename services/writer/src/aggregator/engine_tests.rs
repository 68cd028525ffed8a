//! Aggregates against the real ClickHouse engine, compared with what the readings that were written come to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chassis::{Health, Metrics};
use clickhouse::Row as ClickHouseRow;
use clinical::glucose::bands::Band;
use clinical::metrics::hour_aggregates;
use clinical::remembered::{CurrentReading, Delay};
use clinical::{Kind, ReadingId, Timestamp};
use schemas::AcceptedReading;
use schemas::reading::{BloodGlucose, GlucoseMethod, Measurement, ReadingStatus, Source};
use schemas::stored::AGGREGATED_UNTIL;
use serde::Deserialize;
use serde_json::Value;

use super::behind::Behind;
use super::hours::{compute, question, sql};
use super::marks::{self, Mark};
use super::{Aggregator, Leading};
use crate::engine_tests::{count, database, insert};
use crate::metrics::WriterMetrics;
use crate::rows::Row;
use crate::rows::samples::{NOON, reading, weight};
use crate::store::Store;

const HOUR_MS: i64 = 3_600_000;
/// The hour of the samples, seconds since the epoch.
const HOUR: u32 = (NOON / 1000) as u32;

fn aggregator(store: &Store, settle: Duration) -> Aggregator {
    let metrics = WriterMetrics::register(&Metrics::for_service("writer")).unwrap();
    Aggregator {
        store: store.clone(),
        settle,
        marks_at_once: 20,
        leading: Leading::default(),
        behind: Behind::new(metrics.clone()),
        metrics,
        component: Health::new().component("aggregates"),
    }
}

/// Waits until all marks count, which they do from the next millisecond on.
async fn settle(store: &Store) {
    let newest = "SELECT toUInt64(max(toUnixTimestamp64Milli(touched_at))) FROM touched_hours";
    let newest = count(store.client(), newest).await as i64;
    while marks::clock(store).await.unwrap() <= newest {}
}

/// Computes all that is marked, also what the first pass marks.
async fn pass(store: &Store) {
    for _ in 0..2 {
        settle(store).await;
        aggregator(store, Duration::ZERO).pass().await.unwrap();
    }
}

/// What a series comes to: values, values in the mean, sum, lowest and highest.
type Sums = (u32, u32, f64, f64, f64);
/// By patient, kind and hour: the sums of each series, and seconds in bands.
type Hours = BTreeMap<(String, String, u32), (BTreeMap<(String, String), Sums>, Vec<u32>)>;

async fn stored(store: &Store) -> Hours {
    let query = "SELECT patient AS of_patient, toString(kind) AS of_kind, toUnixTimestamp(hour) AS hour_seconds, \
         arrayMap((f, m) -> (toString(f), toString(m)), field, method) AS names, \
         arrayZip(value_count, mean_count, sum, lowest, highest) AS sums, band_seconds \
         FROM hourly_aggregates FINAL";
    let rows: Vec<StoredRow> = store.client().query(query).fetch_all().await.unwrap();
    let with_values = rows.into_iter().filter(|row| !row.names.is_empty());
    let entry = |row: StoredRow| {
        let sums = row.names.into_iter().zip(row.sums).collect();
        ((row.of_patient, row.of_kind, row.hour_seconds), (sums, row.band_seconds))
    };
    with_values.map(entry).collect()
}

#[derive(ClickHouseRow, Deserialize)]
struct StoredRow {
    of_patient: String,
    of_kind: String,
    hour_seconds: u32,
    names: Vec<(String, String)>,
    sums: Vec<Sums>,
    band_seconds: Vec<u32>,
}

/// What the versions that were written come to, in memory.
fn due(written: &[AcceptedReading]) -> Hours {
    let mut greatest: BTreeMap<ReadingId, clinical::Reading> = BTreeMap::new();
    for accepted in written {
        let received = Timestamp::from_millis(accepted.origin.received_at);
        let reading = accepted.reading.validate(received).unwrap();
        let known = greatest.entry(reading.id()).or_insert_with(|| reading.clone());
        if reading.version > known.version {
            *known = reading;
        }
    }
    let mut current: BTreeMap<(String, Kind), Vec<CurrentReading>> = BTreeMap::new();
    for reading in greatest.into_values().filter(|reading| !reading.entered_in_error) {
        let (time, source) = (reading.observation_time, reading.source.digest());
        let one = CurrentReading { time, source, sample: reading.sample, delay: Delay::default() };
        current.entry((reading.patient.to_string(), reading.kind)).or_default().push(one);
    }
    let mut hours = Hours::new();
    for ((patient, kind), mut readings) in current {
        readings.sort_by_key(|reading| (reading.time, reading.source));
        let begins = readings.iter().map(|reading| reading.time.seconds() / 3600 * 3600);
        for begin in begins.collect::<BTreeSet<_>>() {
            let at = Timestamp::from_seconds(begin);
            let found = hour_aggregates(kind, readings.iter().copied(), at);
            let sums = found.series.iter().map(|(series, one)| {
                let mean = one.mean;
                let sums = (one.values, mean.count(), mean.sum(), one.lowest, one.highest);
                ((series.field.to_owned(), series.method.to_owned()), sums)
            });
            let bands = match found.time.total() {
                0 => Vec::new(),
                _ => Band::ALL.map(|band| found.time.of(band) as u32).to_vec(),
            };
            if !found.series.is_empty() {
                let key = (patient.clone(), kind.to_string(), begin as u32);
                hours.insert(key, (sums.collect(), bands));
            }
        }
    }
    hours
}

fn rows(readings: &[AcceptedReading]) -> Vec<Row> {
    readings.iter().cloned().map(Row::Reading).collect()
}

/// Chance that repeats itself.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A version of one of few readings: of two patients, three sources, some minutes around full hours.
fn some_version(chance: &mut Chance) -> AcceptedReading {
    let mg = 60.0 + 10.0 * chance.below(20) as f64;
    let is_finger = chance.below(4) == 0;
    let measurement = Measurement::BloodGlucose(BloodGlucose {
        glucose_value: mg,
        glucose_method: match is_finger {
            true => GlucoseMethod::FingerStick,
            false => GlucoseMethod::ContinuousSensor,
        },
        meal_timing: None,
        glucose_unit: None,
        glucose_comparator: None,
    });
    let mut accepted = reading(measurement);
    if let Source::Device(device) = &mut accepted.reading.source {
        device.serial = format!("S-{}", chance.below(3));
    }
    accepted.reading.person_id = format!("P{}", chance.below(2));
    let minutes = [0, 1, 2, 30, 57, 58, 59][chance.below(7) as usize];
    accepted.reading.observation_time = NOON - HOUR_MS * chance.below(3) as i64 + minutes * 60_000;
    if chance.below(5) == 0 {
        accepted.reading.status = ReadingStatus::EnteredInError;
    }
    accepted.reading.update_time = accepted.reading.observation_time + chance.below(1000) as i64;
    accepted.origin.received_at = accepted.reading.observation_time + 2_000;
    let received = Timestamp::from_millis(accepted.origin.received_at);
    let version = accepted.reading.validate(received).unwrap().version;
    accepted.version = version.bits().cast_signed();
    accepted
}

#[tokio::test]
async fn hours_come_to_what_the_current_readings_do_whatever_came_when_and_how_often() {
    let store = database("aggregates").await;
    let mut chance = Chance(7);
    let mut written = Vec::new();
    for round in 0..12 {
        let mut batch: Vec<_> = (0..20).map(|_| some_version(&mut chance)).collect();
        // Some of what was written is written again, in another batch.
        let again = chance.below(1 + written.len() as u64) as usize;
        batch.extend(written.iter().skip(again).take(5).cloned());
        insert(&store, &rows(&batch)).await.unwrap();
        written.extend(batch);
        if round % 3 == 0 {
            pass(&store).await;
            assert_eq!(stored(&store).await, due(&written), "round {round}");
        }
    }
    pass(&store).await;
    let due = due(&written);
    assert_eq!(stored(&store).await, due);
    store.client().query("OPTIMIZE TABLE hourly_aggregates FINAL").execute().await.unwrap();
    assert_eq!(stored(&store).await, due);
    let bands = due.values().filter(|(_, bands)| !bands.is_empty()).count();
    assert!(due.len() >= 5 && bands >= 5, "{due:?}");
}

#[tokio::test]
async fn an_hour_whose_readings_are_all_entered_in_error_has_no_values_any_more() {
    let store = database("aggregates_withdrawn").await;
    insert(&store, &rows(&[weight(61.0)])).await.unwrap();
    pass(&store).await;
    assert_eq!(stored(&store).await.len(), 1);
    let mut withdrawn = weight(61.0);
    withdrawn.reading.status = ReadingStatus::EnteredInError;
    withdrawn.version += 1 << 22;
    insert(&store, &rows(&[withdrawn])).await.unwrap();
    pass(&store).await;
    assert_eq!(stored(&store).await, Hours::new());
}

#[tokio::test]
async fn a_mark_counts_when_no_insert_that_began_before_it_can_still_go_on() {
    let store = database("aggregates_settling").await;
    insert(&store, &rows(&[weight(61.0)])).await.unwrap();
    aggregator(&store, Duration::from_secs(3600)).pass().await.unwrap();
    assert_eq!(stored(&store).await, Hours::new());
    pass(&store).await;
    assert_eq!(stored(&store).await.len(), 1);
}

#[tokio::test]
async fn an_insert_that_is_tried_again_marks_again() {
    let store = database("aggregates_again").await;
    let rows = rows(&[weight(61.0)]);
    insert(&store, &rows).await.unwrap();
    let marks = "SELECT count() FROM touched_hours";
    let once = count(store.client(), marks).await;
    insert(&store, &rows).await.unwrap();
    assert_eq!(count(store.client(), "SELECT count() FROM weighing_scale").await, 1);
    assert_eq!(count(store.client(), marks).await, 2 * once);
}

#[tokio::test]
async fn what_was_stored_before_there_were_marks_is_computed_too() {
    let store = database("aggregates_before").await;
    let mut earlier = weight(60.0);
    earlier.reading.observation_time -= 400 * 24 * HOUR_MS;
    let written = [weight(61.0), earlier];
    insert(&store, &rows(&written)).await.unwrap();
    store.client().query("TRUNCATE TABLE touched_hours").execute().await.unwrap();
    pass(&store).await;
    assert_eq!(stored(&store).await, due(&written));
}

/// What the dashboard says as of when the aggregates are; 0 where it says nothing.
async fn as_of(store: &Store) -> i64 {
    store.client().query(AGGREGATED_UNTIL).fetch_one().await.unwrap()
}

#[tokio::test]
async fn nothing_is_said_to_be_counted_before_the_first_computation_has_ended() {
    let store = database("aggregates_as_of").await;
    let written: Vec<_> = (0..3)
        .map(|months| {
            let mut one = weight(61.0);
            one.reading.observation_time -= months * 31 * 24 * HOUR_MS;
            one
        })
        .collect();
    insert(&store, &rows(&written)).await.unwrap();
    store.client().query("TRUNCATE TABLE touched_hours").execute().await.unwrap();
    let aggregator = Aggregator { marks_at_once: 1, ..aggregator(&store, Duration::ZERO) };
    let mut done = aggregator.begin().await.unwrap();
    let marked = marks::clock(&store).await.unwrap();
    while marks::clock(&store).await.unwrap() <= marked {}
    let mut batches = 0;
    assert_eq!(as_of(&store).await, 0);
    while aggregator.batch(&mut done).await.unwrap() {
        assert_eq!(as_of(&store).await, 0, "after {batches} batches");
        batches += 1;
    }
    assert!(batches >= 3, "{batches} batches");
    assert!(as_of(&store).await > marked);
    assert_eq!(stored(&store).await, due(&written));
}

#[tokio::test]
async fn a_first_marking_that_failed_goes_on_where_it_was() {
    let store = database("aggregates_first").await;
    let mut earlier = weight(60.0);
    earlier.reading.observation_time -= 400 * 24 * HOUR_MS;
    let written = [weight(61.0), earlier];
    insert(&store, &rows(&written)).await.unwrap();
    let alter = async |what: &str| {
        let statement = format!("ALTER TABLE touched_hours {what}");
        store.client().query(&statement).execute().await.unwrap();
    };
    store.client().query("TRUNCATE TABLE touched_hours").execute().await.unwrap();
    alter(&format!("ADD CONSTRAINT refused CHECK hour < {}", HOUR - 86_400)).await;
    let marks = "SELECT count() FROM touched_hours";
    for _ in 0..3 {
        aggregator(&store, Duration::ZERO).pass().await.unwrap_err();
        assert_eq!(count(store.client(), marks).await, 2, "the earlier month is marked once");
        assert_eq!(as_of(&store).await, 0);
    }
    alter("DROP CONSTRAINT refused").await;
    pass(&store).await;
    assert_eq!(count(store.client(), marks).await, 4);
    assert_eq!(stored(&store).await, due(&written));
}

#[tokio::test]
async fn of_two_computations_the_one_of_the_greater_time_is_current() {
    let store = database("aggregates_late").await;
    let mark = |kind: Kind| Mark {
        of_kind: kind.to_string(),
        of_patient: "AB0001/P1".to_owned(),
        hour_seconds: HOUR,
        ..Mark::default()
    };
    let marks = [mark(Kind::WeighingScale)];
    insert(&store, &rows(&[weight(61.0)])).await.unwrap();
    compute(&store, &marks, 1_000).await.unwrap();
    let late = "CREATE TABLE late AS hourly_aggregates";
    store.client().query(late).execute().await.unwrap();
    let late = "INSERT INTO late SELECT * FROM hourly_aggregates";
    store.client().query(late).execute().await.unwrap();
    let mut correction = weight(62.0);
    correction.version += 1 << 22;
    insert(&store, &rows(&[correction])).await.unwrap();
    compute(&store, &marks, 2_000).await.unwrap();
    let newest = stored(&store).await;
    let late = "INSERT INTO hourly_aggregates SELECT * FROM late";
    store.client().query(late).execute().await.unwrap();
    assert_eq!(stored(&store).await, newest);
    let sum = newest.values().next().unwrap().0.values().map(|sums| sums.2).fold(0.0, f64::max);
    assert_eq!(sum.to_bits(), 62.0_f64.to_bits());
}

#[tokio::test]
async fn marks_are_taken_one_after_the_other_and_none_is_left_out() {
    let store = database("aggregates_marks").await;
    let mut written = Vec::new();
    for hour in 0..5 {
        let mut one = weight(61.0);
        one.reading.observation_time -= hour * HOUR_MS + 60_000;
        written.push(one);
    }
    insert(&store, &rows(&written)).await.unwrap();
    let all = marks::after(&store, &Mark::default(), i64::MAX / 2_000_000, 100).await.unwrap();
    assert_eq!(all.len(), 6, "each marks its hour and the next: {all:?}");
    let mut done = Mark::default();
    for expected in &all {
        let next = marks::after(&store, &done, i64::MAX / 2_000_000, 1).await.unwrap();
        assert_eq!(next, std::slice::from_ref(expected));
        marks::keep_progress(&store, expected).await.unwrap();
        done = marks::progress(&store).await.unwrap().unwrap();
        assert_eq!(done, *expected);
    }
    assert!(marks::after(&store, &done, i64::MAX / 2_000_000, 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_kind_that_is_aggregated_is_marked() {
    let store = database("aggregates_kinds").await;
    for kind in Kind::ALL {
        let fill = format!(
            "INSERT INTO {kind} (patient, source, observation_time, version) \
             VALUES ('A/1', 'ACME||1', {HOUR}, 1)"
        );
        store.client().query(&fill).execute().await.unwrap();
        let marked =
            format!("SELECT count() FROM touched_hours WHERE kind = '{kind}' AND hour = {HOUR}");
        let is_aggregated = !clinical::metrics::series(kind).is_empty();
        assert_eq!(count(store.client(), &marked).await, u64::from(is_aggregated), "{kind}");
    }
}

/// Twenty patients with a sensor's values of 90 days each.
#[tokio::test]
async fn an_hour_is_computed_without_reading_the_patients_history() {
    let store = database("aggregates_cost").await;
    let kind = Kind::BloodGlucose;
    let fill = format!(
        "INSERT INTO {kind} (patient, source, observation_time, version, glucose_value, glucose_method) \
         SELECT concat('B/', leftPad(toString(intDiv(number, 25920)), 4, '0')), 'ACME||1', \
         {HOUR} - 300 * (number % 25920), 1, 100, 'continuous_sensor' FROM numbers(518400)"
    );
    store.client().query(&fill).execute().await.unwrap();
    let read = async |hours: &[(&str, u32)]| {
        let sql = format!("SELECT toUInt32(count()) AS found FROM ({})", sql(kind));
        let mut answer = question(&store, &sql, hours).fetch_bytes("JSON").unwrap();
        let answer: Value = serde_json::from_slice(&answer.collect().await.unwrap()).unwrap();
        let rows = answer["statistics"]["rows_read"].as_u64().unwrap();
        (answer["data"][0]["found"].as_u64().unwrap(), rows)
    };
    let (found, rows) = read(&[("B/0012", HOUR - 3600)]).await;
    println!("an hour of a patient: {rows} rows read for {found}");
    assert_eq!(found, 13, "of the next hour the first value, which may be a copy");
    assert!(rows <= 3 * 8192, "{rows} rows");
    let names: Vec<String> = (0..20).map(|number| format!("B/{number:04}")).collect();
    let all: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), HOUR - 3600)).collect();
    let (found, rows) = read(&all).await;
    println!("the same hour of twenty patients: {rows} rows read for {found}");
    assert_eq!(found, 260);
    assert!(rows <= 518_400 / 4, "{rows} rows");
}

#[tokio::test]
async fn a_pass_that_failed_is_done_again_from_where_the_last_one_came_to() {
    let store = database("aggregates_failing").await;
    pass(&store).await;
    insert(&store, &rows(&[weight(61.0)])).await.unwrap();
    let rename = async |from: &str, to: &str| {
        let statement = format!("RENAME TABLE {from} TO {to}");
        store.client().query(&statement).execute().await.unwrap();
    };
    settle(&store).await;
    rename("hourly_aggregates", "elsewhere").await;
    let error = aggregator(&store, Duration::ZERO).pass().await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    rename("elsewhere", "hourly_aggregates").await;
    pass(&store).await;
    assert_eq!(stored(&store).await, due(&[weight(61.0)]));
}

/// The copy is the reading of the source that comes behind in order, whichever came first.
#[tokio::test]
async fn a_copy_behind_a_full_hour_changes_the_hour_before_when_it_comes() {
    let store = database("aggregates_near").await;
    let of = |serial: &str, seconds: i64| {
        let mut one = weight(61.0);
        if let Source::Device(device) = &mut one.reading.source {
            device.serial = serial.to_owned();
        }
        one.reading.observation_time = NOON + seconds * 1000;
        one.origin.received_at = NOON + 60_000;
        one
    };
    let mut written = Vec::new();
    for (before, behind) in [("S-1", "S-2"), ("S-2", "S-1")] {
        let at = 3600 * i64::from(before == "S-1");
        for one in [of(before, at - 30), of(behind, at + 30)] {
            insert(&store, &rows(std::slice::from_ref(&one))).await.unwrap();
            written.push(one);
            pass(&store).await;
            assert_eq!(stored(&store).await, due(&written));
        }
    }
    assert_eq!(stored(&store).await.len(), 2, "each measurement is counted once");
}
