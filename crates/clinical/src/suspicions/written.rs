//! Versions of readings that people have written: what they correct, sent again or late, is nothing that
//! they have replaced.

use super::replaced::KNOWN_FOR;
use crate::kinds::Kind;
use crate::remembered::RememberedReading;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::version::Version;

/// For so long it is known that a person has written a reading of which nothing else has come: what the
/// device hands over comes in days. Ours.
pub(super) const WRITTEN_FOR: Span = Span::from_days(3);

/// Of so many readings it is known that a person has corrected them, and of so many that a person has written
/// them first: those that were observed last.
const MOST: usize = 64;

/// A reading, and the version of it that a person has written.
#[derive(Debug, Clone, Copy, PartialEq)]
struct One {
    time: Timestamp,
    kind: Kind,
    source: SourceDigest,
    /// The one that counts: the person's, or one of the device that says the same.
    version: Version,
    /// The person's own.
    written: Version,
    until: Timestamp,
}

impl One {
    fn new(by: &RememberedReading, until: Timestamp) -> Self {
        let RememberedReading { kind, observation_time: time, source, version, .. } = *by;
        Self { time, kind, source, version, written: version, until }
    }

    fn key(&self) -> (Timestamp, Kind, SourceDigest) {
        (self.time, self.kind, self.source)
    }
}

/// In the order of observation. Whichever came first, those that were observed last are among them: the ones
/// that a state which is rebuilt does not know any more were observed before all others, and keep none out.
#[derive(Debug, Clone, Default, PartialEq)]
struct Newest(Vec<One>);

impl Newest {
    fn note(&mut self, new: One) {
        match self.0.binary_search_by_key(&new.key(), One::key) {
            Ok(place) => self.0[place] = new,
            Err(0) if self.0.len() == MOST => {}
            Err(place) if self.0.len() == MOST => {
                self.0.insert(place, new);
                self.0.remove(0);
            }
            Err(place) => self.0.insert(place, new),
        }
    }

    fn forget(&mut self, reading: &One) {
        if let Ok(place) = self.0.binary_search_by_key(&reading.key(), One::key) {
            self.0.remove(place);
        }
    }
}

/// What is known of a patient. Those who type all their values leave those that they have corrected.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Written {
    corrected: Newest,
    first: Newest,
}

impl Written {
    /// Notes that a person has corrected a reading by this version of it, or that it says again what a person
    /// has written in an earlier one.
    pub(super) fn note_correction(
        &mut self,
        by: &RememberedReading,
        earlier: Option<Version>,
        received: Timestamp,
    ) {
        let written = earlier.filter(|_| !by.by_hand).unwrap_or(by.version);
        let one = One { written, ..One::new(by, received + KNOWN_FOR) };
        self.first.forget(&one);
        self.corrected.note(one);
    }

    /// Notes that a person has written a reading of which nothing else is known.
    pub(super) fn note_first(&mut self, reading: &RememberedReading, received: Timestamp) {
        self.first.note(One::new(reading, received + WRITTEN_FOR));
    }

    /// The version that a person has written of a reading where that is what a version of it says.
    pub(super) fn by(&self, version: Version, of: &RememberedReading) -> Option<Version> {
        let sought = (of.observation_time, of.kind, of.source, version);
        let is_sought = |one: &&One| (one.time, one.kind, one.source, one.version) == sought;
        let find = |all: &Newest| all.0.iter().find(is_sought).map(|one| one.written);
        find(&self.corrected).or_else(|| find(&self.first))
    }

    pub(super) fn lapse(&mut self, now: Timestamp) {
        for all in [&mut self.corrected, &mut self.first] {
            all.0.retain(|one| one.until > now);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.corrected.0.is_empty() && self.first.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn reading(minute: i64) -> RememberedReading {
        let time = Timestamp::from_seconds(1_780_000_000) + Span::from_minutes(minute);
        RememberedReading {
            kind: Kind::BloodPressure,
            observation_time: time,
            source: SourceDigest::from_bits(7),
            version: Version::new(time, 1),
            entered_in_error: false,
            by_hand: true,
            sample: Sample::default(),
        }
    }

    #[test]
    fn of_too_many_those_observed_last_are_known_in_whatever_order_they_came() {
        let received = reading(1_000).observation_time;
        let all: Vec<i64> = (0..100).collect();
        let orders = [all.clone(), all.iter().rev().copied().collect(), {
            let (first, last) = all.split_at(37);
            [last, first].concat()
        }];
        for order in orders {
            let mut written = Written::default();
            order.iter().for_each(|minute| written.note_first(&reading(*minute), received));
            for minute in 0..100 {
                let is_known = written.by(reading(minute).version, &reading(minute)).is_some();
                assert_eq!(is_known, minute >= 36, "{minute}");
            }
        }
    }

    #[test]
    fn who_types_many_values_leaves_what_was_corrected() {
        let received = reading(1_000).observation_time;
        let mut written = Written::default();
        written.note_correction(&reading(0), None, received);
        (1..100).for_each(|minute| written.note_first(&reading(minute), received));
        assert!(written.by(reading(0).version, &reading(0)).is_some());
        written.note_first(&reading(100), received);
        written.note_correction(&reading(100), None, received);
        written.lapse(received + WRITTEN_FOR);
        assert!(written.by(reading(100).version, &reading(100)).is_some());
        assert!(written.by(reading(99).version, &reading(99)).is_none());
    }
}
