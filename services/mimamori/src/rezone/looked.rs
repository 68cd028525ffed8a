//! How far back a topic was looked at that keeps its records for a time only.

use std::collections::BTreeMap;

use clinical::Timestamp;
use stream::topics::PartitionOffsets;

/// What was there of each partition.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The first offset that is kept: more than 0 where there were others before it.
    kept_from: BTreeMap<i32, i64>,
    /// The time of the first record, milliseconds since the epoch.
    first: BTreeMap<i32, i64>,
}

impl Looked {
    /// Of a topic whose partitions begin there.
    pub(super) fn of(partitions: &[PartitionOffsets]) -> Self {
        let kept_from = partitions.iter().map(|of| (of.partition, of.first)).collect();
        Self { kept_from, first: BTreeMap::new() }
    }

    /// Takes a record; those of a partition come in order.
    pub(super) fn at(&mut self, partition: i32, time: i64) {
        self.first.entry(partition).or_insert(time);
    }

    /// From when on every partition was looked at, and that what is older stays.
    pub(super) fn report(&self, topic: &str) -> String {
        let cut = || self.kept_from.iter().filter(|(_, first)| **first > 0);
        let since = |time| Timestamp::from_millis(time);
        let gone = cut().filter(|(partition, _)| !self.first.contains_key(partition)).count();
        let times = cut().filter_map(|(partition, _)| self.first.get(partition).copied());
        let of_gone = match gone {
            0 => String::new(),
            1 => "; of 1 partition nothing is kept any more".to_owned(),
            _ => format!("; of {gone} partitions nothing is kept any more"),
        };
        if let Some(time) = times.max() {
            return format!(
                "looked at what was accepted since {}{of_gone}; what is older is not kept in {topic} any more and stays as it was read",
                since(time)
            );
        }
        match self.first.values().copied().min() {
            Some(_) if gone > 0 => format!(
                "looked at all that {topic} keeps{of_gone}: what was accepted there stays as it was read"
            ),
            Some(time) => format!("looked at all of {topic}, which begins at {}", since(time)),
            None => format!(
                "looked at nothing: {topic} holds no record; what is older than it keeps stays as it was read"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn beginning_at<const N: usize>(first: [i64; N]) -> Vec<PartitionOffsets> {
        let of = |(partition, first)| PartitionOffsets { partition, first, next: first + 9 };
        (0..).zip(first).map(of).collect()
    }

    #[test]
    fn a_partition_of_which_nothing_is_kept_any_more_is_named_and_not_taken_for_looked_at() {
        let mut looked = Looked::of(&beginning_at([7, 0, 5]));
        let all_gone = looked.report("readings.accepted");
        assert!(all_gone.contains("holds no record"), "{all_gone}");
        looked.at(1, 3 * DAY);
        let said = looked.report("readings.accepted");
        assert!(said.contains("of 2 partitions nothing is kept any more"), "{said}");
        assert!(!said.contains("all of readings") && said.contains("stays as it was"), "{said}");
        looked.at(0, 4 * DAY);
        let said = looked.report("readings.accepted");
        assert!(said.contains("since 1970-01-05T00:00:00Z; of 1 partition nothing"), "{said}");
    }

    #[test]
    fn of_what_is_no_longer_kept_the_report_says_that_it_stays_and_from_when_on_it_has_looked() {
        // Of one partition the last days only are there, of another everything.
        let mut looked = Looked::of(&beginning_at([7, 9, 0]));
        looked.at(0, 2 * DAY);
        looked.at(0, 9 * DAY);
        looked.at(1, 3 * DAY);
        looked.at(2, 5 * DAY);
        let said = looked.report("readings.accepted");
        assert!(said.contains("accepted since 1970-01-04T00:00:00Z;"), "{said}");
        assert!(said.contains("stays as it was read"), "{said}");
    }

    #[test]
    fn of_a_topic_that_has_lost_nothing_the_report_says_that_all_of_it_was_looked_at() {
        let mut looked = Looked::of(&beginning_at([0; 3]));
        assert!(looked.report("readings.accepted").contains("holds no record"));
        looked.at(0, 4 * DAY);
        looked.at(1, 3 * DAY);
        let said = looked.report("readings.accepted");
        assert_eq!(
            said,
            "looked at all of readings.accepted, which begins at 1970-01-04T00:00:00Z"
        );
    }
}
