//! Aggregates of hours, against the real ClickHouse engine.

use clickhouse::Client;
use clinical::metrics::{Period, Series, series};
use clinical::{Kind, Span, Timestamp};
use serde_json::Value;

use super::aggregates::of_patient;
use super::engine_tests::{MIDNIGHT, database, patient};
use super::hours_for_tests::{self, GLUCOSE, Hours, NONE};

const SENSOR: Series = Series { field: "glucose_value", method: "continuous_sensor" };
const FINGER: Series = Series { field: "glucose_value", method: "finger_stick" };

fn hour(hours: i64) -> Timestamp {
    Timestamp::from_seconds(MIDNIGHT) + Span::from_hours(hours)
}

/// An hour of a patient, computed at a time.
async fn insert(client: &Client, of: &str, hours: i64, computed_at: i64, values: &str) {
    let (patient, at) = (format!("'{of}'"), hour(hours).seconds().to_string());
    let one = Hours { patient: &patient, hour: &at, computed_at, values, ..GLUCOSE };
    hours_for_tests::insert(client, one).await;
}

const TWO: &str = "['glucose_value', 'glucose_value'], ['continuous_sensor', 'finger_stick'], \
     [12, 1], [11, 1], [1210, 60], [40, 60], [180, 60], [300, 0, 3300, 0, 0]";

#[tokio::test]
async fn the_newest_computation_of_each_hour_is_shown_by_series_and_period() {
    let (client, store) = database("aggregates_shown");
    insert(&client, "A/1", 0, 2_000, TWO).await;
    insert(&client, "A/1", 0, 1_000, NONE).await;
    insert(&client, "A/1", 1, 1_000, TWO).await;
    insert(&client, "A/1", 1, 2_000, NONE).await;
    insert(&client, "A/1", 2, 1_000, TWO).await;
    insert(&client, "A/1", 5, 1_000, TWO).await;
    insert(&client, "A/2", 3, 1_000, TWO).await;
    let shown = async |series| {
        let period = Period { from: hour(0), to: hour(5) };
        store.hours(&patient("A/1"), (Kind::BloodGlucose, series), period).await.unwrap()
    };
    let sensor = shown(SENSOR).await;
    let begins: Vec<_> = sensor.iter().map(|bucket| bucket.of).collect();
    assert_eq!(begins, [hour(0), hour(2)]);
    let first = sensor[0].aggregate;
    assert_eq!((first.values, first.values_beyond()), (12, 1));
    assert_eq!(first.mean.value(), Some(110.0));
    assert_eq!((first.lowest, first.highest), (40.0, 180.0));
    assert_eq!((sensor[0].time.very_low(), sensor[0].time.in_range()), (300, 3300));
    let finger = shown(FINGER).await;
    assert_eq!(finger[1].aggregate.mean.value(), Some(60.0));
    assert_eq!(finger[1].time.total(), 0, "bands are of the sensor");
    assert!(shown(series(Kind::BloodPressure)[0]).await.is_empty());
}

#[tokio::test]
async fn what_each_of_some_patients_values_come_to_is_summed_over_their_newest_hours() {
    let (client, store) = database("aggregates_fleet");
    const ONE: &str = "['glucose_value'], ['continuous_sensor'], [12], [12], [2400], [190], [210], \
         [0, 0, 0, 3600, 0]";
    insert(&client, "A/1", 0, 2_000, TWO).await;
    insert(&client, "A/1", 0, 1_000, ONE).await;
    insert(&client, "A/1", 1, 1_000, ONE).await;
    insert(&client, "A/1", 5, 1_000, ONE).await;
    insert(&client, "A/2", 3, 1_000, ONE).await;
    insert(&client, "A/3", 3, 1_000, NONE).await;
    insert(&client, "B/1", 3, 1_000, ONE).await;
    let mine = ["A/1", "A/2", "A/3", "A/4"].map(str::to_owned).into();
    let period = Period { from: hour(0), to: hour(5) };
    let asked = (Kind::BloodGlucose, SENSOR);
    let found = store.aggregates_of(&mine, asked, period).await.unwrap();
    let patients: Vec<_> = found.iter().map(|of| &*of.of).collect();
    assert_eq!(patients, ["A/1", "A/2"]);
    let first = &found[0];
    assert_eq!((first.aggregate.values, first.aggregate.values_beyond()), (24, 1));
    assert_eq!(first.aggregate.mean.value(), Some(3610.0 / 23.0));
    assert_eq!((first.aggregate.lowest, first.aggregate.highest), (40.0, 210.0));
    assert_eq!((first.time.very_low(), first.time.above_range()), (300, 3600));
}

#[tokio::test]
async fn until_when_what_was_stored_is_counted_is_what_the_writer_has_come_to() {
    let (client, store) = database("aggregates_until");
    let until = async || store.aggregated_until().await.unwrap();
    let note = async |name: &str, seconds: i64| {
        let at = MIDNIGHT + seconds;
        let sql = format!(
            "INSERT INTO aggregation_progress (name, touched_at) SETTINGS async_insert = 0 \
             VALUES ('{name}', {at}000)"
        );
        client.query_raw(&sql).execute().await.unwrap();
    };
    assert_eq!(until().await, None);
    note("marked weighing_scale 202601", 200).await;
    note("hours", 60).await;
    assert_eq!(until().await, None, "not all is marked yet");
    note("first", 100).await;
    assert_eq!(until().await, None, "what was marked first is not computed yet");
    for seconds in [120, 90] {
        note("hours", seconds).await;
        assert_eq!(until().await, Some(Timestamp::from_seconds(MIDNIGHT + 120)));
    }
}

/// Fifty patients with a sensor, a year of each.
#[tokio::test]
async fn a_year_of_a_sensor_is_few_rows_by_the_primary_key() {
    let (client, store) = database("aggregates_year");
    let year_of_each = Hours {
        patient: "concat('B/', leftPad(toString(intDiv(number, 8760)), 4, '0'))",
        hour: &format!("{MIDNIGHT} - 3600 * (number % 8760)"),
        rows: 438_000,
        ..GLUCOSE
    };
    hours_for_tests::insert(&client, year_of_each).await;
    let year = Period { from: hour(-8759), to: hour(1) };
    let asked = (Kind::BloodGlucose, SENSOR);
    let hours = store.hours(&patient("B/0042"), asked, year).await.unwrap();
    assert_eq!(hours.len(), 8760);
    let query = store.about(&of_patient(), asked, year).param("patient", "B/0042");
    let answer = query.fetch_bytes("JSON").unwrap().collect().await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let rows = answer["statistics"]["rows_read"].as_u64().unwrap();
    println!("a year of hours: {rows} rows read");
    assert!(rows <= 2 * 8760, "{rows} rows");
}
