//! Counting what ClickHouse holds.

use std::time::Duration;

use anyhow::Context;
use chassis::ClickHouseArgs;
use writer::census::{self, OffsetRange};

use super::compare::{Ranges, Stored, StoredCounts};

const PATIENCE: Duration = Duration::from_secs(300);

/// Counts the rows of each partition's ranges, in the order given.
///
/// # Errors
/// When ClickHouse does not answer, or the tables are missing.
pub(super) async fn count(
    clickhouse: &ClickHouseArgs,
    ranges: &[(i32, Ranges)],
) -> anyhow::Result<Vec<Stored>> {
    let of = |part: fn(&Ranges) -> &std::ops::Range<i64>| -> Vec<OffsetRange> {
        let range = |(partition, ranges): &(i32, Ranges)| OffsetRange {
            partition: *partition,
            from: part(ranges).start,
            next: part(ranges).end,
        };
        ranges.iter().map(range).collect()
    };
    let (raw, alerts) = (of(|r| &r.raw), of(|r| &r.alerts));
    let (raw_written, alerts_written) = (of(|r| &r.raw_written), of(|r| &r.alerts_written));
    // First what the writer is past: what it writes meanwhile then only adds to the whole.
    let written = counts(clickhouse, &raw_written, &alerts_written).await?;
    let all = if (&raw, &alerts) == (&raw_written, &alerts_written) {
        written.clone()
    } else {
        counts(clickhouse, &raw, &alerts).await?
    };
    Ok(all.into_iter().zip(written).map(|(all, written)| Stored { all, written }).collect())
}

async fn counts(
    clickhouse: &ClickHouseArgs,
    raw: &[OffsetRange],
    alerts: &[OffsetRange],
) -> anyhow::Result<Vec<StoredCounts>> {
    let client = writer::client(clickhouse);
    let counting = async {
        let stored = census::stored(&client, raw).await?;
        let events = census::alert_events(&client, alerts).await?;
        anyhow::Ok((stored, events))
    };
    let (stored, events) = tokio::time::timeout(PATIENCE, counting)
        .await
        .context("ClickHouse did not answer in time")
        .flatten()
        .context("the rows in ClickHouse cannot be counted; check CLICKHOUSE_URL and that `mimamori writer` has made the tables")?;
    let counts = stored.iter().zip(events).map(|(stored, alerts)| StoredCounts {
        versions: stored.versions(),
        rejected: stored.rejected,
        alerts,
    });
    Ok(counts.collect())
}
