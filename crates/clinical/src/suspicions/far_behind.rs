//! Devices whose clock was set to another month or year: what they measure is too old for every rule.
//!
//! Such a clock goes as fast as others, so its readings come from day to day as much later as they are
//! received later. A history that is imported does not: what it shows in months is received in days.

use crate::clock;
use crate::remembered::RememberedReading;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::window::WINDOW;

/// On so many days a device shows it: two may be an import that is interrupted overnight. Ours.
const DAYS: u8 = 3;

/// Readings are of different days when they are received so long apart. Ours: who measures in the evening
/// and the next morning has measured twice.
const ANOTHER_DAY: Span = Span::from_hours(18);

/// It is known for so long after the last such reading. Ours: weights are measured weekly.
const KNOWN_FOR: Span = Span::from_days(8);

/// Of so many sources of one patient it is known, those that began last.
const MOST_SOURCES: usize = 16;

/// The sources that show times of long ago, and have shown nothing else since.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FarBehind(Vec<OfSource>);

#[derive(Debug, Clone, PartialEq)]
struct OfSource {
    source: SourceDigest,
    /// What the first of them shows, and when it was received.
    first: (Timestamp, Timestamp),
    /// On how many days they were received.
    days: u8,
    /// When the first of the last of these days was received.
    day: Timestamp,
    received: Timestamp,
}

impl OfSource {
    fn of(reading: &RememberedReading, received: Timestamp) -> Self {
        let (source, first) = (reading.source, (reading.observation_time, received));
        Self { source, first, days: 1, day: received, received }
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
        let is_old = received - reading.observation_time > WINDOW;
        if !is_old || !clock::is_doubted(reading.kind) || reading.entered_in_error {
            return false;
        }
        let Some(known) = self.0.iter_mut().find(|known| known.source == reading.source) else {
            if self.0.len() == MOST_SOURCES {
                self.0.remove(0);
            }
            self.0.push(OfSource::of(reading, received));
            return false;
        };
        let shown_later = reading.observation_time - known.first.0;
        let received_later = received - known.first.1;
        let apart = Span::from_millis(shown_later.millis() - received_later.millis());
        if apart.abs() > within {
            *known = OfSource::of(reading, received);
            return false;
        }
        known.received = known.received.max(received);
        if received - known.day >= ANOTHER_DAY {
            (known.days, known.day) = (known.days.saturating_add(1), received);
        }
        known.days >= DAYS
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
