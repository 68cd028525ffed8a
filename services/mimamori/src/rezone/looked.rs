//! How far back a topic was looked at that keeps its records for a time only.

use std::collections::BTreeMap;

use clinical::Timestamp;

/// The first record of each partition: its offset, and its time, milliseconds since the epoch.
#[derive(Debug, Default)]
pub(super) struct Looked {
    first: BTreeMap<i32, (i64, i64)>,
}

impl Looked {
    /// Takes a record; those of a partition come in order.
    pub(super) fn at(&mut self, partition: i32, offset: i64, time: i64) {
        self.first.entry(partition).or_insert((offset, time));
    }

    /// From when on every partition was looked at, and that what is older stays.
    pub(super) fn report(&self, topic: &str) -> String {
        let cut = self.first.values().filter(|(offset, _)| *offset > 0).map(|(_, time)| *time);
        let since = |time| Timestamp::from_millis(time);
        if let Some(time) = cut.max() {
            return format!(
                "looked at what was accepted since {}; what is older is not kept in {topic} any more and stays as it was read",
                since(time)
            );
        }
        match self.first.values().map(|(_, time)| *time).min() {
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

    #[test]
    fn of_what_is_no_longer_kept_the_report_says_that_it_stays_and_from_when_on_it_has_looked() {
        let mut looked = Looked::default();
        looked.at(0, 7, 2 * DAY);
        looked.at(0, 8, 9 * DAY);
        // Of one partition the last days only are there, of another everything.
        looked.at(1, 9, 3 * DAY);
        looked.at(2, 0, 5 * DAY);
        let said = looked.report("readings.accepted");
        assert!(said.contains("accepted since 1970-01-04T00:00:00Z;"), "{said}");
        assert!(said.contains("stays as it was read"), "{said}");
    }

    #[test]
    fn of_a_topic_that_has_lost_nothing_the_report_says_that_all_of_it_was_looked_at() {
        let mut looked = Looked::default();
        assert!(looked.report("readings.accepted").contains("holds no record"));
        looked.at(0, 0, 4 * DAY);
        looked.at(1, 0, 3 * DAY);
        let said = looked.report("readings.accepted");
        assert_eq!(
            said,
            "looked at all of readings.accepted, which begins at 1970-01-04T00:00:00Z"
        );
    }
}
