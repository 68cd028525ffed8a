//! The course of a patient's saturation, minute by minute.

use super::limits::{
    BACK_AFTER, BACK_FOR, CONTINUOUS_MINUTES, IN_A_ROW, LASTING, Limits, MINUTE, NOT_LOW_FOR,
    SILENCE,
};
use super::minutes::Minute;
use super::open::{self, Open};
use super::{LOOKBACK, OXYGEN, spo2};
use crate::alert::{Severity, Stage};
use crate::episode::{Episode, EvidenceReading};
use crate::remembered::CurrentReading;
use crate::rule::Carried;
use crate::time::{Span, Timestamp};

/// Low minutes in a row.
#[derive(Debug, Clone, Copy)]
struct Row {
    first: CurrentReading,
    last: CurrentReading,
    minutes: usize,
    is_continuous: bool,
    /// Whether it began while the device was worn and showed other values.
    began_worn: bool,
    /// How many of its minutes begin a measurement: after a minute or more without a value.
    measurements: usize,
}

impl Row {
    fn of(minute: &Minute) -> Self {
        let Minute { median, is_continuous, goes_on } = *minute;
        let measurements = usize::from(!goes_on);
        let (first, last, minutes, began_worn) = (median, median, 1, goes_on);
        Self { first, last, minutes, is_continuous, began_worn, measurements }
    }

    fn extend(row: &mut Option<Self>, minute: &Minute, is_low: bool) {
        match row {
            _ if !is_low => *row = None,
            Some(row) if minute.median.time - row.last.time <= SILENCE => {
                let begins = !minute.goes_on && minute.median.time - row.last.time >= MINUTE;
                row.measurements += usize::from(begins);
                row.last = minute.median;
                row.minutes += 1;
                row.is_continuous |= minute.is_continuous;
            }
            _ => *row = Some(Self::of(minute)),
        }
    }

    fn is_confirmed(&self) -> bool {
        let lasts = self.last.time - self.first.time;
        match self.is_continuous {
            true => self.minutes >= CONTINUOUS_MINUTES || lasts >= LASTING || self.measurements > 1,
            false => lasts >= MINUTE,
        }
    }

    /// Whether it asks to be measured again where nothing follows. One minute in which a device that was
    /// worn is taken off does not.
    fn waits(&self) -> bool {
        !self.is_confirmed() && self.is_measured()
    }

    /// Whether it is a measurement, not one minute in which a device that was worn is taken off.
    fn is_measured(&self) -> bool {
        !self.began_worn || self.minutes > 1
    }

    /// When nothing has followed for long enough. Readings have whole seconds: from then on another
    /// would come after the silence.
    fn silent_at(&self) -> Timestamp {
        self.last.time + SILENCE + Span::from_seconds(1)
    }
}

/// The last minute of a measurement that silence has followed, and that the next may confirm.
#[derive(Debug, Clone, Copy)]
enum Before {
    /// None, or something followed that is not as low.
    Nothing,
    Minute(CurrentReading),
    /// What there was is not seen any more.
    Unknown,
}

impl Before {
    /// Of a row that is broken, where that is seen as a whole.
    fn of(row: Option<Row>, seen_from: Timestamp) -> Self {
        match row.filter(Row::is_measured) {
            None => Self::Nothing,
            Some(row) if row.first.time - seen_from <= SILENCE + MINUTE => Self::Unknown,
            Some(row) => Self::Minute(row.last),
        }
    }

    /// The one that a minute confirms, or one that is known.
    fn confirmed_by(
        self,
        minute: &CurrentReading,
        known: impl Fn(&CurrentReading) -> Option<CurrentReading>,
    ) -> Option<CurrentReading> {
        match self {
            Self::Nothing => None,
            Self::Minute(before) => Some(before).filter(|it| minute.time - it.time <= IN_A_ROW),
            Self::Unknown => known(minute),
        }
    }
}

/// What has been seen up to some minute. From `from` on episodes are found.
#[derive(Debug)]
pub(super) struct Course<'l> {
    limits: &'l Limits,
    seen_from: Timestamp,
    from: Timestamp,
    open: Option<Open>,
    /// What a carried alert says of measurements that confirmed the ones before them.
    known_in_a_row: Vec<[CurrentReading; 2]>,
    low: Option<Row>,
    urgent: Option<Row>,
    /// What was low before, and what was urgent before.
    low_before: Before,
    urgent_before: Before,
    /// The last minute that was low, or when the first is seen.
    last_low: Timestamp,
    /// When a carried alert ended: by a low value that may have left memory.
    known_end: Option<Timestamp>,
    /// See [`NOT_LOW_FOR`]; less where memory holds less.
    not_low_for: Span,
    /// The first of the minutes in a row that are back.
    back: Option<Timestamp>,
    found: Vec<Episode>,
}

impl<'l> Course<'l> {
    /// Of minutes from `seen_from` until `now`.
    pub(super) fn new(
        limits: &'l Limits,
        (seen_from, from, now): (Timestamp, Timestamp, Timestamp),
        carried: Option<&Carried<'_>>,
    ) -> Self {
        Self {
            limits,
            seen_from,
            from,
            open: carried.map(|carried| Open::carry(carried, from)),
            known_in_a_row: carried.map(open::in_a_row).unwrap_or_default(),
            low: None,
            urgent: None,
            low_before: Before::Unknown,
            urgent_before: Before::Unknown,
            last_low: seen_from,
            not_low_for: NOT_LOW_FOR.min(now - (seen_from + LOOKBACK)).max(BACK_AFTER),
            known_end: carried.map(|carried| carried.alert.until()),
            back: None,
            found: Vec::new(),
        }
    }

    /// Takes in the next minute, which is over.
    pub(super) fn take(&mut self, minute: &Minute) {
        let Minute { median, .. } = minute;
        let value = spo2(median.sample);
        let is_urgent = self.limits.is_urgent(value);
        self.break_row(median.time);
        Row::extend(&mut self.low, minute, self.limits.is_low(value));
        Row::extend(&mut self.urgent, minute, is_urgent);
        if !self.limits.is_low(value) {
            self.low_before = Before::Nothing;
        }
        if !is_urgent {
            self.urgent_before = Before::Nothing;
        }
        let is_judged = median.time >= self.from;
        if self.limits.is_back(value) {
            self.back.get_or_insert(median.time);
        } else {
            self.back = None;
        }
        if self.limits.is_low(value) {
            self.last_low = median.time;
        }
        if !is_judged {
            return;
        }
        if self.limits.is_not_low(value) {
            self.end(median.time);
        }
        let known = |minute: &CurrentReading| {
            let is_of_minute = |two: &&[CurrentReading; 2]| two[1].is_of(minute);
            self.known_in_a_row.iter().find(is_of_minute).map(|two| two[0])
        };
        // A row that confirms itself, or what was low before it.
        let first_of = |row: Option<Row>, before: Before| match row {
            Some(row) if row.is_confirmed() => Some((row.first, false)),
            Some(_) => before.confirmed_by(median, known).map(|before| (before, true)),
            None => None,
        };
        let low = first_of(self.low, self.low_before);
        let urgent = first_of(self.urgent, self.urgent_before);
        if let Some((first, is_of_two)) = low {
            self.confirm(first, *median, is_of_two);
        }
        match (urgent, &mut self.open) {
            (Some((first, _)), Some(open)) => open.is_urgent(first, *median),
            (None, Some(open)) if !is_urgent => open.eases(median.time),
            _ => {}
        }
    }

    /// Whether a minute that is not over yet may change something when it is.
    pub(super) fn is_concerned(&self) -> bool {
        self.open.is_some() || self.low.is_some_and(|row| row.waits())
    }

    /// The episodes, when nothing more is known at `now`, and when to look again. Of a minute that is
    /// not over yet it is known only when it began: that `followed` the last row.
    pub(super) fn finish(
        mut self,
        now: Timestamp,
        followed: Option<Timestamp>,
    ) -> (Vec<Episode>, Option<Timestamp>) {
        let mut look_again = None;
        if let Some(row) = self.low.filter(Row::waits) {
            let silent_until = followed.unwrap_or(now);
            if silent_until >= row.silent_at() {
                self.break_row(silent_until);
            } else if followed.is_none() {
                look_again = Some(row.silent_at());
            }
        }
        if let Some(open) = self.open.take() {
            self.found.push(open.complete());
        }
        (self.found, look_again)
    }

    /// Ends the row that nothing has followed for long enough at a time.
    fn break_row(&mut self, time: Timestamp) {
        let Some(row) = self.low.take_if(|row| row.silent_at() <= time) else { return };
        self.low_before = Before::of(Some(row), self.seen_from);
        self.urgent_before = Before::of(self.urgent.take(), self.seen_from);
        if !row.waits() || row.first.time < self.from {
            return;
        }
        if let Some(open) = &mut self.open {
            open.note_lowest(row.first);
            return;
        }
        let evidence = EvidenceReading::of(OXYGEN, &[row.first]).collect();
        let episode = Episode::begin(Stage::Unconfirmed, Severity::Review, evidence);
        self.open = Some(Open { unconfirmed: 1, ..Open::of(episode) });
    }

    /// Low minutes confirm each other; those of two measurements raised an unconfirmed alert before.
    fn confirm(&mut self, first: CurrentReading, newest: CurrentReading, is_of_two: bool) {
        let pair = [first, newest];
        let evidence = EvidenceReading::of(OXYGEN, &pair);
        match &mut self.open {
            Some(open) if open.episode.stage == Stage::Confirmed => open.note_lowest(newest),
            Some(open) => {
                open.episode.continue_with(Stage::Confirmed, Severity::Review, evidence);
                // Where it began with the row it never was unconfirmed, as far as is known now.
                let before = open.episode.established.len().saturating_sub(2);
                open.unconfirmed = before.max(usize::from(is_of_two));
                open.confirmed = open.episode.established.len();
            }
            None => {
                let episode =
                    Episode::begin(Stage::Confirmed, Severity::Review, evidence.collect());
                let unconfirmed = usize::from(is_of_two);
                self.open = Some(Open { unconfirmed, confirmed: 2, ..Open::of(episode) });
            }
        }
    }

    /// Ends the open episode with a minute that is not low, if that is enough.
    fn end(&mut self, time: Timestamp) {
        let not_low_for = time - self.last_low;
        let is_known = self.last_low == self.seen_from && self.known_end == Some(time);
        let is_over = |open: &mut Open| match self.back {
            _ if is_known => true,
            Some(since) => {
                let is_unconfirmed = open.episode.stage == Stage::Unconfirmed;
                is_unconfirmed || time - since >= BACK_FOR || not_low_for >= BACK_AFTER
            }
            None => not_low_for >= self.not_low_for,
        };
        if let Some(open) = self.open.take_if(is_over) {
            let mut episode = open.complete();
            episode.ended = Some(time);
            self.found.push(episode);
        }
    }
}
