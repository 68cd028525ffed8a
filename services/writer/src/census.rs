//! What ClickHouse holds, counted the way `mimamori balance` compares it with Kafka.
//!
//! A balance is drawn for ranges of offsets of `readings.raw`, one or more a partition, whose
//! outcomes are all written (below the lag of processor and writer). For a range it holds that
//!
//! - records of the range = sum over its tallies ([`Tallied::records`]), where the tallies cover
//!   the range without a gap ([`Tallied::covered`] equals the range's length, transaction markers
//!   included);
//! - `rejected` of the tallies = [`Stored::rejected`];
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
    /// The tallies.
    pub tallied: Tallied,
}

impl Stored {
    /// Distinct versions of all kinds.
    pub fn versions(&self) -> u64 {
        self.versions_by_kind.values().sum()
    }
}

/// Sums over the tallies that begin within a range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the outcomes' names")]
pub struct Tallied {
    /// Offsets between the tallies' ends and beginnings.
    pub covered: u64,
    pub new: u64,
    pub correction: u64,
    pub historical: u64,
    pub duplicate: u64,
    pub stale: u64,
    pub conflict: u64,
    pub rejected: u64,
    pub rerouted: u64,
}

impl Tallied {
    /// Raw records.
    pub fn records(&self) -> u64 {
        self.accepted() + self.duplicate + self.rejected + self.rerouted
    }

    /// Records of `readings.accepted`.
    pub fn accepted(&self) -> u64 {
        self.new + self.correction + self.historical + self.stale + self.conflict
    }

    fn of_name(&mut self, name: &str) -> Option<&mut u64> {
        Some(match name {
            "covered" => &mut self.covered,
            "new" => &mut self.new,
            "correction" => &mut self.correction,
            "historical" => &mut self.historical,
            "duplicate" => &mut self.duplicate,
            "stale" => &mut self.stale,
            "conflict" => &mut self.conflict,
            "rejected" => &mut self.rejected,
            "rerouted" => &mut self.rerouted,
            _ => return None,
        })
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
    let (range, within) = locate("origin_partition", "from_offset", ranges);
    let query = format!(
        "SELECT {range} AS range, name, toUInt64(sum(value)) \
         FROM outcome_tallies FINAL \
         ARRAY JOIN {NAMES} AS name, {VALUES} AS value \
         WHERE {within} GROUP BY range, name"
    );
    for (at, name, sum) in client.query(&query).fetch_all::<(u32, String, u64)>().await? {
        if let Some(sum_of_name) =
            counts.get_mut(at as usize).and_then(|stored| stored.tallied.of_name(&name))
        {
            *sum_of_name = sum;
        }
    }
    Ok(counts)
}

const NAMES: &str = "['covered', 'new', 'correction', 'historical', 'duplicate', 'stale', \
     'conflict', 'rejected', 'rerouted']";
const VALUES: &str = "[next_offset - from_offset, new, correction, historical, duplicate, stale, \
     conflict, rejected, rerouted]";

/// A topic whose records are stored one row each, under their own partition and offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// The topic `alerts`. It is compacted: a range may hold fewer records than were stored.
    Alerts,
    /// The topic `audit.events`.
    Audit,
}

/// Counts the distinct events stored, for each range of *the events' own topic* in the order given.
///
/// # Errors
/// When ClickHouse does not answer, or the table is missing.
pub async fn events(
    client: &Client,
    events: Events,
    ranges: &[OffsetRange],
) -> Result<Vec<u64>, StoreError> {
    let mut counts = vec![0; ranges.len()];
    if ranges.is_empty() {
        return Ok(counts);
    }
    let table = match events {
        Events::Alerts => "alerts",
        Events::Audit => "audit_events",
    };
    let (range, within) = locate("event_partition", "event_offset", ranges);
    let query = format!(
        "SELECT {range} AS range, uniqExact(event_partition, event_offset) \
         FROM {table} WHERE {within} GROUP BY range"
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
