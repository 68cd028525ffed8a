//! The course of a patient's glucose, reading by reading: what is beyond a limit, since when, and what
//! ends it.

use std::collections::VecDeque;

use super::glucose_event::{
    FingerSticks, Judge, Level, OFTEN, OFTEN_WITHIN, REPORTS_FOR, STICK_REPORTS_FOR, Urgent,
    just_after, measured,
};
use super::glucose_open::{Open, name};
use crate::alert::{Severity, Stage};
use crate::clock::AHEAD_TOLERANCE;
use crate::episode::{Episode, EvidenceReading};
use crate::glucose::{GLUCOSE, SENSOR_FOR, SILENCE, is_of_sensor};
use crate::remembered::CurrentReading;
use crate::rule::Carried;
use crate::rule::TOGETHER;
use crate::source::SourceDigest;
use crate::time::{Span, Timestamp};

/// Values of one sensor in a row, all beyond the limit or all back, without a longer silence between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) first: CurrentReading,
    furthest: CurrentReading,
    last: CurrentReading,
    /// Whether the sensor says something else at a time that has not come: no value of after that belongs
    /// to it.
    is_cut: bool,
    /// Since when values are not beyond the limit, where they have not ended it yet.
    not_beyond: Option<Timestamp>,
}

impl Run {
    fn of(reading: &CurrentReading) -> Self {
        let (is_cut, not_beyond) = (false, None);
        Self { first: *reading, furthest: *reading, last: *reading, is_cut, not_beyond }
    }

    fn source(&self) -> SourceDigest {
        self.first.source
    }

    pub(super) fn is_broken_at(&self, time: Timestamp) -> bool {
        time - self.last.time > SILENCE
    }

    fn lasts(&self, long_enough: Span) -> bool {
        self.last.time - self.first.time >= long_enough
    }

    /// Whether it goes on after a value of the sensor that is not beyond the limit: where it has to last
    /// longer than an event of the consensus, what does not end such an event does not end it.
    pub(super) fn outlasts(&mut self, time: Timestamp, long_enough: Span) -> bool {
        let since = *self.not_beyond.get_or_insert(time);
        long_enough > SENSOR_FOR && time - since < SENSOR_FOR
    }
}

/// What has been seen up to some reading. From `from` on episodes are found; what comes before tells
/// what runs there.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) judge: Judge,
    from: Timestamp,
    /// What says that it was observed later was measured by a clock that is ahead: nothing is over for
    /// that before its time comes.
    known_until: Timestamp,
    /// When the time comes, but for the tolerance, of what may end an episode, or a run of values beyond the limit.
    look_again: Option<Timestamp>,
    open: Option<Open>,
    /// One after silence that is known, until the silence that it begins with is seen.
    pending: Option<Open>,
    /// Since when values beyond the limit follow one another closely enough to be one stretch, and
    /// the last of them.
    stretch: Option<(Timestamp, Timestamp)>,
    /// Whether the last of them is a finger-stick.
    ends_with_stick: bool,
    /// Values beyond the limit, of each sensor.
    beyond: Vec<Run>,
    /// Finger-sticks beyond the limit, where it takes two; else those with which a stretch began that
    /// nobody was called for. Nothing was back since.
    sticks: VecDeque<CurrentReading>,
    /// Values that are back, of each sensor; no reading since was less so.
    back: Vec<Run>,
    found: Vec<Episode>,
}

impl Course {
    /// Of readings from shortly before `from` on, as they are known at `now`.
    pub(super) fn new(
        judge: Judge,
        (from, now): (Timestamp, Timestamp),
        carried: Option<&Carried<'_>>,
    ) -> Self {
        let event = judge.event;
        let carried = carried.map(|carried| Open::carry(event, carried, from));
        let begins_later = |open: &Open| {
            let Episode { stage, began, .. } = open.episode;
            Some(stage) == event.after_silence && began + event.sensor_for + SILENCE >= from
        };
        let (pending, open) = match carried {
            Some(carried) if begins_later(&carried) => (Some(carried), None),
            carried => (None, carried),
        };
        Self {
            judge,
            from,
            known_until: now + AHEAD_TOLERANCE,
            look_again: None,
            open,
            pending,
            stretch: None,
            ends_with_stick: false,
            beyond: Vec::new(),
            sticks: VecDeque::new(),
            back: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The same where another rule's alert tells of an episode that began before what is computed, as these
    /// readings say: it goes on, and has no alert of its own.
    pub(super) fn reported_by(mut self, evidence: Option<&[EvidenceReading]>) -> Self {
        if let Some(evidence) = evidence
            && self.open.is_none()
            && self.pending.is_none()
        {
            let evidence = evidence.to_vec();
            let mut open = Open::of(Episode::begin(Stage::Confirmed, Severity::Review, evidence));
            open.is_reported = true;
            self.open = Some(open);
        }
        self
    }

    /// Whether a confirmed episode lasts.
    pub(super) fn is_confirmed(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.episode.stage == Stage::Confirmed)
    }

    /// Takes in the next reading. `is_reported` says whether another rule tells of the episode there.
    pub(super) fn take(&mut self, reading: &CurrentReading, is_reported: bool) {
        let level = self.judge.level(reading);
        if reading.time > self.known_until && level != Level::Beyond {
            self.wait_for(reading);
            return;
        }
        let time = reading.time.min(self.known_until);
        self.pass(time);
        self.break_runs(time);
        let is_judged = reading.time >= self.from;
        if level == Level::Beyond {
            let is_stick = !is_of_sensor(reading.sample);
            let are_sticks = self.ends_with_stick && is_stick;
            let tells_for = if are_sticks { STICK_REPORTS_FOR } else { REPORTS_FOR };
            let goes_on = self.stretch.filter(|(_, last)| reading.time - *last <= tells_for);
            let since = goes_on.map_or(reading.time, |(since, _)| since);
            let begins = goes_on.is_none();
            self.stretch = Some((since, reading.time));
            self.ends_with_stick = is_stick;
            if let Some(open) = &mut self.open {
                open.goes_on(since, reading.time);
            }
            if is_judged && is_stick {
                // What came before the event is none of it.
                self.count_stretches(reading, begins || self.open.is_none());
            }
        }
        if level != Level::Back {
            self.back.clear();
        }
        if is_of_sensor(reading.sample) && level != Level::Beyond {
            self.leave_run(reading);
        }
        match level {
            Level::Beyond if is_of_sensor(reading.sample) => {
                let run = self.extend_beyond(reading);
                if is_judged && run.lasts(self.judge.event.sensor_for) {
                    self.hold(&[run.first, *reading], is_reported);
                    self.note_furthest(&run.furthest);
                }
            }
            Level::Beyond => self.take_finger_stick(reading, is_judged, is_reported),
            Level::Between => {}
            Level::Back if is_of_sensor(reading.sample) => {
                if extend(&mut self.back, reading).lasts(SENSOR_FOR) {
                    self.sticks.clear();
                    if is_judged {
                        self.end(reading.time);
                    }
                }
            }
            Level::Back => {
                // The blood is right: values of a sensor beyond the limit count anew.
                self.beyond.clear();
                self.sticks.clear();
                if is_judged {
                    self.end(reading.time);
                }
            }
        }
    }

    /// Counts the stretches that a finger-stick has begun, where it takes time to be urgent: of what
    /// somebody was called for only those that may be another crisis.
    fn count_stretches(&mut self, reading: &CurrentReading, begins: bool) {
        if !matches!(self.judge.event.urgent, Urgent::After(_)) {
            return;
        }
        if self.open.as_ref().is_some_and(|open| !open.is_to_last()) {
            self.sticks.clear();
        } else if begins {
            self.sticks.retain(|stick| reading.time - stick.time <= OFTEN_WITHIN);
            self.sticks.push_back(*reading);
        }
    }

    /// Since when finger-sticks have been beyond the limit so often, with nothing back between, that it is
    /// as urgent as one stretch that has lasted.
    fn often_since(&self) -> Option<Timestamp> {
        let takes_time = matches!(self.judge.event.urgent, Urgent::After(_));
        let is_to_last = self.open.as_ref().is_some_and(Open::is_to_last);
        let is_often = takes_time && is_to_last && self.sticks.len() >= OFTEN;
        self.sticks.front().filter(|_| is_often).map(|first| first.time)
    }

    /// A value that is not beyond the limit ends the run of its sensor, at once or with those that follow.
    fn leave_run(&mut self, reading: &CurrentReading) {
        let sensor_for = self.judge.event.sensor_for;
        self.beyond.retain_mut(|run| {
            run.source() != reading.source || run.outlasts(reading.time, sensor_for)
        });
    }

    /// The run of a reading's sensor beyond the limit, with the reading.
    fn extend_beyond(&mut self, reading: &CurrentReading) -> Run {
        let beyond = self.judge.event.beyond;
        let run = extend(&mut self.beyond, reading);
        if beyond.is_further(measured(reading), measured(&run.furthest)) {
            run.furthest = *reading;
        }
        *run
    }

    fn take_finger_stick(&mut self, reading: &CurrentReading, is_judged: bool, is_reported: bool) {
        let FingerSticks::Two { apart, within, .. } = self.judge.event.finger_sticks else {
            if is_judged {
                self.hold(&[*reading], is_reported);
            }
            return;
        };
        while self.sticks.front().is_some_and(|stick| reading.time - stick.time > within) {
            self.sticks.pop_front();
        }
        let first = self.sticks.iter().find(|stick| reading.time - stick.time >= apart);
        let first = first.copied();
        self.sticks.push_back(*reading);
        match first {
            _ if !is_judged => {}
            _ if self.is_confirmed() => self.hold(&[*reading], is_reported),
            Some(first) => {
                self.hold(&[first, *reading], is_reported);
                // Those between them uphold it too.
                for stick in self.sticks.clone() {
                    if stick.time > first.time {
                        self.note_furthest(&stick);
                    }
                }
            }
            None if self.open.is_some() => self.note_furthest(reading),
            None if self.judge.is_alone(reading.sample) => {
                let evidence = EvidenceReading::of(GLUCOSE, &[*reading]).collect();
                let episode = Episode::begin(Stage::Unconfirmed, Severity::Review, evidence);
                self.open = Some(Open::of(episode));
            }
            None => {}
        }
    }

    /// A value that is not beyond the limit, by a clock that is ahead, ends nothing before its time
    /// comes: what is measured now was measured after it. Of its own sensor it is in order all the same.
    fn wait_for(&mut self, reading: &CurrentReading) {
        let is_waiting = self.judge.event.after_silence.is_some() && !self.beyond.is_empty();
        if self.open.is_some() || is_waiting {
            // From then on whoever computes takes it in.
            self.look_again = self.look_again.or(Some(reading.time - AHEAD_TOLERANCE));
        }
        if self.judge.event.sensor_for > SENSOR_FOR {
            self.leave_run(reading);
            return;
        }
        let of_sensor = self.beyond.iter_mut().filter(|run| run.source() == reading.source);
        of_sensor.for_each(|run| run.is_cut = true);
    }

    /// The episodes, when no more readings are known at `now`, and when to look again.
    pub(super) fn finish(mut self, now: Timestamp) -> (Vec<Episode>, Option<Timestamp>) {
        self.pass(now);
        self.break_runs(now);
        let silence =
            self.judge.event.after_silence.filter(|_| self.open.is_none()).and_then(|_| {
                let is_waiting = |run: &&Run| !run.lasts(self.judge.event.sensor_for);
                self.beyond.iter().filter(is_waiting).map(|run| run.last.time + SILENCE).min()
            });
        let lasted = self.lasts_until().filter(|until| *until >= now);
        let next = silence.into_iter().chain(lasted).map(just_after).chain(self.look_again).min();
        self.open.take().into_iter().for_each(|open| self.report(open));
        (self.found, next)
    }

    /// Until when the open episode has to last to be urgent; none where it is, or is never.
    fn lasts_until(&self) -> Option<Timestamp> {
        let open = self.open.as_ref().filter(|open| open.is_to_last())?;
        let (since, _) = self.stretch?;
        self.judge.event.is_urgent_after(since.max(open.episode.began))
    }

    /// An episode lasts until a time has passed for as long as a sensor goes on: what is not back within
    /// the silence of a run is not known to be.
    fn pass(&mut self, time: Timestamp) {
        let Some(until) = self.lasts_until().filter(|until| time > *until) else { return };
        let goes_on =
            |run: &&Run| run.lasts(self.judge.event.sensor_for) && !run.is_broken_at(until);
        let newest = self.beyond.iter().filter(goes_on).map(|run| run.last);
        let newest = newest.max_by_key(|last| (last.time, last.source));
        if let (Some(newest), Some(open), Some(stretch)) = (newest, &mut self.open, self.stretch) {
            open.lasts(None, &newest, stretch);
            open.decisive = Some(newest.time);
            open.episode.severity =
                open.episode.severity.max(Severity::of_urgent(std::slice::from_ref(&newest)));
        }
    }

    /// Ends the runs beyond the limit that no value of the sensor follows in time. One that was not long
    /// enough stays as it is where that is an event.
    fn break_runs(&mut self, time: Timestamp) {
        let event = self.judge.event;
        while let Some(at) = self
            .beyond
            .iter()
            .enumerate()
            .filter(|(_, run)| run.is_broken_at(time))
            .min_by_key(|(_, run)| (run.last.time, run.source()))
            .map(|(at, _)| at)
        {
            let run = self.beyond.remove(at);
            let is_of_run = |open: &mut Open| open.episode.established[0].reading.is_of(&run.first);
            let pending = self.pending.take_if(is_of_run);
            if run.lasts(event.sensor_for) || self.open.is_some() {
                continue;
            }
            let Some(stage) = event.after_silence else { continue };
            if pending.is_none() && run.last.time + SILENCE < self.from {
                // It was over before.
                continue;
            }
            let evidence = EvidenceReading::of(GLUCOSE, &[run.first]).collect();
            let begin = || Open::of(Episode::begin(stage, Severity::Review, evidence));
            self.open = Some(pending.unwrap_or_else(begin));
            self.note_furthest(&run.furthest);
        }
    }

    /// It is beyond the limit for long enough, as these readings say.
    fn hold(&mut self, readings: &[CurrentReading], is_reported: bool) {
        let Some(newest) = readings.last() else { return };
        let evidence: Vec<_> = EvidenceReading::of(GLUCOSE, readings).collect();
        let event = self.judge.event;
        let is_new = self.open.is_none();
        let often_since = self.often_since();
        let has_lasted = self.lasts_until().is_some_and(|until| newest.time > until)
            || often_since.is_some()
            || self.is_known_to_last(newest);
        let open = self.open.get_or_insert_with(|| {
            let episode = Episode::begin(Stage::Confirmed, Severity::Review, evidence.clone());
            let mut open = Open::of(episode);
            open.is_reported = is_reported;
            open
        });
        open.decisive = Some(newest.time);
        open.is_reported &= is_reported;
        match event.urgent {
            Urgent::AtOnce => {
                open.is_held_by(newest, !is_new && open.episode.stage == Stage::Confirmed);
            }
            _ if has_lasted => {
                let (since, until) = self.stretch.unwrap_or((newest.time, newest.time));
                let since = often_since.unwrap_or(since);
                open.lasts(evidence.last().copied(), newest, (since, until));
                self.sticks.clear();
            }
            Urgent::After(_) => open.lasts_on(newest),
            Urgent::Never => {}
        }
        let severity = match event.urgent {
            Urgent::AtOnce => Severity::of_urgent(std::slice::from_ref(newest)),
            Urgent::After(_) if open.has_lasted => {
                Severity::of_urgent(std::slice::from_ref(newest))
            }
            Urgent::After(_) | Urgent::Never => Severity::Review,
        };
        if open.episode.stage == Stage::Confirmed {
            open.episode.severity = open.episode.severity.max(severity);
            if !is_new {
                self.note_furthest(newest);
            }
        } else {
            open.episode.continue_with(Stage::Confirmed, severity, evidence.into_iter());
        }
    }

    /// Whether the alert that goes on names a reading of then as the one by which it has lasted, and the
    /// stretch of values may have begun before what is computed: its beginning has left memory.
    fn is_known_to_last(&self, reading: &CurrentReading) -> bool {
        let is_named = |open: &Open| open.named_before.is_some_and(|named| named.is_of(reading));
        let begins_before =
            || self.stretch.is_some_and(|(since, _)| since <= self.from + REPORTS_FOR);
        self.open.as_ref().is_some_and(|open| !open.has_lasted && is_named(open))
            && matches!(self.judge.event.urgent, Urgent::After(_))
            && (begins_before() || self.open.as_ref().is_some_and(Open::began_to_last_before))
    }

    /// Of what upholds an episode its evidence names the furthest beyond the limit.
    fn note_furthest(&mut self, reading: &CurrentReading) {
        let beyond = self.judge.event.beyond;
        let Some(open) = &mut self.open else { return };
        let mut known = open.episode.established.iter().chain(&open.episode.newest);
        if known.all(|known| beyond.is_further(measured(reading), measured(&known.reading))) {
            open.episode.newest = EvidenceReading::of(GLUCOSE, &[*reading]).collect();
        }
    }

    fn end(&mut self, time: Timestamp) {
        if let Some(mut open) = self.open.take() {
            open.episode.ended = Some(time);
            self.report(open);
            self.stretch = None;
            self.beyond.clear();
            self.sticks.clear();
            self.back.clear();
        }
    }

    /// Adds what follows from the stage: how urgent it is in time, and until when it is.
    fn report(&mut self, mut open: Open) {
        if let Urgent::After(span) = self.judge.event.urgent
            && open.has_lasted
        {
            open.say_that_it_has_lasted(span);
        }
        let Open { mut episode, decisive, has_lasted, named, is_reported, .. } = open;
        if is_reported && !has_lasted {
            return;
        }
        if episode.stage == Stage::Confirmed {
            episode.severity_in_time = match self.judge.event.urgent {
                Urgent::AtOnce => Severity::Urgent,
                Urgent::After(_) if has_lasted => Severity::Urgent,
                Urgent::After(_) | Urgent::Never => Severity::Review,
            };
            if let Some(crisis) = episode.crisis {
                crisis.say_in(&mut episode.findings);
            }
            if let Some(named) = named {
                name(self.judge.event, &mut episode, named);
            }
            let newest = episode.established.iter().map(|evidence| evidence.reading.time).max();
            if let Some(decisive) = decisive.or(newest) {
                // Judged a minute later at most than received.
                episode.decided_by(decisive + TOGETHER);
            }
        }
        self.found.push(episode);
    }
}

/// The run of a reading's sensor, with the reading.
pub(super) fn extend<'r>(runs: &'r mut Vec<Run>, reading: &CurrentReading) -> &'r mut Run {
    let known = runs.iter().position(|run| run.source() == reading.source);
    let place = known.unwrap_or_else(|| {
        runs.push(Run::of(reading));
        runs.len() - 1
    });
    let run = &mut runs[place];
    if run.is_cut || run.is_broken_at(reading.time) {
        *run = Run::of(reading);
    }
    run.last = *reading;
    run.not_beyond = None;
    run
}
