//! Versions of readings that others have replaced and that were probably measurements of their own: two of
//! one minute, from a device without seconds, or of a device whose clock says the same each time. And those
//! of one second that were never judged, because another that no person has written came before them.

use super::versions::is_whole_minute;
use super::{IsSevere, KnownVersion, SAME_MINUTE_FOR, UnknownTime, place_that_makes_room};
use crate::copies::{has_same_values, says_all_of};
use crate::kinds::Kind;
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::version::Version;
use crate::window::{LOOKBACK, WINDOW};

/// For so long it is known that a reading was replaced, so that what it was replaced by does not make it
/// suspect again when the replaced one is sent again: after that both are historical.
const KNOWN_FOR: Span = Span::from_millis(WINDOW.millis() + LOOKBACK.millis());

/// For so long it is known that a person has written a reading of which nothing else has come: what the
/// device hands over comes in days. Ours.
pub(super) const WRITTEN_FOR: Span = Span::from_days(3);

/// So many replaced readings of one patient are known, those that were received last and those that are
/// severe.
const MOST: usize = 64;

/// A reading that another of its id has replaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replaced {
    /// What kind.
    pub kind: Kind,
    /// The values that do not count any more.
    pub reading: CurrentReading,
    /// When it was replaced.
    pub received: Timestamp,
    version: Version,
    /// Whether nothing is told of it: it was entered in error, its device's clock was set before, or it was
    /// judged before it was replaced.
    is_over: bool,
    /// Of another version of one second, which no other measurement has: the values that count instead.
    by: Option<Sample>,
}

impl Replaced {
    /// The values that count instead, where both are of one second, which no other measurement has: it was
    /// overtaken before it was judged.
    pub fn overtaken_by(&self) -> Option<Sample> {
        self.by
    }

    fn is_of(&self, kind: Kind, reading: &CurrentReading) -> bool {
        self.kind == kind && self.reading.is_of(reading)
    }

    /// Whether a later version of the reading says the same values. It is what is told of them; where it
    /// was entered in error, it takes them back.
    fn is_said_again_by(&self, version: Version, kind: Kind, reading: &CurrentReading) -> bool {
        version > self.version
            && self.is_of(kind, reading)
            && has_same_values(kind, self.reading.sample, reading.sample)
    }
}

/// A version of a reading that a person has written: what it corrects, sent again or late, is nothing that
/// it has replaced.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ByHand {
    kind: Kind,
    time: Timestamp,
    source: SourceDigest,
    version: Version,
    until: Timestamp,
}

/// What is known of a patient.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AllReplaced {
    readings: Vec<Replaced>,
    by_hand: Vec<ByHand>,
}

impl AllReplaced {
    pub(super) fn is_empty(&self) -> bool {
        self.readings.is_empty() && self.by_hand.is_empty()
    }

    pub(super) fn lapse(&mut self, now: Timestamp) {
        self.readings.retain(|replaced| replaced.received + KNOWN_FOR > now);
        self.by_hand.retain(|written| written.until > now);
    }

    fn remember(&mut self, replaced: Replaced, is_severe: IsSevere) {
        if self.readings.len() == MOST {
            let hides = |one: &Replaced| {
                !one.is_over
                    && one.received + SAME_MINUTE_FOR > replaced.received
                    && is_severe(one.kind, one.reading.sample)
            };
            let place = place_that_makes_room(&self.readings, hides);
            self.readings.remove(place);
        }
        self.readings.push(replaced);
    }

    /// Notes that a person has corrected a reading by this version of it.
    fn note_corrected(&mut self, by: &RememberedReading, received: Timestamp) {
        self.note(by, received + KNOWN_FOR);
    }

    /// Notes that a person has written a reading of which nothing else is known.
    pub(super) fn note_written(&mut self, reading: &RememberedReading, received: Timestamp) {
        self.note(reading, received + WRITTEN_FOR);
    }

    fn note(&mut self, by: &RememberedReading, until: Timestamp) {
        let RememberedReading { kind, observation_time: time, source, version, .. } = *by;
        self.by_hand.retain(|one| (one.kind, one.time, one.source) != (kind, time, source));
        if self.by_hand.len() == MOST {
            self.by_hand.remove(0);
        }
        self.by_hand.push(ByHand { kind, time, source, version, until });
    }

    fn is_by_hand(&self, version: Version, of: &RememberedReading) -> bool {
        self.by_hand.iter().any(|one| {
            (one.kind, one.time, one.source, one.version)
                == (of.kind, of.observation_time, of.source, version)
        })
    }

    /// Takes in two versions of one reading that rules look at, the known one and another. Says whether that
    /// is news.
    pub(super) fn take_versions(
        &mut self,
        other: &RememberedReading,
        known: KnownVersion,
        received: Timestamp,
        is_severe: IsSevere,
    ) -> bool {
        let wins = other.version > known.version;
        let (version, sample) =
            if wins { (known.version, known.sample) } else { (other.version, other.sample) };
        let (kind, time, source) = (other.kind, other.observation_time, other.source);
        let reading = CurrentReading { time, source, sample, delay: Delay::default() };
        let is_known_by_hand = self.is_by_hand(known.version, other);
        let concern = known.concern(other, is_severe);
        // What a device says again of what a person has written stays the person's.
        let says_again = is_known_by_hand && says_all_of(kind, other.sample, known.sample);
        if wins && (other.by_hand && concern || says_again && !other.entered_in_error) {
            self.note_corrected(other, received);
        }
        let is_by_hand = if wins { other.by_hand } else { is_known_by_hand };
        if concern && known.is_another_reading(other, is_by_hand, is_severe) {
            let is_same =
                |one: &Replaced| one.is_of(kind, &reading) && one.reading.sample == sample;
            if self.readings.iter().any(is_same) {
                // The replaced one was sent again.
                return false;
            }
            let greater = if wins { other.sample } else { known.sample };
            let by = (!is_whole_minute(time)).then_some(greater);
            // It came in its order: what rules said of it was told, and that it is so no more.
            let was_judged = by.is_some() && wins;
            if !was_judged || is_severe(kind, sample) {
                let is_over = was_judged;
                let replaced = Replaced { kind, reading, received, version, is_over, by };
                self.remember(replaced, is_severe);
            }
            return !was_judged;
        }
        let before = self.readings.len();
        if wins && (is_by_hand || other.entered_in_error) {
            // Somebody has looked at it since.
            self.readings.retain(|one| !one.is_of(kind, &reading));
        }
        self.readings.len() < before
    }

    /// Takes in the older of two versions of one reading that says a factory date. Says whether that is news.
    pub(super) fn take_older(
        &mut self,
        older: &UnknownTime,
        received: Timestamp,
        is_severe: IsSevere,
    ) -> bool {
        let UnknownTime { kind, reading, version, is_over, .. } = *older;
        let is_known = |one: &Replaced| one.is_of(kind, &reading) && one.version == version;
        if self.readings.iter().any(is_known) {
            // It was sent again.
            return false;
        }
        let replaced = Replaced { kind, reading, received, version, is_over, by: None };
        self.remember(replaced, is_severe);
        true
    }

    /// Those that are told of at `now`, beside the readings of unknown time that are known, in the order in
    /// which they were replaced.
    pub(super) fn told<'a>(
        &'a self,
        now: Timestamp,
        of_unknown_time: &'a [UnknownTime],
    ) -> impl Iterator<Item = &'a Replaced> + Clone {
        let is_said_again = |one: &Replaced| {
            let by_known = |known: &UnknownTime| {
                one.is_said_again_by(known.version, known.kind, &known.reading)
            };
            let by =
                |other: &Replaced| one.is_said_again_by(other.version, other.kind, &other.reading);
            of_unknown_time.iter().any(by_known) || self.readings.iter().any(by)
        };
        let is_reported = move |one: &&Replaced| {
            !one.is_over && one.received + SAME_MINUTE_FOR > now && !is_said_again(one)
        };
        self.readings.iter().filter(is_reported)
    }
}
