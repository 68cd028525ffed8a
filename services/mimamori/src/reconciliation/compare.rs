//! The comparison of one partition: a function of what was read, and nothing else.

use std::ops::Range;

use schemas::records::RawOutcome;
use schemas::topics::Topic;

use super::outcome_map::Counts;
use super::partition::{PartitionRecords, WriterAt};
use super::result::{Amounts, Difference, PartitionReconciliation};

/// What ClickHouse holds of a partition.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stored {
    /// Of the whole range.
    pub all: StoredCounts,
    /// Of the part that the writer has consumed, see [`Ranges`].
    pub written: StoredCounts,
}

/// Rows of a range.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StoredCounts {
    pub versions: u64,
    pub rejected: u64,
    pub alerts: u64,
}

/// The ranges of a partition that are compared with ClickHouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranges {
    /// Of `readings.raw`.
    pub raw: Range<i64>,
    /// The part of it whose outputs the writer has consumed.
    pub raw_written: Range<i64>,
    /// Of `alerts`.
    pub alerts: Range<i64>,
    /// The part of it that the writer has consumed.
    pub alerts_written: Range<i64>,
}

impl Ranges {
    /// The ranges of a partition whose tallies end at `next`.
    pub fn of(records: &PartitionRecords, next: i64, writer: &WriterAt) -> Self {
        let from = records.begin().min(next);
        let written = records.written_to(writer).clamp(from, next);
        let first = records.alerts.offsets.first().copied().unwrap_or(0);
        let end = records.alerts.offsets.last().map_or(first, |last| last + 1);
        let alerts_written = writer.alerts.unwrap_or(first).clamp(first, end);
        Self {
            raw: from..next,
            raw_written: from..written,
            alerts: first..end,
            alerts_written: first..alerts_written,
        }
    }
}

/// Compares a partition up to `next`, where its tallies end, within Kafka.
pub(super) fn within_kafka(
    records: &PartitionRecords,
    partition: i32,
    next: i64,
) -> PartitionReconciliation {
    let from = records.begin().min(next);
    let mut reconciliation = PartitionReconciliation {
        partition,
        from,
        next,
        amounts: Amounts::default(),
        differences: Vec::new(),
    };
    compare_tallies(records, &mut reconciliation);
    let counts = records.outcomes.count(from..next);
    let amounts = &mut reconciliation.amounts;
    amounts.raw = counts.raw;
    amounts.versions = counts.versions();
    amounts.in_flight_to_processor = records.outcomes.count(next..i64::MAX).raw;
    amounts.alert_events = records.alerts.offsets.len() as u64;
    let found = &mut reconciliation.differences;
    if let Some(first) = counts.first_twice {
        found.push(Difference::PublishedTwice { records: counts.twice, first });
    }
    if let Some(first) = counts.first_from_nothing {
        found.push(Difference::FromNothing { records: counts.from_nothing, first });
    }
    for (topic, records) in [
        (Topic::ReadingsOutcomes.base_name(), records.tallies.unreadable),
        (Topic::ReadingsAccepted.base_name(), records.accepted.unreadable),
        (Topic::ReadingsRejected.base_name(), records.rejected.unreadable),
    ] {
        if records > 0 {
            found.push(Difference::Unreadable { topic, records });
        }
    }
    for (topic, records) in [
        (Topic::ReadingsAccepted.base_name(), records.accepted.elsewhere),
        (Topic::ReadingsRejected.base_name(), records.rejected.elsewhere),
    ] {
        if records > 0 {
            found.push(Difference::WrongPartition { topic, records });
        }
    }
    if records.alerts.repeated > 0 {
        found.push(Difference::AlertTwice { events: records.alerts.repeated });
    }
    reconciliation
}

/// Tallies and published records of one outcome.
#[derive(Default)]
struct Sums {
    tallied: u64,
    found: u64,
    /// The first range where they differ.
    within: Option<Range<i64>>,
}

impl Sums {
    fn add(&mut self, tallied: i64, found: u64, block: &Range<i64>) {
        let tallied = u64::try_from(tallied).unwrap_or(0);
        self.tallied += tallied;
        self.found += found;
        if tallied != found && self.within.is_none() {
            self.within = Some(block.clone());
        }
    }
}

fn compare_tallies(records: &PartitionRecords, reconciliation: &mut PartitionReconciliation) {
    let mut expected = reconciliation.from;
    let mut raw = Sums::default();
    let published = RawOutcome::ALL.into_iter().filter(|outcome| outcome.is_published());
    let mut published = Vec::from_iter(published.map(|outcome| (outcome, Sums::default())));
    let blocks = records.tallies.blocks.iter();
    for block in blocks
        .filter(|b| b.from_offset >= reconciliation.from && b.from_offset < reconciliation.next)
    {
        if block.from_offset > expected {
            let offsets = expected..block.from_offset;
            let records = records.outcomes.count(offsets.clone()).raw;
            reconciliation.differences.push(Difference::NotTallied { offsets, records });
        } else if block.from_offset < expected {
            let offsets = block.from_offset..expected.min(block.next_offset);
            reconciliation.differences.push(Difference::TalliedTwice { offsets });
        }
        let range = block.from_offset.max(expected)..block.next_offset;
        let counts = records.outcomes.count(range);
        let range = block.from_offset..block.next_offset;
        raw.add(block.records(), counts.raw, &range);
        for (outcome, sums) in &mut published {
            sums.add(block.of(*outcome), counts.published.of(*outcome).unsigned_abs(), &range);
        }
        reconciliation.amounts.outcomes.add_counts(block);
        expected = expected.max(block.next_offset);
    }
    if let Some(within) = raw.within {
        let (raw, tallied) = (raw.found, raw.tallied);
        reconciliation.differences.push(Difference::RawRecords { raw, tallied, within });
    }
    for (outcome, sums) in published {
        if let Some(within) = sums.within {
            let (outcome, tallied, published) = (outcome.as_str(), sums.tallied, sums.found);
            let difference = Difference::Outcome { outcome, tallied, published, within };
            reconciliation.differences.push(difference);
        }
    }
}

/// What ClickHouse should hold of something, at least and at most, in all and of what the writer has
/// consumed.
struct Expected {
    rows: &'static str,
    all: (u64, u64),
    written_at_least: u64,
}

/// Compares with ClickHouse what the ranges held, and adds it to the reconciliation.
pub(super) fn with_clickhouse(
    records: &PartitionRecords,
    ranges: &Ranges,
    stored: &Stored,
    reconciliation: &mut PartitionReconciliation,
) {
    let all = records.outcomes.count(ranges.raw.clone());
    let written = records.outcomes.count(ranges.raw_written.clone());
    // A version that is accepted again moves, once rows are merged, to its later offset.
    let repeated_after = |end: i64| records.outcomes.count(end..i64::MAX).repeated;
    let at_least =
        |c: &Counts, end| c.versions().saturating_sub(c.dead_letter_versions + repeated_after(end));
    // Where the beginning was cut off, the first of two equal versions may be too.
    let unsure = if ranges.raw.start > records.start { all.repeated } else { 0 };
    let versions = Expected {
        rows: "versions",
        all: (at_least(&all, ranges.raw.end), all.versions() + unsure),
        written_at_least: at_least(&written, ranges.raw_written.end),
    };
    let rejected = Expected {
        rows: "rejected records",
        all: (all.rejected().saturating_sub(all.dead_letter_rejections), all.rejected()),
        written_at_least: written.rejected().saturating_sub(written.dead_letter_rejections),
    };
    let (events, event_dead_letters) = records.alerts.before(ranges.alerts.end);
    let (events_written, written_event_dead_letters) =
        records.alerts.before(ranges.alerts_written.end);
    let alerts = Expected {
        rows: "alert events",
        // A compacted topic holds fewer than were stored.
        all: (events.saturating_sub(event_dead_letters), u64::MAX),
        written_at_least: events_written.saturating_sub(written_event_dead_letters),
    };
    for (expected, all, written) in [
        (versions, stored.all.versions, stored.written.versions),
        (rejected, stored.all.rejected, stored.written.rejected),
        (alerts, stored.all.alerts, stored.written.alerts),
    ] {
        let rows = expected.rows;
        let (at_least, at_most) = expected.all;
        let lost = expected.written_at_least.saturating_sub(written);
        if lost > 0 {
            let expected = expected.written_at_least;
            reconciliation.differences.push(Difference::NotStored {
                rows,
                missing: lost,
                expected,
            });
        }
        if all > at_most {
            let expected = at_most;
            reconciliation.differences.push(Difference::StoredFromNothing {
                rows,
                stored: all,
                expected,
            });
        }
        let missing = at_least.saturating_sub(all);
        reconciliation.amounts.in_flight_to_writer += missing.saturating_sub(lost);
    }
    let amounts = &mut reconciliation.amounts;
    amounts.versions_stored = stored.all.versions;
    amounts.rejected_stored = stored.all.rejected;
    amounts.alert_events_stored = stored.all.alerts;
    amounts.dead_letters =
        all.dead_letter_versions + all.dead_letter_rejections + event_dead_letters;
}
