//! What makes a patient's data suspect, as far as readings and their receipts say it: clocks that were
//! not set or are far behind, clocks that are ahead or behind, clocks without seconds, and more readings than are
//! remembered. Little is remembered of it, and of most patients nothing.
//!
//! All of it follows from what was accepted and when, so that a state which is rebuilt suspects the same.

mod far_behind;
mod fixed;
mod received;
mod replaced;
mod severity;
mod stale;
mod unknown_time;
mod versions;
mod written;

use crate::admission::Outcome;
use crate::clock;
use crate::remembered::RememberedReading;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::window::{LOOKBACK, WINDOW};
use far_behind::FarBehind;
pub(crate) use fixed::FIXED;
pub(crate) use received::Received;
use replaced::AllReplaced;
pub use replaced::Replaced;
pub use severity::{AskSevere, SevereBy};
use severity::{MakesRoom, remember_with_room};
use stale::StaleCorrections;
pub use unknown_time::UnknownTime;
pub(crate) use versions::{KnownVersion, is_written_by_hand};

/// A clock that was not set is suspected for so long after the last reading that shows it, unless the
/// device is seen to be set before. Ours: somebody should look within a month, and a device that is not
/// used any more is nobody's trouble.
pub const CLOCK_NOT_SET_FOR: Span = Span::from_days(30);

/// A clock that counts on, or is set to another month or year, is suspected for so long after the last
/// reading that shows it. Ours: two weeks; with what it is compared with it stays within the receipts that a
/// rebuild reads ([`WINDOW`]).
pub const FAR_BEHIND_FOR: Span = Span::from_days(14);

/// A device is known to count on by what it showed so long before: after that its days show it
/// ([`far_behind`]). Ours: weights are measured weekly.
const COUNTS_ON_FOR: Span = far_behind::UNTIL_THE_NEXT;

/// A device that is so much sooner or later in what it shows than in when it is received counts on from
/// its factory date. A history that is imported is received at once, or in days what it shows in months.
/// Ours: phones hand over at night.
const COUNTS_ON_WITHIN: Span = Span::from_hours(12);

/// A clock that is ahead is suspected for so long after the last version that shows it, unless its
/// source is right before. Ours.
pub const UPDATE_TIME_AHEAD_FOR: Span = Span::from_days(7);

/// Memory is full for so long after the last reading that others had to make room for, and for as long as
/// the window begins later for what has left: what is sent late from before is looked at by no rule. Ours.
pub const MEMORY_FULL_FOR: Span = Span::from_days(1);

/// A clock that is less ahead than this does no harm that anybody should be troubled with: what it has
/// registered counts as received ([`crate::version`]), and its sender is warned. Ours.
pub const TROUBLED_BY: Span = Span::from_minutes(5);

/// Two versions of a reading of a whole minute are probably two readings also where a person has written
/// the later one, when they were registered within so long of one another: nobody corrects a value so soon.
/// Ours.
pub const SAME_MINUTE_WITHIN: Span = Span::from_minutes(2);

/// A reading that another of its minute has replaced is suspected for so long. Ours.
pub const SAME_MINUTE_FOR: Span = Span::from_days(7);

/// A severe value that was handed over as of long ago is reported after so long: until then the rest of a
/// history may come. Ours.
pub(crate) const LONG_AGO_AFTER: Span = Span::from_hours(1);

/// So many readings of unknown time of one patient are known, those that were received last and those
/// that are severe: as many as cuffs and meters remember.
const MOST_OF_UNKNOWN_TIME: usize = 512;

/// Of so many sources of one patient it is known that they are ahead, those that were received last.
const MOST_AHEAD: usize = 16;

fn is_of_unknown_time(reading: &RememberedReading, received: Timestamp) -> bool {
    clock::not_set(reading.observation_time, received) && clock::is_doubted(reading.kind)
}

/// Whether a value that may be severe was handed over as of long ago.
fn may_be_severe_of_long_ago(
    reading: &RememberedReading,
    received: Timestamp,
    ask_severe: AskSevere,
) -> bool {
    let times = (reading.observation_time, reading.version.update_time());
    clock::long_ago(times, received)
        && clock::is_doubted(reading.kind)
        // What a person writes is written whenever somebody comes to it.
        && !reading.by_hand
        && !reading.entered_in_error
        && ask_severe.by(reading.kind, reading.sample).may_be()
}

/// A source whose newest version was registered later than it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ahead {
    source: SourceDigest,
    first_received: Timestamp,
    received: Timestamp,
}

/// What one patient's data are suspected of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suspicions {
    of_unknown_time: Vec<UnknownTime>,
    far_behind: FarBehind,
    ahead: Vec<Ahead>,
    stale: StaleCorrections,
    replaced: AllReplaced,
    /// Since when memory is full, and until when.
    full: Option<(Timestamp, Timestamp)>,
}

impl Suspicions {
    /// Whether a reading that was taken in says anything, or may end what was suspected.
    pub(crate) fn concern(reading: &RememberedReading, received: Received) -> bool {
        reading.version.ahead_by(received.at).is_some()
            // Each may be the first that shows a clock which is far behind, also where it is restored.
            || matches!(received.outcome, Outcome::Stale | Outcome::Historical)
            || is_of_unknown_time(reading, received.at)
    }

    /// Takes in a version that was accepted with an outcome. Says whether what is suspected may have
    /// changed.
    pub(crate) fn take(
        &mut self,
        reading: &RememberedReading,
        how: Received,
        ask_severe: AskSevere,
    ) -> bool {
        let Received { outcome, at: received, past } = how;
        // Here, not in the sweep alone: a state that is rebuilt is not swept in between.
        self.lapse(received);
        let is_far_behind = match outcome {
            // What a person writes shows no device's clock.
            _ if reading.by_hand => false,
            Outcome::Historical => self.far_behind.take(reading, received, COUNTS_ON_WITHIN),
            Outcome::New => {
                self.far_behind.is_right(reading.source);
                false
            }
            _ => false,
        };
        let is_of_the_past = outcome == Outcome::Historical || past.is_some();
        let may_count_on = outcome == Outcome::Historical && !reading.by_hand;
        let counts_on =
            is_far_behind || may_count_on && self.counts_on(reading, received, ask_severe);
        // What has gone on from upload to upload as a clock does is no history, however many days it is of.
        let is_of_history =
            is_of_the_past && !counts_on && self.far_behind.is_history(reading.source, received);
        let by_history = is_of_history && self.shows_history(reading.source);
        if counts_on {
            self.is_known_to_count_on(reading.source);
        }
        let by_person = is_of_the_past && self.settles(reading, received);
        let is_doubted = counts_on
            || is_of_unknown_time(reading, received)
            || self.place_of_unknown_time(reading).is_some();
        let is_by_date = is_of_the_past
            && !is_doubted
            && !is_of_history
            && may_be_severe_of_long_ago(reading, received, ask_severe);
        let by_clock = if is_doubted || is_by_date && how.is_newest_of_the_past(reading) {
            self.take_of_unknown_time(reading, how, is_by_date, ask_severe)
        } else if is_by_date && how.is_overtaken_in_the_past(reading) {
            let overtaken = UnknownTime::of(reading, received, is_by_date);
            self.replaced.take_older(&overtaken, received, ask_severe)
        } else {
            self.is_set(reading, (outcome, received))
        };
        let by_update_time = self.take_update_time(reading, received);
        let by_others = by_history || by_person || by_update_time || by_clock;
        self.stale.take(reading, outcome, received) || by_others
    }

    /// A person has written a version of a reading of long ago, or taken the reading back: of earlier versions
    /// nothing is reported any more. Of a factory date each may be another measurement. Says whether that is news.
    fn settles(&mut self, reading: &RememberedReading, received: Timestamp) -> bool {
        (reading.by_hand || reading.entered_in_error)
            && !clock::not_set(reading.observation_time, received)
            && self.replaced.clear_before(reading)
    }

    /// A device has handed over a history: of what it shows the date is taken as it is. Says whether that is news.
    fn shows_history(&mut self, source: SourceDigest) -> bool {
        let mut is_news = false;
        let of_source = |known: &&mut UnknownTime| known.reading.source == source;
        for known in self.of_unknown_time.iter_mut().filter(of_source) {
            is_news |= known.is_by_date && !known.is_over;
            known.is_over |= known.is_by_date;
        }
        self.replaced.is_history(source) || is_news
    }

    /// Of a device's clock more is known than a date.
    fn is_known_to_count_on(&mut self, source: SourceDigest) {
        let of_source = |known: &&mut UnknownTime| known.reading.source == source;
        self.of_unknown_time.iter_mut().filter(of_source).for_each(|known| {
            known.is_by_date = false;
        });
    }

    /// Whether a device has gone on counting from a date that is doubtful by itself, a factory date or one of
    /// long ago with a severe value: it shows as much later as it was received later, from a day to
    /// [`COUNTS_ON_FOR`].
    fn counts_on(
        &self,
        reading: &RememberedReading,
        received: Timestamp,
        ask_severe: AskSevere,
    ) -> bool {
        let is_severe = |known: &UnknownTime| {
            ask_severe.by(known.kind, known.reading.sample) == SevereBy::Default
        };
        self.of_unknown_time.iter().any(|known| {
            let shown_later = reading.observation_time - known.reading.time;
            let received_later = received - known.received;
            let apart = Span::from_millis(shown_later.millis() - received_later.millis());
            !known.is_over
                && (known.was_by_date && is_severe(known) || known.says_factory_date())
                && known.reading.source == reading.source
                && shown_later >= Span::from_days(1)
                && received_later <= COUNTS_ON_FOR
                && apart.abs() <= COUNTS_ON_WITHIN
        })
    }

    fn place_of_unknown_time(&self, reading: &RememberedReading) -> Option<usize> {
        let key = (reading.kind, reading.observation_time, reading.source);
        let key_of = |known: &UnknownTime| (known.kind, known.reading.time, known.reading.source);
        self.of_unknown_time.iter().position(|known| key_of(known) == key)
    }

    fn take_of_unknown_time(
        &mut self,
        reading: &RememberedReading,
        how: Received,
        is_by_date: bool,
        ask_severe: AskSevere,
    ) -> bool {
        let mut new = UnknownTime::of(reading, how.at, is_by_date);
        if self.replaced.is_reported(reading, how.at) {
            // Another version of it was reported already: there is nothing to wait for.
            new.reported_from = how.at;
        }
        match self.place_of_unknown_time(reading) {
            Some(place) => self.take_version_of_unknown_time((place, new), ask_severe),
            None if !how.is_newest_of_the_past(reading) => false,
            None => {
                let hides = |one: &UnknownTime| match one.is_over {
                    true => MakesRoom { hidden: SevereBy::NoPlan, is_known_to_nobody: false },
                    false => MakesRoom {
                        hidden: ask_severe.by(one.kind, one.reading.sample),
                        is_known_to_nobody: one.reported_from > how.at,
                    },
                };
                remember_with_room(&mut self.of_unknown_time, MOST_OF_UNKNOWN_TIME, new, hides);
                !new.is_over
            }
        }
    }

    /// Takes in another version of a reading of unknown time, whose place is given.
    ///
    /// A clock that stands still, or begins anew each time, gives all measurements one id. Nothing tells the
    /// next of them from a correction, so that none takes another's place in silence: a sender takes a value
    /// back by saying that it was entered in error.
    fn take_version_of_unknown_time(
        &mut self,
        (place, new): (usize, UnknownTime),
        ask_severe: AskSevere,
    ) -> bool {
        let known = self.of_unknown_time[place];
        if new.version == known.version {
            self.of_unknown_time[place].last_received = new.received;
            return false;
        }
        let (mut is_news, mut is_settled) = (false, known.is_settled);
        let mut older = new;
        if new.version > known.version {
            is_settled = new.is_settled;
            // What is suspected again is so since now.
            let received = if known.is_over { new.received } else { known.received };
            let UnknownTime { reported_from, is_by_date, was_by_date, .. } = known;
            // A value that is corrected to one that is not severe is one of a history.
            let is_harmless = || !ask_severe.by(new.kind, new.reading.sample).may_be();
            let is_over = new.is_over || is_by_date && is_harmless();
            let of_known =
                UnknownTime { received, reported_from, is_by_date, was_by_date, is_over, ..new };
            self.of_unknown_time[place] = of_known;
            is_news = !(known.is_over && new.is_over);
            older = known;
        }
        // Of a date of long ago, and of a clock that counts on from there, a device corrects nothing.
        let may_be_another = new.says_factory_date() || !is_settled;
        let is_replaced =
            may_be_another && self.replaced.take_older(&older, new.received, ask_severe);
        is_news || is_replaced
    }

    /// A reading that a device observed after one of unknown time was received shows that its clock is
    /// set; what a person has written does not.
    fn is_set(
        &mut self,
        reading: &RememberedReading,
        (outcome, received): (Outcome, Timestamp),
    ) -> bool {
        if outcome != Outcome::New || reading.entered_in_error || reading.by_hand {
            return false;
        }
        let mut is_news = false;
        for unknown in &mut self.of_unknown_time {
            // What is not reported yet says something new with a clock that was set since: it was wrong before.
            let waits = unknown.is_by_date && unknown.reported_from > received;
            if !unknown.is_over
                && !waits
                && unknown.reading.source == reading.source
                && reading.observation_time > unknown.received
            {
                unknown.is_over = true;
                is_news = true;
            }
        }
        is_news
    }

    fn take_update_time(&mut self, reading: &RememberedReading, received: Timestamp) -> bool {
        let place = self.ahead.iter().position(|known| known.source == reading.source);
        let is_troubled = reading.version.ahead_by(received).is_some_and(|by| by >= TROUBLED_BY);
        match place {
            Some(place) if is_troubled => {
                let known = &mut self.ahead[place];
                let had_lapsed = known.received + UPDATE_TIME_AHEAD_FOR <= received;
                if had_lapsed {
                    known.first_received = received;
                }
                known.received = known.received.max(received);
                had_lapsed
            }
            None if is_troubled => {
                if self.ahead.len() == MOST_AHEAD {
                    self.ahead.remove(0);
                }
                let source = reading.source;
                self.ahead.push(Ahead { source, first_received: received, received });
                true
            }
            Some(place) if reading.version.ahead_by(received).is_none() => {
                let is_later = received > self.ahead[place].received;
                if is_later {
                    self.ahead.remove(place);
                }
                is_later
            }
            _ => false,
        }
    }

    /// Takes in a reading that a person [has written](is_written_by_hand) and of which no other version is
    /// known.
    pub(crate) fn take_written_by_hand(
        &mut self,
        reading: &RememberedReading,
        received: Timestamp,
    ) {
        self.lapse(received);
        self.replaced.note_written(reading, received);
    }

    /// Takes in two versions of one reading, the known one and another.
    pub(crate) fn take_versions(
        &mut self,
        other: &RememberedReading,
        known: KnownVersion,
        received: Timestamp,
        ask_severe: AskSevere,
    ) -> bool {
        self.lapse(received);
        self.replaced.take_versions(other, known, received, ask_severe)
    }

    /// There was too much when a reading was received, and what was observed until `left` has made room
    /// for it; none where it is the reading itself that has none. Says whether that is news.
    pub(crate) fn memory_is_full(&mut self, received: Timestamp, left: Option<Timestamp>) -> bool {
        let is_narrowed_until = left.map(|left| left + WINDOW + LOOKBACK);
        let until = is_narrowed_until.into_iter().fold(received + MEMORY_FULL_FOR, Timestamp::max);
        match &mut self.full {
            Some((_, known)) if received < *known => {
                *known = until.max(*known);
                false
            }
            full => {
                *full = Some((received, until));
                true
            }
        }
    }

    fn lapse(&mut self, now: Timestamp) {
        self.of_unknown_time.retain(|unknown| unknown.until() > now);
        self.far_behind.lapse(now);
        self.ahead.retain(|ahead| ahead.received + UPDATE_TIME_AHEAD_FOR > now);
        self.stale.lapse(now);
        self.replaced.lapse(now);
    }

    /// Forgets what is over. True when nothing is left.
    pub(crate) fn forget(&mut self, now: Timestamp) -> bool {
        self.lapse(now);
        self.full.take_if(|(_, until)| *until <= now);
        if self.of_unknown_time.is_empty() {
            self.of_unknown_time = Vec::new();
        }
        self.of_unknown_time.is_empty()
            && self.far_behind.is_empty()
            && self.ahead.is_empty()
            && self.stale.is_empty()
            && self.replaced.is_empty()
            && self.full.is_none()
    }

    /// The readings of unknown time that are suspected at `now`, in the order of their receipt.
    pub fn of_unknown_time(&self, now: Timestamp) -> impl Iterator<Item = &UnknownTime> + Clone {
        let is_reported =
            move |one: &&UnknownTime| !one.is_over && one.reported_from <= now && one.until() > now;
        self.of_unknown_time.iter().filter(is_reported)
    }

    /// When the next of them is reported that are not yet.
    pub(crate) fn reported_next(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = |one: &&UnknownTime| !one.is_over && one.reported_from > now;
        let of_unknown_time =
            self.of_unknown_time.iter().filter(waits).map(|one| one.reported_from);
        of_unknown_time.chain(self.replaced.reported_next(now)).min()
    }

    /// The readings that others of their minute have replaced, as suspected at `now`, in the order of
    /// that.
    pub fn replaced(&self, now: Timestamp) -> impl Iterator<Item = &Replaced> + Clone {
        self.replaced.reported(now, &self.of_unknown_time)
    }

    /// Since when a clock is ahead, and until when that is suspected.
    pub fn update_time_ahead(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let lasts = |ahead: &Ahead| ahead.received + UPDATE_TIME_AHEAD_FOR;
        let ahead = || self.ahead.iter().filter(|ahead| lasts(ahead) > now);
        Some((ahead().map(|one| one.first_received).min()?, ahead().map(lasts).max()?))
    }

    /// Since when a clock is behind, and until when that is suspected.
    pub fn update_time_behind(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        self.stale.since_until(now)
    }

    /// Since when memory is full, and until when that is suspected.
    pub fn memory_full(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        self.full.filter(|(_, until)| *until > now)
    }
}
