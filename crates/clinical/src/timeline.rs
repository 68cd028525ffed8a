//! What is remembered of one patient: the versions seen and the values the rules look at.
//!
//! Made small, because one process remembers a million patients: a reading costs 20 bytes.

use crate::admission::Outcome;
use crate::historical::Historical;
use crate::measurement::Kind;
use crate::reading::SourceDigest;
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::sample::Sample;
use crate::time::Timestamp;
use crate::version::Version;
use crate::window::{WINDOW, Window};

/// More sources than this in one patient's window are no patient's devices.
pub const MOST_SOURCES: usize = 1024;

/// More readings of a kind in one patient's window than one a minute for two months are no patient's:
/// they would take memory and time from all others. 100,000 cost 2 MB.
pub const MOST_READINGS: usize = 100_000;

// Bits of `Entry::marks`: source index in the lower ten, then three of delay, then a flag.
const SOURCE_MASK: u16 = 0x03ff;
const DELAY_SHIFT: u16 = 10;
const ENTERED_IN_ERROR: u16 = 1 << 13;

/// 20 bytes, aligned to four: the version is kept in halves for that.
#[derive(Debug, Clone, Copy)]
struct Entry {
    seconds: u32,
    version: [u32; 2],
    sample: Sample,
    marks: u16,
}

const _: () = assert!(std::mem::size_of::<Entry>() == 20);

impl Entry {
    fn version(&self) -> Version {
        Version::from_bits(u64::from(self.version[0]) << 32 | u64::from(self.version[1]))
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.seconds))
    }

    fn source_index(&self) -> usize {
        usize::from(self.marks & SOURCE_MASK)
    }

    fn is(&self, mark: u16) -> bool {
        self.marks & mark != 0
    }
}

#[derive(Debug)]
struct Series {
    kind: Kind,
    /// In observation order, equal times by source digest. Those from before the window are seen
    /// beside those in it, and not changed any more.
    entries: Vec<Entry>,
}

impl Series {
    fn forget_before(&mut self, time: Timestamp) {
        let left = self.entries.partition_point(|entry| entry.time() < time);
        self.entries.drain(..left);
    }
}

/// One patient's remembered readings, per kind in observation order.
#[derive(Debug, Default)]
pub struct Timeline {
    series: Vec<Series>,
    sources: Vec<SourceDigest>,
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
    /// window may begin later than that of the state which accepted it.
    ///
    /// # Errors
    /// [`TooMany`]; nothing is remembered then.
    pub fn restore(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        outcome: Outcome,
        window: Window,
    ) -> Result<(), TooMany> {
        let is_historical = match outcome {
            Outcome::Historical => true,
            Outcome::New | Outcome::Correction => reading.observation_time < received - WINDOW,
            // As is an older version of a historical reading.
            Outcome::Stale | Outcome::Conflict | Outcome::Duplicate => {
                self.historical.as_ref().is_some_and(|past| past.knows(reading, received))
            }
        };
        if is_historical {
            self.admit_historical(reading, received);
        } else if reading.observation_time >= window.lookback_start(received) {
            self.admit_current(reading, received, window)?;
        }
        Ok(())
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
        let RememberedReading { kind, observation_time: time, source: digest, .. } = *reading;
        self.make_room(kind, received, window);
        let source = self.source_index(digest)?;

        let mut marks = source as u16 | u16::from(Delay::between(time, received).0) << DELAY_SHIFT;
        if reading.entered_in_error {
            marks |= ENTERED_IN_ERROR;
        }
        let bits = reading.version.bits();
        let entry = Entry {
            seconds: time.seconds() as u32,
            version: [(bits >> 32) as u32, bits as u32],
            sample: reading.sample,
            marks,
        };

        let sources = &self.sources;
        let series = match self.series.iter().position(|s| s.kind == kind) {
            Some(at) => &mut self.series[at],
            None => {
                self.series.reserve_exact(1);
                self.series.push(Series { kind, entries: Vec::new() });
                self.series.last_mut().expect("just pushed")
            }
        };
        let entries = &mut series.entries;
        let key = (entry.seconds, digest);
        let key_of = |e: &Entry| (e.seconds, sources[e.source_index()]);
        let position = match entries.last() {
            None => Err(0),
            Some(last) if key_of(last) < key => Err(entries.len()),
            Some(_) => entries.binary_search_by_key(&key, key_of),
        };
        Ok(match position {
            Err(_) if entries.len() >= MOST_READINGS => return Err(TooMany::Readings),
            Err(at) => {
                let in_order = entries.last().is_none_or(|last| last.seconds < entry.seconds);
                entries.insert(at, entry);
                Admission {
                    outcome: Outcome::New,
                    changes_current: !reading.entered_in_error,
                    in_order,
                    source: digest,
                }
            }
            Ok(at) => {
                let known = entries[at];
                let outcome = Outcome::of_version(reading.version, known.version(), false);
                let wins = reading.version > known.version();
                if wins {
                    entries[at] = entry;
                }
                Admission { outcome, changes_current: wins, in_order: false, source: digest }
            }
        })
    }

    /// The current readings of a kind that were observed at `from` or later, in observation order.
    pub fn current(
        &self,
        kind: Kind,
        from: Timestamp,
    ) -> impl DoubleEndedIterator<Item = CurrentReading> {
        let entries = self
            .series
            .iter()
            .find(|series| series.kind == kind)
            .map_or(&[][..], |series| &series.entries[..]);
        let start = entries.partition_point(|entry| entry.time() < from);
        entries[start..].iter().filter(|entry| !entry.is(ENTERED_IN_ERROR)).map(|entry| {
            CurrentReading {
                time: entry.time(),
                source: self.sources[entry.source_index()],
                sample: entry.sample,
                delay: Delay((entry.marks >> DELAY_SHIFT & 0b111) as u8),
            }
        })
    }

    /// Forgets what is not seen from the window any more. True when nothing is left.
    pub fn forget(&mut self, now: Timestamp, window: Window) -> bool {
        let start = window.lookback_start(now);
        for series in &mut self.series {
            series.forget_before(start);
            if series.entries.capacity() > series.entries.len() * 2 {
                series.entries.shrink_to(series.entries.len() + 4);
            }
        }
        self.series.retain(|series| !series.entries.is_empty());
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
        self.series.iter().map(|series| series.entries.len()).sum::<usize>() + historical
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.historical.is_none()
    }

    /// Before a full vector grows, what has left the window makes room. It grows by a quarter and
    /// later by a sixteenth, not to its double as `Vec` would: memory is what bounds the number of
    /// patients. In these steps two readings a day for 41 days fill 82 places.
    fn make_room(&mut self, kind: Kind, now: Timestamp, window: Window) {
        let Some(series) = self.series.iter_mut().find(|series| series.kind == kind) else {
            return;
        };
        if series.entries.len() < series.entries.capacity().min(MOST_READINGS) {
            return;
        }
        series.forget_before(window.lookback_start(now));
        if series.entries.len() >= MOST_READINGS {
            // Only what is in the window counts.
            series.forget_before(window.start(now));
        }
        let entries = &mut series.entries;
        if entries.len() == entries.capacity() {
            let length = entries.len();
            let more = (length / 4).clamp(4, 12).max(length / 16);
            entries.reserve_exact(more.min(MOST_READINGS.saturating_sub(length)));
        }
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
        self.sources.reserve_exact(1);
        self.sources.push(digest);
        Ok(self.sources.len() - 1)
    }

    fn drop_unused_sources(&mut self) {
        let mut used = vec![false; self.sources.len()];
        for entry in self.series.iter().flat_map(|series| &series.entries) {
            used[entry.source_index()] = true;
        }
        if used.iter().all(|used| *used) {
            return;
        }
        let mut moved_to = vec![0_u16; used.len()];
        let mut kept = Vec::with_capacity(used.len());
        for (index, used) in used.iter().enumerate() {
            moved_to[index] = kept.len() as u16;
            if *used {
                kept.push(self.sources[index]);
            }
        }
        for entry in self.series.iter_mut().flat_map(|series| &mut series.entries) {
            let source = moved_to[entry.source_index()];
            entry.marks = entry.marks & !SOURCE_MASK | source;
        }
        self.sources = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;
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
