//! The `clickhouse` client, with which the services speak to a real server, against the stand-in.

mod served;

use std::time::Instant;

use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};
use served::{Served, folder};

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Measurement {
    patient: String,
    observed_at: i64,
    value: f64,
    note: Option<String>,
}

const TABLE: &str = "CREATE TABLE measurement \
    (patient String, observed_at Int64, value Float64, note Nullable(String)) \
    ENGINE = MergeTree ORDER BY (patient, observed_at) \
    SETTINGS non_replicated_deduplication_window = 100";

fn measurement(number: i64) -> Measurement {
    Measurement {
        patient: format!("P{:03}", number % 100),
        observed_at: number,
        value: number as f64 / 2.0,
        note: (number % 3 == 0).then(|| "line one\nline two\t'quoted' \\ 見守り".to_owned()),
    }
}

/// A stand-in with the table in a database of its own, and a client of it.
async fn served(folder: &tempfile::TempDir) -> (Served, Client) {
    let path = folder.path().to_owned();
    let served = tokio::task::spawn_blocking(move || Served::start(&path)).await.expect("starts");
    let client = Client::default().with_url(&served.url);
    client.query("CREATE DATABASE clinic").execute().await.expect("creates a database");
    let client = client.with_database("clinic").with_user("anyone").with_password("anything");
    client.query(TABLE).execute().await.expect("creates a table");
    (served, client)
}

async fn insert(client: &Client, rows: impl IntoIterator<Item = Measurement>) {
    let mut insert =
        client.insert::<Measurement>("measurement").await.expect("describes the table");
    for row in rows {
        insert.write(&row).await.expect("takes the row");
    }
    insert.end().await.expect("stores the rows");
}

async fn count(client: &Client) -> u64 {
    let query = client.query("SELECT count() FROM measurement");
    query.fetch_one().await.expect("counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_back_as_they_were_inserted() {
    let folder = folder();
    let (_served, client) = served(&folder).await;
    let rows: Vec<_> = (0..1000).map(measurement).collect();
    insert(&client, rows.clone()).await;
    let query = client.query("SELECT ?fields FROM measurement ORDER BY observed_at");
    assert_eq!(query.fetch_all::<Measurement>().await.expect("rows"), rows);
    let none = client.query("SELECT ?fields FROM measurement WHERE value < 0");
    assert_eq!(none.fetch_optional::<Measurement>().await.expect("answer"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_bound_by_the_engine() {
    let folder = folder();
    let (_served, client) = served(&folder).await;
    insert(&client, (0..100).map(measurement)).await;
    let query = client
        .query("SELECT ?fields FROM measurement WHERE patient = {patient: String} AND note = {note: String}")
        .param("patient", "P003")
        .param("note", "line one\nline two\t'quoted' \\ 見守り");
    let rows = query.fetch_all::<Measurement>().await.expect("rows");
    assert_eq!(rows, [measurement(3)]);
    let query = client
        .query("SELECT count() FROM measurement WHERE observed_at IN {times: Array(Int64)} AND patient = ?")
        .bind("P007")
        .param("times", vec![7_i64, 8]);
    assert_eq!(query.fetch_one::<u64>().await.expect("a count"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_token_stores_nothing_twice() {
    let folder = folder();
    let (_served, client) = served(&folder).await;
    let client = client.with_setting("async_insert", "0");
    let first = client.clone().with_setting("insert_deduplication_token", "readings-0-100");
    insert(&first, (0..10).map(measurement)).await;
    insert(&first, (0..10).map(measurement)).await;
    assert_eq!(count(&client).await, 10);
    let second = client.clone().with_setting("insert_deduplication_token", "readings-100-200");
    insert(&second, (0..10).map(measurement)).await;
    assert_eq!(count(&client).await, 20);
    insert(&client, [measurement(10)]).await;
    insert(&client, [measurement(11)]).await;
    assert_eq!(count(&client).await, 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_keeps_its_code_on_the_way_to_the_caller() {
    let folder = folder();
    let (_served, client) = served(&folder).await;
    let message = |error: clickhouse::error::Error| match error {
        clickhouse::error::Error::BadResponse(message) => message,
        other => panic!("not the server's answer: {other}"),
    };
    let query = client.query("SELECT count() FROM nowhere");
    let error = message(query.fetch_one::<u64>().await.expect_err("no table"));
    assert!(error.starts_with("Code: 60. DB::Exception: "), "{error}");
    let error = client.insert::<Measurement>("nowhere").await;
    let error = message(error.err().expect("no table"));
    assert!(error.starts_with("Code: 60. DB::Exception: "), "{error}");
    // The error comes after rows: it must not pass for the end of the answer.
    let mut rows = client
        .query("SELECT toUInt8(throwIf(number = 200000)) FROM numbers(1000000) SETTINGS max_block_size = 1000")
        .fetch::<u8>()
        .expect("starts");
    let mut seen = 0;
    let error = loop {
        match rows.next().await {
            Ok(Some(_)) => seen += 1,
            Ok(None) => panic!("the error is lost behind {seen} rows"),
            Err(error) => break message(error),
        }
    };
    assert!(error.starts_with("Code: 395. "), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_inserts_run_side_by_side() {
    let folder = folder();
    let (_served, client) = served(&folder).await;
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..24_i64 {
        let client = client.clone();
        tasks.spawn(async move {
            for round in 0..5 {
                let from = (worker * 5 + round) * 100;
                insert(&client, (from..from + 100).map(measurement)).await;
                let query = client
                    .query("SELECT count() FROM measurement WHERE observed_at >= ? AND observed_at < ?")
                    .bind(from)
                    .bind(from + 100);
                assert_eq!(query.fetch_one::<u64>().await.expect("a count"), 100);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic");
    }
    assert_eq!(count(&client).await, 24 * 5 * 100);
}

/// Says how fast it was; only that everything arrives is required.
#[tokio::test(flavor = "multi_thread")]
async fn a_million_rows_go_in_and_come_back() {
    #[derive(Row, Serialize, Deserialize)]
    struct Pair {
        key: u64,
        value: f64,
    }
    let folder = folder();
    let (_served, client) = served(&folder).await;
    client
        .query("CREATE TABLE pair (key UInt64, value Float64) ENGINE = MergeTree ORDER BY key")
        .execute()
        .await
        .expect("creates a table");
    let started = Instant::now();
    let mut insert = client.insert::<Pair>("pair").await.expect("begins");
    for key in 0..1_000_000 {
        let value = key as f64;
        insert.write(&Pair { key, value }).await.expect("takes");
    }
    insert.end().await.expect("stores");
    let inserted = started.elapsed();
    let started = Instant::now();
    let mut rows = client.query("SELECT ?fields FROM pair").fetch::<Pair>().expect("starts");
    let (mut seen, mut sum) = (0_u64, 0_u64);
    while let Some(row) = rows.next().await.expect("a row") {
        seen += 1;
        sum += row.key;
    }
    let selected = started.elapsed();
    assert_eq!((seen, sum), (1_000_000, 499_999_500_000));
    println!("1,000,000 rows: inserted in {inserted:?}, selected in {selected:?}");
}
