//! The course of a patient's saturation, minute by minute.

use super::limits::Limits;
use super::minutes::{MINUTE, Minute};
use super::open::Open;
use super::{OXYGEN, spo2};
use crate::alert::{Severity, Stage};
use crate::episode::{Episode, EvidenceReading};
use crate::remembered::CurrentReading;
use crate::rule::Carried;
use crate::time::{Span, Timestamp};

/// Low minutes that are further apart are not in a row, and what nothing follows for so long is not
/// confirmed. Ours, as for pressures.
const SILENCE: Span = Span::from_minutes(15);

/// So many minutes in a row a device that measures continuously has to show what it shows. Ours: short
/// drops, by movement or in sleep, are over by then.
const CONTINUOUS_MINUTES: usize = 5;

/// So long low values have to last where there are fewer minutes: short measurements by a device that
/// sends each second.
const LASTING: Span = Span::from_millis(CONTINUOUS_MINUTES as i64 * MINUTE.millis());

/// So long values have to be back. Ours: another occasion.
const BACK_FOR: Span = Span::from_minutes(15);

/// So long after the last low value a single one that is not low ends an episode, back or not: what is
/// low after that is told anew. Ours: people who measure once a day do so up to four hours earlier or
/// later.
pub(super) const NOT_SINCE: Span = Span::from_hours(20);

/// Low minutes in a row.
#[derive(Debug, Clone, Copy)]
struct Row {
    first: CurrentReading,
    last: Timestamp,
    minutes: usize,
    is_continuous: bool,
    /// Whether it began while the device was worn and showed other values.
    began_worn: bool,
}

impl Row {
    fn of(minute: &Minute) -> Self {
        let Minute { median, is_continuous, goes_on } = *minute;
        Self { first: median, last: median.time, minutes: 1, is_continuous, began_worn: goes_on }
    }

    fn extend(row: &mut Option<Self>, minute: &Minute, is_low: bool) {
        match row {
            _ if !is_low => *row = None,
            Some(row) if minute.median.time - row.last <= SILENCE => {
                row.last = minute.median.time;
                row.minutes += 1;
                row.is_continuous |= minute.is_continuous;
            }
            _ => *row = Some(Self::of(minute)),
        }
    }

    fn is_confirmed(&self) -> bool {
        let lasts = self.last - self.first.time;
        match self.is_continuous {
            true => self.minutes >= CONTINUOUS_MINUTES || lasts >= LASTING,
            false => lasts >= MINUTE,
        }
    }

    /// Whether it asks to be measured again where nothing follows. One minute in which a device that was
    /// worn is taken off does not.
    fn waits(&self) -> bool {
        !self.is_confirmed() && (!self.began_worn || self.minutes > 1)
    }

    /// When nothing has followed for long enough. Readings have whole seconds: from then on another
    /// would come after the silence.
    fn silent_at(&self) -> Timestamp {
        self.last + SILENCE + Span::from_seconds(1)
    }
}

/// What has been seen up to some minute. From `from` on episodes are found.
#[derive(Debug)]
pub(super) struct Course<'l> {
    limits: &'l Limits,
    from: Timestamp,
    open: Option<Open>,
    low: Option<Row>,
    urgent: Option<Row>,
    /// The last minute that was low, or when the first is seen.
    last_low: Timestamp,
    /// The first of the minutes in a row that are back.
    back: Option<Timestamp>,
    found: Vec<Episode>,
}

impl<'l> Course<'l> {
    /// Of minutes from `seen_from` on.
    pub(super) fn new(
        limits: &'l Limits,
        (seen_from, from): (Timestamp, Timestamp),
        carried: Option<&Carried<'_>>,
    ) -> Self {
        let open = carried.map(|carried| Open::carry(carried, from));
        let (low, urgent, last_low, back, found) = (None, None, seen_from, None, Vec::new());
        Self { limits, from, open, low, urgent, last_low, back, found }
    }

    /// Takes in the next minute, which is over.
    pub(super) fn take(&mut self, minute: &Minute) {
        let Minute { median, .. } = minute;
        let value = spo2(median.sample);
        self.break_row(median.time);
        Row::extend(&mut self.low, minute, self.limits.is_low(value));
        Row::extend(&mut self.urgent, minute, self.limits.is_urgent(value));
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
        if let Some(row) = self.low.filter(Row::is_confirmed) {
            self.confirm(row.first, *median);
        }
        match (self.urgent.filter(Row::is_confirmed), &mut self.open) {
            (Some(row), Some(open)) => open.is_urgent(row.first, *median),
            (None, Some(open)) if !self.limits.is_urgent(value) => open.eases(median.time),
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
        self.urgent = None;
        if row.waits() && self.open.is_none() && row.first.time >= self.from {
            let evidence = EvidenceReading::of(OXYGEN, &[row.first]).collect();
            let episode = Episode::begin(Stage::Unconfirmed, Severity::Review, evidence);
            self.open = Some(Open { unconfirmed: 1, ..Open::of(episode) });
        }
    }

    fn confirm(&mut self, first: CurrentReading, newest: CurrentReading) {
        let pair = [first, newest];
        let evidence = EvidenceReading::of(OXYGEN, &pair);
        match &mut self.open {
            Some(open) if open.episode.stage == Stage::Confirmed => open.note_lowest(newest),
            Some(open) => {
                open.episode.continue_with(Stage::Confirmed, Severity::Review, evidence);
                // Where it began with the row it never was unconfirmed, as far as is known now.
                open.unconfirmed = open.episode.established.len().saturating_sub(2);
                open.confirmed = open.episode.established.len();
            }
            None => {
                let episode =
                    Episode::begin(Stage::Confirmed, Severity::Review, evidence.collect());
                self.open = Some(Open { confirmed: 2, ..Open::of(episode) });
            }
        }
    }

    /// Ends the open episode with a minute that is not low, if that is enough.
    fn end(&mut self, time: Timestamp) {
        let is_over = |open: &mut Open| {
            let is_back = self.back.is_some_and(|since| {
                open.episode.stage == Stage::Unconfirmed || time - since >= BACK_FOR
            });
            is_back || time - self.last_low >= NOT_SINCE
        };
        if let Some(open) = self.open.take_if(is_over) {
            let mut episode = open.complete();
            episode.ended = Some(time);
            self.found.push(episode);
        }
    }
}
