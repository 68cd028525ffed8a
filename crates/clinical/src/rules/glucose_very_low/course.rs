//! The course of a patient's glucose, reading by reading: what is low, since when, and what ends it.

use super::limits::Limits;
use super::{GLUCOSE, SENSOR_FOR, SILENCE, glucose, is_sensor, measured};
use crate::alert::{Severity, Stage};
use crate::clock::AHEAD_TOLERANCE;
use crate::episode::{Episode, EvidenceReading};
use crate::monitor::TOGETHER;
use crate::remembered::CurrentReading;
use crate::rule::Carried;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Below the limit.
    Low,
    /// Neither low nor back.
    Between,
    /// At or above what ends an episode.
    Back,
}

impl Level {
    pub(super) fn of(reading: &CurrentReading, limits: &Limits) -> Self {
        let value = glucose(reading.sample);
        if value < limits.low {
            Self::Low
        } else if value >= limits.clear {
            Self::Back
        } else {
            Self::Between
        }
    }
}

/// Values of one sensor in a row, all low or all back, without a longer silence between them.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: CurrentReading,
    lowest: CurrentReading,
    last: Timestamp,
    /// Whether the sensor says something else at a time that has not come: no value of after that belongs
    /// to it.
    is_cut: bool,
}

impl Run {
    fn of(reading: &CurrentReading) -> Self {
        Self { first: *reading, lowest: *reading, last: reading.time, is_cut: false }
    }

    fn source(&self) -> SourceDigest {
        self.first.source
    }

    fn is_broken_at(&self, time: Timestamp) -> bool {
        time - self.last > SILENCE
    }

    fn is_long(&self) -> bool {
        self.last - self.first.time >= SENSOR_FOR
    }
}

/// The run of a reading's sensor, with the reading.
fn extend(runs: &mut Vec<Run>, reading: &CurrentReading) -> Run {
    match runs.iter_mut().find(|run| run.source() == reading.source) {
        Some(run) if run.is_cut || run.is_broken_at(reading.time) => *run = Run::of(reading),
        Some(run) => {
            run.last = reading.time;
            if measured(reading).total_cmp(&measured(&run.lowest)).is_lt() {
                run.lowest = *reading;
            }
        }
        None => runs.push(Run::of(reading)),
    }
    let of_source = runs.iter().find(|run| run.source() == reading.source);
    of_source.copied().unwrap_or_else(|| Run::of(reading))
}

/// An episode that lasts.
#[derive(Debug)]
struct Open {
    episode: Episode,
    /// When the newest reading was observed that confirmed it.
    decisive: Option<Timestamp>,
}

/// What has been seen up to some reading. From `from` on episodes are found; what comes before tells
/// what runs there.
#[derive(Debug)]
pub(super) struct Course<'l> {
    limits: &'l Limits,
    from: Timestamp,
    /// What says that it was observed later was measured by a clock that is ahead: nothing is over for
    /// that before its time comes.
    known_until: Timestamp,
    /// When the time comes of what may end an episode, or a run of low values.
    look_again: Option<Timestamp>,
    open: Option<Open>,
    /// An unconfirmed one that is known, until the silence that it begins with is seen.
    pending: Option<Open>,
    /// Low values, of each sensor.
    low: Vec<Run>,
    /// Values that are back, of each sensor; no reading since was less.
    back: Vec<Run>,
    found: Vec<Episode>,
}

impl<'l> Course<'l> {
    /// Of readings from shortly before `from` on, as they are known at `now`.
    pub(super) fn new(
        limits: &'l Limits,
        (from, now): (Timestamp, Timestamp),
        carried: Option<&Carried<'_>>,
    ) -> Self {
        let carried = carried.map(|carried| Open { episode: carried.episode(), decisive: None });
        let begins_later = |open: &Open| {
            let Episode { stage, began, .. } = open.episode;
            stage == Stage::Unconfirmed && began + SENSOR_FOR + SILENCE >= from
        };
        let (pending, open) = match carried {
            Some(carried) if begins_later(&carried) => (Some(carried), None),
            carried => (None, carried),
        };
        let (low, back, found) = (Vec::new(), Vec::new(), Vec::new());
        let known_until = now + AHEAD_TOLERANCE;
        Self { limits, from, known_until, look_again: None, open, pending, low, back, found }
    }

    /// Takes in the next reading.
    pub(super) fn take(&mut self, reading: &CurrentReading) {
        let level = Level::of(reading, self.limits);
        if reading.time > self.known_until && level != Level::Low {
            self.wait_for(reading);
            return;
        }
        self.break_runs(reading.time.min(self.known_until));
        let is_judged = reading.time >= self.from;
        if level != Level::Back {
            self.back.clear();
        }
        if is_sensor(reading) && level != Level::Low {
            self.low.retain(|run| run.source() != reading.source);
        }
        match level {
            Level::Low if is_sensor(reading) => {
                let run = extend(&mut self.low, reading);
                if is_judged && run.is_long() {
                    self.hold(&[run.first, *reading]);
                    self.note_lowest(&run.lowest);
                }
            }
            Level::Low if is_judged => self.hold(&[*reading]),
            Level::Low | Level::Between => {}
            Level::Back if is_sensor(reading) => {
                if extend(&mut self.back, reading).is_long() && is_judged {
                    self.end(reading.time);
                }
            }
            Level::Back => {
                // The blood is right: low values of a sensor count anew.
                self.low.clear();
                if is_judged {
                    self.end(reading.time);
                }
            }
        }
    }

    /// A value that is not low, by a clock that is ahead, ends nothing before its time comes: what is low
    /// now was measured after it. Of its own sensor it is in order all the same.
    fn wait_for(&mut self, reading: &CurrentReading) {
        if self.open.is_some() || !self.low.is_empty() {
            self.look_again = self.look_again.or(Some(reading.time));
        }
        let of_sensor = self.low.iter_mut().filter(|run| run.source() == reading.source);
        of_sensor.for_each(|run| run.is_cut = true);
    }

    /// The episodes, when no more readings are known at `now`, and when to look again.
    pub(super) fn finish(mut self, now: Timestamp) -> (Vec<Episode>, Option<Timestamp>) {
        self.break_runs(now);
        let is_waiting = |run: &&Run| !run.is_long();
        let waiting = self.low.iter().filter(is_waiting).map(|run| run.last).min();
        let waiting = waiting.filter(|_| self.open.is_none());
        if let Some(Open { mut episode, decisive }) = self.open.take() {
            complete(&mut episode, decisive);
            self.found.push(episode);
        }
        // Readings have whole seconds: from then on another would come after the silence.
        let silence = waiting.map(|last| last + SILENCE + Span::from_seconds(1));
        (self.found, silence.into_iter().chain(self.look_again).min())
    }

    /// Ends the runs of low values that no value of the sensor follows in time. One that was not long
    /// enough stays as it is: unconfirmed.
    fn break_runs(&mut self, time: Timestamp) {
        while let Some(at) = self
            .low
            .iter()
            .enumerate()
            .filter(|(_, run)| run.is_broken_at(time))
            .min_by_key(|(_, run)| (run.last, run.source()))
            .map(|(at, _)| at)
        {
            let run = self.low.remove(at);
            let is_of_run = |open: &mut Open| open.episode.established[0].reading.is_of(&run.first);
            let pending = self.pending.take_if(is_of_run);
            if run.is_long() || self.open.is_some() {
                continue;
            }
            if pending.is_none() && run.last + SILENCE < self.from {
                // It was over before.
                continue;
            }
            let evidence = EvidenceReading::of(GLUCOSE, &[run.first]).collect();
            let begin = || Episode::begin(Stage::Unconfirmed, Severity::Review, evidence);
            self.open = Some(pending.unwrap_or_else(|| Open { episode: begin(), decisive: None }));
            self.note_lowest(&run.lowest);
        }
    }

    /// It is very low, as these readings say.
    fn hold(&mut self, readings: &[CurrentReading]) {
        let Some(newest) = readings.last() else { return };
        let severity = Severity::of_urgent(std::slice::from_ref(newest));
        let evidence = EvidenceReading::of(GLUCOSE, readings);
        match &mut self.open {
            None => {
                let episode = Episode::begin(Stage::Confirmed, severity, evidence.collect());
                self.open = Some(Open { episode, decisive: Some(newest.time) });
            }
            Some(open) => {
                open.decisive = Some(newest.time);
                if open.episode.stage == Stage::Unconfirmed {
                    open.episode.continue_with(Stage::Confirmed, severity, evidence);
                } else {
                    open.episode.severity = open.episode.severity.max(severity);
                    self.note_lowest(newest);
                }
            }
        }
    }

    /// Of what upholds an episode its evidence names the lowest.
    fn note_lowest(&mut self, reading: &CurrentReading) {
        let Some(open) = &mut self.open else { return };
        let mut known = open.episode.established.iter().chain(&open.episode.newest);
        let is_lower = |known: &EvidenceReading| {
            measured(reading).total_cmp(&measured(&known.reading)).is_lt()
        };
        if known.all(is_lower) {
            open.episode.newest = EvidenceReading::of(GLUCOSE, &[*reading]).collect();
        }
    }

    fn end(&mut self, time: Timestamp) {
        if let Some(Open { mut episode, decisive }) = self.open.take() {
            episode.ended = Some(time);
            complete(&mut episode, decisive);
            self.found.push(episode);
            self.low.clear();
            self.back.clear();
        }
    }
}

/// Adds what follows from the stage: how urgent it is in time, and until when it is.
fn complete(episode: &mut Episode, decisive: Option<Timestamp>) {
    if episode.stage == Stage::Confirmed {
        episode.severity_in_time = Severity::Urgent;
        let newest = episode.established.iter().map(|evidence| evidence.reading.time).max();
        if let Some(decisive) = decisive.or(newest) {
            // Judged a minute later at most than received.
            episode.decided_by(decisive + TOGETHER);
        }
    }
}
