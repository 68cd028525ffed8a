//! What is remembered of one patient: the versions seen and the values the rules look at.
//!
//! Made small, because one process remembers a million patients: what is not new any more is packed.

mod block;
mod columns;
mod entry;
#[cfg(test)]
mod model;
mod overtaken;
mod rare;
mod room;
mod series;
#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use crate::admission::Outcome;
use crate::copies::{self, COPY_WITHIN};
use crate::historical::KnownPast;
use crate::kinds::Kind;
use crate::remembered::{CurrentReading, RememberedReading};
use crate::source::SourceDigest;
use crate::suspicions::{AskSevere, Received, Suspicions, is_written_by_hand};
use crate::time::Timestamp;
use crate::version::Version;
use crate::window::{WINDOW, Window};
use entry::Entry;
use rare::Rare;
use series::Series;

/// One patient's remembered readings, per kind in observation order.
#[derive(Debug, Default)]
pub struct Timeline {
    series: Vec<Series>,
    /// Most patients have one or two.
    sources: SmallVec<[SourceDigest; 2]>,
    /// Of most patients there is none.
    rare: Option<Box<Rare>>,
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
    /// What its version counts as: as of its first receipt.
    pub version: Version,
    /// Whether what is suspected of the patient's data may have changed.
    pub changes_suspicions: bool,
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

impl Timeline {
    /// Admits a reading received at `received` and remembers its version if it is the greatest.
    pub fn admit(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        window: Window,
        ask_severe: AskSevere,
    ) -> Admission {
        let first = self.rare.as_ref().and_then(|rare| rare.overtaken.counted(reading));
        let version = first.unwrap_or_else(|| reading.version.counted(received));
        let counted = RememberedReading { version, ..*reading };
        let is_historical = reading.observation_time
            < self.window(reading.kind, window).start(received)
            || !self.makes_room(&counted, received, window);
        let past = self.past(reading, received).filter(|_| is_historical);
        let mut admission = match is_historical {
            true => self.admit_historical(&counted, reading.version, received),
            false => self.admit_current(&counted, (reading.version, received), ask_severe),
        };
        let counted = RememberedReading { version: admission.version, ..*reading };
        let as_received = Received { outcome: admission.outcome, at: received, past };
        admission.changes_suspicions |= self.suspect(&counted, as_received, ask_severe);
        admission
    }

    /// Remembers a reading again that was accepted at `received` with an outcome, by a state whose
    /// window may begin later than that of the state which accepted it. Its version is what it was
    /// counted as. Says whether the current readings have changed.
    pub fn restore(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
        outcome: Outcome,
        window: Window,
        ask_severe: AskSevere,
    ) -> bool {
        let past = self.past(reading, received);
        self.suspect(reading, Received { outcome, at: received, past }, ask_severe);
        let is_historical = match outcome {
            Outcome::Historical => true,
            Outcome::New | Outcome::Correction => reading.observation_time < received - WINDOW,
            // As is an older version of a historical reading.
            Outcome::Stale | Outcome::Conflict | Outcome::Duplicate => past.is_some(),
        };
        if is_historical {
            let start = self.window(reading.kind, window).start(received);
            if reading.observation_time >= start && self.has_no_room(reading) {
                self.memory_is_full(received, None);
            }
            return self.admit_historical(reading, reading.version, received).changes_current;
        }
        if reading.observation_time < window.lookback_start(received)
            || !self.makes_room(reading, received, window)
        {
            return false;
        }
        self.admit_current(reading, (reading.version, received), ask_severe).changes_current
    }

    /// `sent` is the version as it was sent, before it was counted.
    fn admit_historical(
        &mut self,
        reading: &RememberedReading,
        sent: Version,
        received: Timestamp,
    ) -> Admission {
        let rare = self.rare.get_or_insert_default();
        let admitted = rare.historical.admit(reading, sent, received);
        if let Some(version) = admitted.overtaken {
            rare.overtaken.remember(reading, version, received);
        }
        Admission {
            outcome: admitted.outcome,
            changes_current: false,
            in_order: false,
            source: reading.source,
            version: admitted.version,
            changes_suspicions: false,
        }
    }

    fn admit_current(
        &mut self,
        reading: &RememberedReading,
        (sent, received): (Version, Timestamp),
        ask_severe: AskSevere,
    ) -> Admission {
        let RememberedReading { kind, source, version, .. } = *reading;
        let entry = Entry::new(reading, received, self.source_index(source));
        let series = match self.series.iter().position(|series| series.kind() == kind) {
            Some(at) => &mut self.series[at],
            None => {
                self.series.reserve_exact(1);
                self.series.push(Series::new(kind));
                self.series.last_mut().expect("just pushed")
            }
        };
        let admission = |outcome, changes_current, in_order, version| Admission {
            outcome,
            changes_current,
            in_order,
            source,
            version,
            changes_suspicions: false,
        };
        match series.find(entry.key(&self.sources), &self.sources) {
            Err(place) => {
                let in_order = series.last_time().is_none_or(|last| last < entry.time());
                series.insert(place, entry);
                if is_written_by_hand(reading, ask_severe) {
                    let rare = self.rare.get_or_insert_default();
                    rare.suspicions.take_written_by_hand(reading, received);
                }
                admission(Outcome::New, !reading.entered_in_error, in_order, version)
            }
            Ok(place) => {
                let known = series.version(place);
                if known == version {
                    return admission(Outcome::Duplicate, false, false, version);
                }
                let known_entry = series.entry(place);
                let known_was_ahead = known_entry.was_ahead();
                if known_was_ahead && known.is_counted_of(sent) {
                    return admission(Outcome::Duplicate, false, false, known);
                }
                let wins = version > known;
                if wins {
                    series.replace(place, entry);
                }
                let (overtaken, was_ahead) = match wins {
                    true => (known, known_was_ahead),
                    false => (version, entry.was_ahead()),
                };
                if was_ahead {
                    let rare = self.rare.get_or_insert_default();
                    rare.overtaken.remember(reading, overtaken, received);
                }
                let versions = (reading, &known_entry);
                let changes_suspicions = self.suspect_versions(versions, received, ask_severe);
                let outcome = Outcome::of_version(version, known, false);
                Admission { changes_suspicions, ..admission(outcome, wins, false, version) }
            }
        }
    }

    /// Takes in what a version that was accepted makes suspect, or clears. Says whether that may have
    /// changed.
    fn suspect(
        &mut self,
        reading: &RememberedReading,
        received: Received,
        ask_severe: AskSevere,
    ) -> bool {
        if received.outcome == Outcome::Duplicate {
            return false;
        }
        match &mut self.rare {
            Some(rare) => {
                let is_news = std::mem::take(&mut rare.is_news);
                rare.suspicions.take(reading, received, ask_severe) || is_news
            }
            None if Suspicions::concern(reading, received) => {
                let rare = self.rare.get_or_insert_default();
                rare.suspicions.take(reading, received, ask_severe)
            }
            None => false,
        }
    }

    /// The same of two versions of one reading.
    fn suspect_versions(
        &mut self,
        (reading, known): (&RememberedReading, &Entry),
        received: Timestamp,
        ask_severe: AskSevere,
    ) -> bool {
        let known = known.as_version();
        match &mut self.rare {
            Some(rare) => rare.suspicions.take_versions(reading, known, received, ask_severe),
            None if known.concern(reading, ask_severe) => {
                let rare = self.rare.get_or_insert_default();
                rare.suspicions.take_versions(reading, known, received, ask_severe)
            }
            None => false,
        }
    }

    /// The greatest version that is known of a historical reading.
    fn past(&self, reading: &RememberedReading, received: Timestamp) -> Option<KnownPast> {
        self.rare.as_ref().and_then(|rare| rare.historical.known(reading, received))
    }

    /// What the patient's data are suspected of.
    pub fn suspicions(&self) -> Option<&Suspicions> {
        self.rare.as_ref().map(|rare| &rare.suspicions)
    }

    /// The window of a kind: it begins later where readings have left memory.
    pub(crate) fn window(&self, kind: Kind, window: Window) -> Window {
        self.rare.as_ref().map_or(window, |rare| window.without(rare.left.of(kind)))
    }

    /// The same of several kinds, which are asked for only where readings of the patient have left memory.
    pub(crate) fn window_of_all<'k>(
        &self,
        kinds: impl FnOnce() -> &'k [Kind],
        window: Window,
    ) -> Window {
        let Some(rare) = &self.rare else { return window };
        kinds().iter().fold(window, |window, kind| window.without(rare.left.of(*kind)))
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
        self.counted_of(kind, from, |_| true)
    }

    /// The same of some of the current readings.
    pub(crate) fn counted_of(
        &self,
        kind: Kind,
        from: Timestamp,
        is_among: impl Fn(&CurrentReading) -> bool,
    ) -> impl Iterator<Item = CurrentReading> {
        let may_be_copies = self.sources.len() > 1
            && self.of_kind(kind).is_some_and(|it| !it.is_of_one_source(from - COPY_WITHIN));
        let seen_from = if may_be_copies { from - COPY_WITHIN } else { from };
        let current = self.current(kind, seen_from).filter(is_among);
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
        self.rare.take_if(|rare| rare.forget(now, start));
        self.is_empty()
    }

    /// How many readings are remembered.
    pub fn len(&self) -> usize {
        let historical = self.rare.as_ref().map_or(0, |rare| rare.historical.len());
        self.series.iter().map(Series::len).sum::<usize>() + historical
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.rare.is_none()
    }
}
