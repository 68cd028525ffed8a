//! Devices whose clock was set to another month or year: what they measure is too old for every rule.
//!
//! Such a clock goes as fast as others, so its readings come from day to day as much later as they are
//! received later. A history that is imported does not: what it shows in months is received in days, or
//! what it shows in one day is of months.
//!
//! How far a clock is behind says the newest reading of a day's upload: the others were measured some
//! hours before.

use crate::clock;
use crate::remembered::RememberedReading;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::window::WINDOW;

/// On so many days a device shows it: two may be an import that is interrupted overnight. Ours.
pub(super) const DAYS: u8 = 3;

/// Readings are of different days when they are received so long apart. Ours: who measures in the evening
/// and the next morning has measured twice.
pub(super) const ANOTHER_DAY: Span = Span::from_hours(18);

/// What a device hands over once a day was measured within so long. Ours: a day, and half of one for whoever
/// is late.
pub(super) const AN_UPLOAD: Span = Span::from_hours(36);

/// It is known for so long after the last such reading. Ours: weights are measured weekly.
pub(super) const KNOWN_FOR: Span = Span::from_days(8);

/// Of so many sources of one patient it is known, those that began last: of those which show it on the
/// fewest days the first makes room.
const MOST_SOURCES: usize = 16;

/// The sources that show times of long ago, and have shown nothing else since.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FarBehind(Vec<OfSource>);

/// The least and the greatest of some delays.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Delays {
    least: Span,
    greatest: Span,
}

impl Delays {
    fn of(delay: Span) -> Self {
        Self { least: delay, greatest: delay }
    }

    fn and(self, delay: Span) -> Self {
        Self { least: self.least.min(delay), greatest: self.greatest.max(delay) }
    }

    fn are_within(&self, span: Span) -> bool {
        self.greatest.millis() - self.least.millis() <= span.millis()
    }
}

#[derive(Debug, Clone, PartialEq)]
struct OfSource {
    source: SourceDigest,
    /// On how many days before the last one the device showed it.
    days: u8,
    /// How far behind the newest readings of these days were.
    newest: Delays,
    /// When the first reading of the last day was received.
    day: Timestamp,
    /// How far behind the readings of that day are.
    of_day: Delays,
    received: Timestamp,
}

impl OfSource {
    fn of(source: SourceDigest, delay: Span, received: Timestamp) -> Self {
        let delays = Delays::of(delay);
        Self { source, days: 0, newest: delays, day: received, of_day: delays, received }
    }

    /// Takes in a reading. A day whose newest one is as far behind as those of the days before is one more
    /// of them; another day is the first, and one that shows more than an upload is none.
    fn take(&mut self, delay: Span, received: Timestamp, within: Span) {
        self.received = self.received.max(received);
        if received - self.day < ANOTHER_DAY {
            self.of_day = self.of_day.and(delay);
            return;
        }
        let newest = self.of_day.least;
        let together = self.newest.and(newest);
        (self.days, self.newest) = match self.of_day.are_within(AN_UPLOAD) {
            false => (0, self.newest),
            true if self.days > 0 && together.are_within(within) => {
                (self.days.saturating_add(1), together)
            }
            true => (1, Delays::of(newest)),
        };
        (self.day, self.of_day) = (received, Delays::of(delay));
    }

    /// Whether the device shows on this day what an upload holds, and the same as on those before. On the
    /// first day its newest reading is not known yet.
    fn is_steady(&self, delay: Span, within: Span) -> bool {
        let sooner = if self.days == 0 { AN_UPLOAD } else { within };
        let earliest = self.newest.greatest.millis() - sooner.millis();
        let latest = self.newest.least.millis() + AN_UPLOAD.millis();
        self.of_day.are_within(AN_UPLOAD) && (earliest..=latest).contains(&delay.millis())
    }

    /// Whether the device has shown it for long enough, and on this day as on those before.
    fn is_far_behind(&self, delay: Span, within: Span) -> bool {
        self.days + 1 >= DAYS && self.is_steady(delay, within)
    }
}

impl FarBehind {
    /// Takes in a reading that a device shows as of long ago. Says whether its clock is far behind.
    pub(super) fn take(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        within: Span,
    ) -> bool {
        let delay = received - reading.observation_time;
        let is_old = delay > WINDOW;
        if !is_old || !clock::is_doubted(reading.kind) || reading.entered_in_error {
            return false;
        }
        let Some(known) = self.0.iter_mut().find(|known| known.source == reading.source) else {
            if self.0.len() == MOST_SOURCES {
                let fewest = (0..self.0.len()).min_by_key(|place| self.0[*place].days);
                self.0.remove(fewest.unwrap_or(0));
            }
            self.0.push(OfSource::of(reading.source, delay, received));
            return false;
        };
        known.take(delay, received, within);
        known.is_far_behind(delay, within)
    }

    /// Whether a device that shows a reading so far behind has shown nothing but that, since it was seen
    /// first: of a history more is handed over, or something else the next day.
    pub(super) fn shows_nothing_else(
        &self,
        source: SourceDigest,
        delay: Span,
        within: Span,
    ) -> bool {
        let known = self.0.iter().find(|known| known.source == source);
        known.is_some_and(|known| known.is_steady(delay, within))
    }

    /// A device has shown a time that may be right.
    pub(super) fn is_right(&mut self, source: SourceDigest) {
        self.0.retain(|known| known.source != source);
    }

    pub(super) fn lapse(&mut self, now: Timestamp) {
        self.0.retain(|known| known.received + KNOWN_FOR > now);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
