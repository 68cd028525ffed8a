//! What is remembered of one patient: the versions seen and the values the rules look at.
//!
//! Made small, because one process remembers a million patients: what is not new any more is packed.

mod block;
mod columns;
mod entry;
#[cfg(test)]
mod model;
mod series;

use smallvec::SmallVec;

use crate::admission::Outcome;
use crate::copies::{self, COPY_WITHIN};
use crate::historical::Historical;
use crate::kinds::Kind;
use crate::remembered::{CurrentReading, RememberedReading};
use crate::source::SourceDigest;
use crate::time::Timestamp;
use crate::window::{WINDOW, Window};
use entry::Entry;
use series::Series;

/// More sources than this in one patient's window are no patient's devices.
pub const MOST_SOURCES: usize = 1024;

/// More readings of a kind in one patient's window than one a minute for two months are no patient's:
/// they would take memory and time from all others.
pub const MOST_READINGS: usize = 100_000;

/// One patient's remembered readings, per kind in observation order.
#[derive(Debug, Default)]
pub struct Timeline {
    series: Vec<Series>,
    /// Most patients have one or two.
    sources: SmallVec<[SourceDigest; 2]>,
    /// Of most patients nothing historical comes.
    historical: Option<Box<Historical>>,
}

/// What admission found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// What becomes of the reading.
    pub outcome: Outcome,
    /// Whether the current readings have changed, so that rules must look again.
    pub changes_current: bool,
    /// Whether it was appended: newer than every remembered reading of its kind.
    pub in_order: bool,
    /// What measured it.
    pub source: SourceDigest,
}

/// What a change of the current readings is to the counted ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CountedChange {
    /// They change by the same reading.
    AsCurrent,
    /// They stay as they are: a copy has come.
    Nothing,
    /// The reading was added in the place of this one, which is its copy. Both are newer than all
    /// others of their kind, so that without the other the reading is the newest.
    InPlaceOf(CurrentReading),
    /// Other readings may be counted now, or not any more.
    Others,
}

/// More of one patient within the window than is remembered of any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// More sources than [`MOST_SOURCES`].
    #[error("more than {MOST_SOURCES} devices for one patient within the window")]
    Sources,
    /// More readings of a kind than [`MOST_READINGS`].
    #[error("more than {MOST_READINGS} readings of a kind for one patient within the window")]
    Readings,
}

impl Timeline {
    /// Admits a reading received at `received` and remembers its version if it is the greatest.
    ///
    /// # Errors
    /// [`TooMany`]; nothing is remembered then.
    pub fn admit(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        window: Window,
    ) -> Result<Admission, TooMany> {
        if reading.observation_time < window.start(received) {
            return Ok(self.admit_historical(reading, received));
        }
        self.admit_current(reading, received, window)
    }

    /// Remembers a reading again that was accepted at `received` with an outcome, by a state whose
    /// window may begin later than that of the state which accepted it. Says whether the current
    /// readings have changed.
    ///
    /// # Errors
    /// [`TooMany`]; nothing is remembered then.
    pub fn restore(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        outcome: Outcome,
        window: Window,
    ) -> Result<bool, TooMany> {
        let is_historical = match outcome {
            Outcome::Historical => true,
            Outcome::New | Outcome::Correction => reading.observation_time < received - WINDOW,
            // As is an older version of a historical reading.
            Outcome::Stale | Outcome::Conflict | Outcome::Duplicate => {
                self.historical.as_ref().is_some_and(|past| past.knows(reading, received))
            }
        };
        if is_historical {
            return Ok(self.admit_historical(reading, received).changes_current);
        }
        if reading.observation_time < window.lookback_start(received) {
            return Ok(false);
        }
        Ok(self.admit_current(reading, received, window)?.changes_current)
    }

    fn admit_historical(&mut self, reading: &RememberedReading, received: Timestamp) -> Admission {
        Admission {
            outcome: self.historical.get_or_insert_default().admit(reading, received),
            changes_current: false,
            in_order: false,
            source: reading.source,
        }
    }

    fn admit_current(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        window: Window,
    ) -> Result<Admission, TooMany> {
        let RememberedReading { kind, source, version, .. } = *reading;
        self.make_room(kind, received, window);
        let entry = Entry::new(reading, received, self.source_index(source)?);

        let series = match self.series.iter().position(|series| series.kind() == kind) {
            Some(at) => &mut self.series[at],
            None => {
                self.series.reserve_exact(1);
                self.series.push(Series::new(kind));
                self.series.last_mut().expect("just pushed")
            }
        };
        Ok(match series.find(entry.key(&self.sources), &self.sources) {
            Err(_) if series.len() >= MOST_READINGS => return Err(TooMany::Readings),
            Err(place) => {
                let in_order = series.last_time().is_none_or(|last| last < entry.time());
                series.insert(place, entry);
                let changes_current = !reading.entered_in_error;
                Admission { outcome: Outcome::New, changes_current, in_order, source }
            }
            Ok(place) => {
                let known = series.version(place);
                let wins = version > known;
                if wins {
                    series.replace(place, entry);
                }
                let outcome = Outcome::of_version(version, known, false);
                Admission { outcome, changes_current: wins, in_order: false, source }
            }
        })
    }

    fn of_kind(&self, kind: Kind) -> Option<&Series> {
        self.series.iter().find(|series| series.kind() == kind)
    }

    /// The current readings of a kind that were observed at `from` or later, in observation order.
    pub fn current(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl DoubleEndedIterator<Item = CurrentReading> {
        self.of_kind(kind).into_iter().flat_map(move |series| series.current(from, &self.sources))
    }

    /// The current readings that are counted, which are those that are no copies of others, of a kind
    /// that were observed at `from` or later, in observation order.
    pub fn counted(&self, kind: Kind, from: Timestamp) -> impl Iterator<Item = CurrentReading> {
        let may_be_copies = self.sources.len() > 1
            && self.of_kind(kind).is_some_and(|it| !it.is_of_one_source(from - COPY_WITHIN));
        let seen_from = if may_be_copies { from - COPY_WITHIN } else { from };
        let current = self.current(kind, seen_from);
        let (only, several) = match may_be_copies {
            false => (Some(current), None),
            true => (None, Some(copies::counted(kind, current))),
        };
        let only = only.into_iter().flatten();
        only.chain(several.into_iter().flatten().filter(move |reading| reading.time >= from))
    }

    /// What a reading that was added to the current ones, or changed or taken from them, does to
    /// those that are counted.
    pub(crate) fn counted_change(
        &self,
        kind: Kind,
        reading: &CurrentReading,
        is_added: bool,
    ) -> CountedChange {
        let is_apart = || self.of_kind(kind).is_some_and(|it| it.is_last_apart(reading.time));
        if self.sources.len() == 1 || is_apart() {
            return CountedChange::AsCurrent;
        }
        let (mut is_alone, mut is_copy, mut has_copies) = (true, false, false);
        for other in self.near(kind, reading.time) {
            is_alone &= other.source == reading.source;
            is_copy |= copies::is_copy(kind, reading, &other);
            has_copies |= copies::is_copy(kind, &other, reading);
        }
        match (is_added || is_alone, is_copy, has_copies) {
            (true, false, false) => CountedChange::AsCurrent,
            (true, true, false) => CountedChange::Nothing,
            (true, false, true) => self
                .displaced(kind, reading)
                .map_or(CountedChange::Others, CountedChange::InPlaceOf),
            // Another reading may be counted now, or not any more.
            _ => CountedChange::Others,
        }
    }

    /// The one reading that is not counted any more for a reading that was added, where no other is
    /// near either or newer.
    fn displaced(&self, kind: Kind, reading: &CurrentReading) -> Option<CurrentReading> {
        let from = reading.time - COPY_WITHIN - COPY_WITHIN;
        let mut others = self.current(kind, from).filter(|other| !other.is_of(reading));
        let displaced = others.next()?;
        let is_alone = others.next().is_none() && copies::is_copy(kind, &displaced, reading);
        is_alone.then_some(displaced)
    }

    /// The current readings so near to a time that one may be a copy of a reading at it.
    fn near(&self, kind: Kind, time: Timestamp) -> impl Iterator<Item = CurrentReading> {
        self.current(kind, time - COPY_WITHIN)
            .take_while(move |other| other.time <= time + COPY_WITHIN)
    }

    /// Forgets what is not seen from the window any more. True when nothing is left.
    pub fn forget(&mut self, now: Timestamp, window: Window) -> bool {
        let start = window.lookback_start(now);
        for series in &mut self.series {
            series.forget_before(start);
            series.shrink();
        }
        self.series.retain(|series| !series.is_empty());
        self.drop_unused_sources();
        self.historical.take_if(|historical| historical.forget(now));
        if let Some(historical) = &mut self.historical {
            historical.shrink();
        }
        self.is_empty()
    }

    /// How many readings are remembered.
    pub fn len(&self) -> usize {
        let historical = self.historical.as_ref().map_or(0, |historical| historical.len());
        self.series.iter().map(Series::len).sum::<usize>() + historical
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.historical.is_none()
    }

    /// Before a series grows, what has left the window makes room.
    fn make_room(&mut self, kind: Kind, now: Timestamp, window: Window) {
        let Some(series) = self.series.iter_mut().find(|series| series.kind() == kind) else {
            return;
        };
        if !series.is_full() && series.len() < MOST_READINGS {
            return;
        }
        series.forget_before(window.lookback_start(now));
        if series.len() >= MOST_READINGS {
            // Only what is in the window counts.
            series.forget_before(window.start(now));
        }
        series.make_room();
    }

    fn source_index(&mut self, digest: SourceDigest) -> Result<usize, TooMany> {
        if let Some(index) = self.sources.iter().rposition(|known| *known == digest) {
            return Ok(index);
        }
        if self.sources.len() >= MOST_SOURCES {
            self.drop_unused_sources();
            if self.sources.len() >= MOST_SOURCES {
                return Err(TooMany::Sources);
            }
        }
        self.sources.push(digest);
        Ok(self.sources.len() - 1)
    }

    fn drop_unused_sources(&mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;
    use crate::source::SourceDigest;
    use crate::time::Span;
    use crate::version::Version;
    use crate::window::LOOKBACK;

    const START: Timestamp = Timestamp::from_seconds(1_780_000_000);

    fn reading(second: i64) -> RememberedReading {
        RememberedReading {
            kind: Kind::BloodGlucose,
            observation_time: START + Span::from_seconds(second),
            source: SourceDigest::from_bits(1),
            version: Version::from_bits(1),
            entered_in_error: false,
            sample: Sample::default(),
        }
    }

    fn outcome(
        timeline: &mut Timeline,
        reading: &RememberedReading,
        received: Timestamp,
    ) -> Outcome {
        timeline.admit(reading, received, Window::default()).unwrap().outcome
    }

    #[test]
    fn one_patients_readings_are_bounded_and_what_leaves_the_window_makes_room() {
        let mut timeline = Timeline::default();
        let soon = START + Span::from_days(2);
        let most = MOST_READINGS as i64;
        for second in 0..most {
            outcome(&mut timeline, &reading(second), soon);
        }
        let one_more = reading(most);
        assert_eq!(timeline.admit(&one_more, soon, Window::default()), Err(TooMany::Readings));
        let corrected = RememberedReading { version: Version::from_bits(2), ..reading(7) };
        let changed = outcome(&mut timeline, &corrected, soon);
        assert_eq!(changed, Outcome::Conflict, "what is known can still be changed");
        let old = reading(-60 * 86_400);
        assert_eq!(outcome(&mut timeline, &old, soon), Outcome::Historical);
        assert_eq!(timeline.len(), MOST_READINGS + 1);

        let later = START + WINDOW + Span::from_seconds(100);
        assert_eq!(outcome(&mut timeline, &one_more, later), Outcome::New);
        assert_eq!(timeline.len(), MOST_READINGS - 100 + 1 + 1);
    }

    #[test]
    fn importing_the_past_never_keeps_out_the_present() {
        let mut timeline = Timeline::default();
        let now = START + Span::from_days(500);
        for minute in 0..MOST_READINGS as i64 + 5 {
            assert_eq!(outcome(&mut timeline, &reading(minute * 60), now), Outcome::Historical);
        }
        let live = RememberedReading { observation_time: now, ..reading(0) };
        assert_eq!(outcome(&mut timeline, &live, now), Outcome::New);
    }

    #[test]
    fn what_has_left_the_window_is_not_known_whether_or_not_it_was_swept() {
        for (is_swept, is_recent) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut timeline = Timeline::default();
            outcome(&mut timeline, &reading(0), START);
            let left = if is_recent { Span::from_seconds(1) } else { LOOKBACK + LOOKBACK };
            let later = START + WINDOW + left;
            if is_swept {
                timeline.forget(later, Window::default());
            }
            assert_eq!(outcome(&mut timeline, &reading(0), later), Outcome::Historical);
            assert_eq!(outcome(&mut timeline, &reading(0), later), Outcome::Duplicate);
            let day_later = later + Span::from_hours(24) + Span::from_seconds(1);
            if is_swept {
                timeline.forget(day_later, Window::default());
            }
            assert_eq!(outcome(&mut timeline, &reading(0), day_later), Outcome::Historical);
        }
    }

    #[test]
    fn what_was_observed_before_a_rebuild_began_to_read_is_historical() {
        let mut timeline = Timeline::default();
        let window = Window::rebuilt_at(START + WINDOW + Span::from_seconds(10));
        let received = START + Span::from_days(30);
        for (second, expected) in [(9, Outcome::Historical), (10, Outcome::New)] {
            let found = timeline.admit(&reading(second), received, window).unwrap().outcome;
            assert_eq!(found, expected, "{second}");
        }
    }
}
