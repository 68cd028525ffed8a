//! Events of glucose, as the consensus on continuous monitoring counts them: what is beyond a limit for
//! long enough, until it is back for long enough. A rule says which limit, on which side and how long;
//! what its readings say, what a reading can change and what waits for others is the same for all.
//!
//! A sensor says 288 values a day. What a value can change is near it in time: events are computed from
//! shortly before it on, or from the beginning of the event that it may belong to.

use smallvec::SmallVec;

use super::glucose_course::Course;
use crate::alert::{Alert, RuleName, Severity, Stage, Status, Text};
use crate::episode::{Episode, EvidenceReading};
use crate::kinds::{Kind, blood_glucose};
use crate::limit::{Limit, Side};
use crate::measured::Measured;
use crate::monitor::TOGETHER;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Step, parameters, values};
use crate::sample::Sample;
use crate::time::{Span, Timestamp};
use crate::wording::number;

pub(super) const GLUCOSE: Kind = Kind::BloodGlucose;

/// A sensor is back for so long, and beyond for so long at least: the consensus counts events of 15
/// minutes.
pub(super) const SENSOR_FOR: Span = Span::from_minutes(15);

/// So long a sensor may say nothing within a run: phones lose a value or two, or several. Ours.
pub(super) const SILENCE: Span = Span::from_minutes(30);

/// A value beyond the limit that comes later than this is judged with what was sent together with it, so
/// that the silence after it lasts a minute from its receipt at least.
const ALONE_WITHIN: Span = Span::from_millis(SILENCE.millis() - TOGETHER.millis());

/// So many values a sensor says in the two hours that are mostly computed, with room for some more.
const OF_TWO_HOURS: usize = 36;

/// The place of the code `continuous_sensor` among those of the method.
pub(super) const SENSOR: f64 = 1.0;

/// The finding of an event that has lasted until it is urgent: how many minutes that are.
pub(super) const LASTED: &str = "lasted";

/// On which side of its limit glucose is in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// Less than the limit; back at or above the other number.
    Below,
    /// More than the limit; back below the other number.
    Above,
}

impl Beyond {
    /// Whether one value is further beyond every limit than another.
    pub(super) fn is_further(self, one: Measured, other: Measured) -> bool {
        match self {
            Self::Below => one.total_cmp(&other).is_lt(),
            Self::Above => one.total_cmp(&other).is_gt(),
        }
    }

    /// Of equal values the first.
    pub(super) fn furthest(
        self,
        readings: impl Iterator<Item = CurrentReading>,
    ) -> Option<CurrentReading> {
        readings.reduce(|furthest, one| {
            if self.is_further(measured(&one), measured(&furthest)) { one } else { furthest }
        })
    }
}

/// Which finger-sticks make an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FingerSticks {
    /// Each.
    One,
    /// Two of one source with nothing back between them.
    Two {
        /// So long at least.
        apart: Span,
        /// So long at most.
        within: Span,
    },
}

/// When an event is urgent; before that it is for review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgent {
    AtOnce,
    /// When it has lasted longer than this.
    After(Span),
    Never,
}

/// What a rule calls an event.
#[derive(Debug)]
pub(super) struct Event {
    /// The rule's name.
    pub(super) name: &'static str,
    pub(super) beyond: Beyond,
    /// mg/dL.
    pub(super) limit: &'static Parameter,
    /// mg/dL.
    pub(super) clear: &'static Parameter,
    /// A sensor stays beyond the limit for so long, [`SENSOR_FOR`] at least.
    pub(super) sensor_for: Span,
    pub(super) finger_sticks: FingerSticks,
    /// The stage of a sensor's run that was not long enough when silence followed; none where that is
    /// no event.
    pub(super) after_silence: Option<Stage>,
    pub(super) urgent: Urgent,
    /// The event of another rule that tells of the same stretch, and more of it.
    pub(super) told_by: Option<&'static Event>,
}

impl Event {
    /// No run that is not long enough yet, with the silence after it, is longer than this.
    fn longest_run(&self) -> Span {
        Span::from_millis(self.sensor_for.millis() + SILENCE.millis() + SENSOR_FOR.millis())
    }

    /// So far from a reading it changes nothing, unless an event reaches further.
    fn near(&self) -> Span {
        match self.finger_sticks {
            FingerSticks::One => self.longest_run(),
            FingerSticks::Two { within, .. } => {
                Span::from_millis(self.longest_run().millis() + within.millis())
            }
        }
    }

    /// Whether a value is one that no plan makes an event of.
    fn is_never(&self, sample: Sample) -> bool {
        match self.beyond {
            Beyond::Below => glucose(sample) >= self.limit.high,
            Beyond::Above => glucose(sample) <= self.limit.low,
        }
    }

    /// When an event is urgent that began at a time.
    pub(super) fn is_urgent_after(&self, began: Timestamp) -> Option<Timestamp> {
        let Urgent::After(span) = self.urgent else { return None };
        Some(began + span)
    }

    /// Where some plan makes a value beyond the limit. Of a sensor only what would be followed by silence
    /// if it came alone.
    pub(super) fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        let is_of_sensor = sample.value(blood_glucose::GLUCOSE_METHOD) == Some(SENSOR);
        !self.is_never(sample) && (!is_of_sensor || delay > ALONE_WITHIN)
    }

    /// The limit as charts draw it.
    pub(super) fn chart_limit(&self, plan: &Plan) -> Limit {
        let (side, severity) = match (self.beyond, self.urgent) {
            (Beyond::Below, Urgent::AtOnce) => (Side::Below, Severity::Urgent),
            (Beyond::Below, _) => (Side::Below, Severity::Review),
            (Beyond::Above, Urgent::AtOnce) => (Side::Above, Severity::Urgent),
            (Beyond::Above, _) => (Side::Above, Severity::Review),
        };
        Limit {
            field: blood_glucose::GLUCOSE_VALUE,
            side,
            value: plan.value(self.limit),
            severity: Some(severity),
        }
    }
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Beyond the limit.
    Beyond,
    /// Neither beyond nor back.
    Between,
    /// What ends an event.
    Back,
}

/// An event with the numbers for one patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge {
    pub(super) event: &'static Event,
    /// mg/dL.
    limit: f64,
    /// mg/dL; clearing is never looser than raising.
    clear: f64,
}

impl Judge {
    pub(super) fn of(event: &'static Event, plan: &Plan) -> Self {
        let (limit, clear) = (plan.value(event.limit), plan.value(event.clear));
        let clear = match event.beyond {
            Beyond::Below => clear.max(limit),
            Beyond::Above => clear.min(limit),
        };
        Self { event, limit, clear }
    }

    pub(super) fn level(&self, reading: &CurrentReading) -> Level {
        self.level_of(reading.sample)
    }

    /// What has no number is neither beyond nor back.
    pub(super) fn level_of(&self, sample: Sample) -> Level {
        let value = glucose(sample);
        let (is_beyond, is_back) = match self.event.beyond {
            Beyond::Below => (value < self.limit, value >= self.clear),
            Beyond::Above => (value > self.limit, value < self.clear),
        };
        match (is_beyond, is_back) {
            (true, _) => Level::Beyond,
            (false, true) => Level::Back,
            (false, false) => Level::Between,
        }
    }
}

/// For comparing it with a limit, mg/dL.
fn glucose(sample: Sample) -> f64 {
    sample.value(blood_glucose::GLUCOSE_VALUE).unwrap_or(f64::NAN)
}

/// For showing it, and for telling which is the furthest.
pub(super) fn measured(reading: &CurrentReading) -> Measured {
    reading.sample.measured(blood_glucose::GLUCOSE_VALUE).unwrap_or(Measured::Exactly(f64::NAN))
}

pub(super) fn is_sensor(reading: &CurrentReading) -> bool {
    reading.sample.value(blood_glucose::GLUCOSE_METHOD) == Some(SENSOR)
}

/// Which readings of an alert's evidence brought it to which stage.
fn steps(event: &Event, alert: &Alert) -> [Option<Step>; 2] {
    let step = |stage, readings| Some(Step { stage, readings });
    let readings = alert.finding("readings").unwrap_or(1.0) as usize;
    let Some(after_silence) = event.after_silence else {
        return [None, step(Stage::Confirmed, readings)];
    };
    let first = step(after_silence, 1);
    if alert.stage == after_silence {
        return [first, None];
    }
    let by_finger_stick = alert
        .evidence
        .get(1)
        .is_some_and(|evidence| !is_sensor(&EvidenceReading::from(evidence).reading));
    let was_after_silence = readings == 3 || readings == 2 && by_finger_stick;
    [first.filter(|_| was_after_silence), step(Stage::Confirmed, readings)]
}

/// Whether an alert lasted, or lasts, until near a time.
fn reaches(alert: &Alert, time: Timestamp, near: Span) -> bool {
    alert.status != Status::Retracted && (alert.is_open() || alert.last_observed_at + near >= time)
}

/// The same patient as another event's rule sees it.
fn of_event<'a>(event: &Event, context: &Context<'a>) -> Context<'a> {
    Context { rule: RuleName::of(event.name), ..*context }
}

/// From when on events are computed: as far back as the window where no reading is the cause.
fn computed_from(event: &Event, context: &Context<'_>) -> Timestamp {
    let window_start = context.window_start();
    let Some(cause) = context.cause else { return window_start };
    let near = event.near();
    let mut from = cause.observation_time();
    if let Some(due) = context.due {
        // A run that waits for its next value.
        from = from.min(due - near);
    }
    from = from - near;
    // What another rule tells of is an event of this one, which has no alert.
    let telling = event.told_by.map(|other| of_event(other, context));
    let known = || context.known().chain(telling.iter().flat_map(Context::known));
    let first_of_those_there = |from: Timestamp| {
        let is_there =
            |alert: &&Alert| reaches(alert, from, near) && alert.first_observed_at - near < from;
        known().filter(is_there).map(|alert| alert.first_observed_at).min()
    };
    while let Some(first) = first_of_those_there(from) {
        from = first - near;
    }
    from.max(window_start)
}

/// The full computation of a rule's events.
pub(super) fn assess(event: &'static Event, context: &Context<'_>) -> Assessment {
    if let Some(until) = context.rest_until {
        // Until then all stays as it was reported.
        return Assessment { next_assessment: Some(until), ..Assessment::default() };
    }
    let from = computed_from(event, context);
    let began = (from, context.now);
    let judge = Judge::of(event, context.plan);
    let beginning = context.beginning(from, |alert| steps(event, alert));
    let mut course = Course::new(judge, began, beginning.open.as_ref());
    let mut telling = event.told_by.map(|other| {
        let beginning = of_event(other, context).beginning(from, |alert| steps(other, alert));
        Course::new(Judge::of(other, context.plan), began, beginning.open.as_ref())
    });
    // With an end everything counts anew.
    let ended = context.known().filter(|alert| alert.status == Status::Resolved);
    let ended = ended.map(|alert| alert.last_observed_at).filter(|ended| *ended < from).max();
    let readings = context.readings_and_copies(GLUCOSE, from - event.near());
    let mut readings: SmallVec<[CurrentReading; OF_TWO_HOURS]> =
        readings.filter(|reading| ended.is_none_or(|ended| reading.time > ended)).collect();
    // Of the same second what is beyond comes first, so that no end hides it.
    let told = telling.as_ref().map(|telling| telling.judge);
    readings.sort_by_key(|reading| {
        (reading.time, judge.level(reading), told.map(|judge| judge.level(reading)))
    });
    for reading in &readings {
        let is_told = telling.as_mut().is_some_and(|telling| {
            telling.take(reading, false);
            telling.is_confirmed()
        });
        course.take(reading, is_told);
    }
    let (mut episodes, next_assessment) = course.finish(context.now);
    for episode in &mut episodes {
        say_what_was_judged(event, episode, context);
    }
    Assessment { episodes, next_assessment, covered: beginning.covered }
}

/// The readings before one in order so shortly that no run that begins after one is long enough. Of
/// the same second another source's reading may come before the run that begins then.
fn shortly_before<'a>(
    context: &Context<'a>,
    reading: CurrentReading,
    long_enough: Span,
) -> impl Iterator<Item = CurrentReading> + use<'a> {
    let begin = reading.time - long_enough;
    context.readings_and_copies(GLUCOSE, begin).filter(move |other| {
        !other.is_of(&reading) && (other.source == reading.source || other.time > begin)
    })
}

/// The fast path: whether a changed reading leaves what [`assess`] finds as it is. Looks at the reading
/// first: most are far from every limit.
pub(super) fn is_unaffected(event: &'static Event, change: &Change, context: &Context<'_>) -> bool {
    let reading = &change.reading;
    if let Some(until) = context.rest_until {
        return context.due == Some(until);
    }
    // A run that is too short for an event now, and was so before.
    let is_short = |judge: &Judge| {
        shortly_before(context, *reading, event.sensor_for)
            .any(|other| other.source == reading.source && judge.level(&other) != Level::Beyond)
    };
    let is_waiting_to_be_urgent = |open: &Alert| {
        event
            .is_urgent_after(open.first_observed_at)
            .is_some_and(|after| context.due == Some(just_after(after)) && reading.time <= after)
    };
    if let Some(due) = context.due
        && !context.open().is_some_and(is_waiting_to_be_urgent)
    {
        // A run that waits: it is not long enough yet, and breaks no earlier than was said.
        let judge = Judge::of(event, context.plan);
        return event.after_silence.is_some()
            && change.is_in_order
            && is_sensor(reading)
            && reading.time < due
            && judge.level(reading) == Level::Beyond
            && context.open().is_none()
            && is_short(&judge);
    }
    if change.is_in_order && event.is_never(reading.sample) && context.open().is_none() {
        // Most readings are so, and the plan is far in memory.
        return true;
    }
    let judge = Judge::of(event, context.plan);
    let level = judge.level(reading);
    if change.is_in_order {
        let Some(open) = context.open() else {
            let starts_nothing =
                || event.after_silence.is_none() && is_sensor(reading) && is_short(&judge);
            return level != Level::Beyond || starts_nothing();
        };
        let is_reported = open.stage == Stage::Confirmed
            && match (event.urgent, open.finding(LASTED)) {
                (Urgent::Never, _) => true,
                (Urgent::After(_), None) => is_waiting_to_be_urgent(open),
                (Urgent::AtOnce, _) | (Urgent::After(_), Some(_)) => {
                    open.severity == Severity::Urgent
                }
            };
        return match level {
            // Not back for long enough yet.
            Level::Back => {
                is_sensor(reading)
                    && is_reported
                    && shortly_before(context, *reading, SENSOR_FOR)
                        .any(|other| judge.level(&other) != Level::Back)
            }
            Level::Between => is_reported,
            Level::Beyond => {
                // Neither it nor a value of its run is the furthest.
                let evidence = open.evidence.iter().map(EvidenceReading::from);
                let known = event.beyond.furthest(evidence.map(|evidence| evidence.reading));
                let run = context.readings_and_copies(GLUCOSE, reading.time - event.longest_run());
                let of_run = event.beyond.furthest(run);
                let is_furthest = |known: CurrentReading| {
                    of_run.is_none_or(|of_run| {
                        !event.beyond.is_further(measured(&of_run), measured(&known))
                    })
                };
                is_reported && known.is_some_and(is_furthest)
            }
        };
    }
    let near = event.near();
    let is_there = |alert: &Alert| {
        reaches(alert, reading.time, near) && alert.first_observed_at - near <= reading.time
    };
    let mut others = context
        .readings_and_copies(GLUCOSE, reading.time - near)
        .take_while(|other| other.time <= reading.time + near);
    !context.lasting_at(reading.time - near).any(is_there)
        && !others.any(|other| judge.level(&other) == Level::Beyond)
}

/// Readings have whole seconds: from then on it is later than a time.
pub(super) fn just_after(time: Timestamp) -> Timestamp {
    time + Span::from_seconds(1)
}

/// Adds what was judged, and against what.
fn say_what_was_judged(event: &Event, episode: &mut Episode, context: &Context<'_>) {
    let evidence = episode.evidence().into_iter().map(|evidence| evidence.reading);
    let furthest = event.beyond.furthest(evidence);
    let [name_of_furthest, side_of_furthest, is_of_sensor] = match event.beyond {
        Beyond::Below => ["lowest", "lowest_comparator", "lowest_sensor"],
        Beyond::Above => ["highest", "highest_comparator", "highest_sensor"],
    };
    if let [.., judged] = &episode.established[..] {
        let first = episode.established.iter().rev().nth(1);
        let minutes = first.filter(|_| is_sensor(&judged.reading)).map_or(0.0, |first| {
            (judged.reading.time - first.reading.time).millis() as f64 / 60_000.0
        });
        let judged_at = measured(&judged.reading);
        episode.findings.extend(values([
            ("readings", episode.established.len() as f64),
            ("sensor", f64::from(is_sensor(&judged.reading))),
            ("minutes", minutes.floor()),
            (is_of_sensor, f64::from(furthest.is_none_or(|furthest| is_sensor(&furthest)))),
        ]));
        // Beyond what the device can say, the number is its limit.
        for (name, side, measured) in [
            ("glucose_value", "glucose_comparator", judged_at),
            (
                name_of_furthest,
                side_of_furthest,
                furthest.map_or(judged_at, |furthest| measured(&furthest)),
            ),
        ] {
            episode.findings.insert(name.into(), measured.number());
            if let Some(code) = measured.side() {
                episode.findings.insert(side.into(), f64::from(code as u8));
            }
        }
    }
    episode.parameters = parameters(context.plan, [event.limit, event.clear]);
}

/// The limit that an alert was judged against, with its unit.
pub(super) fn shown_limit(alert: &Alert, limit: &Parameter) -> Text {
    match alert.parameter(limit.short_name()).map(number) {
        Some(limit) => Text { ja: format!("{limit} mg/dL"), en: format!("{limit} mg/dL") },
        None => Text {
            ja: "基準値（記録なし）".to_owned(),
            en: "a limit that is not recorded".to_owned(),
        },
    }
}
