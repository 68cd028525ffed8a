//! A reading as far as it is remembered, and what the rules see of it.

use crate::clock;
use crate::kinds::Kind;
use crate::reading::Reading;
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::version::Version;

/// How long after its observation a reading was received, in the steps that rules distinguish; or by how
/// much the clock of one that was received before its observation was ahead. Four bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delay(pub(crate) u8);

impl Delay {
    /// Beside it the lower bits count the steps of [`Self::LEADS`].
    const AHEAD: u8 = 0b1000;

    /// Further ahead than an hour is no reading.
    const LEADS: [Span; 7] = [
        Span::from_minutes(5),
        Span::from_minutes(10),
        Span::from_minutes(15),
        Span::from_minutes(20),
        Span::from_minutes(30),
        Span::from_minutes(40),
        Span::from_minutes(50),
    ];

    const STEPS: [Span; 7] = [
        Span::from_minutes(15),
        Span::from_hours(1),
        Span::from_hours(3),
        Span::from_hours(6),
        Span::from_hours(12),
        Span::from_hours(24),
        Span::from_hours(72),
    ];

    /// The delay between observation and receipt.
    pub fn between(observed: Timestamp, received: Timestamp) -> Self {
        if clock::ahead(observed, received) {
            let lead = observed - received;
            let steps = Self::LEADS.iter().filter(|step| lead > **step).count() as u8;
            return Self(Self::AHEAD | steps);
        }
        let delay = received - observed;
        Self(Self::STEPS.iter().filter(|step| delay > **step).count() as u8)
    }

    /// Whether the delay is longer than allowed (which is rounded down to a step).
    pub fn exceeds(self, allowed: Span) -> bool {
        let allowed = Self::STEPS.iter().filter(|step| **step <= allowed).count() as u8;
        !self.is_ahead() && self.0 >= allowed
    }

    /// Whether it was received before it was observed, as it says: its clock is ahead
    /// ([`clock::ahead`]).
    pub fn is_ahead(self) -> bool {
        self.0 & Self::AHEAD != 0
    }
}

/// A reading as the rules see it: the greatest version of those known, unless entered in error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurrentReading {
    /// When it was observed.
    pub time: Timestamp,
    /// What measured it.
    pub source: SourceDigest,
    /// Its values.
    pub sample: Sample,
    /// How late it came.
    pub delay: Delay,
}

impl CurrentReading {
    /// Whether both are of the same reading of a patient.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.time, self.source) == (other.time, other.source)
    }

    /// Whether the times of both say which was measured first: not where its own clock was ahead and the
    /// other is of another clock, for then it may have been measured before the other.
    pub(crate) fn is_in_time_with(&self, other: &Self) -> bool {
        !self.delay.is_ahead() || self.source == other.source
    }
}

/// So many sources of one patient are remembered: more in a window are no patient's devices. For a
/// further one the oldest readings make room.
pub const MOST_SOURCES: usize = 1024;

/// So many readings of a kind of one patient are remembered, more than one a minute for two months:
/// more would take memory and time from all others. For a further one the oldest make room.
pub const MOST_READINGS: usize = 100_000;

/// A version of a reading, as far as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RememberedReading {
    /// Its kind.
    pub kind: Kind,
    /// When it was observed, in whole seconds.
    pub observation_time: Timestamp,
    /// What measured it.
    pub source: SourceDigest,
    /// Its version.
    pub version: Version,
    /// Whether this version says that the reading is none.
    pub entered_in_error: bool,
    /// Whether a person has written the values of this version, or changed them. Nothing keeps it but
    /// suspicions.
    pub by_hand: bool,
    /// Its values.
    pub sample: Sample,
}

impl From<&Reading> for RememberedReading {
    fn from(reading: &Reading) -> Self {
        Self {
            kind: reading.kind,
            observation_time: reading.observation_time,
            source: reading.source.digest(),
            version: reading.version,
            entered_in_error: reading.entered_in_error,
            by_hand: reading.by_hand,
            sample: reading.sample,
        }
    }
}
