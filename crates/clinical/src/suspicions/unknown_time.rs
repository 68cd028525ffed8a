//! Readings of which nobody knows when they were measured.

use super::{CLOCK_NOT_SET_FOR, FAR_BEHIND_FOR, LONG_AGO_AFTER};
use crate::clock;
use crate::kinds::Kind;
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::time::Timestamp;
use crate::version::Version;

/// A reading whose device's clock was not set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnknownTime {
    /// What kind.
    pub kind: Kind,
    /// As rules see readings; its time is what the device's clock showed.
    pub reading: CurrentReading,
    /// When it was received first.
    pub received: Timestamp,
    /// When its version was received last: a rebuild may know of no earlier receipt.
    pub(super) last_received: Timestamp,
    pub(super) version: Version,
    /// Whether it was withdrawn, or its device's clock was seen to be set. It stays known for as long as
    /// others, so that it is not suspected again for being sent again.
    pub(super) is_over: bool,
    /// From when on it is reported.
    pub reported_from: Timestamp,
    /// Whether nothing but its date makes its time doubtful.
    pub(super) is_by_date: bool,
    /// Whether its date made its time doubtful when it came.
    pub(super) was_by_date: bool,
    /// Whether a person has written its version, or taken the reading back.
    pub(super) is_settled: bool,
}

impl UnknownTime {
    /// A reading that was received at a time. What nothing but its date makes doubtful is reported later: the rest
    /// of a history may come.
    pub(super) fn of(reading: &RememberedReading, received: Timestamp, is_by_date: bool) -> Self {
        let current = CurrentReading {
            time: reading.observation_time,
            source: reading.source,
            sample: reading.sample,
            delay: Delay::default(),
        };
        Self {
            kind: reading.kind,
            reading: current,
            received,
            last_received: received,
            version: reading.version,
            is_over: reading.entered_in_error,
            reported_from: if is_by_date { received + LONG_AGO_AFTER } else { received },
            is_by_date,
            was_by_date: is_by_date,
            is_settled: reading.by_hand || reading.entered_in_error,
        }
    }

    /// Until when it is suspected.
    pub fn until(&self) -> Timestamp {
        let lasts = if self.says_factory_date() { CLOCK_NOT_SET_FOR } else { FAR_BEHIND_FOR };
        self.last_received + lasts
    }

    /// Whether it shows by itself that its device's clock was not set.
    pub(super) fn says_factory_date(&self) -> bool {
        clock::not_set(self.reading.time, self.received)
    }

    /// Whether it is a severe value that was handed over as of [long ago](clock::long_ago), and nothing else
    /// is known of its device's clock.
    pub fn is_by_date(&self) -> bool {
        self.is_by_date
    }
}
