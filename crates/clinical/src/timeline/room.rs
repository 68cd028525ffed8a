//! How much is remembered of one patient. Of too much the oldest make room, so that the newest always
//! gets in.

use smallvec::SmallVec;

use super::Timeline;
use crate::remembered::RememberedReading;
use crate::remembered::{MOST_READINGS, MOST_SOURCES};
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::window::Window;

/// A whole second leaves at a time.
const SECOND: Span = Span::from_seconds(1);

impl Timeline {
    /// Makes room for a reading: before a series grows, what has left the window goes, and of too much
    /// the oldest. False where the reading itself is as old as what would have to go.
    pub(super) fn makes_room(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        window: Window,
    ) -> bool {
        // Asked first, so that nothing goes for a reading that does not come.
        let has_room = !self.has_no_room(reading)
            && self.makes_room_for_source(reading, received, window)
            && self.makes_room_in_series(reading, received, window);
        if !has_room {
            self.memory_is_full(received, None);
        }
        has_room
    }

    /// Whether there is no room for a reading, because it is as old as what would have to go.
    pub(super) fn has_no_room(&self, reading: &RememberedReading) -> bool {
        let in_series = self.of_kind(reading.kind).is_some_and(|series| {
            series.len() >= MOST_READINGS
                && !series.knows(reading, &self.sources)
                && series.first_time().is_some_and(|oldest| reading.observation_time <= oldest)
        });
        let is_of_new_source =
            self.sources.len() >= MOST_SOURCES && !self.sources.contains(&reading.source);
        in_series
            || is_of_new_source
                && self.oldest_source().is_some_and(|oldest| reading.observation_time <= oldest)
    }

    /// When the source that has said nothing for longest said something.
    fn oldest_source(&self) -> Option<Timestamp> {
        let mut newest = vec![Timestamp::EARLIEST; self.sources.len()];
        self.series.iter().for_each(|series| series.newest_of_sources(&mut newest));
        newest.into_iter().min()
    }

    fn makes_room_in_series(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        window: Window,
    ) -> bool {
        let Some(series) = self.series.iter_mut().find(|series| series.kind() == reading.kind)
        else {
            return true;
        };
        if !series.is_full() && series.len() < MOST_READINGS {
            return true;
        }
        series.forget_before(window.lookback_start(received));
        if series.len() >= MOST_READINGS && !series.knows(reading, &self.sources) {
            let Some(oldest) = series.first_time() else { return true };
            if reading.observation_time <= oldest {
                return false;
            }
            series.forget_before(oldest + SECOND);
            series.make_room();
            self.rare.get_or_insert_default().left.of_kind(reading.kind, oldest);
            if oldest >= window.start(received) {
                self.memory_is_full(received, Some(oldest));
            }
            return true;
        }
        series.make_room();
        true
    }

    fn makes_room_for_source(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        window: Window,
    ) -> bool {
        if self.sources.len() < MOST_SOURCES || self.sources.contains(&reading.source) {
            return true;
        }
        let start = window.lookback_start(received);
        self.series.iter_mut().for_each(|series| series.forget_before(start));
        self.series.retain(|series| !series.is_empty());
        self.drop_unused_sources();
        if self.sources.len() < MOST_SOURCES {
            return true;
        }
        // The source that has said nothing for longest goes, with all that is as old.
        let Some(oldest) = self.oldest_source() else { return true };
        if reading.observation_time <= oldest {
            return false;
        }
        self.series.iter_mut().for_each(|series| series.forget_before(oldest + SECOND));
        self.series.retain(|series| !series.is_empty());
        self.drop_unused_sources();
        self.rare.get_or_insert_default().left.of_all(oldest);
        if oldest >= window.start(received) {
            self.memory_is_full(received, Some(oldest));
        }
        true
    }

    pub(super) fn memory_is_full(&mut self, received: Timestamp, left: Option<Timestamp>) {
        let rare = self.rare.get_or_insert_default();
        rare.is_news |= rare.suspicions.memory_is_full(received, left);
    }

    pub(super) fn source_index(&mut self, digest: SourceDigest) -> usize {
        if let Some(index) = self.sources.iter().rposition(|known| *known == digest) {
            return index;
        }
        self.sources.push(digest);
        self.sources.len() - 1
    }

    pub(super) fn drop_unused_sources(&mut self) {
        let mut used = vec![false; self.sources.len()];
        self.series.iter().for_each(|series| series.mark_sources(&mut used));
        if used.iter().all(|used| *used) {
            return;
        }
        let mut moved_to = vec![0; used.len()];
        let mut kept = SmallVec::new();
        for (index, used) in used.iter().enumerate() {
            moved_to[index] = kept.len();
            if *used {
                kept.push(self.sources[index]);
            }
        }
        self.series.iter_mut().for_each(|series| series.move_sources(&moved_to));
        self.sources = kept;
    }
}
