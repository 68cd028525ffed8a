//! Tests against the real ClickHouse engine.
//!
//! The engine serves in a process of its own. Every test has a database of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::{ClickHouseArgs, Health};
use clickhouse::Client;
use clinical::Kind;
use schemas::records::StoredOutcome;

use crate::census::{self, OffsetRange};
use crate::columns::RowBinary;
use crate::faults::StoreError;
use crate::memory_limit::MemoryLimit;
use crate::migrations;
use crate::rows::Row;
use crate::rows::samples::{NOON, every_row, place, weight};
use crate::store::{self, Inserter, Store};
use crate::table_writer::tests::{batch, table_writer};

const PATIENCE: Duration = Duration::from_secs(60);

fn server() -> &'static str {
    local_clickhouse::beside::url("engine_tests::the_engine_answers")
}

/// Is the engine's own process, too.
#[test]
fn the_engine_answers() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local/clickhouse/libchdb.so");
    if !local_clickhouse::beside::serve_if_asked(library) {
        assert!(local_clickhouse::beside::answers(server()));
    }
}

fn args(database: &str) -> ClickHouseArgs {
    ClickHouseArgs::local(server(), database)
}

pub(crate) async fn database(name: &str) -> Store {
    let args = args(name);
    migrations::apply(&args, PATIENCE).await.unwrap();
    Store::new(store::client(&args), PATIENCE)
}

pub(crate) async fn insert(store: &Store, rows: &[Row]) -> Result<(), StoreError> {
    let table = rows[0].table();
    let shape = rows[0].shape(place(0)).unwrap();
    let mut bytes = RowBinary::default();
    for (row, offset) in rows.iter().zip(0..) {
        row.walk(place(offset), &mut bytes).unwrap();
    }
    store.insert(table, &shape, bytes.into_bytes().into()).await
}

pub(crate) async fn text(client: &Client, query: &str) -> String {
    client.query(query).fetch_one::<String>().await.unwrap()
}

pub(crate) async fn count(client: &Client, query: &str) -> u64 {
    client.query(query).fetch_one::<u64>().await.unwrap()
}

#[tokio::test]
async fn several_writers_that_migrate_at_once_leave_one_set_of_tables() {
    let name = "migrating";
    let all = (0..4).map(|_| async { migrations::apply(&args(name), PATIENCE).await });
    for result in futures_util::future::join_all(all).await {
        result.unwrap();
    }
    migrations::apply(&args(name), PATIENCE).await.unwrap();
    let store = Store::new(store::client(&args(name)), PATIENCE);
    let applied = "SELECT uniqExact(number) FROM schema_migrations";
    let expected = schemas::migrations::MIGRATIONS.len() as u64;
    assert_eq!(count(store.client(), applied).await, expected);
}

#[tokio::test]
async fn a_store_with_readings_keeps_them_all_when_its_columns_are_renamed() {
    let name = "renaming";
    let published = &schemas::migrations::MIGRATIONS[..3];
    let kinds = || Kind::ALL.into_iter().filter(|kind| published[0].sql.contains(kind.as_str()));
    migrations::apply_each(published, &args(name), PATIENCE).await.unwrap();
    let store = Store::new(store::client(&args(name)), PATIENCE);
    for kind in kinds() {
        let fill = format!(
            "INSERT INTO {kind} (patient, source, observation_time, version, withdrawn) \
             SELECT 'A/1', 'ACME||1', intDiv(number, 3) * 864000, number % 3, number % 7 = 0 \
             FROM numbers(90)"
        );
        store.client().query(&fill).execute().await.unwrap();
    }
    let counted = async |query: &str| {
        let mut counts = Vec::new();
        for kind in kinds() {
            counts.push(count(store.client(), &query.replace("{kind}", kind.as_str())).await);
        }
        counts
    };
    let of_rows = "SELECT cityHash64(groupArray((observation_time, version, ";
    let old = format!("{of_rows} withdrawn))) FROM (SELECT * FROM {{kind}} ORDER BY ALL)");
    let before = counted(&old).await;
    let shown = counted("SELECT count() FROM standing_{kind}").await;

    let all = (0..4).map(|_| async { migrations::apply(&args(name), PATIENCE).await });
    for result in futures_util::future::join_all(all).await {
        result.unwrap();
    }
    let new = format!("{of_rows} entered_in_error))) FROM (SELECT * FROM {{kind}} ORDER BY ALL)");
    assert_eq!(counted(&new).await, before);
    assert_eq!(counted("SELECT count() FROM current_{kind}").await, shown);
    let left = "SELECT count() FROM system.columns \
                WHERE database = currentDatabase() AND (name = 'withdrawn' OR table LIKE 'standing%')";
    assert_eq!(count(store.client(), left).await, 0);

    // A writer that was ended in the midst of the migration begins it again.
    let forget =
        "ALTER TABLE schema_migrations DELETE WHERE number >= 4 SETTINGS mutations_sync = 1";
    store.client().query(forget).execute().await.unwrap();
    migrations::apply(&args(name), PATIENCE).await.unwrap();
    assert_eq!(counted(&new).await, before);
    for row in every_row() {
        let shape = row.shape(place(9)).unwrap();
        store.check(row.table(), &shape).await.unwrap();
        insert(&store, &[row]).await.unwrap();
    }
}

#[tokio::test]
async fn every_table_reads_back_what_was_written() {
    let store = database("reading_back").await;
    for row in every_row() {
        let table = row.table();
        let shape = row.shape(place(9)).unwrap();
        store.check(table, &shape).await.unwrap();
        let mut bytes = RowBinary::default();
        row.walk(place(9), &mut bytes).unwrap();
        store.insert(table, &shape, bytes.into_bytes().into()).await.unwrap();
        // What came as bytes need not be text.
        let columns = match row {
            Row::Rejected(_) => "* REPLACE (hex(bytes) AS bytes)",
            _ => "*",
        };
        let read = format!(
            "SELECT formatRow('JSONEachRow', {columns}) FROM {table} \
             SETTINGS output_format_json_quote_64bit_integers = 0"
        );
        let shown = text(store.client(), &read).await.replace(",\"", ",\n\"");
        insta::assert_snapshot!(format!("read_back_{table}"), shown);
    }
}

#[tokio::test]
async fn rows_that_are_written_twice_change_nothing_that_is_asked() {
    let store = database("replaying").await;
    let mut correction = weight(62.0);
    correction.version += 1 << 22;
    let rows = [Row::Reading(weight(61.0)), Row::Reading(correction)];
    let asked = "SELECT toString(groupArray((patient, body_weight, version))) \
                 FROM current_weighing_scale";
    insert(&store, &rows).await.unwrap();
    let before = text(store.client(), asked).await;
    assert!(before.contains("62"), "{before}");
    // Alone and in another order, so that no token is repeated.
    insert(&store, &rows[..1]).await.unwrap();
    insert(&store, &rows[1..]).await.unwrap();
    assert_eq!(text(store.client(), asked).await, before);
    assert_eq!(count(store.client(), "SELECT count() FROM weighing_scale").await, 4);
    store.client().query("OPTIMIZE TABLE weighing_scale FINAL").execute().await.unwrap();
    assert_eq!(count(store.client(), "SELECT count() FROM weighing_scale").await, 2);
    assert_eq!(text(store.client(), asked).await, before);
}

#[tokio::test]
async fn an_insert_that_is_tried_again_is_stored_once() {
    let store = database("trying_again").await;
    let rows = [Row::Reading(weight(61.0))];
    insert(&store, &rows).await.unwrap();
    insert(&store, &rows).await.unwrap();
    assert_eq!(count(store.client(), "SELECT count() FROM weighing_scale").await, 1);
}

#[tokio::test]
async fn rows_of_very_many_months_go_in_at_once() {
    let store = database("far_back").await;
    let month = |months: i64| {
        let mut accepted = weight(61.0);
        accepted.reading.observation_time = NOON - months * 31 * 86_400_000;
        Row::Reading(accepted)
    };
    let rows: Vec<Row> = (0..130).map(month).collect();
    insert(&store, &rows).await.unwrap();
    assert_eq!(count(store.client(), "SELECT count() FROM weighing_scale").await, 130);
}

#[tokio::test]
async fn a_refused_row_is_a_dead_letter_and_the_rest_goes_on() {
    let store = database("refusing").await;
    let constraint = "ALTER TABLE weighing_scale ADD CONSTRAINT light CHECK body_weight < 100";
    store.client().query(constraint).execute().await.unwrap();
    let health = Health::new();
    let table_writer = table_writer(store.clone(), &health);
    let weights: Vec<(i64, f64)> =
        (0..200).map(|offset| (offset, if offset % 67 == 5 { 200.0 } else { 60.0 })).collect();
    table_writer.deliver(&batch(&table_writer.offsets, &MemoryLimit::new(1), &weights)).await;
    let dead_letters: Vec<i64> = table_writer
        .dead_letters
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|record| record.origin.offset)
        .collect();
    assert_eq!(dead_letters, [5, 72, 139]);
    let stored = "SELECT uniqExact(origin_offset) FROM weighing_scale";
    assert_eq!(count(store.client(), stored).await, 197);
    assert!(health.is_ready());
}

#[tokio::test]
async fn a_missing_table_costs_no_row_and_is_reported_until_it_is_there() {
    let store = database("missing").await;
    let client = store.client();
    client.query("RENAME TABLE weighing_scale TO elsewhere").execute().await.unwrap();
    let health = Health::new();
    let table_writer = Arc::new(table_writer(store.clone(), &health));
    let delivering = tokio::spawn({
        let table_writer = table_writer.clone();
        async move {
            table_writer
                .deliver(&batch(
                    &table_writer.offsets,
                    &MemoryLimit::new(1),
                    &[(0, 60.0), (1, 61.0)],
                ))
                .await;
        }
    });
    let begun = Instant::now();
    let reason = || health.readiness().1["components"][0]["reason"].clone();
    while !reason().as_str().is_some_and(|reason| reason.contains("exception 60")) {
        assert!(begun.elapsed() < PATIENCE, "not reported: {}", reason());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    client.query("RENAME TABLE elsewhere TO weighing_scale").execute().await.unwrap();
    tokio::time::timeout(PATIENCE, delivering).await.unwrap().unwrap();
    assert_eq!(count(client, "SELECT count() FROM weighing_scale").await, 2);
    assert!(table_writer.dead_letters.0.lock().unwrap().is_empty());
    assert!(health.is_ready());
}

#[tokio::test]
async fn a_table_of_another_shape_is_reported_with_its_difference() {
    let store = database("another_shape").await;
    let alter = "ALTER TABLE weighing_scale MODIFY COLUMN body_fat Float64";
    store.client().query(alter).execute().await.unwrap();
    let row = Row::Reading(weight(60.0));
    let shape = row.shape(place(0)).unwrap();
    let error = store.check(row.table(), &shape).await.unwrap_err();
    assert!(error.to_string().contains("column body_fat is Float64"), "{error}");
}

#[tokio::test]
async fn the_census_counts_versions_rejects_and_alert_events_by_range() {
    let store = database("census").await;
    let at = |offset: i64, kilograms: f64, version: i64| {
        let mut accepted = weight(kilograms);
        accepted.outcome = StoredOutcome::New;
        accepted.version = version;
        accepted.origin.offset = offset;
        Row::Reading(accepted)
    };
    insert(&store, &[at(40, 60.0, 1), at(41, 61.0, 2), at(50, 62.0, 3)]).await.unwrap();
    insert(&store, &[at(40, 60.0, 1)]).await.unwrap();
    for row in &every_row()[8..] {
        insert(&store, std::slice::from_ref(row)).await.unwrap();
    }
    let range = |partition, from, next| OffsetRange { partition, from, next };
    let ranges = [range(3, 40, 44), range(3, 44, 60), range(1, 0, 100)];
    let stored = census::stored(store.client(), &ranges).await.unwrap();
    assert_eq!(stored[0].versions_by_kind[&Kind::WeighingScale], 2);
    assert_eq!(stored[0].rejected, 1);
    assert_eq!((stored[1].versions(), stored[1].rejected), (1, 0));
    assert_eq!(stored[2], census::Stored::default());
    let events = census::alert_events(store.client(), &[range(3, 0, 1)]).await;
    assert_eq!(events.unwrap(), [1]);
}
