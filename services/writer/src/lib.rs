//! The writer: what happened, from Kafka into ClickHouse, where it can be asked.
//!
//! The way of a record: [`intake`] polls it, [`batcher`] decodes it and adds its row to its
//! table's [`batch`], the table's [`table_writer`] inserts the batch, the [`offset_tracker`] says which offsets are
//! safe, and intake commits those.
//!
//! Beside it the [`aggregator`] keeps the aggregates of hours.
//!
//! What holds at every moment:
//! - An offset is committed only when every record before it is in ClickHouse or in the dead-letter
//!   topic `store.dead_letters`. So no record is lost, whatever dies.
//! - A record may be written twice, and then merges away: a table's sorting key names one record.
//!   A repeated insert of the same rows is dropped by its token ([`batch::deduplication_token`]).
//! - Polling never stops. When too much is in flight ([`memory_limit`]), partitions are paused.
//! - A fault of ClickHouse stops only the table that has it, for as long as it lasts, and shows in
//!   `/readyz`. A fault of a row costs that row its place in the table, not its existence.
//! - Batches of a revoked partition are stored all the same (the next owner's are the same rows)
//!   but nothing is committed for them.

mod aggregator;
mod args;
mod batch;
mod batcher;
pub mod census;
mod columns;
mod dead_letter;
mod decode;
mod faults;
mod intake;
mod memory_limit;
mod metrics;
pub mod migrations;
mod offset_tracker;
mod pipeline;
mod rows;
mod store;
mod table_writer;
mod tables;
mod troubles;

#[cfg(test)]
mod engine_tests;

use std::time::Duration;

use anyhow::Context;
use chassis::{Health, Metrics, Shutdown};

pub use args::WriterArgs;
pub use columns::{Columns, RowBinary, Shape, Unfit};
pub use dead_letter::{DeadLetterReason, RecordPlace, envelope};
pub use decode::{Decoders, Input, place_of};
pub use faults::StoreError;
pub use rows::{Place, Row};
pub use store::client;
pub use tables::Table;

use troubles::Troubles;

/// Writes until SIGTERM or SIGINT, then stores what is in flight, commits and leaves the group.
///
/// # Errors
/// When an address or a setting is refused, or a part of the pipeline has failed for good.
/// ClickHouse, Kafka or the schema registry being away is none: they are waited for.
pub async fn run(args: WriterArgs) -> anyhow::Result<()> {
    chassis::telemetry::init("writer", &args.service.telemetry)?;
    let shutdown = args.service.shutdown().context("cannot listen for signals")?;
    let health = Health::new();
    let metrics = Metrics::for_service("writer");
    let listener = args.service.bind_operations().await?;
    let operations = chassis::server::operations_router(health.clone(), metrics.clone());
    // Health and metrics are there to the last, so the server ends after the pipeline.
    let end_of_operations = Shutdown::new();
    let server =
        tokio::spawn(chassis::server::serve(listener, operations, end_of_operations.clone()));

    let clickhouse = Troubles::new(health.component("clickhouse"));
    let result = if migrate(&args, &clickhouse, &shutdown).await {
        pipeline::run(&args, &health, &metrics, clickhouse, shutdown.clone()).await
    } else {
        Ok(())
    };
    end_of_operations.trigger();
    // Whoever reads metrics slowly must not hold up the end.
    let _ = tokio::time::timeout(Duration::from_secs(1), server).await;
    shutdown.drained();
    result
}

/// Applies the migrations, however long ClickHouse takes to be there. Returns whether they are
/// applied; they are not when the end was requested first.
async fn migrate(args: &WriterArgs, troubles: &Troubles, shutdown: &Shutdown) -> bool {
    let apply = async || {
        let applied = migrations::apply(&args.clickhouse, args.inserts.insert_timeout());
        tokio::select! {
            () = shutdown.requested() => Ok(None),
            result = applied => result.map(Some),
        }
    };
    let tell = |error: &_| tracing::warn!("the tables cannot be prepared yet: {error}");
    let applied = troubles.until_it_succeeds("migrations", shutdown, apply, |_| true, tell).await;
    applied.is_ok_and(|applied| applied.is_some())
}
