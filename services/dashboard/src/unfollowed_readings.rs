//! Counts accepted readings of patients whom nobody follows, whichever way they came: of those over
//! Kafka no gateway knows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::IntCounter;
use stream::record::Position;

use crate::registry::Registry;

/// The count of such readings.
#[derive(Debug)]
pub struct UnfollowedReadings {
    registry: Arc<Registry>,
    readings: IntCounter,
    /// The offset from which on none has been looked at, by partition: following begins anew further
    /// back where the store lacks readings.
    next: Mutex<HashMap<i32, i64>>,
}

impl UnfollowedReadings {
    /// Nothing has been counted yet.
    pub fn new(registry: Arc<Registry>, readings: IntCounter) -> Self {
        Self { registry, readings, next: Mutex::default() }
    }

    /// A reading of a patient was accepted, at a place of the topic. Nobody is missed before the master
    /// lists have been read.
    pub fn accepted(&self, patient: &str, place: Position) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next.entry(place.partition).or_default();
        if place.offset < *next {
            return;
        }
        *next = place.offset + 1;
        if self.registry.is_caught_up() && self.registry.is_missing(patient) {
            self.readings.inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::{participant, registry, team};

    fn counting(registry: Registry) -> UnfollowedReadings {
        UnfollowedReadings::new(
            Arc::new(registry),
            IntCounter::new("readings", "readings").unwrap(),
        )
    }

    fn at(offset: i64) -> Position {
        Position { partition: 3, offset }
    }

    #[test]
    fn a_reading_of_a_patient_whom_nobody_follows_is_counted_once() {
        let registry = registry();
        registry.apply(participant("A/1"));
        registry.apply(participant("A/2"));
        registry.apply(team("A/1", &["sato"]));
        registry.apply(team("B/*", &["sato"]));
        registry.caught_up();
        let counting = counting(registry);
        for (offset, patient) in ["A/1", "A/2", "A/2", "B/1"].iter().enumerate() {
            counting.accepted(patient, at(offset as i64));
        }
        assert_eq!(counting.readings.get(), 3, "the team of B/* sees B/1, who is in no list");
        counting.accepted("A/2", at(1));
        assert_eq!(counting.readings.get(), 3, "followed anew from there");
        counting.accepted("A/2", Position { partition: 4, offset: 1 });
        assert_eq!(counting.readings.get(), 4);
        counting.registry.apply(team("A/2", &["ito"]));
        counting.accepted("A/2", at(4));
        assert_eq!(counting.readings.get(), 4);
    }

    #[test]
    fn nobody_is_missed_before_the_lists_have_been_read() {
        let counting = counting(registry());
        counting.accepted("A/1", at(0));
        assert_eq!(counting.readings.get(), 0);
        counting.registry.caught_up();
        counting.accepted("A/1", at(1));
        assert_eq!(counting.readings.get(), 1);
    }
}
