//! Partitions that are paused because their next record cannot be read now.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long a partition is paused whose next record cannot be read, until that is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The paused partitions.
#[derive(Default)]
pub(super) struct Paused {
    /// When the record is tried again.
    until: HashMap<i32, Instant>,
    /// Offsets of such records, reported once each.
    reported: HashMap<i32, i64>,
}

impl Paused {
    pub(super) fn is_empty(&self) -> bool {
        self.until.is_empty()
    }

    pub(super) fn contains(&self, partition: i32) -> bool {
        self.until.contains_key(&partition)
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = i32> {
        self.until.keys().copied()
    }

    /// Pauses a partition at the record with this offset. True when that record was not reported yet.
    pub(super) fn pause(&mut self, partition: i32, offset: i64, now: Instant) -> bool {
        self.until.insert(partition, now + RETRY_AFTER);
        self.reported.insert(partition, offset) != Some(offset)
    }

    /// Takes out the partitions whose record is to be tried again.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<i32> {
        let due = self.until.extract_if(|_, until| *until <= now);
        due.map(|(partition, _)| partition).collect()
    }

    /// Forgets partitions that are not owned any more.
    pub(super) fn revoke(&mut self, revoked: &[i32]) {
        self.until.retain(|partition, _| !revoked.contains(partition));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_partition_is_tried_again_after_a_second_and_its_record_reported_once() {
        let (mut paused, now) = (Paused::default(), Instant::now());
        assert!(paused.pause(3, 10, now));
        assert!(paused.contains(3) && !paused.contains(4));
        assert!(paused.take_due(now + RETRY_AFTER / 2).is_empty());
        assert_eq!(paused.take_due(now + RETRY_AFTER), [3]);
        assert!(paused.is_empty());
        assert!(!paused.pause(3, 10, now), "the same record is not reported again");
        assert!(paused.pause(3, 11, now));
        paused.revoke(&[3]);
        assert!(paused.is_empty());
    }
}
