//! The last readings of slow kinds, which are measured each few months: remembered beyond the window, so
//! that a value can be compared with that of three months ago.
//!
//! What is remembered is, of each kind, the newest few of all readings that were ever received, each with
//! its greatest version. So neither the order of arrival nor a repetition changes the end, and a reading
//! that was entered in error keeps its place, or an older version that comes again would bring it back.

#[cfg(test)]
mod tests;

use crate::kinds::Kind;
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::window::WINDOW;

/// So many readings of a slow kind are remembered of a patient; of more the oldest make room. Ours: for
/// as long as they are remembered, one every four weeks.
pub const PLACES: usize = 8;

/// For so long a value may be compared with the one before it. Ours: half a year.
pub const COMPARED_WITHIN: Span = Span::from_days(183);

/// From when on the readings of slow kinds are remembered: those that a value in the window may be
/// compared with.
pub fn remembered_from(now: Timestamp) -> Timestamp {
    now - WINDOW - COMPARED_WITHIN
}

/// A patient's last readings of slow kinds. Of who has none, one pointer.
#[derive(Debug, Default)]
pub struct SlowReadings(Option<Box<Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    /// By kind, time and source.
    readings: Vec<RememberedReading>,
    /// From when on: what was forgotten does not come back when a rebuild reads it again.
    from: Timestamp,
    /// Whether they have changed since somebody asked.
    have_changed: bool,
    /// Whether somebody was informed of them, so that a record of them may exist.
    are_recorded: bool,
}

/// What names a reading of a patient, in the order in which they are remembered.
type Key = (Kind, Timestamp, SourceDigest);

fn key(reading: &RememberedReading) -> Key {
    (reading.kind, reading.observation_time, reading.source)
}

impl SlowReadings {
    /// Takes in a version that was received at a time. True where that changes what is remembered.
    pub(crate) fn remember(&mut self, reading: &RememberedReading, received: Timestamp) -> bool {
        if !reading.kind.is_slow() {
            return false;
        }
        let known_from = self.0.as_ref().map(|remembered| remembered.from);
        let from = remembered_from(received).max(known_from.unwrap_or(Timestamp::EARLIEST));
        if reading.observation_time < from {
            return false;
        }
        let remembered = self.0.get_or_insert_default();
        remembered.forget_before(from);
        // No record keeps who wrote it.
        let changes = remembered.remember(RememberedReading { by_hand: false, ..*reading });
        remembered.have_changed |= changes;
        changes
    }

    /// Takes in what was remembered at a time, by a state that was lost or is behind. What is remembered
    /// has changed where that does not say all of it.
    pub(crate) fn restore(&mut self, known: &[RememberedReading], at: Timestamp) {
        for reading in known {
            self.remember(reading, at);
        }
        if let Some(remembered) = &mut self.0 {
            remembered.forget_before(remembered_from(at));
            remembered.have_changed = remembered.readings.iter().any(|one| !known.contains(one));
            remembered.are_recorded = true;
        }
    }

    /// Forgets what is compared with nothing any more.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.0.take_if(|remembered| {
            remembered.forget_before(remembered_from(now));
            remembered.readings.is_empty()
        });
    }

    /// All that is remembered, by kind, time and source.
    pub fn all(&self) -> &[RememberedReading] {
        self.0.as_ref().map_or(&[], |remembered| &remembered.readings)
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// Whether what is remembered has changed since [`Self::take_change`].
    pub fn have_changed(&self) -> bool {
        self.0.as_ref().is_some_and(|remembered| remembered.have_changed)
    }

    /// The same; from then on only what changes later is a change.
    pub(crate) fn take_change(&mut self) -> bool {
        self.0.as_mut().is_some_and(|remembered| {
            remembered.are_recorded |= remembered.have_changed;
            std::mem::take(&mut remembered.have_changed)
        })
    }

    /// Whether there may be a record of them, which has to go with the last of them.
    pub fn are_recorded(&self) -> bool {
        self.0.as_ref().is_some_and(|remembered| remembered.are_recorded)
    }

    /// Whether a version of a reading is remembered.
    pub(crate) fn knows(&self, kind: Kind, reading: &CurrentReading) -> bool {
        let sought = (kind, reading.time, reading.source);
        self.all().binary_search_by_key(&sought, key).is_ok()
    }

    /// The current readings of a kind that were observed at `from` or later, by time and source.
    pub(crate) fn current(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl Iterator<Item = CurrentReading> {
        let of_kind =
            self.all().iter().filter(move |one| one.kind == kind && !one.entered_in_error);
        of_kind.filter(move |one| one.observation_time >= from).map(|one| CurrentReading {
            time: one.observation_time,
            source: one.source,
            sample: one.sample,
            // When it came is not remembered: it pages nobody.
            delay: Delay::default(),
        })
    }
}

impl Remembered {
    fn remember(&mut self, reading: RememberedReading) -> bool {
        match self.readings.binary_search_by_key(&key(&reading), key) {
            Ok(place) => {
                let known = &mut self.readings[place];
                let wins = reading.version > known.version;
                if wins {
                    *known = reading;
                }
                wins
            }
            Err(place) => {
                let of_kind = self.readings.iter().filter(|one| one.kind == reading.kind);
                if of_kind.count() < PLACES {
                    self.readings.reserve_exact(1);
                    self.readings.insert(place, reading);
                    return true;
                }
                let oldest = self.readings.partition_point(|one| one.kind < reading.kind);
                if place == oldest {
                    return false;
                }
                self.readings.remove(oldest);
                self.readings.insert(place - 1, reading);
                true
            }
        }
    }

    fn forget_before(&mut self, from: Timestamp) {
        self.from = self.from.max(from);
        self.readings.retain(|one| one.observation_time >= self.from);
        self.readings.shrink_to_fit();
    }
}
