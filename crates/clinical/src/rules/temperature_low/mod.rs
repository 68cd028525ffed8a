//! `temperature.low`: a body temperature below a limit that the care plan, its programme or the rule set
//! gives. Where none of them does nothing is judged: what is measured wrongly under an arm is mostly too low.
//!
//! One reading raises it, and the alert asks to measure again. One reading that is normal again ends it: a
//! thermometer that is badly placed does not show too much, so that reading is believed more than the one
//! before it. Silence ends nothing.

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
struct Low;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Low as &dyn Rule)
}

const TEMPERATURE: Kind = Kind::BodyTemperature;

/// °C; what has no number is neither low nor normal.
fn temperature(sample: Sample) -> f64 {
    sample.value(body_temperature::TEMPERATURE).unwrap_or(f64::NAN)
}

/// What an alert rests on: the reading that raised it.
fn steps(_: &Alert) -> [Option<Step>; 1] {
    [Some(Step { stage: Stage::Confirmed, readings: 1 })]
}

impl Rule for Low {
    fn name(&self) -> &str {
        "temperature.low"
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

    fn applies_to(&self, plan: &Plan) -> bool {
        plan.given(&LIMIT).is_some()
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let Some(limits) = Limits::of(context.plan) else {
            // Nothing is judged any more.
            return Assessment::switched_off(context);
        };
        if let Some(waiting) = Assessment::waiting(context) {
            return waiting;
        }
        let from = context.window_start();
        let beginning = context.beginning(from, steps);
        let mut open = beginning.open.map(|carried| carried.episode());
        let mut episodes = Vec::new();
        for reading in context.readings(TEMPERATURE, from) {
            let value = temperature(reading.sample);
            if value < limits.low {
                hold(&mut open, reading);
            } else if value >= limits.clear
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
        let Some(limits) = Limits::of(context.plan) else { return true };
        let value = temperature(reading.sample);
        if !change.is_in_order {
            // It raises nothing, and none lasts near it that it may have raised or may end.
            return value >= limits.low && context.lasting_at(reading.time).next().is_none();
        }
        let Some(open) = context.open() else { return value >= limits.low };
        if value >= limits.clear {
            return false;
        }
        let known = open.evidence.iter().map(|evidence| EvidenceReading::from(evidence).reading);
        value >= limits.low || known.map(|known| temperature(known.sample)).any(|it| it <= value)
    }

    /// Where some plan makes it low.
    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        temperature(sample) < LIMIT.high
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, context: &Context<'_>) -> bool {
        Limits::of(context.plan).is_none_or(|limits| temperature(reading.sample) >= limits.low)
    }

    /// It is for review by itself, however late it comes.
    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        let limits = Limits::of(plan)?;
        (temperature(sample) < limits.low).then_some(Severe::Low)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let limit = |value| Limit {
            field: body_temperature::TEMPERATURE,
            side: Side::Below,
            value,
            severity: Some(Severity::Review),
        };
        plan.given(&LIMIT).map(limit).into_iter().collect()
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// A reading is low. Of what upholds an episode its evidence names the lowest.
fn hold(open: &mut Option<Episode>, reading: CurrentReading) {
    let evidence = || EvidenceReading::of(TEMPERATURE, &[reading]).collect::<Vec<_>>();
    match open {
        None => *open = Some(Episode::begin(Stage::Confirmed, Severity::Review, evidence())),
        Some(episode) => {
            if lowest(episode).is_none_or(|lowest| temperature(reading.sample) < lowest) {
                episode.newest = evidence();
            }
        }
    }
}

/// °C.
fn lowest(episode: &Episode) -> Option<f64> {
    let readings = episode.established.iter().chain(&episode.newest);
    readings.map(|evidence| temperature(evidence.reading.sample)).min_by(f64::total_cmp)
}

/// Adds what was judged, and against what.
fn say_what_was_judged(episode: &mut Episode, plan: &Plan, limits: &Limits) {
    if let (Some(first), Some(lowest)) = (episode.established.first(), lowest(episode)) {
        let first = temperature(first.reading.sample);
        episode.findings = values([("temperature", first), ("lowest", lowest)]);
    }
    episode.parameters = parameters(plan, [&LIMIT]);
    episode.parameters.insert(CLEAR.short_name().into(), limits.clear);
}
