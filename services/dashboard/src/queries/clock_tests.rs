//! Readings whose clocks are wrong, against the real ClickHouse engine.

use std::collections::BTreeSet;

use clickhouse::Client;
use clinical::{Kind, Timestamp};

use super::engine_tests::{ALL, MIDNIGHT, PRESSURE, Version, database, insert, patient};
use super::{Page, Store, Wanted};
use crate::model::Reading;

/// 2021-01-01T00:03:00Z, in seconds after [`MIDNIGHT`].
const FACTORY: i64 = 1_609_459_380 - MIDNIGHT;
const MINUTE: i64 = 60;

async fn measured(client: &Client, at: i64, received: i64, systolic: &str) {
    let values = [("systolic", systolic), ("diastolic", "70")];
    let reading = Version { at, received: Some(received), values: &values, ..PRESSURE };
    insert(client, reading).await;
}

/// Systolic, whether the time is unknown, whether the clock is ahead.
fn seen(readings: &[Reading]) -> Vec<(i64, bool, bool)> {
    let systolic = |reading: &Reading| reading.measurement.values["systolic"].as_i64().unwrap();
    readings.iter().map(|of| (systolic(of), of.time_unknown, of.observed_ahead)).collect()
}

async fn latest(store: &Store, now: i64) -> Vec<(i64, bool, bool)> {
    let patients = BTreeSet::from(["A/1".to_owned()]);
    let now = Timestamp::from_seconds(MIDNIGHT + now);
    let latest = store.latest_readings(&patients, now).await.unwrap();
    seen(&latest["A/1"])
}

#[tokio::test]
async fn a_reading_ahead_of_its_receipt_does_not_hide_one_that_comes_after_it() {
    let (client, store) = database("ahead");
    measured(&client, 55 * MINUTE, 0, "128").await;
    assert_eq!(latest(&store, MINUTE).await, [(128, false, true)]);
    measured(&client, 5 * MINUTE, 5 * MINUTE, "88").await;
    for now in [6 * MINUTE, 90 * MINUTE] {
        assert_eq!(latest(&store, now).await, [(88, false, false)]);
    }
    measured(&client, 60 * MINUTE, 60 * MINUTE, "121").await;
    assert_eq!(latest(&store, 61 * MINUTE).await, [(121, false, false)]);
    let page = store.readings(&patient("A/1"), ALL).await.unwrap();
    let expected = [(88, false, false), (128, false, true), (121, false, false)];
    assert_eq!(seen(&page.readings), expected);
}

#[tokio::test]
async fn a_reading_of_a_clock_that_was_not_set_is_found_where_it_was_received() {
    let (client, store) = database("unset");
    measured(&client, FACTORY, 10 * MINUTE, "142").await;
    assert_eq!(latest(&store, 11 * MINUTE).await, [(142, true, false)]);
    measured(&client, 0, 0, "120").await;
    assert_eq!(latest(&store, 11 * MINUTE).await, [(120, false, false)]);

    let at = |seconds| Some(Timestamp::from_seconds(MIDNIGHT + seconds));
    let from = async |from, to| {
        let wanted = Wanted { from, to, ..ALL };
        seen(&store.readings(&patient("A/1"), wanted).await.unwrap().readings)
    };
    assert_eq!(from(at(0), None).await, [(142, true, false), (120, false, false)]);
    assert!(from(at(11 * MINUTE), None).await.is_empty());
    assert_eq!(from(at(0), at(9 * MINUTE)).await, [(120, false, false)]);
    assert_eq!(from(None, None).await, [(142, true, false), (120, false, false)]);
    // Clocks that begin in 1970, some days after that, and in the summer of 1980.
    for (of_1970, systolic) in [(180, "171"), (40 * 86_400, "172"), (330_000_000, "173")] {
        measured(&client, of_1970 - MIDNIGHT, 10 * MINUTE, systolic).await;
    }
    let all = from(at(0), None).await;
    let lost = [(171, true, false), (172, true, false), (173, true, false)];
    assert_eq!(all, [&lost[..], &[(142, true, false), (120, false, false)]].concat());
    assert_eq!(from(None, None).await, all);
    assert!(from(at(11 * MINUTE), None).await.is_empty());
    // A true history, imported in the period, is of the past.
    let true_history = FACTORY + 30 * 86_400;
    measured(&client, true_history, 10 * MINUTE, "133").await;
    assert_eq!(from(at(0), None).await, all);
}

#[tokio::test]
async fn what_is_no_reading_of_an_unset_clock_takes_no_place_of_one_and_more_than_fit_are_said() {
    const HOUR: i64 = 3_600;
    let (client, store) = database("unset_limit");
    // 2021-01-08T11:59Z is the last minute that is doubted.
    let last = FACTORY - 3 * MINUTE + 7 * 24 * HOUR + 12 * HOUR - MINUTE;
    measured(&client, last, 10 * MINUTE, "141").await;
    measured(&client, FACTORY, 11 * MINUTE, "142").await;
    for minutes in 0..5 {
        measured(&client, last + MINUTE + minutes * MINUTE, 20 * MINUTE, "150").await;
    }
    let at = |seconds| Timestamp::from_seconds(MIDNIGHT + seconds);
    let found = async |most| {
        let period = (at(0), at(HOUR));
        let page = store.of_unset_clocks(&patient("A/1"), None, period, most).await.unwrap();
        (seen(&page.readings), page.truncated)
    };
    let both = vec![(142, true, false), (141, true, false)];
    assert_eq!(found(2).await, (both, false));
    assert_eq!(found(1).await, (vec![(142, true, false)], true));
}

#[tokio::test]
async fn a_copy_of_a_clock_that_was_not_set_is_marked_in_every_list() {
    let (client, store) = database("unset_copies");
    let at = |seconds| Timestamp::from_seconds(MIDNIGHT + seconds);
    let values = [("systolic", "142"), ("diastolic", "70")];
    let spo2 = [("spo2", "93")];
    let kind = Kind::OxygenSaturation;
    // Cuff and oximeter, and a phone that passes on what they measured.
    for source in ["ACME|BP1|7", "Apple|HealthKit|A7"] {
        let received = Some(10 * MINUTE);
        let pressure = Version { at: FACTORY, source, received, values: &values, ..PRESSURE };
        insert(&client, pressure).await;
        insert(&client, Version { kind, values: &spo2, at: FACTORY + 60, ..pressure }).await;
    }
    let copies = |page: Page| {
        let copies = page.readings.into_iter().filter(|reading| reading.copy_of.is_some());
        let mut copies: Vec<_> = copies.map(|reading| reading.id.to_string()).collect();
        copies.sort();
        copies
    };
    let wanted = |from| Wanted { from, ..ALL };
    let all = copies(store.readings(&patient("A/1"), wanted(None)).await.unwrap());
    assert_eq!(all.len(), 2, "one of each kind: {all:?}");
    let of_period = store.readings(&patient("A/1"), wanted(Some(at(0)))).await.unwrap();
    assert_eq!(copies(of_period), all, "beside what was observed in a period");
    let backdated = store.backdated(&patient("A/1"), at(0), at(20 * MINUTE)).await.unwrap();
    assert_eq!(copies(backdated), all, "by receipt");
}

#[tokio::test]
async fn a_withdrawn_reading_of_a_clock_that_was_not_set_is_gone() {
    let (client, store) = database("unset_withdrawn");
    measured(&client, FACTORY, 10 * MINUTE, "142").await;
    let withdrawn = Version {
        at: FACTORY,
        received: Some(20 * MINUTE),
        version: 2,
        entered_in_error: true,
        ..PRESSURE
    };
    insert(&client, withdrawn).await;
    let from = Some(Timestamp::from_seconds(MIDNIGHT));
    let page = store.readings(&patient("A/1"), Wanted { from, ..ALL }).await.unwrap();
    assert!(page.readings.is_empty());
}

#[tokio::test]
async fn what_came_in_lately_with_a_date_of_long_ago_is_found_by_its_receipt_in_every_kind() {
    const DAY: i64 = 86_400;
    let (client, store) = database("backdated");
    let at = |seconds: i64| Timestamp::from_seconds(MIDNIGHT + seconds);
    let last_year = -365 * DAY;
    let of = |at, received, updated| Version {
        at,
        received: Some(received),
        updated: Some(updated),
        ..PRESSURE
    };
    let saturation = [("spo2", "82")];
    let now = 40 * MINUTE;
    // Handed over now, a clock that was not set, a history, and what a person typed.
    insert(&client, of(last_year, 10 * MINUTE, 9 * MINUTE)).await;
    insert(&client, of(FACTORY, 20 * MINUTE, 19 * MINUTE)).await;
    insert(&client, of(last_year - DAY, 30 * MINUTE, last_year - DAY)).await;
    let typed = of(last_year - 2 * DAY, 31 * MINUTE, 30 * MINUTE);
    insert(&client, Version { data_input: "manual", ..typed }).await;
    let kind = Kind::OxygenSaturation;
    insert(&client, Version { kind, values: &saturation, ..of(last_year, 35 * MINUTE, now) }).await;
    // Of what rules look at, what was received before, what is withdrawn, and of check-ups it tells nothing.
    insert(&client, of(-39 * DAY, 10 * MINUTE, 10 * MINUTE)).await;
    insert(&client, of(last_year - 3 * DAY, -31 * DAY, -31 * DAY)).await;
    let withdrawn = of(last_year - 4 * DAY, 10 * MINUTE, 10 * MINUTE);
    insert(&client, withdrawn).await;
    insert(&client, Version { version: 2, entered_in_error: true, ..withdrawn }).await;
    let kind = Kind::BloodPressureCheckup;
    insert(&client, Version { kind, ..of(last_year, 10 * MINUTE, 10 * MINUTE) }).await;

    let page = store.backdated(&patient("A/1"), at(-30 * DAY), at(now)).await.unwrap();
    let seen: Vec<_> = page
        .readings
        .iter()
        .map(|one| {
            let received = one.received_at.at().seconds() - MIDNIGHT;
            let kind = one.measurement.kind.to_string();
            (kind, received / MINUTE, one.time_unknown, one.observed_long_ago)
        })
        .collect();
    let pressure =
        |received, unset, long_ago| ("blood_pressure".to_owned(), received, unset, long_ago);
    assert_eq!(
        seen,
        [
            ("oxygen_saturation".to_owned(), 35, false, true),
            pressure(31, false, false),
            pressure(30, false, false),
            pressure(20, true, false),
            pressure(10, false, true),
        ]
    );
    assert!(!page.truncated);
    let other = store.backdated(&patient("A/2"), at(-30 * DAY), at(now)).await.unwrap();
    assert!(other.readings.is_empty());
}

#[tokio::test]
async fn what_clocks_measured_that_were_not_set_takes_no_place_of_a_date_of_long_ago() {
    const DAY: i64 = 86_400;
    let (client, store) = database("backdated_limit");
    let at = |seconds: i64| Timestamp::from_seconds(MIDNIGHT + seconds);
    for (minute, systolic) in [(1, "131"), (2, "132"), (3, "133")] {
        measured(&client, -365 * DAY + minute * MINUTE, minute * MINUTE, systolic).await;
    }
    for minute in 0..5 {
        measured(&client, FACTORY + minute * MINUTE, 20 * MINUTE, "150").await;
    }
    let found = async |most| {
        let times = (at(-40 * DAY), (at(-30 * DAY), Timestamp::LATEST));
        let page = store.of_long_ago(&patient("A/1"), times, most).await.unwrap();
        let seen = seen(&page.readings);
        let of = |is_unset: bool| -> Vec<i64> {
            seen.iter().filter(|one| one.1 == is_unset).map(|one| one.0).collect()
        };
        (of(false), of(true).len(), page.truncated)
    };
    assert_eq!(found(5).await, (vec![133, 132, 131], 5, false));
    assert_eq!(found(3).await, (vec![133, 132, 131], 3, true));
    assert_eq!(found(2).await, (vec![133, 132], 2, true));
}
