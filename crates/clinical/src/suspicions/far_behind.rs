//! Devices whose clock was set to another month or year: what they measure is too old for every rule.
//!
//! Such a clock goes as fast as others, so its readings come from day to day as much later as they are
//! received later. A history that is imported does not: what it shows in months is received in days, or
//! what it shows in one day is of months.
//!
//! How far a clock is behind says the newest reading of a day's upload: the others were measured some
//! hours before.

use arrayvec::ArrayVec;

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

/// What a device hands over once a day was measured within so long, and what it hands over less often since the
/// last time, with as much for whoever is late. Ours: a day, and half of one.
pub(super) const AN_UPLOAD: Span = Span::from_hours(36);

/// From one of these days to the next it is at most so long. Ours: weights are measured weekly.
pub(super) const UNTIL_THE_NEXT: Span = Span::from_days(8);

/// So old the first readings are at most that a day of these rests on: the days, and from one to the next.
pub(super) const REACHES_BACK: Span = Span::from_millis(
    DAYS as i64 * ANOTHER_DAY.millis() + (DAYS as i64 - 1) * UNTIL_THE_NEXT.millis(),
);

/// A history that is handed over together holds readings of so many days at least, each [`ANOTHER_DAY`] from the
/// others. Ours: of a clock that is set to another wrong date what it showed before and since is of two.
pub(super) const DAYS_OF_A_HISTORY: usize = 3;

/// What is received within so long is handed over together: in the hour of a receipt, and the one before. Ours.
pub(super) const TOGETHER_WITHIN: Span = Span::from_hours(2);

/// Of so many sources of one patient it is known, those that began last: of those which show it in the
/// fewest hours the first makes room.
const MOST_SOURCES: usize = 16;

const HOUR: Span = Span::from_hours(1);

/// Of a source so many hours are known in which something of it was received, the last ones: a day of these
/// touches 19 hours at most.
const MOST_HOURS: usize = DAYS as usize * (ANOTHER_DAY.millis() / HOUR.millis() + 1) as usize;

/// The sources that show times of long ago, and have shown nothing else since.
///
/// What a day is compared with is looked up from there backwards, and never further than [`REACHES_BACK`]: a
/// state that is rebuilt from the receipts of the window says the same.
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

    fn and(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }

    fn are_within(&self, span: Span) -> bool {
        self.greatest.millis() - self.least.millis() <= span.millis()
    }
}

/// How far behind the readings are that were received in an hour.
#[derive(Debug, Clone, PartialEq)]
struct Hour {
    begins: Timestamp,
    delays: Delays,
    /// Of which days they are.
    shown: Shown,
}

/// Times that are of so many days at least: the first of each, as far as it matters how many there are.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown(ArrayVec<Timestamp, DAYS_OF_A_HISTORY>);

impl Shown {
    fn take(&mut self, time: Timestamp) {
        if !self.are_of_a_history() && self.0.iter().all(|one| (time - *one).abs() >= ANOTHER_DAY) {
            self.0.push(time);
        }
    }

    fn are_of_a_history(&self) -> bool {
        self.0.is_full()
    }
}

#[derive(Debug, Clone, PartialEq)]
struct OfSource {
    source: SourceDigest,
    /// In the order of their time.
    hours: Vec<Hour>,
}

impl OfSource {
    fn take(&mut self, shown: Timestamp, received: Timestamp) {
        let begins = hour_of(received);
        let delays = Delays::of(received - shown);
        let place = match self.hours.binary_search_by_key(&begins, |hour| hour.begins) {
            Ok(place) => {
                self.hours[place].delays = self.hours[place].delays.and(delays);
                place
            }
            Err(place) => {
                self.hours.insert(place, Hour { begins, delays, shown: Shown::default() });
                place
            }
        };
        self.hours[place].shown.take(shown);
        if self.hours.len() > MOST_HOURS {
            self.hours.remove(0);
        }
    }

    /// The last day on which something was received, and those before as long as each follows soon enough, the
    /// newest first.
    fn days(&self) -> impl Iterator<Item = Day> {
        let mut rest = self.hours.as_slice();
        let mut next: Option<Timestamp> = None;
        std::iter::from_fn(move || {
            let ends = rest.last()?.begins;
            if next.is_some_and(|next| next - ends > UNTIL_THE_NEXT) {
                return None;
            }
            let first = rest.partition_point(|hour| hour.begins + ANOTHER_DAY <= ends);
            let (before, day) = rest.split_at(first);
            rest = before;
            next = day.first().map(|hour| hour.begins);
            let delays = day.iter().map(|hour| hour.delays).reduce(Delays::and)?;
            Some(Day { ends, delays })
        })
    }

    /// Whether what the device has handed over together with what is received then is a history.
    fn is_history(&self, received: Timestamp) -> bool {
        let hour = hour_of(received);
        let since = hour + HOUR - TOGETHER_WITHIN;
        let together = self.hours.iter().filter(|one| (since..=hour).contains(&one.begins));
        let mut shown = Shown::default();
        together.flat_map(|one| &one.shown.0).for_each(|time| shown.take(*time));
        shown.are_of_a_history()
    }

    /// Whether the device has shown it for long enough, and on the last day as on those before: how far its
    /// clock is behind say the newest readings of these. What comes beside was measured since the upload before;
    /// before the first of them there may have been any.
    fn is_far_behind(&self, delay: Span, within: Span) -> bool {
        let days: Vec<Day> = self.days().take(DAYS.into()).collect();
        let newest = |day: &Day| Delays::of(day.delays.least);
        let Some(newest) = days.iter().skip(1).map(newest).reduce(Delays::and) else {
            return false;
        };
        let spans: Vec<Span> =
            days.windows(2).map(|pair| pair[0].since(&pair[1], within)).collect();
        let of_first = UNTIL_THE_NEXT;
        let each = days.iter().zip(spans.iter().copied().chain([of_first]));
        let earliest = newest.greatest.millis() - within.millis();
        let latest = newest.least.millis() + spans.first().copied().unwrap_or(AN_UPLOAD).millis();
        days.len() == usize::from(DAYS)
            && each.into_iter().all(|(day, span)| day.delays.are_within(span))
            && newest.are_within(within)
            && (earliest..=latest).contains(&delay.millis())
    }
}

/// A day on which something was received.
#[derive(Debug, Clone, Copy)]
struct Day {
    /// When the last hour of it begins.
    ends: Timestamp,
    delays: Delays,
}

impl Day {
    /// Within how long what is received on it was measured, given the day before.
    fn since(&self, before: &Self, within: Span) -> Span {
        AN_UPLOAD.max(self.ends - before.ends + within)
    }
}

/// When the hour of a receipt begins.
fn hour_of(received: Timestamp) -> Timestamp {
    received - Span::from_millis(received.millis().rem_euclid(HOUR.millis()))
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
        let place = self.0.iter().position(|known| known.source == reading.source);
        let place = place.unwrap_or_else(|| {
            if self.0.len() == MOST_SOURCES {
                let fewest = (0..self.0.len()).min_by_key(|place| self.0[*place].hours.len());
                self.0.remove(fewest.unwrap_or(0));
            }
            self.0.push(OfSource { source: reading.source, hours: Vec::new() });
            self.0.len() - 1
        });
        self.0[place].take(reading.observation_time, received);
        self.0[place].is_far_behind(delay, within)
    }

    /// Whether what a device hands over at a time is a history: of several days, together. Severe values of a
    /// clock that shows a wrong date, and another one the next time, come one at a time.
    pub(super) fn is_history(&self, source: SourceDigest, received: Timestamp) -> bool {
        let known = self.0.iter().find(|known| known.source == source);
        known.is_some_and(|known| known.is_history(received))
    }

    /// A device has shown a time that may be right.
    pub(super) fn is_right(&mut self, source: SourceDigest) {
        self.0.retain(|known| known.source != source);
    }

    pub(super) fn lapse(&mut self, now: Timestamp) {
        for known in &mut self.0 {
            known.hours.retain(|hour| hour.begins + REACHES_BACK + HOUR > now);
        }
        self.0.retain(|known| !known.hours.is_empty());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
