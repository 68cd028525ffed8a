//! `temperature.high`: a body temperature of 37.5 °C or more.
//!
//! One reading raises it, and no second one is asked for: the alert is a review, which asks how the
//! patient is, and what is measured wrongly under an arm is mostly too low. A fever falls in the morning
//! and rises in the evening, so an episode ends with a reading that is normal again after none was above
//! normal for 24 hours. Silence ends nothing.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, Severity, Stage, Text};
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::kinds::{Kind, body_temperature};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, Severe, Step, parameters, values};
use crate::sample::Sample;
use crate::time::Span;

use limits::{CLEAR, LIMIT, Limits};

/// The rule.
#[derive(Debug)]
struct High;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&High as &dyn Rule)
}

const TEMPERATURE: Kind = Kind::BodyTemperature;

/// So long no reading may be above normal before one that ends an episode. Ours: the course of a day.
const NORMAL_FOR: Span = Span::from_hours(24);

/// °C; what has no number is neither high nor normal.
fn temperature(sample: Sample) -> f64 {
    sample.value(body_temperature::TEMPERATURE).unwrap_or(f64::NAN)
}

/// What an alert rests on: the reading that raised it.
fn steps(_: &Alert) -> [Option<Step>; 1] {
    [Some(Step { stage: Stage::Confirmed, readings: 1 })]
}

impl Rule for High {
    fn name(&self) -> &str {
        "temperature.high"
    }

    fn kinds(&self) -> &[Kind] {
        &[TEMPERATURE]
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LIMIT, CLEAR] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if let Some(waiting) = Assessment::waiting(context) {
            return waiting;
        }
        let limits = Limits::of(context.plan);
        let from = context.window_start();
        let beginning = context.beginning(from, steps);
        let mut open = beginning.open.map(|carried| carried.episode());
        let mut episodes = Vec::new();
        // Of what was before nothing is seen.
        let mut above_normal = context.lookback_start();
        for reading in context.readings(TEMPERATURE, context.lookback_start()) {
            let is_judged = reading.time >= from;
            let value = temperature(reading.sample);
            if value >= limits.high && is_judged {
                hold(&mut open, reading);
            }
            if value >= limits.clear {
                above_normal = reading.time;
            }
            let is_normal = value < limits.clear && reading.time - above_normal >= NORMAL_FOR;
            if is_normal
                && is_judged
                && let Some(mut episode) = open.take()
            {
                episode.ended = Some(reading.time);
                episodes.push(episode);
            }
        }
        episodes.extend(open);
        for episode in &mut episodes {
            say_what_was_judged(episode, context.plan, &limits);
        }
        Assessment { episodes, next_assessment: None, covered: beginning.covered }
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let reading = &change.reading;
        if let Some(until) = context.rest_until {
            return context.due == Some(until);
        }
        let limits = Limits::of(context.plan);
        let value = temperature(reading.sample);
        if !change.is_in_order {
            // It raises nothing, and none lasts near it that it may have raised or may end.
            return value < limits.high
                && context.lasting_at(reading.time - NORMAL_FOR).next().is_none();
        }
        let Some(open) = context.open() else { return value < limits.high };
        if value < limits.clear {
            let mut before = context.readings(TEMPERATURE, reading.time - NORMAL_FOR);
            return before.any(|other| {
                other.time > reading.time - NORMAL_FOR && temperature(other.sample) >= limits.clear
            });
        }
        let known = open.evidence.iter().map(|evidence| EvidenceReading::from(evidence).reading);
        value < limits.high || known.map(|known| temperature(known.sample)).any(|it| it >= value)
    }

    /// Where some plan makes it high.
    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        temperature(sample) >= LIMIT.low
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, context: &Context<'_>) -> bool {
        temperature(reading.sample) < Limits::of(context.plan).high
    }

    /// It is for review by itself, however late it comes.
    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        (temperature(sample) >= Limits::of(plan).high).then_some(Severe::High)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![Limit {
            field: body_temperature::TEMPERATURE,
            side: Side::AtOrAbove,
            value: plan.value(&LIMIT),
            severity: Some(Severity::Review),
        }]
    }

    fn wording_version(&self) -> i32 {
        2
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// A reading is high. Of what upholds an episode its evidence names the highest.
fn hold(open: &mut Option<Episode>, reading: CurrentReading) {
    let evidence = || EvidenceReading::of(TEMPERATURE, &[reading]).collect::<Vec<_>>();
    match open {
        None => *open = Some(Episode::begin(Stage::Confirmed, Severity::Review, evidence())),
        Some(episode) => {
            if highest(episode).is_none_or(|highest| temperature(reading.sample) > highest) {
                episode.newest = evidence();
            }
        }
    }
}

/// °C.
fn highest(episode: &Episode) -> Option<f64> {
    let readings = episode.established.iter().chain(&episode.newest);
    readings.map(|evidence| temperature(evidence.reading.sample)).max_by(f64::total_cmp)
}

/// Adds what was judged, and against what.
fn say_what_was_judged(episode: &mut Episode, plan: &Plan, limits: &Limits) {
    if let (Some(first), Some(highest)) = (episode.established.first(), highest(episode)) {
        let first = temperature(first.reading.sample);
        episode.findings = values([("temperature", first), ("highest", highest)]);
    }
    episode.parameters = parameters(plan, [&LIMIT]);
    episode.parameters.insert(CLEAR.short_name().into(), limits.clear);
}
