//! `mimamori balance`: what went into `readings.raw` against what came out, and against ClickHouse.
//!
//! Every raw record must end in exactly one outcome. The processor says in `readings.outcomes`, in
//! the transaction of its outputs, how many records of which offsets ended how; a reconciliation holds
//! that against the raw records, against the accepted and rejected records (each names its raw
//! record) and against the rows in ClickHouse. It covers the offsets of which everything is
//! still there, up to the last tally; raw records beyond it are in flight.
//!
//! A reconciliation reads every topic from its oldest record, and nothing of a patient leaves it. In memory
//! it costs one byte for each offset that `readings.raw` retains, and 10 to 20 bytes for each
//! version accepted since: a million of each, about 20 MB. Versions are distinguished by 64-bit
//! hashes; of ten million in a partition, two collide in one reconciliation of 370,000.
//!
//! [`compare`] is the comparison, without IO; [`partition`] and [`outcome_map`] hold what it compares;
//! [`kafka`] and [`clickhouse`] read it; [`report`] says it.

mod clickhouse;
mod compare;
#[cfg(test)]
mod compare_tests;
mod kafka;
mod outcome_map;
mod partition;
mod report;
mod result;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::source::StoreSource;
use compare::Ranges;
use kafka::Reading;
pub use result::{Amounts, Difference, PartitionReconciliation, Reconciliation};

/// Arguments of `mimamori balance`.
#[derive(Debug, Clone, clap::Args)]
pub struct ReconciliationArgs {
    /// Where records and rows are.
    #[command(flatten)]
    pub from: StoreSource,
    /// Reconciles again until it balances with nothing in flight, for at most so many seconds
    #[arg(
        long,
        env = "MIMAMORI_BALANCE_WAIT_SECONDS",
        value_name = "SECONDS",
        default_value_t = 0
    )]
    pub wait_seconds: u64,
    /// Prints a line for every partition, not only for those where something differs
    #[arg(long, env = "MIMAMORI_BALANCE_PARTITIONS")]
    pub partitions: bool,
    /// Prints JSON
    #[arg(long, env = "MIMAMORI_BALANCE_JSON")]
    pub json: bool,
}

/// Exit code when nothing could be reconciled.
const NOT_RECONCILED: u8 = 2;

/// How long a difference may take to vanish: a transaction's outputs become visible partition by
/// partition.
const SETTLING: Duration = Duration::from_secs(3);

/// Reconciles. With [`ReconciliationArgs::wait_seconds`], again and again until nothing differs and
/// nothing is in flight; the last result is returned.
///
/// # Errors
/// When Kafka or ClickHouse do not answer, or topics or tables are missing.
pub async fn reconcile(args: &ReconciliationArgs) -> anyhow::Result<Reconciliation> {
    reconcile_visibly(args, |_| ()).await
}

async fn reconcile_visibly(
    args: &ReconciliationArgs,
    progress: impl Fn(u64),
) -> anyhow::Result<Reconciliation> {
    let until = Instant::now() + Duration::from_secs(args.wait_seconds);
    let source = args.from.source.clone();
    // Blocks, and so does dropping the schema registry's client.
    let reading = tokio::task::spawn_blocking(move || Reading::begin(&source)).await??;
    let mut reading = std::sync::Arc::new(reading);
    reading.caught_up(&progress).await?;
    loop {
        let reconciliation = reconcile_once(args, &mut reading).await?;
        if reconciliation.is_settled() || Instant::now() >= until {
            return Ok(reconciliation);
        }
        progress(reading.records());
        let left = until.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(Duration::from_millis(250))).await;
    }
}

async fn reconcile_once(
    args: &ReconciliationArgs,
    reading: &mut std::sync::Arc<Reading>,
) -> anyhow::Result<Reconciliation> {
    // Up to where the tallies end now: everything they count is there, or about to be visible.
    let ends = reading.partitions(|partition, records| (partition, records.freeze()));
    let begun = Instant::now();
    let mut partitions;
    loop {
        let mut next = ends.iter();
        partitions = reading.partitions(|partition, records| {
            let end = next.next().map_or(records.start, |(_, end)| *end);
            compare::within_kafka(records, partition, end)
        });
        let differs = partitions.iter().any(|partition| !partition.differences.is_empty());
        if !differs || begun.elapsed() > SETTLING {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reading.check()?;
    // The writer's place first: what it is past is in ClickHouse when ClickHouse is asked.
    let asked = reading.clone();
    let writer = tokio::task::spawn_blocking(move || asked.writer_at()).await??;
    let mut next = ends.iter();
    let ranges = reading.partitions(|partition, records| {
        let end = next.next().map_or(records.start, |(_, end)| *end);
        let at = writer.get(&partition).copied().unwrap_or_default();
        (partition, Ranges::of(records, end, &at))
    });
    let stored = clickhouse::count(&args.from.clickhouse, &ranges).await?;
    let mut each = partitions.iter_mut().zip(ranges.iter().zip(&stored));
    reading.partitions(|_, records| {
        if let Some((reconciliation, ((_, ranges), stored))) = each.next() {
            compare::with_clickhouse(records, ranges, stored, reconciliation);
        }
    });
    Ok(Reconciliation { partitions })
}

pub(crate) async fn run(args: ReconciliationArgs) -> anyhow::Result<ExitCode> {
    let visible = std::io::stderr().is_terminal();
    let begun = Instant::now();
    let shown = std::cell::Cell::new(0);
    let found = reconcile_visibly(&args, |records| {
        let seconds = begun.elapsed().as_secs();
        if visible && seconds > shown.replace(seconds) {
            eprint!("\r{records} records read in {seconds} s …");
            let _ = std::io::stderr().flush();
        }
    })
    .await;
    if visible && shown.get() > 0 {
        eprint!("\r\x1b[K");
    }
    let reconciliation = match found {
        Ok(reconciliation) => reconciliation,
        Err(error) => {
            eprintln!("mimamori: nothing can be reconciled: {error:#}");
            return Ok(ExitCode::from(NOT_RECONCILED));
        }
    };
    if args.json {
        let json = serde_json::json!({
            "balanced": reconciliation.is_settled(),
            "in_flight": reconciliation.in_flight(),
            "conclusion": report::conclusion(&reconciliation),
            "totals": reconciliation.totals(),
            "partitions": reconciliation.partitions,
        });
        println!("{json:#}");
    } else {
        print!("{}", report::table(&reconciliation, args.partitions));
    }
    Ok(if reconciliation.is_settled() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Reconciliation {
    /// The reconciliation as a table, with a line for every partition if asked for; the last line says the
    /// result.
    pub fn table(&self, with_partitions: bool) -> String {
        report::table(self, with_partitions)
    }
}
