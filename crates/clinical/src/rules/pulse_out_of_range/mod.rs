//! `pulse.out_of_range`: a pulse at rest below 50 or above 100 /min on two occasions in a row.
//!
//! It is the pulse that a cuff counts: blood pressure is measured after minutes of rest. That of an
//! oximeter is not looked at: it is worn while walking, where 110 is as it should be, and at night,
//! where 45 is.
//!
//! An occasion says the mean of its readings that have a pulse, once it is over. Readings without one
//! are left out. Two occasions in a row are at most 14 days apart.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::occasions::{self, OCCASION};
use crate::alert::{Alert, Severity, Stage, Text};
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, Step, parameters, values};
use crate::sample::Sample;
use crate::statistics;
use crate::time::{Span, Timestamp};

use limits::{HIGH, LOW, Limits};

/// The rule.
#[derive(Debug)]
struct OutOfRange;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&OutOfRange as &dyn Rule)
}

const PRESSURE: Kind = Kind::BloodPressure;

/// Occasions that are further apart are not in a row. Ours.
const IN_A_ROW: Span = Span::from_days(14);

/// So much of what comes before an occasion is needed to judge it: the one before, and the chain of
/// occasions that follow each other without a pause.
const LOOKBACK: Span = Span::from_days(15);

/// /min.
fn pulse(sample: Sample) -> Option<f64> {
    sample.value(blood_pressure::PULSE_RATE)
}

/// So many occasions in a row raise it. Ours.
const IN_A_ROW_RAISE: usize = 2;

/// What an alert rests on: the readings furthest out of range of two occasions in a row.
fn steps(_: &Alert) -> [Option<Step>; 1] {
    [Some(Step { stage: Stage::Confirmed, readings: IN_A_ROW_RAISE })]
}

impl Rule for OutOfRange {
    fn name(&self) -> &str {
        "pulse.out_of_range"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LOW, HIGH] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::occasions::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if let Some(waiting) = Assessment::waiting(context) {
            return waiting;
        }
        let limits = Limits::of(context.plan);
        let from = context.judged_from(LOOKBACK);
        let beginning = context.beginning(from, steps);
        let open = beginning.open.map(|carried| carried.episode());
        let readings = context.readings(PRESSURE, context.lookback_start());
        let readings: Vec<CurrentReading> =
            readings.filter(|reading| pulse(reading.sample).is_some()).collect();
        let mut found = episodes(&readings, from, open, &limits, context.now);
        for episode in &mut found.episodes {
            say_what_was_judged(episode, &limits, context.plan);
        }
        Assessment { covered: beginning.covered, ..found }
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let reading = &change.reading;
        let pulse_now = pulse(reading.sample);
        if let Some(until) = context.rest_until {
            return context.due == Some(until);
        }
        if change.is_in_order && pulse_now.is_none() {
            return true;
        }
        let limits = Limits::of(context.plan);
        let is_out = |sample| pulse(sample).is_some_and(|pulse| limits.is_out(pulse));
        if context.due.is_some() || is_out(reading.sample) {
            return false;
        }
        let is_out_near = |from, to| {
            let near = context.readings_and_copies(PRESSURE, from);
            near.take_while(|other| other.time <= to).any(|other| is_out(other.sample))
        };
        if change.is_in_order {
            // None is open or has ended in its occasion, and nothing takes the occasion's mean out.
            let begin = reading.time - OCCASION;
            return context.lasting_at(begin).next().is_none() && !is_out_near(begin, reading.time);
        }
        let reach = IN_A_ROW + OCCASION;
        context.known().next().is_none() && !is_out_near(reading.time - reach, reading.time + reach)
    }

    /// Where some plan calls it out of range.
    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        pulse(sample).is_some_and(|pulse| !(LOW.high..=HIGH.low).contains(&pulse))
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, context: &Context<'_>) -> bool {
        let limits = Limits::of(context.plan);
        !pulse(reading.sample).is_some_and(|pulse| limits.is_out(pulse))
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let limit = |side, parameter| Limit {
            field: blood_pressure::PULSE_RATE,
            side,
            value: plan.value(parameter),
            severity: Some(Severity::Review),
        };
        vec![limit(Side::Below, &LOW), limit(Side::Above, &HIGH)]
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// What an occasion says.
struct Occasion {
    begins: Timestamp,
    mean: f64,
    /// The reading that is furthest out of range, or nearest to that.
    furthest: CurrentReading,
}

impl Occasion {
    /// Of readings that all have a pulse, of which there is at least one.
    fn of(readings: &[CurrentReading], limits: &Limits) -> Self {
        let pulse = |reading: &CurrentReading| pulse(reading.sample).unwrap_or_default();
        let beyond = |reading: &CurrentReading| limits.beyond(pulse(reading));
        let mean = statistics::mean(readings.iter().map(pulse)).unwrap_or(f64::NAN);
        let further = |one: CurrentReading, other: &CurrentReading| {
            if beyond(other) > beyond(&one) { *other } else { one }
        };
        let furthest = readings.iter().fold(readings[0], further);
        Self { begins: readings[0].time, mean, furthest }
    }
}

/// The episodes in readings that all have a pulse, of those observed at `from` or later; the first is
/// the one that is open there.
fn episodes(
    readings: &[CurrentReading],
    from: Timestamp,
    mut open: Option<Episode>,
    limits: &Limits,
    now: Timestamp,
) -> Assessment {
    let mut found = Assessment::default();
    let mut before: Option<Occasion> = None;
    for range in occasions::from(readings, 0) {
        let occasion = Occasion::of(&readings[range.clone()], limits);
        let in_a_row = before.filter(|before| occasion.begins - before.begins <= IN_A_ROW);
        let before_was = |is: fn(&Limits, f64) -> bool| {
            in_a_row.as_ref().filter(|before| is(limits, before.mean))
        };
        let is_out = limits.is_out(occasion.mean);
        let raises = before_was(Limits::is_out).filter(|_| is_out && open.is_none());
        if !occasions::is_over(readings, &range, now) {
            if raises.is_some() || open.is_some() {
                found.assess_again_at(occasions::over_at(readings, &range));
            }
            break;
        }
        if readings[range.end - 1].time >= from {
            if let Some(before) = raises {
                let pair = [before.furthest, occasion.furthest];
                let evidence = EvidenceReading::of(PRESSURE, &pair).collect();
                open = Some(Episode::begin(Stage::Confirmed, Severity::Review, evidence));
            } else if is_out {
                open.iter_mut().for_each(|open| note_furthest(open, occasion.furthest, limits));
            } else if limits.is_back(occasion.mean)
                && before_was(Limits::is_back).is_some()
                && let Some(mut episode) = open.take()
            {
                episode.ended = Some(occasion.begins);
                found.episodes.push(episode);
            }
        }
        before = Some(occasion);
    }
    found.episodes.extend(open);
    found
}

/// Of what upholds an episode its evidence names the reading furthest out of range.
fn note_furthest(open: &mut Episode, reading: CurrentReading, limits: &Limits) {
    let beyond = |reading: &CurrentReading| pulse(reading.sample).map(|it| limits.beyond(it));
    let mut known = open.established.iter().chain(&open.newest);
    if known.all(|known| beyond(&known.reading) < beyond(&reading)) {
        open.newest = EvidenceReading::of(PRESSURE, &[reading]).collect();
    }
}

/// Adds what was judged, and against what.
fn say_what_was_judged(episode: &mut Episode, limits: &Limits, plan: &Plan) {
    let pulses = episode.established.iter().chain(&episode.newest);
    let pulses = pulses.filter_map(|evidence| pulse(evidence.reading.sample));
    let further = |one: &f64, other: &f64| limits.beyond(*one).total_cmp(&limits.beyond(*other));
    if let Some(furthest) = pulses.max_by(further) {
        episode.findings = values([("pulse_rate", furthest)]);
    }
    episode.parameters = parameters(plan, [&LOW, &HIGH]);
}
