//! How often somebody is heard, so that it can be said when they are late.

use super::Limits;
use crate::time::{Span, Timestamp};

/// Until two whole weeks are known, the longest pause is not.
const UNKNOWN: u16 = u16::MAX;

/// When readings of a patient came last by one product, and the longest pause between two receipts of
/// this week and the last. Depends on receipts alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// Seconds since 1970.
    last: u32,
    /// Weeks since 1970, of `last`.
    week: u16,
    /// Minutes, of this week and the last.
    longest: [u16; 2],
}

impl Rhythm {
    /// That of who is heard for the first time.
    pub fn beginning(received: Timestamp) -> Self {
        let last = seconds(received);
        Self { last, week: week(last), longest: [UNKNOWN; 2] }
    }

    /// Takes in a receipt. One that comes before the last changes nothing.
    pub fn hear(&mut self, received: Timestamp) {
        let now = seconds(received);
        if now <= self.last {
            return;
        }
        let pause = u16::try_from((now - self.last) / 60).unwrap_or(UNKNOWN);
        let [this_week, _] = self.longest;
        if week(now) != self.week {
            self.longest = [0, this_week];
            self.week = week(now);
        }
        self.longest[0] = self.longest[0].max(pause);
        self.last = now;
    }

    /// The last receipt.
    pub fn last(&self) -> Timestamp {
        Timestamp::from_seconds(self.last.into())
    }

    /// After how long without a receipt the patient is late: five quarters of the longest usual pause,
    /// within the limits.
    pub fn patience(&self, limits: &Limits) -> Span {
        let longest = self.longest.iter().copied().max().unwrap_or(UNKNOWN);
        let usual = Span::from_seconds(i64::from(longest) * 60 * 5 / 4);
        usual.max(limits.shortest).min(limits.longest)
    }
}

fn seconds(time: Timestamp) -> u32 {
    time.seconds().clamp(0, u32::MAX.into()) as u32
}

fn week(seconds: u32) -> u16 {
    (seconds / (7 * 24 * 3600)) as u16
}
