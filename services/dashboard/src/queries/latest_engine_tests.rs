//! Which reading of a kind is the newest where one measurement came over several sources, against the real
//! ClickHouse engine: the one that the patient's page shows, and that rules see.

use std::collections::{BTreeMap, BTreeSet};

use clickhouse::Client;
use clinical::{Kind, Span, Timestamp};
use serde_json::{Value, json};

use super::Store;
use super::engine_tests::{ALL, MIDNIGHT, PRESSURE, Version, database, insert, patient};
use crate::model::Reading;

const DAY: i64 = 86_400;
const NOW: i64 = 7_200;

fn now() -> Timestamp {
    Timestamp::from_seconds(MIDNIGHT) + Span::from_seconds(NOW)
}

async fn latest(store: &Store, patient: &str) -> Vec<Reading> {
    let patients = BTreeSet::from([patient.to_owned()]);
    let mut latest = store.latest_readings(&patients, now()).await.unwrap();
    latest.remove(patient).unwrap_or_default()
}

/// The newest counted reading of each kind, as the patient's page takes it from the answer for its charts.
async fn newest_of_page(store: &Store, of: &str) -> Vec<Reading> {
    let page = store.readings(&patient(of), ALL).await.unwrap();
    let mut newest: BTreeMap<Kind, Reading> = BTreeMap::new();
    for reading in page.readings.into_iter().filter(|reading| reading.copy_of.is_none()) {
        let by = |reading: &Reading| reading.measured_by().at();
        let kind = reading.measurement.kind;
        if newest.get(&kind).is_none_or(|known| by(&reading) > by(known)) {
            newest.insert(kind, reading);
        }
    }
    newest.into_values().collect()
}

/// What a device or an app says, as SQL.
async fn said(client: &Client, kind: Kind, source: &str, at: i64, values: &[(&str, &str)]) {
    insert(client, Version { kind, source, at, values, ..PRESSURE }).await;
}

fn values(readings: &[Reading]) -> Vec<Value> {
    readings.iter().map(|reading| json!(reading.measurement.values)).collect()
}

/// A phone's app says each measurement again, 61 s later, with a decimal less, in another unit or without
/// the pulse; a third source says it once more.
#[tokio::test]
async fn the_newest_of_a_kind_is_what_is_counted_and_no_copy_of_it() {
    let (client, store) = database("latest_copies");
    // Of today, of the beginning of what counts as recent, and of long ago.
    for (person, at) in [("A/1", 0), ("A/2", NOW - 8 * DAY - 60), ("A/3", -400 * DAY)] {
        let said = async |kind, source, after, values: &[(&str, &str)]| {
            let version = Version { kind, source, at: at + after, values, ..PRESSURE };
            insert(&client, Version { patient: person, ..version }).await;
        };
        let weight = Kind::WeighingScale;
        said(weight, "TANITA|1|1", -600, &[("body_weight", "72.9")]).await;
        said(weight, "TANITA|1|1", 0, &[("body_weight", "72.57")]).await;
        said(weight, "PHONE|1|1", 61, &[("body_weight", "72.6")]).await;
        let pressure = [("systolic", "151"), ("diastolic", "92"), ("pulse_rate", "71")];
        said(Kind::BloodPressure, "OMRON|1|1", 0, &pressure).await;
        said(Kind::BloodPressure, "PHONE|1|1", 61, &pressure[..2]).await;
        said(Kind::BloodPressure, "HUB|1|1", 118, &pressure[..2]).await;
        let method = ("glucose_method", "'finger_stick'");
        said(Kind::BloodGlucose, "ROCHE|1|1", 0, &[("glucose_value", "104"), method]).await;
        said(Kind::BloodGlucose, "PHONE|1|1", 61, &[("glucose_value", "104.5"), method]).await;

        let latest = latest(&store, person).await;
        assert_eq!(latest, newest_of_page(&store, person).await, "{person}");
        assert_eq!(latest.len(), 3);
        assert!(latest.iter().all(|reading| reading.copy_of.is_none()), "{latest:?}");
        let values = values(&latest);
        assert!(values.contains(&json!({ "body_weight": 72.57 })), "{values:?}");
        assert!(values.iter().any(|of| of["pulse_rate"] == 71), "{values:?}");
    }
}

#[tokio::test]
async fn what_another_device_measured_is_no_copy_and_is_the_newest() {
    let (client, store) = database("latest_of_two");
    let weight = async |source, at, kg: &str| {
        said(&client, Kind::WeighingScale, source, at, &[("body_weight", kg)]).await;
    };
    weight("TANITA|1|1", 0, "72.57").await;
    weight("PHONE|1|1", 61, "71.8").await;
    assert_eq!(values(&latest(&store, "A/1").await), [json!({ "body_weight": 71.8 })]);
    // The same value, but too long after it.
    weight("PHONE|1|1", 121, "72.6").await;
    assert_eq!(values(&latest(&store, "A/1").await), [json!({ "body_weight": 72.6 })]);
}

/// Few values, sources and minutes, so that copies of copies come about, and readings of one second.
#[tokio::test]
async fn the_list_and_the_page_name_the_same_newest_reading_whatever_came() {
    let (client, store) = database("latest_as_page");
    let mut state = 7_u64;
    let mut any_below = |many: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % many
    };
    let people: Vec<String> = (0..40).map(|number| format!("A/{number}")).collect();
    let mut rows = Vec::new();
    for person in &people {
        let begin = [0, -9 * DAY, NOW - 8 * DAY - 200][any_below(3) as usize];
        for version in 0..=any_below(12) {
            let source = ["A|1|1", "B|1|1", "C|1|1", "D|1|1"][any_below(4) as usize];
            let weight = ["72.57", "72.6", "72.6", "72.58"][any_below(4) as usize];
            let at = MIDNIGHT + begin + (any_below(14) * 30) as i64;
            let millis = at * 1000;
            rows.push(format!(
                "('{person}', '{source}', {at}, {version}, 0, 540, {millis}, {millis}, {weight})"
            ));
        }
    }
    let sql = format!(
        "INSERT INTO weighing_scale (patient, source, observation_time, version, entered_in_error, \
         utc_offset_minutes, update_time, received_at, body_weight) SETTINGS async_insert = 0 VALUES {}",
        rows.join(", ")
    );
    client.query_raw(&sql).execute().await.unwrap();
    let all: BTreeSet<String> = people.iter().cloned().collect();
    let latest = store.latest_readings(&all, now()).await.unwrap();
    for person in &people {
        assert_eq!(latest[person], newest_of_page(&store, person).await, "{person}");
    }
}
