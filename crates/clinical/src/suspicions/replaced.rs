//! Versions of readings that others have replaced and that were probably measurements of their own: two of
//! one minute, from a device without seconds, or of a device whose clock says the same each time. And those
//! of one second that another overtook which no person has written.

use super::written::Written;
use super::{
    AskSevere, CLOCK_NOT_SET_FOR, KnownVersion, MakesRoom, SAME_MINUTE_FOR, SevereBy, UnknownTime,
    remember_with_room,
};
use crate::clock::is_whole_minute;
use crate::copies::says_all_of;
use crate::kinds::Kind;
use crate::remembered::{CurrentReading, Delay, RememberedReading};
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};
use crate::version::Version;
use crate::window::{LOOKBACK, WINDOW};

/// For so long it is known that a reading was replaced, so that what it was replaced by does not make it
/// suspect again when the replaced one is sent again: after that both are historical.
pub(super) const KNOWN_FOR: Span = Span::from_millis(WINDOW.millis() + LOOKBACK.millis());

/// So many replaced readings of one patient are known, of those that some plan calls severe: the ones that
/// the defaults do, those that were not reported yet, and those that were replaced last.
const MOST: usize = 64;

/// A reading that another of its id has replaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replaced {
    /// What kind.
    pub kind: Kind,
    /// The values that do not count any more.
    pub reading: CurrentReading,
    /// When it was replaced.
    pub received: Timestamp,
    version: Version,
    /// From when on it is reported.
    reported_from: Timestamp,
    /// Until when it is known.
    until: Timestamp,
    /// Whether nothing is reported of it: it was entered in error, or its device's clock was set before.
    is_over: bool,
    /// Whether it counted before it was replaced, so that an alert may have reported it.
    was_current: bool,
    /// Whether nothing but its date makes its time doubtful.
    is_by_date: bool,
    /// The values that count instead; none where nobody knows when either was measured.
    by: Option<Sample>,
}

impl Replaced {
    /// The values that count instead; none where nobody knows when either was measured.
    pub fn by(&self) -> Option<Sample> {
        self.by
    }

    /// From when on it is reported: when it was replaced, or when the rest of a history might have come.
    pub fn reported_from(&self) -> Timestamp {
        self.reported_from
    }

    /// Whether it counted before another of its second replaced it: rules have looked at it, and may have reported
    /// it or still have waited.
    pub fn was_current(&self) -> bool {
        self.was_current
    }

    /// Whether both are of one second, which no other measurement has.
    pub fn is_overtaken(&self) -> bool {
        self.by.is_some() && !is_whole_minute(self.reading.time)
    }

    fn is_of_reading(&self, reading: &RememberedReading) -> bool {
        (self.kind, self.reading.time, self.reading.source)
            == (reading.kind, reading.observation_time, reading.source)
    }

    fn is_of(&self, kind: Kind, reading: &CurrentReading) -> bool {
        self.kind == kind && self.reading.is_of(reading)
    }

    /// Whether a later version of the reading says the same values. It is what is reported of them; where it
    /// was entered in error, it takes them back.
    fn is_said_again_by(&self, version: Version, kind: Kind, reading: &CurrentReading) -> bool {
        version > self.version
            && self.is_of(kind, reading)
            && says_all_of(kind, reading.sample, self.reading.sample)
    }
}

/// What is known of a patient.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AllReplaced {
    readings: Vec<Replaced>,
    written: Written,
}

impl AllReplaced {
    pub(super) fn is_empty(&self) -> bool {
        self.readings.is_empty() && self.written.is_empty()
    }

    pub(super) fn lapse(&mut self, now: Timestamp) {
        self.readings.retain(|replaced| replaced.until > now);
        self.written.lapse(now);
    }

    fn remember(&mut self, replaced: Replaced, ask_severe: AskSevere) {
        let now = replaced.received;
        let hides = |one: &Replaced| {
            let is_reported = !one.is_over && one.received + SAME_MINUTE_FOR > now;
            let hidden = if is_reported {
                ask_severe.by(one.kind, one.reading.sample)
            } else {
                SevereBy::NoPlan
            };
            MakesRoom { hidden, is_known_to_nobody: is_reported && one.reported_from > now }
        };
        remember_with_room(&mut self.readings, MOST, replaced, hides);
    }

    /// Notes that a person has written a reading of which nothing else is known.
    pub(super) fn note_written(&mut self, reading: &RememberedReading, received: Timestamp) {
        self.written.note_first(reading, received);
    }

    /// Whether a version of a reading is reported at `now`.
    pub(super) fn is_reported(&self, reading: &RememberedReading, now: Timestamp) -> bool {
        let is_reported = |one: &Replaced| !one.is_over && one.reported_from <= now;
        self.readings.iter().any(|one| is_reported(one) && one.is_of_reading(reading))
    }

    /// When the next of those is reported that are not yet.
    pub(super) fn reported_next(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = |one: &&Replaced| !one.is_over && one.reported_from > now;
        self.readings.iter().filter(waits).map(|one| one.reported_from).min()
    }

    /// A device has handed over a history: of what it shows the date is taken as it is. Says whether that is news.
    pub(super) fn is_history(&mut self, source: SourceDigest) -> bool {
        let mut is_news = false;
        let of_source = |one: &&mut Replaced| one.reading.source == source && one.is_by_date;
        for one in self.readings.iter_mut().filter(of_source) {
            is_news |= !one.is_over;
            one.is_over = true;
        }
        is_news
    }

    /// Nothing is reported any more of versions of a reading before one. Says whether anything was.
    pub(super) fn clear_before(&mut self, reading: &RememberedReading) -> bool {
        let before = self.readings.len();
        let is_earlier =
            |one: &Replaced| one.is_of_reading(reading) && one.version < reading.version;
        self.readings.retain(|one| !is_earlier(one));
        self.readings.len() < before
    }

    /// Other values count instead of those of a reading that were replaced. Says whether that is news.
    fn count_instead(&mut self, by: &RememberedReading) -> bool {
        let mut is_news = false;
        for one in self.readings.iter_mut().filter(|one| one.is_of_reading(by)) {
            is_news |= !one.is_over && one.by.is_some_and(|known| known != by.sample);
            one.by = one.by.map(|_| by.sample);
        }
        is_news
    }

    /// Takes in two versions of one reading that rules look at, the known one and another. Says whether that is
    /// news.
    pub(super) fn take_versions(
        &mut self,
        other: &RememberedReading,
        known: KnownVersion,
        received: Timestamp,
        ask_severe: AskSevere,
    ) -> bool {
        let wins = other.version > known.version;
        let (version, sample) =
            if wins { (known.version, known.sample) } else { (other.version, other.sample) };
        let (kind, time, source) = (other.kind, other.observation_time, other.source);
        let written = self.written.by(known.version, other);
        let concern = known.concern(other, ask_severe);
        // What a device says again of what a person has written stays the person's.
        let says_again = written.is_some() && says_all_of(kind, other.sample, known.sample);
        if wins && (other.by_hand && concern || says_again && !other.entered_in_error) {
            self.written.note_correction(other, written, received);
        }
        // A person has corrected what was registered before.
        let is_by_hand = match wins {
            true => other.by_hand,
            false => written.is_some_and(|written| written > other.version),
        };
        let is_another = concern && known.is_another_reading(other, is_by_hand);
        if wins && !is_another && (is_by_hand || other.entered_in_error) {
            // Somebody has looked at it since.
            return self.clear_before(other);
        }
        let is_other_value = wins && self.count_instead(other);
        if !is_another {
            return is_other_value;
        }
        let reading = CurrentReading { time, source, sample, delay: Delay::default() };
        let is_same = |one: &Replaced| one.is_of(kind, &reading) && one.reading.sample == sample;
        // The replaced one was sent again, or is nothing that has to be reported.
        if self.readings.iter().any(is_same) || !ask_severe.by(kind, sample).may_be() {
            return is_other_value;
        }
        let greater = if wins { other.sample } else { known.sample };
        let replaced = Replaced {
            kind,
            reading,
            received,
            version,
            reported_from: received,
            until: received + KNOWN_FOR,
            is_over: false,
            was_current: wins && !is_whole_minute(time),
            is_by_date: false,
            by: Some(greater),
        };
        self.remember(replaced, ask_severe);
        true
    }

    /// Takes in the older of two versions of one reading of which nobody knows when it was measured. Says
    /// whether that is news.
    pub(super) fn take_older(
        &mut self,
        older: &UnknownTime,
        received: Timestamp,
        ask_severe: AskSevere,
    ) -> bool {
        let UnknownTime { kind, reading, version, last_received, is_over, .. } = *older;
        // A state that is rebuilt knows of both what it has received since.
        let until = (last_received + CLOCK_NOT_SET_FOR).max(received + SAME_MINUTE_FOR);
        let is_it = |one: &&mut Replaced| one.is_of(kind, &reading) && one.version == version;
        if let Some(known) = self.readings.iter_mut().find(is_it) {
            // It was sent again.
            known.until = known.until.max(until);
            return false;
        }
        if !ask_severe.by(kind, reading.sample).may_be() {
            return false;
        }
        let replaced = Replaced {
            kind,
            reading,
            received,
            version,
            reported_from: older.reported_from.max(received),
            until,
            is_over,
            was_current: false,
            is_by_date: older.is_by_date,
            by: None,
        };
        self.remember(replaced, ask_severe);
        true
    }

    /// Those that are reported at `now`, beside the readings of unknown time that are known, in the order in
    /// which they were replaced.
    pub(super) fn reported<'a>(
        &'a self,
        now: Timestamp,
        of_unknown_time: &'a [UnknownTime],
    ) -> impl Iterator<Item = &'a Replaced> + Clone {
        let is_said_again = |one: &Replaced| {
            let by_known = |known: &UnknownTime| {
                one.is_said_again_by(known.version, known.kind, &known.reading)
            };
            let by =
                |other: &Replaced| one.is_said_again_by(other.version, other.kind, &other.reading);
            of_unknown_time.iter().any(by_known) || self.readings.iter().any(by)
        };
        let is_reported = move |one: &&Replaced| {
            !one.is_over
                && one.reported_from <= now
                && one.received + SAME_MINUTE_FOR > now
                && !is_said_again(one)
        };
        self.readings.iter().filter(is_reported)
    }
}
