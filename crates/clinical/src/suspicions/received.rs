//! How versions were received, as far as what is suspected follows from it.

use crate::admission::Outcome;
use crate::historical::KnownPast;
use crate::remembered::RememberedReading;
use crate::time::Timestamp;

/// How a version was received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    /// The outcome with which it was accepted.
    pub(crate) outcome: Outcome,
    /// When.
    pub(crate) at: Timestamp,
    /// Of a historical reading what was known of it before.
    pub(crate) past: Option<KnownPast>,
}

impl Received {
    /// Whether it is the greatest known version of a historical reading.
    pub(super) fn is_newest_of_the_past(&self, reading: &RememberedReading) -> bool {
        let wins = |past: KnownPast| reading.version > past.version;
        self.outcome == Outcome::Historical
            || self.outcome == Outcome::Conflict && self.past.is_some_and(wins)
    }

    /// Whether a greater version of a historical reading is known, which no person has written.
    pub(super) fn is_overtaken_in_the_past(&self, reading: &RememberedReading) -> bool {
        let overtakes = |past: KnownPast| past.version > reading.version && !past.is_settled;
        self.past.is_some_and(overtakes)
    }
}
