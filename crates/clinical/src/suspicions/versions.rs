//! Of which versions of a reading neither corrects the other.

use super::{AskSevere, SAME_MINUTE_WITHIN};
use crate::clock;
use crate::copies::says_all_of;
use crate::kinds::Kind;
use crate::remembered::RememberedReading;
use crate::sample::Sample;
use crate::version::Version;

/// A version of a reading that is known when another one comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownVersion {
    pub(crate) version: Version,
    pub(crate) sample: Sample,
    pub(crate) entered_in_error: bool,
}

impl KnownVersion {
    /// Whether two versions of a reading, this one and another, may be two readings of a minute, or two
    /// values of one that nobody has corrected, or a person's correction of one: of a device, and of a kind
    /// that can be severe.
    pub(crate) fn concern(&self, other: &RememberedReading, ask_severe: AskSevere) -> bool {
        let is_correction = other.by_hand && other.version > self.version;
        clock::is_doubted(other.kind)
            && !other.entered_in_error
            && (is_correction || self.differs(other))
            && can_be_severe(other.kind, ask_severe)
    }

    /// Whether the greater of two versions does not say the values of the smaller one.
    fn differs(&self, other: &RememberedReading) -> bool {
        let (smaller, greater) = self.in_order(other);
        !self.entered_in_error && !says_all_of(other.kind, greater, smaller)
    }

    /// The values of two versions, those of the greater one last.
    fn in_order(&self, other: &RememberedReading) -> (Sample, Sample) {
        match other.version > self.version {
            true => (self.sample, other.sample),
            false => (other.sample, self.sample),
        }
    }

    /// Whether two versions that [concern](Self::concern) are probably two readings, or two values of one of
    /// which neither corrects the other, given whether a person has written the greater one: a device
    /// corrects nothing, and a person does not so soon, where two may be of one minute.
    pub(super) fn is_another_reading(&self, other: &RememberedReading, is_by_hand: bool) -> bool {
        let apart = other.version.update_time() - self.version.update_time();
        let is_too_soon =
            clock::is_whole_minute(other.observation_time) && apart.abs() < SAME_MINUTE_WITHIN;
        self.differs(other) && (!is_by_hand || is_too_soon)
    }
}

/// Whether a person has written a reading of which a device's way may bring another version, and that can
/// be severe.
pub(crate) fn is_written_by_hand(reading: &RememberedReading, ask_severe: AskSevere) -> bool {
    reading.by_hand
        && !reading.entered_in_error
        && clock::is_doubted(reading.kind)
        && can_be_severe(reading.kind, ask_severe)
}

/// Whether one value of a kind alone can be severe: its least or its greatest are.
fn can_be_severe(kind: Kind, ask_severe: AskSevere) -> bool {
    let watched = || kind.fields().iter().filter_map(|field| field.watched);
    let least = watched().fold(Sample::default(), |sample, it| sample.with(it, 0.0));
    let greatest = watched().fold(Sample::default(), |sample, it| sample.with(it, it.greatest()));
    [least, greatest].into_iter().any(|sample| ask_severe.by(kind, sample).may_be())
}
