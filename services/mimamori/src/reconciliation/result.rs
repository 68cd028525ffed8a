//! What a reconciliation finds: amounts, and what does not agree.

use std::fmt;
use std::ops::{AddAssign, Range};

use schemas::OutcomeTally;
use serde::{Serialize, Serializer};

/// What went in and what came out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Every partition of `readings.raw`.
    pub partitions: Vec<PartitionReconciliation>,
}

impl Reconciliation {
    /// The sums over all partitions.
    pub fn totals(&self) -> Amounts {
        let mut totals = Amounts::default();
        for partition in &self.partitions {
            totals += partition.amounts;
        }
        totals
    }

    /// Whether nothing differs. Records may still be on their way, see [`Reconciliation::in_flight`].
    pub fn is_balanced(&self) -> bool {
        self.partitions.iter().all(|partition| partition.differences.is_empty())
    }

    /// How many records are on their way to the processor or the writer.
    pub fn in_flight(&self) -> u64 {
        let totals = self.totals();
        totals.in_flight_to_processor + totals.in_flight_to_writer
    }

    /// Whether nothing differs and nothing is on its way.
    pub fn is_settled(&self) -> bool {
        self.is_balanced() && self.in_flight() == 0
    }
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionReconciliation {
    /// Which.
    pub partition: i32,
    /// The first offset of `readings.raw` that was compared.
    pub from: i64,
    /// The offset after the last one that was compared: where the tallies end.
    pub next: i64,
    /// What was counted.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// What does not agree.
    pub differences: Vec<Difference>,
}

/// Numbers of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Raw records that were compared.
    pub raw: u64,
    /// What became of these, as the tallies say; a member for each outcome.
    #[serde(flatten, serialize_with = "by_name")]
    pub outcomes: OutcomeTally,
    /// Raw records beyond the last tally.
    pub in_flight_to_processor: u64,
    /// Distinct versions in `readings.accepted`.
    pub versions: u64,
    /// Distinct versions in ClickHouse.
    pub versions_stored: u64,
    /// Rejected records in ClickHouse.
    pub rejected_stored: u64,
    /// Events in the topic `alerts`.
    pub alert_events: u64,
    /// Of the same range of the topic, events in ClickHouse; more where the topic was compacted.
    pub alert_events_stored: u64,
    /// Versions, rejected records and alert events that ClickHouse refused, in `store.dead_letters`.
    pub dead_letters: u64,
    /// Versions, rejected records and alert events that the writer has not consumed.
    pub in_flight_to_writer: u64,
}

/// The counts of a tally, without its range.
fn by_name<S: Serializer>(outcomes: &OutcomeTally, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(outcomes.counts())
}

impl AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.raw += other.raw;
        self.outcomes.add_counts(&other.outcomes);
        self.in_flight_to_processor += other.in_flight_to_processor;
        self.versions += other.versions;
        self.versions_stored += other.versions_stored;
        self.rejected_stored += other.rejected_stored;
        self.alert_events += other.alert_events;
        self.alert_events_stored += other.alert_events_stored;
        self.dead_letters += other.dead_letters;
        self.in_flight_to_writer += other.in_flight_to_writer;
    }
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    /// No tally covers a range of raw records: the processor passed over them.
    NotTallied {
        /// Which offsets.
        offsets: Range<i64>,
        /// How many raw records they hold.
        records: u64,
    },
    /// Two tallies cover the same offsets: records were processed twice.
    TalliedTwice {
        /// Which offsets.
        offsets: Range<i64>,
    },
    /// Tallies count another number of raw records than there are.
    RawRecords {
        /// In the topic.
        raw: u64,
        /// In the tallies.
        tallied: u64,
        /// The first offsets where they differ.
        within: Range<i64>,
    },
    /// Tallies count another number of an outcome than was published.
    Outcome {
        /// Its name.
        outcome: &'static str,
        /// In the tallies.
        tallied: u64,
        /// In the output topic.
        published: u64,
        /// The first offsets where they differ.
        within: Range<i64>,
    },
    /// Raw records with more than one accepted or rejected record.
    PublishedTwice {
        /// How many.
        records: u64,
        /// The first one's offset.
        first: i64,
    },
    /// Accepted or rejected records of raw records that do not exist.
    FromNothing {
        /// How many.
        records: u64,
        /// The first one's origin.
        first: i64,
    },
    /// Records that are none of their topic's.
    Unreadable {
        /// The topic.
        topic: &'static str,
        /// How many.
        records: u64,
    },
    /// Records of an output topic whose origin is in another partition.
    WrongPartition {
        /// The topic.
        topic: &'static str,
        /// How many.
        records: u64,
    },
    /// Alert events that repeat the alert's state as it was.
    AlertTwice {
        /// How many.
        events: u64,
    },
    /// ClickHouse lacks what the writer has consumed.
    NotStored {
        /// Of what.
        rows: &'static str,
        /// How many are missing.
        missing: u64,
        /// Of how many.
        expected: u64,
    },
    /// ClickHouse holds rows that Kafka knows nothing of.
    StoredFromNothing {
        /// Of what.
        rows: &'static str,
        /// How many there are.
        stored: u64,
        /// How many there should be.
        expected: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offsets = |range: &Range<i64>| format!("offsets {} to {}", range.start, range.end - 1);
        match self {
            Self::NotTallied { offsets: range, records } => write!(
                f,
                "no tally covers {} ({records} raw records): the processor passed over them",
                offsets(range)
            ),
            Self::TalliedTwice { offsets: range } => {
                write!(f, "two tallies cover {}: they were processed twice", offsets(range))
            }
            Self::RawRecords { raw, tallied, within } => write!(
                f,
                "readings.raw holds {raw} records and the tallies count {tallied}: records have an \
                 outcome too many or none (first within {})",
                offsets(within)
            ),
            Self::Outcome { outcome, tallied, published, within } => write!(
                f,
                "the tallies count {tallied} {outcome} and {published} were published: records \
                 were {} on the way out (first within {})",
                if published < tallied { "lost" } else { "doubled" },
                offsets(within)
            ),
            Self::PublishedTwice { records, first } => write!(
                f,
                "{records} raw records have more than one accepted or rejected record (first at \
                 offset {first}): a transaction was applied twice"
            ),
            Self::FromNothing { records, first } => write!(
                f,
                "{records} accepted or rejected records name a raw record that does not exist \
                 (first at offset {first}): something else than the processor writes there"
            ),
            Self::Unreadable { topic, records } => write!(
                f,
                "{records} records of {topic} are not readable: something else than the processor \
                 writes there, or this version is older than the processor"
            ),
            Self::WrongPartition { topic, records } => write!(
                f,
                "{records} records of {topic} are in another partition than their raw record: \
                 state would be rebuilt without them"
            ),
            Self::AlertTwice { events } => {
                write!(f, "{events} alert events say again what the event before them said")
            }
            Self::NotStored { rows, missing, expected } => write!(
                f,
                "ClickHouse lacks {missing} of {expected} {rows} although the writer is past them: \
                 stop the writers, set the offsets of their consumer group back, start them; what \
                 is stored already merges away"
            ),
            Self::StoredFromNothing { rows, stored, expected } => write!(
                f,
                "ClickHouse holds {stored} {rows} where Kafka knows {expected}: the database holds \
                 rows of another deployment, or of earlier topics"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use schemas::records::RawOutcome;

    use super::*;

    #[test]
    fn every_outcome_is_a_member_of_the_json_beside_the_partition() {
        let outcomes = OutcomeTally { partition: 1, stale: 3, ..OutcomeTally::default() };
        let partition = PartitionReconciliation {
            partition: 7,
            from: 0,
            next: 3,
            amounts: Amounts { raw: 3, outcomes, ..Amounts::default() },
            differences: vec![],
        };
        let json = serde_json::to_value(partition).unwrap();
        for outcome in RawOutcome::ALL {
            assert_eq!(json[outcome.as_str()], outcomes.of(outcome), "{outcome:?}");
        }
        assert_eq!((&json["partition"], &json["raw"]), (&7.into(), &3.into()));
        assert_eq!(json.get("from_offset"), None);
    }
}
