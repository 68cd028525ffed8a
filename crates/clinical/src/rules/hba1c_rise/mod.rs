//! `hba1c.rise`: HbA1c that has risen, or is high.
//!
//! A value is *to look at* when it is at least half a point above the last one of the six months
//! before and not below 5.6 %, or at 8.0 % or above. An alert begins with such a value. Every further value updates it. It
//! ends with the first that is no rise and clearly below 8.0 %. Silence ends nothing.
//!
//! The last value is known as far as those of slow kinds are remembered ([`crate::slow`]), and for as long
//! as an alert that rests on it.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, Severity, Stage, Status, Text};
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::kinds::{Kind, hba1c};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context, Rule, Step, parameters, values};
use crate::time::Timestamp;

use limits::{HIGH, LEAST, Limits, Percent, RISE, SIX_MONTHS};

/// The rule.
#[derive(Debug)]
struct Hba1cRise;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Hba1cRise as &dyn Rule)
}

const HBA1C: Kind = Kind::Hba1c;

fn value(reading: &CurrentReading) -> Percent {
    Percent::of(reading.sample.value(hba1c::HBA1C_VALUE).unwrap_or_default())
}

/// What an alert rests on: the value that began it, and the one that it had risen from, if it had.
fn steps(alert: &Alert) -> [Option<Step>; 1] {
    let readings = 1 + usize::from(alert.finding("from").is_some());
    [Some(Step { stage: Stage::Confirmed, readings })]
}

/// The readings that are remembered, and those that alerts rest on where they have left memory, and
/// cannot change any more.
fn readings(context: &Context<'_>) -> Vec<CurrentReading> {
    let start = context.lookback_start();
    let has_left =
        |reading: &CurrentReading| reading.time < start && !context.remembers_slow(HBA1C, reading);
    let known = context.known().filter(|alert| alert.status != Status::Retracted);
    let evidence = known.flat_map(|alert| &alert.evidence).map(EvidenceReading::from);
    let mut readings: Vec<CurrentReading> =
        evidence.map(|evidence| evidence.reading).filter(has_left).collect();
    readings.extend(context.slow_readings(HBA1C));
    readings.sort_by_key(|reading| (reading.time, reading.source));
    readings.dedup_by_key(|reading| (reading.time, reading.source));
    readings
}

/// From which reading on the alert that is open where the window begins is computed anew: from its
/// first, as long as that is remembered and so may be another one now, or none.
fn computed_from(carried: &Carried<'_>, context: &Context<'_>) -> Option<Timestamp> {
    let first = carried.established.first()?.reading;
    context.remembers_slow(HBA1C, &first).then_some(first.time)
}

impl Rule for Hba1cRise {
    fn name(&self) -> &str {
        "hba1c.rise"
    }

    fn kinds(&self) -> &[Kind] {
        &[HBA1C]
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[RISE, LEAST, HIGH] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let limits = Limits::of(context.plan);
        let from = context.window_start();
        let beginning = context.beginning(from, steps);
        let carried = beginning.open.as_ref();
        let anew_from = carried.and_then(|carried| computed_from(carried, context));
        let mut open = carried.filter(|_| anew_from.is_none()).map(|carried| Episode {
            findings: carried.alert.findings.clone(),
            ..carried.episode()
        });
        let from = anew_from.unwrap_or(from);
        let mut episodes = Vec::new();
        let mut last: Option<CurrentReading> = None;
        for reading in readings(context) {
            let base = last.replace(reading).filter(|last| {
                reading.time - last.time <= SIX_MONTHS
                    && value(&reading).since(value(last)) >= limits.rise
                    && value(&reading) >= limits.least
            });
            if reading.time < from {
                continue;
            }
            let newest = value(&reading);
            let is_to_look_at = base.is_some() || newest >= limits.high;
            match &mut open {
                None if is_to_look_at => open = Some(begin(reading, base)),
                None => {}
                Some(episode) if is_to_look_at || newest >= limits.ends_below() => {
                    let newest = [reading];
                    let newest = EvidenceReading::of(HBA1C, &newest);
                    episode.continue_with(Stage::Confirmed, Severity::Review, newest);
                }
                Some(episode) => {
                    episode.ended = Some(reading.time);
                    episodes.extend(open.take());
                }
            }
        }
        episodes.extend(open);
        for episode in &mut episodes {
            if let Some(newest) = episode.evidence().iter().max_by_key(|one| one.reading.time) {
                episode.findings.insert("newest".into(), value(&newest.reading).number());
            }
            episode.parameters = parameters(context.plan, [&RISE, &LEAST, &HIGH]);
        }
        Assessment { episodes, next_assessment: None, covered: beginning.covered }
    }

    /// Values come a few times a year.
    fn is_unaffected(&self, _: &Change, _: &Context<'_>) -> bool {
        false
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![Limit {
            field: hba1c::HBA1C_VALUE,
            side: Side::AtOrAbove,
            value: plan.value(&HIGH),
            severity: Some(Severity::Review),
        }]
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// An episode that begins with a reading, and the one that it had risen from.
fn begin(reading: CurrentReading, base: Option<CurrentReading>) -> Episode {
    let readings: Vec<CurrentReading> = std::iter::once(reading).chain(base).collect();
    let established = EvidenceReading::of(HBA1C, &readings).collect();
    let mut episode = Episode::begin(Stage::Confirmed, Severity::Review, established);
    episode.findings = values([("value", value(&reading).number())]);
    if let Some(base) = base {
        episode.findings.insert("from".into(), value(&base).number());
    }
    episode
}
