//! The days of many patients, and the table that is made of them, against the real ClickHouse engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use clickhouse::Client;
use clinical::local_time::{JAPAN, LocalTime};
use clinical::metrics::{COMPARED_DAYS, MONTH_DAYS, Series, days_of_hours};
use clinical::{Kind, Span, Timestamp};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::engine_tests::{database, patient};
use super::hours_for_tests::{self, GLUCOSE, Hours, NONE, PRESSURES};
use super::trends::OneZone;
use super::{DaysOfPatient, Store};
use crate::clock::now;
use crate::service::router;
use crate::testing;

const SENSOR: Series = Series { field: "glucose_value", method: "continuous_sensor" };
const SYSTOLIC: Series = Series { field: "systolic", method: "" };

/// The last hours of one patient until a time, each value greater by one than that of the hour after.
fn of_one(of: Hours<'static>, until: Timestamp, hours: u64) -> (String, Hours<'static>) {
    let until = until.seconds() / 3600 * 3600;
    let of = Hours { value: "100 + number", rows: hours, computed_at: 2_000, ..of };
    (format!("{until} - 3600 * number"), of)
}

async fn insert(client: &Client, (hour, of): (String, Hours<'_>)) {
    hours_for_tests::insert(client, Hours { hour: &hour, ..of }).await;
}

async fn days(store: &Store, zone: &str, of: &str, now: Timestamp) -> DaysOfPatient {
    let local = LocalTime::of(zone).unwrap();
    let zones = [OneZone { local, patients: vec![of] }];
    let kinds = [Kind::BloodPressure, Kind::BloodGlucose];
    store
        .days_of(&zones, &kinds, (now, COMPARED_DAYS))
        .await
        .unwrap()
        .remove(of)
        .unwrap_or_default()
}

#[tokio::test]
async fn days_of_many_patients_are_those_that_their_hours_are_put_together_to_in_any_zone() {
    let (client, store) = database("trends_zones");
    let now = Timestamp::from_seconds(1_774_900_000);
    insert(&client, of_one(PRESSURES, now, 24 * 70)).await;
    insert(&client, of_one(GLUCOSE, now, 24 * 70)).await;
    for zone in ["Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "America/Havana"]
    {
        let local = LocalTime::of(zone).unwrap();
        let found = days(&store, zone, "A/1", now).await;
        for (kind, series) in [(Kind::BloodPressure, SYSTOLIC), (Kind::BloodGlucose, SENSOR)] {
            let begin = local.begin_of(local.day_of(now), 1 - COMPARED_DAYS as i32);
            let period = clinical::metrics::Period { from: begin, to: now };
            let hours = store.hours(&patient("A/1"), (kind, series), period).await.unwrap();
            let due = days_of_hours(hours, &local);
            let mut found = found[&(kind, series)].clone();
            found.sort_by_key(|day| day.of);
            assert_eq!(found.len(), due.len(), "{zone}");
            assert_eq!(found.len(), COMPARED_DAYS as usize);
            for (found, due) in found.iter().zip(&due) {
                assert_eq!((found.of, found.time), (due.of, due.time), "{zone}");
                assert_eq!(found.aggregate.values, due.aggregate.values, "{zone} {}", due.of);
                assert_eq!(found.aggregate.mean, due.aggregate.mean, "{zone} {}", due.of);
            }
        }
    }
}

#[tokio::test]
async fn of_an_hour_of_a_day_the_newest_computation_counts_and_one_without_values_nowhere() {
    let (client, store) = database("trends_newest");
    let now = Timestamp::from_seconds(1_774_900_000);
    let at = async |hours, computed_at, values| {
        let (hour, of) = of_one(PRESSURES, now, hours);
        insert(&client, (hour, Hours { computed_at, values, ..of })).await;
    };
    at(3, 3_000, PRESSURES.values).await;
    at(3, 1_000, NONE).await;
    at(1, 4_000, NONE).await;
    let found = days(&store, "Asia/Tokyo", "A/1", now).await;
    let day = found[&(Kind::BloodPressure, SYSTOLIC)][0];
    assert_eq!((day.aggregate.values, day.aggregate.mean.value()), (2, Some(101.5)));
    assert!(days(&store, "Asia/Tokyo", "A/2", now).await.is_empty());
}

#[tokio::test]
async fn the_table_has_each_of_ones_own_patients_with_what_is_in_the_store() {
    let (client, store) = database("trends_table");
    let (mut dashboard, audit) = testing::dashboard();
    Arc::get_mut(&mut dashboard).unwrap().store = store;
    // Up to the next hour: today has a value from its first minute on, also if it begins meanwhile.
    let (hour, of) = of_one(GLUCOSE, now() + Span::from_hours(1), 24 * 60);
    let began = JAPAN.day_of(now());
    insert(&client, (hour.clone(), of)).await;
    insert(&client, (hour, Hours { patient: "'B/1'", ..of })).await;
    let get = async |path: &str| {
        let authorization = axum_extra::headers::Authorization::basic("dr.sato", "dr.sato-pass");
        let mut values = Vec::new();
        axum_extra::headers::Header::encode(&authorization, &mut values);
        let request = Request::get(path).header(header::AUTHORIZATION, values.remove(0));
        let request = request.body(Body::empty()).unwrap();
        let response = router(Arc::clone(&dashboard)).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let (status, table) = get("/api/v1/trends").await;
    assert_eq!(status, StatusCode::OK, "{table}");
    assert_eq!((&table["patients_followed"], &table["patients_found"]), (&2.into(), &2.into()));
    assert_eq!(table["as_of"], Value::Null, "nothing says yet that all is counted");
    let patients: Vec<_> = table["patients"].as_array().unwrap().iter().collect();
    let names: Vec<_> = patients.iter().map(|one| one["patient"].as_str().unwrap()).collect();
    assert_eq!(names, ["A/1", "A/2"]);
    let today = patients[0]["today"].as_str().unwrap();
    assert!([began, JAPAN.day_of(now())].map(|day| day.to_string()).contains(&today.to_owned()));
    let rows = patients[0]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["method"], "continuous_sensor");
    assert_eq!(
        (&rows[0]["week"]["days"], &rows[0]["week"]["is_enough"]),
        (&7.into(), &true.into())
    );
    assert_eq!(
        rows[0]["week"]["time_in_bands"],
        Value::Null,
        "7 days are too few for times in bands"
    );
    let in_range = rows[0]["month"]["time_in_bands"]["from_70_to_180"].as_f64().unwrap();
    assert!((in_range - 100.0 * 3300.0 / 3600.0).abs() < 1e-9, "{in_range}");
    // One of twelve values of the sensor is beyond what it can say: its mean is compared with nothing.
    let count = |of: &str| rows[0]["week"][of].as_u64().unwrap();
    assert!(count("values_beyond") > 0 && count("values") == 12 * count("values_beyond"));
    assert_eq!(rows[0]["week"]["means"][0]["before"], Value::Null);
    assert_eq!(
        (&rows[1]["method"], &rows[1]["week"]["values_beyond"]),
        (&"finger_stick".into(), &0.into())
    );
    assert!(rows[1]["week"]["means"][0]["before"].is_f64());
    assert_eq!(patients[1]["rows"], Value::Array(Vec::new()));
    let (_, few) = get("/api/v1/trends?kind=blood_glucose&show=few&sought=a%2F").await;
    assert_eq!((&few["patients_followed"], &few["patients_found"]), (&2.into(), &0.into()));
    assert_eq!(get("/api/v1/trends?page=0").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get("/api/v1/trends?page=2").await.1["patients"], Value::Array(Vec::new()));
    assert_eq!(get("/api/v1/trends?show=none").await.0, StatusCode::BAD_REQUEST);
    let listed = audit.said().into_iter().filter(|(action, ..)| action == "list_aggregates");
    assert_eq!(listed.count(), 5, "each of them is on record, also what was not understood");
}

/// Five thousand patients who measure their pressure twice a day, two hundred of them with a sensor.
#[tokio::test]
async fn the_days_of_five_thousand_patients_are_one_read_of_their_hours() {
    let (client, store) = database("trends_many");
    let now = Timestamp::from_seconds(1_774_900_000);
    let twice_a_day = Hours {
        patient: "concat('A/', toString(intDiv(number, 120) + 1))",
        hour: "1774897200 - 43200 * (number % 120)",
        rows: 600_000,
        ..PRESSURES
    };
    hours_for_tests::insert(&client, twice_a_day).await;
    let each_hour = Hours {
        patient: "concat('A/', toString(intDiv(number, 1440) + 1))",
        hour: "1774897200 - 3600 * (number % 1440)",
        rows: 288_000,
        ..GLUCOSE
    };
    hours_for_tests::insert(&client, each_hour).await;
    // As the list of patients has them: a chunk of them lies together in the store.
    let ids: BTreeSet<String> = (1..=5000).map(|id| format!("A/{id}")).collect();
    let patients: Vec<&str> = ids.iter().map(String::as_str).collect();
    let zones = [OneZone { local: JAPAN.clone(), patients: patients.clone() }];
    let kinds = [Kind::BloodPressure, Kind::BloodGlucose];
    let started = std::time::Instant::now();
    let found = store.days_of(&zones, &kinds, (now, MONTH_DAYS)).await.unwrap();
    println!("the days of 5,000 patients: {:?}", started.elapsed());
    assert_eq!(found.len(), 5000);
    assert_eq!(found["A/1"].len(), 4, "{:?}", found["A/1"].keys());
    assert_eq!(found["A/1"][&(Kind::BloodPressure, SYSTOLIC)].len(), MONTH_DAYS as usize);
    let mut rows = 0;
    for patients in patients.chunks(super::PATIENTS_AT_ONCE) {
        let query = store.days_query((&JAPAN, patients), &kinds, (now, MONTH_DAYS));
        let answer = query.fetch_bytes("JSON").unwrap().collect().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        rows += answer["statistics"]["rows_read"].as_u64().unwrap();
    }
    println!("of 888,000 hours {rows} were read");
    assert!(rows <= 1_000_000, "{rows} rows: some of them more than once");
}
