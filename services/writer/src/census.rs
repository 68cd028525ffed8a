//! What ClickHouse holds, counted the way `mimamori balance` compares it with Kafka.
//!
//! A balance is drawn for ranges of offsets of `readings.raw`, one or more a partition, whose
//! outcomes are all written (below the lag of processor and writer). For a range it holds that
//!
//! - distinct records of `readings.rejected` whose origin is in the range = [`Stored::rejected`] +
//!   those in `store.dead_letters`;
//! - distinct (reading id, version) among the accepted records of the range =
//!   [`Stored::versions`] + those in `store.dead_letters`.
//!
//! Why *distinct*: versions are remembered for a window of observation time. A historical reading
//! that is sent again is accepted again, under another offset, and its row merges with the first
//! one's. For the same reason a row belongs, once merged, to the last of its offsets: a range
//! should begin at a partition's first offset, or where nothing historical was sent again.

use std::collections::BTreeMap;

use clickhouse::Client;
use clinical::Kind;

use crate::faults::StoreError;

/// Offsets of one partition, from the first to the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OffsetRange {
    /// Partition; of `readings.raw` unless a function says otherwise.
    pub partition: i32,
    /// First offset.
    pub from: i64,
    /// The offset after the last.
    pub next: i64,
}

/// What the tables hold of a range of raw records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Distinct versions (patient, source, observation time, version) of each kind.
    pub versions_by_kind: BTreeMap<Kind, u64>,
    /// Distinct rejected records.
    pub rejected: u64,
}

impl Stored {
    /// Distinct versions of all kinds.
    pub fn versions(&self) -> u64 {
        self.versions_by_kind.values().sum()
    }
}

/// Counts what the tables hold, for each range in the order given. All ranges are counted in one
/// pass over each table. Ranges of one partition must not overlap.
///
/// # Errors
/// When ClickHouse does not answer, or a table is missing.
pub async fn stored(client: &Client, ranges: &[OffsetRange]) -> Result<Vec<Stored>, StoreError> {
    let mut counts = vec![Stored::default(); ranges.len()];
    if ranges.is_empty() {
        return Ok(counts);
    }
    let (range, within) = locate("origin_partition", "origin_offset", ranges);
    for kind in Kind::ALL {
        let query = format!(
            "SELECT {range} AS range, uniqExact(patient, source, observation_time, version) \
             FROM {kind} WHERE {within} GROUP BY range"
        );
        for (at, versions) in client.query(&query).fetch_all::<(u32, u64)>().await? {
            if let Some(stored) = counts.get_mut(at as usize) {
                stored.versions_by_kind.insert(kind, versions);
            }
        }
    }
    let query = format!(
        "SELECT {range} AS range, uniqExact(origin_partition, origin_offset) \
         FROM rejected_readings WHERE {within} GROUP BY range"
    );
    for (at, rejected) in client.query(&query).fetch_all::<(u32, u64)>().await? {
        if let Some(stored) = counts.get_mut(at as usize) {
            stored.rejected = rejected;
        }
    }
    Ok(counts)
}

/// Counts the distinct alert events stored, for each range of the topic `alerts` in the order given.
/// The topic is compacted: a range may hold fewer records than were stored.
///
/// # Errors
/// When ClickHouse does not answer, or the table is missing.
pub async fn alert_events(client: &Client, ranges: &[OffsetRange]) -> Result<Vec<u64>, StoreError> {
    let mut counts = vec![0; ranges.len()];
    if ranges.is_empty() {
        return Ok(counts);
    }
    let (range, within) = locate("event_partition", "event_offset", ranges);
    let query = format!(
        "SELECT {range} AS range, uniqExact(event_partition, event_offset) \
         FROM alerts WHERE {within} GROUP BY range"
    );
    for (at, stored) in client.query(&query).fetch_all::<(u32, u64)>().await? {
        if let Some(count) = counts.get_mut(at as usize) {
            *count = stored;
        }
    }
    Ok(counts)
}

/// An expression for the place of a row's range among the ranges, and a condition that a row is in
/// any.
fn locate(partition: &str, offset: &str, ranges: &[OffsetRange]) -> (String, String) {
    let conditions: Vec<String> = ranges
        .iter()
        .map(|range| {
            let OffsetRange { partition: number, from, next } = range;
            format!("({partition} = {number} AND {offset} >= {from} AND {offset} < {next})")
        })
        .collect();
    let cases: Vec<String> =
        conditions.iter().enumerate().map(|(at, c)| format!("{c}, {at}")).collect();
    let range = format!("toUInt32(multiIf({}, {}))", cases.join(", "), ranges.len());
    (range, conditions.join(" OR "))
}
