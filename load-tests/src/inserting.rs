//! The writer's peer: what the ClickHouse engine takes from memory. The very rows that the writer
//! wrote, in the order in which they came and in the form in which it sends them, in batches of the
//! same size, table beside table.

use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use chassis::ClickHouseArgs;

use crate::clickhouse::{ask, execute, text};
use crate::input::TABLES;
use crate::rate::Rate;
use crate::stage::Stage;
use crate::writing;

/// The writer's default.
const BATCH_ROWS: usize = 100_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// A batch in RowBinary.
pub struct Batch {
    table: &'static str,
    columns: String,
    rows: usize,
    bytes: Bytes,
}

/// Reads back what the writer wrote in a round, cut into batches.
///
/// # Errors
/// When ClickHouse refuses.
pub fn read_back(stage: &Stage, round: usize) -> anyhow::Result<Vec<Batch>> {
    let database = writing::database(round);
    let mut batches = Vec::new();
    for table in TABLES {
        let columns = text(
            stage,
            &format!(
                "SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM \
                 system.columns WHERE database = '{database}' AND table = '{table}' \
                 ORDER BY position) FORMAT TSVRaw"
            ),
        )?;
        let columns = columns.trim().to_owned();
        let rows = text(stage, &format!("SELECT count() FROM {database}.{table} FORMAT TSV"))?;
        let rows: usize = rows.trim().parse().context("count() is no number")?;
        for from in (0..rows).step_by(BATCH_ROWS) {
            let query = format!(
                "SELECT {columns} FROM {database}.{table} ORDER BY origin_offset, \
                 origin_partition LIMIT {from}, {BATCH_ROWS} FORMAT RowBinary"
            );
            let bytes = ask(stage, &[("query", &query)], Bytes::new())?;
            let rows = BATCH_ROWS.min(rows - from);
            batches.push(Batch { table, columns: columns.clone(), rows, bytes });
        }
    }
    Ok(batches)
}

/// Inserts the batches into tables made for it and returns how fast.
///
/// # Errors
/// When ClickHouse refuses.
pub fn run(stage: &Stage, round: usize, batches: &[Batch]) -> anyhow::Result<Rate> {
    let database = format!("inserted{round}");
    let target = ClickHouseArgs::local(stage.clickhouse_url(), &database);
    stage.wait(writer::migrations::apply(&target, PATIENCE))?;
    let begun = Instant::now();
    let done: anyhow::Result<()> = std::thread::scope(|scope| {
        let insert = |table: &'static str| {
            let database = &database;
            scope.spawn(move || -> anyhow::Result<()> {
                for (number, batch) in batches.iter().enumerate() {
                    if batch.table == table {
                        insert(stage, database, number, batch)?;
                    }
                }
                Ok(())
            })
        };
        let threads = TABLES.map(insert);
        threads.into_iter().try_for_each(|thread| thread.join().expect("a thread has panicked"))
    });
    done?;
    let rate = Rate::since(begun, batches.iter().map(|batch| batch.rows as u64).sum());
    execute(stage, &format!("DROP DATABASE {database} SYNC"))?;
    Ok(rate)
}

fn insert(stage: &Stage, database: &str, number: usize, batch: &Batch) -> anyhow::Result<()> {
    let Batch { table, columns, bytes, .. } = batch;
    let statement = format!("INSERT INTO {database}.{table} ({columns}) FORMAT RowBinary");
    let token = format!("{database}-{number}");
    let settings = [
        ("query", statement.as_str()),
        ("async_insert", "0"),
        ("max_partitions_per_insert_block", "0"),
        ("insert_deduplication_token", &token),
    ];
    ask(stage, &settings, bytes.clone()).map(|_| ())
}
