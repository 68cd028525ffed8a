//! The queries against the real ClickHouse engine.
//!
//! The engine serves in a process of its own. Every test has a database of its own.

use std::time::Duration;

use chassis::ClickHouseArgs;
use clickhouse::Client;
use clinical::{Kind, PatientId, ReadingId, Source, Timestamp, clock};
use schemas::fields::columns;
use schemas::migrations::{MIGRATIONS, Migration};

use super::question::{MOST, Question};
use super::store::{ClickHouse, ReceiptStore};
use super::{Cursor, Delivery, Version, Warning};
use crate::registry::{Grant, tests::grant};
use ::store::QueryError;

/// How long an insert may take.
const INSERT_TIMEOUT: Duration = Duration::from_secs(30);
/// 2026-11-22T00:00:00Z.
const MIDNIGHT: i64 = 1_795_305_600;

fn server() -> &'static str {
    local_clickhouse::beside::url("receipts::engine_tests::the_engine_answers")
}

/// Is the engine's own process, too.
#[test]
fn the_engine_answers() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local/clickhouse/libchdb.so");
    if !local_clickhouse::beside::serve_if_asked(library) {
        assert!(local_clickhouse::beside::answers(server()));
    }
}

/// A migrated database of its own, and a store that asks it.
fn database(name: &str) -> (Client, ClickHouse) {
    let statements = MIGRATIONS.iter().flat_map(Migration::statements);
    local_clickhouse::beside::create_database(server(), name, statements);
    let client = Client::default().with_url(server()).with_database(name);
    (client, ClickHouse::new(&ClickHouseArgs::local(server(), name), INSERT_TIMEOUT))
}

/// A version of a reading.
#[derive(Clone, Copy)]
struct Stored<'a> {
    kind: Kind,
    patient: &'a str,
    version: u64,
    vendor: &'a str,
    outcome: &'a str,
    offset: i64,
}

const PRESSURE: Stored<'static> = Stored {
    kind: Kind::BloodPressure,
    patient: "CGM005/S001",
    version: 1,
    vendor: "acme",
    outcome: "new",
    offset: 1,
};

async fn insert(client: &Client, stored: Stored<'_>) {
    let Stored { kind, patient, version, vendor, outcome, offset } = stored;
    let sql = format!(
        "INSERT INTO {kind} (patient, source, source_id, observation_time, version, entered_in_error, \
         utc_offset_minutes, update_time, received_at, vendor, warnings, outcome, origin_partition, origin_offset) \
         SETTINGS async_insert = 0 VALUES ('{patient}', 'ACME||7', 'ACME||7', {MIDNIGHT}, {version}, \
         {entered_in_error}, 540, {update}, {MIDNIGHT}000, '{vendor}', '{warnings}', '{outcome}', 3, {offset})",
        warnings = if version == 7 { "pulse_rate:left_out body_fat:rounded" } else { "" },
        update = (MIDNIGHT + version as i64) * 1000,
        entered_in_error = version == 9,
    );
    client.query_raw(&sql).execute().await.unwrap();
}

/// Lets a minute pass since everything was stored.
async fn age(client: &Client) {
    age_by(client, 60).await;
}

/// Lets seconds pass since everything was stored.
async fn age_by(client: &Client, seconds: u64) {
    let older = format!(
        "INSERT INTO older SELECT * REPLACE (stored_at - toIntervalSecond({seconds}) AS stored_at) \
         FROM deliveries"
    );
    for sql in [
        "CREATE TABLE IF NOT EXISTS older AS deliveries",
        &older,
        "TRUNCATE TABLE deliveries",
        "INSERT INTO deliveries SELECT * FROM older",
        "TRUNCATE TABLE older",
    ] {
        client.query_raw(sql).execute().await.unwrap();
    }
}

fn id(kind: Kind, patient: &str) -> ReadingId {
    reading_id(kind, patient, Timestamp::from_seconds(MIDNIGHT))
}

fn reading_id(kind: Kind, patient: &str, observed: Timestamp) -> ReadingId {
    let source = Source::device("ACME", "7").unwrap().digest();
    ReadingId::new(PatientId::parse(patient).unwrap(), kind, observed, source)
}

fn question() -> Question {
    let since = Timestamp::from_seconds(MIDNIGHT);
    Question { since, outcome: None, after: Cursor::before(0), limit: MOST }
}

async fn offsets(store: &ClickHouse, grant: &Grant, question: &Question) -> Vec<i64> {
    let deliveries: Vec<Delivery> = store.deliveries(grant, question).await.unwrap().list;
    deliveries.iter().map(|delivery| delivery.cursor.offset).collect()
}

#[tokio::test]
async fn a_reading_of_any_kind_is_found_by_its_id_with_every_version_once() {
    let (client, store) = database("receipt_versions");
    for kind in Kind::ALL {
        for (version, vendor, outcome, offset) in [
            (2, "acme", "new", 5),
            (1, "acme", "stale", 6),
            (2, "acme", "historical", 8),
            (9, "other", "correction", 7),
        ] {
            insert(&client, Stored { kind, version, vendor, outcome, offset, ..PRESSURE }).await;
        }
        insert(&client, Stored { kind, patient: "CGM005/S002", ..PRESSURE }).await;
        let versions: Vec<Version> =
            store.versions(&id(kind, "CGM005/S001"), "acme").await.unwrap();
        let shown = |version: &Version| {
            let after_midnight = version.update_time.seconds() - MIDNIGHT;
            (version.is_own, after_midnight, version.outcome.clone(), version.entered_in_error)
        };
        let shown: Vec<_> = versions.iter().map(shown).collect();
        let first = shown[0].clone();
        assert_eq!(first, (false, 9, "correction".to_owned(), true), "{kind}");
        assert_eq!((shown.len(), shown[1].1, shown[2].1), (3, 2, 1), "{kind}");
        assert_eq!(versions[2].received, Timestamp::from_seconds(MIDNIGHT));
        assert_eq!((versions[2].partition, versions[2].offset), (3, 6));
    }
    let unknown = id(Kind::BloodPressure, "CGM005/S003");
    assert_eq!(store.versions(&unknown, "acme").await, Ok(vec![]));
}

#[tokio::test]
async fn what_a_vendor_has_sent_of_any_kind_is_delivered_and_nothing_of_others() {
    let (client, store) = database("receipt_deliveries");
    for (kind, offset) in Kind::ALL.into_iter().zip(10..) {
        insert(&client, Stored { kind, offset, ..PRESSURE }).await;
        insert(&client, Stored { kind, version: 2, vendor: "other", offset: 100, ..PRESSURE })
            .await;
        insert(&client, Stored { kind, version: 3, vendor: "", offset: 101, ..PRESSURE }).await;
    }
    insert(&client, Stored { patient: "CGM006/S001", offset: 102, ..PRESSURE }).await;
    let rejected = format!(
        "INSERT INTO rejected_readings (origin_partition, origin_offset, received_at, reason, detail, \
         patient, vendor) SETTINGS async_insert = 0 VALUES \
         (3, 50, {MIDNIGHT}000, 'too_many_devices', 'more', 'CGM005/S001', 'acme'), \
         (3, 51, {MIDNIGHT}000, 'undecodable', 'no', '', '')"
    );
    client.query_raw(&rejected).execute().await.unwrap();
    let own = grant("acme", &["CGM005"]);
    assert_eq!(offsets(&store, &own, &question()).await, [0_i64; 0], "not settled yet");
    age(&client).await;
    let mut found = offsets(&store, &own, &question()).await;
    found.sort_unstable();
    let kinds = 10..10 + Kind::ALL.len() as i64;
    assert_eq!(found, kinds.chain([50]).collect::<Vec<_>>());

    let only = Question { outcome: Some("rejected"), ..question() };
    let deliveries = store.deliveries(&own, &only).await.unwrap().list;
    assert_eq!(deliveries.len(), 1);
    let rejection = Some(("too_many_devices".to_owned(), "more".to_owned()));
    assert_eq!((&deliveries[0].rejection, &deliveries[0].version), (&rejection, &None));
    let new = Question { outcome: Some("new"), ..question() };
    let deliveries = store.deliveries(&own, &new).await.unwrap().list;
    let ids: Vec<_> = deliveries.iter().map(|it| it.version.clone().unwrap().id).collect();
    assert!(Kind::ALL.iter().all(|kind| ids.contains(&id(*kind, "CGM005/S001"))), "{ids:?}");
    let later = Question { since: Timestamp::from_seconds(MIDNIGHT + 1), ..question() };
    assert_eq!(offsets(&store, &own, &later).await, [0_i64; 0]);
}

#[tokio::test]
async fn receipts_of_any_kind_say_what_was_not_taken_as_it_was_sent() {
    let (client, store) = database("receipt_warnings");
    for (kind, offset) in Kind::ALL.into_iter().zip(10..) {
        insert(&client, Stored { kind, offset, version: 7, ..PRESSURE }).await;
    }
    age(&client).await;
    let own = grant("acme", &["CGM005"]);
    let deliveries = store.deliveries(&own, &question()).await.unwrap().list;
    assert_eq!(deliveries.len(), Kind::ALL.len());
    let of_deliveries = deliveries.into_iter().map(|it| it.version.unwrap().warnings);
    let mut all: Vec<Vec<Warning>> = of_deliveries.collect();
    for kind in Kind::ALL {
        let versions = store.versions(&id(kind, "CGM005/S001"), "acme").await.unwrap();
        all.extend(versions.into_iter().map(|version| version.warnings));
    }
    assert_eq!(all.len(), 2 * Kind::ALL.len());
    for warnings in all {
        assert_eq!(warnings, Warning::of_row("pulse_rate:left_out body_fat:rounded"));
        assert_eq!(warnings.len(), 2);
    }
}

#[tokio::test]
async fn receipts_say_what_is_doubted_of_times_whichever_way_a_reading_came() {
    let (client, store) = database("receipt_times");
    insert(&client, PRESSURE).await;
    // Received at midnight, as it was observed: registered a minute later by a clock that is ahead.
    insert(&client, Stored { version: 60, offset: 2, ..PRESSURE }).await;
    age(&client).await;
    let ahead = [Warning::new("update_time", "update_time_ahead")];
    let versions = store.versions(&id(PRESSURE.kind, PRESSURE.patient), "acme").await.unwrap();
    let of_versions: Vec<_> = versions.into_iter().map(|version| version.warnings).collect();
    assert_eq!(of_versions, [&ahead[..], &[]]);
    let own = grant("acme", &["CGM005"]);
    let deliveries = store.deliveries(&own, &question()).await.unwrap().list;
    let of_deliveries: Vec<_> =
        deliveries.into_iter().map(|one| one.version.unwrap().warnings).collect();
    assert_eq!(of_deliveries, [&[], &ahead[..]]);
}

#[tokio::test]
async fn receipts_of_what_a_person_wrote_now_of_long_ago_doubt_no_date() {
    let (client, store) = database("receipt_by_hand");
    let observed = MIDNIGHT - 365 * 86_400;
    let kinds = [Kind::BloodPressure, Kind::OxygenSaturation];
    let written = [("device", 1), ("manual", 2), ("modified", 3)];
    for (place, kind) in kinds.into_iter().enumerate() {
        for (data_input, version) in written {
            let sql = format!(
                "INSERT INTO {kind} (patient, source, source_id, observation_time, version, data_input, \
                 update_time, received_at, vendor, outcome, origin_partition, origin_offset) \
                 SETTINGS async_insert = 0 VALUES ('CGM005/S001', 'ACME||7', 'ACME||7', {observed}, \
                 {version}, '{data_input}', {update}000, {MIDNIGHT}000, 'acme', 'historical', 3, {offset})",
                update = MIDNIGHT - 10 + version,
                offset = 10 * place as i64 + version,
            );
            client.query_raw(&sql).execute().await.unwrap();
        }
    }
    age(&client).await;
    let long_ago = [Warning::new("observation_time", "observed_long_ago")];
    for kind in kinds {
        let id = reading_id(kind, PRESSURE.patient, Timestamp::from_seconds(observed));
        let versions = store.versions(&id, "acme").await.unwrap();
        let warned: Vec<_> = versions.into_iter().map(|version| version.warnings).collect();
        assert_eq!(warned, [&[], &[], &long_ago[..]], "{kind}");
    }
    let own = grant("acme", &["CGM005"]);
    let delivered = store.deliveries(&own, &question()).await.unwrap().list;
    let warned: Vec<_> = delivered
        .into_iter()
        .map(|one| (one.cursor.offset % 10, one.version.unwrap().warnings))
        .collect();
    assert_eq!(warned.len(), 6);
    for (version, warnings) in warned {
        let expected = if version == 1 { &long_ago[..] } else { &[] };
        assert_eq!(warnings, expected, "version {version}");
    }
}

/// A version of a device's reading by who has written it, its first value, and what was made of it.
type OfMinute = (&'static str, bool, u8, &'static str);

async fn insert_versions(client: &Client, kind: Kind, observed: i64, versions: &[OfMinute]) {
    let (column, _) = columns(kind).next().unwrap();
    for (place, (data_input, in_error, value, outcome)) in versions.iter().enumerate() {
        let sql = format!(
            "INSERT INTO {kind} (patient, source, source_id, observation_time, version, data_input, \
             entered_in_error, {column}, update_time, received_at, vendor, outcome, origin_partition, \
             origin_offset) SETTINGS async_insert = 0 VALUES ('CGM005/S001', 'ACME||7', 'ACME||7', \
             {observed}, {version}, '{data_input}', {in_error}, {value}, {update}000, {update}000, 'acme', \
             '{outcome}', 3, {offset})",
            version = place + 1,
            update = observed + place as i64,
            offset = 100 * (kind as i64 + 1) + place as i64,
        );
        client.query_raw(&sql).execute().await.unwrap();
    }
}

#[tokio::test]
async fn receipts_of_any_kind_tell_of_two_values_of_a_device_in_one_minute() {
    let (client, store) = database("receipt_minutes");
    let two = [("device", false, 1, "new"), ("device", false, 2, "correction")];
    let by_hand = [("device", false, 1, "new"), ("modified", false, 2, "correction")];
    let taken_back = [("device", false, 1, "new"), ("device", true, 2, "correction")];
    let the_same = [("device", false, 1, "new"), ("device", false, 1, "correction")];
    let three = [
        ("device", false, 1, "new"),
        ("manual", false, 3, "correction"),
        ("device", false, 2, "correction"),
    ];
    let observed = |minute: i64| MIDNIGHT + 60 * minute;
    let readings: [(i64, &[OfMinute], &[bool]); 6] = [
        (observed(0), &two, &[true, true]),
        (observed(1), &by_hand, &[false, false]),
        (observed(2), &taken_back, &[false, false]),
        (observed(3), &the_same, &[false, false]),
        (observed(4), &three, &[true, false, true]),
        (observed(5) + 7, &two, &[false, false]),
    ];
    for kind in Kind::ALL {
        for (observed, versions, _) in readings {
            insert_versions(&client, kind, observed, versions).await;
        }
    }
    age(&client).await;
    let of_minute = vec![Warning::new("observation_time", "same_minute")];
    let warnings = |is_warned: bool| if is_warned { of_minute.clone() } else { Vec::new() };
    let own = grant("acme", &["CGM005"]);
    let deliveries = store.deliveries(&own, &question()).await.unwrap().list;
    for kind in Kind::ALL {
        for (observed, versions, warned) in readings {
            let warned = warned.iter().map(|warned| *warned && clock::is_doubted(kind));
            let observed = Timestamp::from_seconds(observed);
            let id = reading_id(kind, PRESSURE.patient, observed);
            let receipt = store.versions(&id, "acme").await.unwrap();
            let expected: Vec<_> = warned.clone().rev().map(warnings).collect();
            let said: Vec<_> = receipt.into_iter().map(|version| version.warnings).collect();
            assert_eq!(said, expected, "{kind} {versions:?}");
            // A delivery tells what a record came to: the first came to nothing.
            let expected: Vec<_> =
                warned.enumerate().map(|(place, warned)| warnings(warned && place > 0)).collect();
            let of_reading = deliveries.iter().filter_map(|it| it.version.as_ref());
            let of_reading = of_reading.filter(|version| version.id == id);
            let said: Vec<_> = of_reading.map(|version| version.warnings.clone()).collect();
            assert_eq!(said, expected, "{kind} {versions:?}");
        }
    }
}

#[tokio::test]
async fn pages_hold_every_delivery_once_though_it_was_written_twice() {
    let (client, store) = database("receipt_pages");
    for offset in [4, 2, 9, 7, 5] {
        insert(&client, Stored { version: offset as u64, offset, ..PRESSURE }).await;
    }
    age(&client).await;
    let double = "INSERT INTO deliveries SETTINGS insert_deduplicate = 0 SELECT * FROM deliveries";
    client.query_raw(double).execute().await.unwrap();
    let rows: u64 = client.query("SELECT count() FROM deliveries").fetch_one().await.unwrap();
    assert_eq!(rows, 10);
    let own = grant("acme", &["CGM005"]);
    let whole = offsets(&store, &own, &question()).await;
    assert_eq!(whole.len(), 5, "{whole:?}");
    let (mut paged, mut after) = (Vec::new(), Cursor::before(0));
    loop {
        let question = Question { after, limit: 2, ..question() };
        let page = store.deliveries(&own, &question).await.unwrap().list;
        assert!(page.len() <= 3);
        let more = page.len() > 2;
        for delivery in page.into_iter().take(2) {
            after = delivery.cursor;
            paged.push(delivery.cursor.offset);
        }
        if !more {
            break;
        }
    }
    assert_eq!(paged, whole);
}

#[tokio::test]
async fn nothing_comes_behind_a_cursor_as_long_as_an_insert_may_still_go_on() {
    let (client, store) = database("receipt_settling");
    let own = grant("acme", &["CGM005"]);
    let empty = store.deliveries(&own, &question()).await.unwrap();
    assert!(empty.list.is_empty());
    insert(&client, PRESSURE).await;
    // The time that an insert may take has passed since it began.
    age_by(&client, INSERT_TIMEOUT.as_secs()).await;
    assert_eq!(offsets(&store, &own, &question()).await, [0_i64; 0], "it may just have ended");
    age_by(&client, 30).await;
    let found = store.deliveries(&own, &question()).await.unwrap();
    assert_eq!(found.list.len(), 1);
    assert!(found.list[0].cursor < found.settled && empty.settled <= found.settled);
    let behind = Question { after: found.settled, ..question() };
    assert_eq!(offsets(&store, &own, &behind).await, [0_i64; 0]);
}

#[tokio::test]
async fn without_its_tables_the_store_says_what_is_wrong_and_nothing_of_the_patient() {
    let (client, store) = database("receipt_bare");
    client.query("DROP TABLE body_temperature").execute().await.unwrap();
    let asked = store.versions(&id(Kind::BodyTemperature, "CGM005/S001"), "acme").await;
    assert_eq!(asked, Err(QueryError::Refused("code 60, UNKNOWN_TABLE".to_owned())));
}
