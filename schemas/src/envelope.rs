//! What is taken of a reading beside what was measured: of its offset from UTC, its vendor and its times.
//!
//! One bad value costs itself, not its reading: an offset or a vendor that cannot be is taken as not said,
//! and a clock of 1970 is one that was never set. The bytes are carried as they were sent, so whoever looks
//! asks here.

use clinical::kinds::Setting;
use clinical::source::without_padding;
use clinical::{Span, Timestamp};

use crate::reading::{Reading, japan};

/// Most minutes that civil time is before or behind UTC: what clocks of programs hold.
const MOST_OFFSET: i64 = 1080;

/// Most characters of a vendor.
const LONGEST_VENDOR: usize = 200;

/// 1971-01-01T00:00:00Z.
const CLOCKS_COUNT_FROM: i64 = 31_536_000_000;

/// The offset that is taken of one that is said, minutes.
fn offset(said: i64) -> Option<i64> {
    (-MOST_OFFSET..=MOST_OFFSET).contains(&said).then_some(said)
}

/// A time as it is taken, milliseconds: of 1970, where clocks begin that have lost their time, the civil time
/// that the device shows, as if it were UTC. Its instant says nothing, and east of Greenwich it lies before
/// the first that can be stored.
pub(crate) fn taken_time(millis: i64, offset_minutes: i64) -> i64 {
    if millis >= CLOCKS_COUNT_FROM {
        return millis;
    }
    let offset = Span::from_minutes(offset(offset_minutes).unwrap_or_else(|| japan().into()));
    millis.saturating_add(offset.millis())
}

/// The first time that a reading of a setting may say: of a device at home, whose clock may not be set, the
/// first that every stored form holds. Those of check-ups are written by people.
pub(crate) const fn first_time(setting: Setting) -> Timestamp {
    match setting {
        Setting::Home => Timestamp::FIRST,
        Setting::Checkup => Timestamp::EARLIEST,
    }
}

impl Reading {
    /// The offset of its civil time from UTC, minutes: Japan's where none is said, or none that can be.
    pub fn taken_utc_offset(&self) -> i32 {
        let is_one = offset(self.utc_offset_minutes.into()).is_some();
        if is_one { self.utc_offset_minutes } else { japan() }
    }

    /// Whose credentials it came in with, where it names one that can be; without what fills a column
    /// or a buffer, or the receipts would be nobody's.
    pub fn taken_vendor(&self) -> Option<&str> {
        let said = self.vendor.as_deref()?;
        let vendor = without_padding(said);
        let is_padding = vendor.is_empty() && !said.is_empty();
        let is_one =
            vendor.chars().count() <= LONGEST_VENDOR && !vendor.chars().any(char::is_control);
        (is_one && !is_padding).then_some(vendor)
    }

    /// When it was observed, milliseconds since the epoch.
    pub fn taken_observation_time(&self) -> i64 {
        taken_time(self.observation_time, self.utc_offset_minutes.into())
    }

    /// When it was registered or last changed, milliseconds since the epoch.
    pub fn taken_update_time(&self) -> i64 {
        taken_time(self.update_time, self.utc_offset_minutes.into())
    }

    /// How many of its values are taken as not said though something is.
    pub(crate) fn left_out_of_envelope(&self) -> usize {
        let offset = offset(self.utc_offset_minutes.into()).is_none();
        let vendor = self.vendor.is_some() && self.taken_vendor().is_none();
        usize::from(offset) + usize::from(vendor)
    }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
