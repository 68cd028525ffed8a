//! `glucose.very_low`: glucose below 54 mg/dL, level 2 of the consensus on continuous monitoring.
//!
//! *Confirmed* is one finger-stick (a laboratory's value counts as one), or a sensor that stays low
//! for 15 minutes. Up to 30 minutes without a value do not break a sensor's run; a value that is not
//! low does, and so does a finger-stick that is back: then the sensor's values count anew, for a
//! sensor that is lain on reads low. Low values of less than 15 minutes that no value of the sensor
//! follows within 30 minutes are *unconfirmed*: nobody knows how it went on.
//!
//! An episode ends with a finger-stick of 70 mg/dL or more, or with a sensor that stays there for 15
//! minutes while nothing else reads less. Silence ends nothing.
//!
//! A sensor may upload in batches. A low value for which the silence is over when it comes is judged a
//! minute later, with what was sent together with it: the low may have ended hours ago.
//!
//! A sensor says 288 values a day. What a value can change is near it in time: episodes are computed
//! from an hour before it on, or from the beginning of the episode that it may belong to.

mod course;
mod limits;
#[cfg(test)]
mod tests;
mod wording;

use smallvec::SmallVec;

use crate::alert::{Alert, Severity, Stage, Status, Text};
use crate::episode::{Episode, EvidenceReading};
use crate::kinds::{Kind, blood_glucose};
use crate::limit::{Limit, Side};
use crate::measured::Measured;
use crate::monitor::TOGETHER;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, Step, parameters, values};
use crate::sample::Sample;
use crate::time::{Span, Timestamp};

use course::{Course, Level};
use limits::{CLEAR, LIMIT, Limits};

/// The rule.
#[derive(Debug)]
struct VeryLow;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&VeryLow as &dyn Rule)
}

const GLUCOSE: Kind = Kind::BloodGlucose;

/// A sensor stays low, or back, for so long: the consensus counts events of 15 minutes.
const SENSOR_FOR: Span = Span::from_minutes(15);

/// So long a sensor may say nothing within a run: phones lose a value or two, or several. Ours.
const SILENCE: Span = Span::from_minutes(30);

/// A low value that comes later than this is judged with what was sent together with it, so that the
/// silence after it lasts a minute from its receipt at least.
const ALONE_WITHIN: Span = Span::from_millis(SILENCE.millis() - TOGETHER.millis());

/// No run that is not long enough yet, with the silence after it, is longer than this: so far from a
/// reading it changes nothing, unless an episode reaches further.
const NEAR: Span = Span::from_hours(1);

/// So many values a sensor says in the two hours that are mostly computed, with room for some more.
const OF_TWO_HOURS: usize = 36;

/// The place of the code `continuous_sensor` among those of the method.
const SENSOR: f64 = 1.0;

/// For comparing it with a limit, mg/dL. What has no number is neither low nor back.
fn glucose(sample: Sample) -> f64 {
    sample.value(blood_glucose::GLUCOSE_VALUE).unwrap_or(f64::NAN)
}

/// For showing it, and for telling which is the lowest.
fn measured(reading: &CurrentReading) -> Measured {
    reading.sample.measured(blood_glucose::GLUCOSE_VALUE).unwrap_or(Measured::Exactly(f64::NAN))
}

fn lowest(readings: impl Iterator<Item = CurrentReading>) -> Option<CurrentReading> {
    readings.min_by(|one, other| measured(one).total_cmp(&measured(other)))
}

fn is_sensor(reading: &CurrentReading) -> bool {
    reading.sample.value(blood_glucose::GLUCOSE_METHOD) == Some(SENSOR)
}

/// Which readings of an alert's evidence brought it to which stage.
fn steps(alert: &Alert) -> [Option<Step>; 2] {
    let step = |stage, readings| Some(Step { stage, readings });
    let first = step(Stage::Unconfirmed, 1);
    if alert.stage == Stage::Unconfirmed {
        return [first, None];
    }
    let readings = alert.finding("readings").unwrap_or(1.0) as usize;
    let by_finger_stick = alert
        .evidence
        .get(1)
        .is_some_and(|evidence| !is_sensor(&EvidenceReading::from(evidence).reading));
    let was_unconfirmed = readings == 3 || readings == 2 && by_finger_stick;
    [first.filter(|_| was_unconfirmed), step(Stage::Confirmed, readings)]
}

/// From when on episodes are computed: as far back as the window where no reading is the cause.
fn computed_from(context: &Context<'_>) -> Timestamp {
    let window_start = context.window_start();
    let Some(cause) = context.cause else { return window_start };
    let mut from = cause.observation_time();
    if let Some(due) = context.due {
        // A run that waits for its next value.
        from = from.min(due - NEAR);
    }
    from = from - NEAR;
    let first_of_those_there = |from: Timestamp| {
        let is_there =
            |alert: &&Alert| reaches(alert, from) && alert.first_observed_at - NEAR < from;
        context.known().filter(is_there).map(|alert| alert.first_observed_at).min()
    };
    while let Some(first) = first_of_those_there(from) {
        from = first - NEAR;
    }
    from.max(window_start)
}

/// The readings before one in order so shortly that no run that begins after one is long enough. Of
/// the same second another source's reading may come before the run that begins then.
fn shortly_before<'a>(
    context: &Context<'a>,
    reading: CurrentReading,
) -> impl Iterator<Item = CurrentReading> + use<'a> {
    let begin = reading.time - SENSOR_FOR;
    context.readings_and_copies(GLUCOSE, begin).filter(move |other| {
        !other.is_of(&reading) && (other.source == reading.source || other.time > begin)
    })
}

/// Whether an alert lasted, or lasts, until near a time.
fn reaches(alert: &Alert, time: Timestamp) -> bool {
    alert.status != Status::Retracted && (alert.is_open() || alert.last_observed_at + NEAR >= time)
}

impl Rule for VeryLow {
    fn name(&self) -> &str {
        "glucose.very_low"
    }

    fn kinds(&self) -> &[Kind] {
        &[GLUCOSE]
    }

    /// No source confirms another. Were copies left out, a second way that is linked would cut the
    /// run of a sensor in two.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LIMIT, CLEAR] }
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if let Some(until) = context.rest_until {
            // Until then all stays as it was reported.
            return Assessment { next_assessment: Some(until), ..Assessment::default() };
        }
        let limits = Limits::of(context.plan);
        let from = computed_from(context);
        let beginning = context.beginning(from, steps);
        // With an end everything counts anew.
        let ended = context.known().filter(|alert| alert.status == Status::Resolved);
        let ended = ended.map(|alert| alert.last_observed_at).filter(|ended| *ended < from).max();
        let mut course = Course::new(&limits, (from, context.now), beginning.open.as_ref());
        let readings = context.readings_and_copies(GLUCOSE, from - NEAR);
        let mut readings: SmallVec<[CurrentReading; OF_TWO_HOURS]> =
            readings.filter(|reading| ended.is_none_or(|ended| reading.time > ended)).collect();
        // Of the same second what is low comes first, so that no end hides it.
        readings.sort_by_key(|reading| (reading.time, Level::of(reading, &limits)));
        readings.iter().for_each(|reading| course.take(reading));
        let (mut episodes, next_assessment) = course.finish(context.now);
        for episode in &mut episodes {
            say_what_was_judged(episode, context);
        }
        Assessment { episodes, next_assessment, covered: beginning.covered }
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let reading = &change.reading;
        if let Some(until) = context.rest_until {
            return context.due == Some(until);
        }
        if let Some(due) = context.due {
            // A low run that waits: it is not long enough yet, and breaks no earlier than was said.
            let is_next = change.is_in_order && is_sensor(reading) && reading.time < due;
            let limits = Limits::of(context.plan);
            return is_next
                && Level::of(reading, &limits) == Level::Low
                && context.open().is_none()
                && shortly_before(context, *reading).any(|other| {
                    other.source == reading.source && Level::of(&other, &limits) != Level::Low
                });
        }
        if change.is_in_order && glucose(reading.sample) >= LIMIT.high && context.open().is_none() {
            // No plan makes it low. Most readings are so, and the plan is far in memory.
            return true;
        }
        let limits = Limits::of(context.plan);
        let level = Level::of(reading, &limits);
        if change.is_in_order {
            let Some(open) = context.open() else { return level != Level::Low };
            let is_reported = (open.stage, open.severity) == (Stage::Confirmed, Severity::Urgent);
            return match level {
                // Not back for long enough yet.
                Level::Back => {
                    is_sensor(reading)
                        && is_reported
                        && shortly_before(context, *reading)
                            .any(|other| Level::of(&other, &limits) != Level::Back)
                }
                Level::Between => is_reported,
                Level::Low => {
                    // Neither it nor a value of its run is the lowest.
                    let evidence = open.evidence.iter().map(EvidenceReading::from);
                    let known = lowest(evidence.map(|evidence| evidence.reading));
                    let of_run = lowest(context.readings_and_copies(GLUCOSE, reading.time - NEAR));
                    let is_lowest = |known: CurrentReading| {
                        of_run.is_none_or(|of_run| {
                            measured(&known).total_cmp(&measured(&of_run)).is_le()
                        })
                    };
                    is_reported && known.is_some_and(is_lowest)
                }
            };
        }
        let is_there = |alert: &Alert| {
            reaches(alert, reading.time) && alert.first_observed_at - NEAR <= reading.time
        };
        let mut near = context
            .readings_and_copies(GLUCOSE, reading.time - NEAR)
            .take_while(|other| other.time <= reading.time + NEAR);
        !context.lasting_at(reading.time - NEAR).any(is_there)
            && !near.any(|other| Level::of(&other, &limits) == Level::Low)
    }

    /// Where some plan makes it low. Of a sensor only what would be followed by silence if it came alone.
    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        let is_of_sensor = sample.value(blood_glucose::GLUCOSE_METHOD) == Some(SENSOR);
        glucose(sample) < LIMIT.high && (!is_of_sensor || delay > ALONE_WITHIN)
    }

    fn is_severe(&self, sample: Sample, plan: &Plan) -> bool {
        glucose(sample) < Limits::of(plan).low
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![Limit {
            field: blood_glucose::GLUCOSE_VALUE,
            side: Side::Below,
            value: plan.value(&LIMIT),
            severity: Some(Severity::Urgent),
        }]
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// Adds what was judged, and against what.
fn say_what_was_judged(episode: &mut Episode, context: &Context<'_>) {
    let lowest = lowest(episode.evidence().into_iter().map(|evidence| evidence.reading));
    if let [.., judged] = &episode.established[..] {
        let first = episode.established.iter().rev().nth(1);
        let minutes = first.filter(|_| is_sensor(&judged.reading)).map_or(0.0, |first| {
            (judged.reading.time - first.reading.time).millis() as f64 / 60_000.0
        });
        let judged_at = measured(&judged.reading);
        episode.findings = values([
            ("readings", episode.established.len() as f64),
            ("sensor", f64::from(is_sensor(&judged.reading))),
            ("minutes", minutes.floor()),
            ("lowest_sensor", f64::from(lowest.is_none_or(|lowest| is_sensor(&lowest)))),
        ]);
        // Beyond what the device can say, the number is its limit.
        for (name, side, measured) in [
            ("glucose_value", "glucose_comparator", judged_at),
            ("lowest", "lowest_comparator", lowest.map_or(judged_at, |lowest| measured(&lowest))),
        ] {
            episode.findings.insert(name.into(), measured.number());
            if let Some(code) = measured.side() {
                episode.findings.insert(side.into(), f64::from(code as u8));
            }
        }
    }
    episode.parameters = parameters(context.plan, [&LIMIT, &CLEAR]);
}
