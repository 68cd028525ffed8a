//! The writer over a deployment's accepted readings, watched through its metrics.

use std::time::{Duration, Instant};

use anyhow::Context;
use schemas::topics::Topic;

use crate::clickhouse::execute;
use crate::effort;
use crate::held_back::HeldBack;
use crate::input::{Input, TABLES};
use crate::rate::Rate;
use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(180);
const GLANCE: Duration = Duration::from_millis(20);
const DRAIN: Duration = Duration::from_secs(20);

/// What the writer did.
pub struct Written {
    /// Rows inserted.
    pub rate: Rate,
    /// Processor time that it took, starting included.
    pub effort: Duration,
}

/// The database that the writer fills in a round.
pub fn database(round: usize) -> String {
    format!("written{round}")
}

/// Runs the writer on a deployment of its own until every accepted reading is in its table.
///
/// # Errors
/// When it ends before that, or takes unreasonably long.
pub fn run(stage: &Stage, accepted: &Input, round: usize) -> anyhow::Result<Written> {
    let topics = stage.topics(format!("writing{round}."))?;
    let topic = topics.name(Topic::ReadingsAccepted);
    let held_back = HeldBack::write(&stage.bootstrap_servers(), &topic, accepted)?;
    let variables = [("MIMAMORI_CLICKHOUSE_DATABASE", database(round))];
    let (mut process, port) = stage.service("writer", &topics, &variables)?;
    let url = format!("http://127.0.0.1:{port}/metrics");
    let rows = accepted.len() as u64;
    let mut written = 0;
    let deadline = Instant::now() + PATIENCE;
    let begun = held_back.release()?;
    while written < rows {
        if let Some(status) = process.ended() {
            return Err(process.last_words(status).into());
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "the writer has written only {written} of {rows} rows within {PATIENCE:?}"
        );
        std::thread::sleep(GLANCE);
        written = rows_written(&stage.http().get(&url).send()?.text()?);
    }
    let rate = Rate::since(begun, written);
    let effort = effort::of_process(process.id());
    process.stop(DRAIN);
    Ok(Written { rate, effort })
}

/// Drops what the writer has written in a round, so that merging it does not disturb what follows.
///
/// # Errors
/// When ClickHouse refuses.
pub fn forget(stage: &Stage, round: usize) -> anyhow::Result<()> {
    execute(stage, &format!("DROP DATABASE {} SYNC", database(round)))
        .context("the rows that were written cannot be dropped")
}

fn rows_written(metrics: &str) -> u64 {
    TABLES.iter().filter_map(|table| rows_of(metrics, table)).sum()
}

fn rows_of(metrics: &str, table: &str) -> Option<u64> {
    let series = format!("mimamori_writer_rows_total{{table=\"{table}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&series))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_readings() {
        let metrics = "# TYPE mimamori_writer_rows_total counter\n\
             mimamori_writer_rows_total{table=\"outcomes\"} 12\n\
             mimamori_writer_rows_total{table=\"blood_pressure\"} 100\n\
             mimamori_writer_rows_total{table=\"blood_glucose\"} 7\n";
        assert_eq!(rows_written(metrics), 107);
        assert_eq!(rows_written(""), 0);
    }
}
