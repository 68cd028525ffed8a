//! The versions of historical readings, remembered for a day: so that a send that is repeated because
//! its answer was lost counts as a duplicate. They are counted apart from those of the window, so that
//! importing the past never keeps out the present.

use std::collections::VecDeque;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::admission::Outcome;
use crate::kinds::Kind;
use crate::remembered::RememberedReading;
use crate::time::{Span, Timestamp};
use crate::version::Version;

/// How long a historical reading is remembered after its receipt.
pub const HISTORICAL_MEMORY: Span = Span::from_hours(24);

/// Of so many historical readings of one patient, those received last, versions are remembered: as
/// many as one request can hold. They cost 5 MB.
pub const MOST_HISTORICAL: usize = 100_000;

/// 28 bytes, aligned to four: digest and version are kept in halves for that.
#[derive(Debug, Clone, Copy)]
struct Past {
    seconds: u32,
    source: [u32; 2],
    version: [u32; 2],
    received: u32,
    kind: Kind,
    /// Whether its version was ahead of its receipt.
    was_ahead: bool,
    /// Whether a person has written its version, or taken the reading back.
    is_settled: bool,
}

const _: () = assert!(std::mem::size_of::<Past>() == 28);

fn halves(bits: u64) -> [u32; 2] {
    [(bits >> 32) as u32, bits as u32]
}

impl Past {
    fn of(reading: &RememberedReading, received: Timestamp) -> Self {
        Self {
            seconds: reading.observation_time.seconds() as u32,
            source: halves(reading.source.bits()),
            version: halves(reading.version.bits()),
            received: received.seconds() as u32,
            kind: reading.kind,
            was_ahead: reading.version.ahead_by(received).is_some(),
            is_settled: reading.by_hand || reading.entered_in_error,
        }
    }

    fn is_of_the_same_reading(&self, other: &Self) -> bool {
        (self.seconds, self.source, self.kind) == (other.seconds, other.source, other.kind)
    }

    fn hash(&self) -> u64 {
        let [high, low] = self.source;
        let mut key = [0; 13];
        key[..4].copy_from_slice(&self.seconds.to_le_bytes());
        key[4..8].copy_from_slice(&high.to_le_bytes());
        key[8..12].copy_from_slice(&low.to_le_bytes());
        key[12] = self.kind as u8;
        xxh3_64(&key)
    }

    fn version(&self) -> Version {
        Version::from_bits(u64::from(self.version[0]) << 32 | u64::from(self.version[1]))
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        Timestamp::from_seconds(i64::from(self.received)) + HISTORICAL_MEMORY < now
    }
}

/// What became of a historical reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) outcome: Outcome,
    /// What its version counts as.
    pub(crate) version: Version,
    /// The version that is not current now, where it was ahead of its receipt.
    pub(crate) overtaken: Option<Version>,
}

/// The greatest known version of a historical reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownPast {
    pub(crate) version: Version,
    /// Whether a person has written it, or taken the reading back: then nothing is reported of earlier ones.
    pub(crate) is_settled: bool,
}

/// One patient's historical readings.
#[derive(Debug, Default)]
pub(crate) struct Historical {
    /// In the order of their receipt. One that a greater version has followed stays until its turn.
    received: VecDeque<Past>,
    /// How many were received and forgotten before the first: places are counted from there.
    before: u32,
    /// The place of each reading's greatest version.
    places: HashTable<u32>,
}

impl Historical {
    /// Admits a historical reading and remembers its version if it is the greatest. `sent` is the
    /// version as it was sent, before it was counted.
    pub(crate) fn admit(
        &mut self,
        reading: &RememberedReading,
        sent: Version,
        received: Timestamp,
    ) -> Admitted {
        self.forget(received);
        let new = Past::of(reading, received);
        let place = self.before.wrapping_add(self.received.len() as u32);
        let (of, before) = (&self.received, self.before);
        let at = |place: &u32| &of[place.wrapping_sub(before) as usize];
        let version = reading.version;
        let none = Admitted { outcome: Outcome::Historical, version, overtaken: None };
        match self.places.find_mut(new.hash(), |place| at(place).is_of_the_same_reading(&new)) {
            None => {
                self.places.insert_unique(new.hash(), place, |place| at(place).hash());
                self.push(new);
                none
            }
            Some(known) => {
                let (known_version, known_was_ahead) = (at(known).version(), at(known).was_ahead);
                if known_was_ahead && known_version.is_counted_of(sent) {
                    return Admitted {
                        outcome: Outcome::Duplicate,
                        version: known_version,
                        ..none
                    };
                }
                let wins = version > known_version;
                if wins {
                    *known = place;
                    self.push(new);
                }
                let overtaken = match wins {
                    true => Some(known_version).filter(|_| known_was_ahead),
                    false => Some(version).filter(|_| new.was_ahead && version != known_version),
                };
                let outcome = Outcome::of_version(version, known_version, true);
                Admitted { outcome, version, overtaken }
            }
        }
    }

    /// The greatest version of a reading that is remembered at `now`.
    pub(crate) fn known(&self, reading: &RememberedReading, now: Timestamp) -> Option<KnownPast> {
        let sought = Past::of(reading, now);
        let at = |place: &u32| &self.received[place.wrapping_sub(self.before) as usize];
        let found =
            self.places.find(sought.hash(), |place| at(place).is_of_the_same_reading(&sought));
        let known = found.map(at).filter(|known| !known.is_forgotten(now));
        known.map(|known| KnownPast { version: known.version(), is_settled: known.is_settled })
    }

    /// Forgets what was received too long ago. True when nothing is left.
    pub(crate) fn forget(&mut self, now: Timestamp) -> bool {
        while self.received.front().is_some_and(|first| first.is_forgotten(now)) {
            self.forget_first();
        }
        self.received.is_empty()
    }

    /// How many readings are remembered.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Gives back memory that is not needed any more.
    pub(crate) fn shrink(&mut self) {
        if self.received.capacity() > self.received.len() * 2 {
            self.received.shrink_to_fit();
            let (of, before) = (&self.received, self.before);
            self.places.shrink_to_fit(|place| of[place.wrapping_sub(before) as usize].hash());
        }
    }

    fn push(&mut self, past: Past) {
        self.received.push_back(past);
        while self.received.len() > MOST_HISTORICAL {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some(first) = self.received.pop_front() else { return };
        let place = self.before;
        self.before = self.before.wrapping_add(1);
        // Another place is that of a greater version.
        if let Ok(known) = self.places.find_entry(first.hash(), |known| *known == place) {
            known.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;
    use crate::source::SourceDigest;

    fn reading(second: i64, version: u64) -> RememberedReading {
        RememberedReading {
            kind: Kind::BloodGlucose,
            observation_time: Timestamp::from_seconds(1_700_000_000 + second),
            source: SourceDigest::from_bits(7),
            version: Version::new(Timestamp::from_seconds(1_700_000_000), version << 42),
            entered_in_error: false,
            by_hand: false,
            sample: Sample::default(),
        }
    }

    fn admit(to: &mut Historical, reading: RememberedReading, received: Timestamp) -> Outcome {
        to.admit(&reading, reading.version, received).outcome
    }

    #[test]
    fn a_repetition_is_known_for_a_day_and_not_a_second_longer() {
        let mut historical = Historical::default();
        let now = Timestamp::from_seconds(1_780_000_000);
        assert_eq!(admit(&mut historical, reading(0, 1), now), Outcome::Historical);
        let day_later = now + HISTORICAL_MEMORY;
        assert_eq!(admit(&mut historical, reading(0, 1), day_later), Outcome::Duplicate);
        assert_eq!(admit(&mut historical, reading(0, 0), day_later), Outcome::Conflict);
        assert_eq!(admit(&mut historical, reading(0, 2), day_later), Outcome::Conflict);
        let late = day_later + Span::from_seconds(1);
        assert_eq!(
            admit(&mut historical, reading(0, 2), late),
            Outcome::Duplicate,
            "the newest counts"
        );
        assert_eq!(historical.len(), 1);
        let later = late + HISTORICAL_MEMORY;
        assert_eq!(admit(&mut historical, reading(0, 2), later), Outcome::Historical);
        assert_eq!((historical.len(), historical.received.len()), (1, 1));
    }

    #[test]
    fn of_too_many_those_received_last_are_known() {
        let mut historical = Historical::default();
        let now = Timestamp::from_seconds(1_780_000_000);
        let many = MOST_HISTORICAL as i64 + 10;
        for second in 0..many {
            assert_eq!(admit(&mut historical, reading(second, 1), now), Outcome::Historical);
        }
        assert_eq!(historical.len(), MOST_HISTORICAL);
        assert_eq!(admit(&mut historical, reading(10, 1), now), Outcome::Duplicate);
        assert_eq!(admit(&mut historical, reading(9, 1), now), Outcome::Historical);
        assert!(historical.forget(now + Span::from_hours(25)));
        assert_eq!((historical.len(), historical.received.len()), (0, 0));
    }
}
