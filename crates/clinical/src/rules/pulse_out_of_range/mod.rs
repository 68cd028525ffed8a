//! `pulse.out_of_range`: a pulse at rest below 50 or above 100 /min on two occasions in a row.
//!
//! It is the pulse that a cuff counts: blood pressure is measured after minutes of rest. That of an
//! oximeter is not looked at: it is worn while walking, where 110 is as it should be, and at night,
//! where 45 is.
//!
//! An occasion says the mean of its readings that have a pulse, once it is over. Readings without one
//! are left out. Two occasions in a row are at most 14 days apart.
//!
//! One occasion of 40 or less, or of 131 or more, is *unconfirmed*: it asks to measure again. The next
//! occasion, whenever it comes, confirms it where it is out of range, and ends it where it is not.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::occasions;
use crate::alert::{Alert, Severity, Stage, Text};
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::home_pressure::OCCASION;
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context, Rule, Severe, Step, parameters, values};
use crate::sample::Sample;
use crate::statistics;
use crate::time::{Span, Timestamp};

use limits::{HIGH, LOW, Limits, VERY_HIGH, VERY_LOW};

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

/// So many occasions after one that asked to measure again answer it. Ours.
const ANSWERS: usize = 1;

/// The finding of an alert that began by one occasion and asked to measure again.
const BEGAN_UNCONFIRMED: &str = "began_unconfirmed";

/// What an alert rests on: the reading furthest out of range of one extreme occasion, of two in a row.
fn steps(alert: &Alert) -> [Option<Step>; 2] {
    let step = |stage, readings| Some(Step { stage, readings });
    let unconfirmed = step(Stage::Unconfirmed, 1).filter(|_| began_unconfirmed(alert));
    let is_confirmed = alert.stage == Stage::Confirmed;
    [unconfirmed, step(Stage::Confirmed, IN_A_ROW_RAISE).filter(|_| is_confirmed)]
}

fn began_unconfirmed(alert: &Alert) -> bool {
    alert.finding(BEGAN_UNCONFIRMED).is_some()
}

/// The episode of an alert that is open where the rule begins.
fn carry(carried: &Carried<'_>) -> Episode {
    let mut episode = carried.episode();
    if began_unconfirmed(carried.alert) {
        episode.findings = values([(BEGAN_UNCONFIRMED, 1.0)]);
    }
    episode
}

impl Rule for OutOfRange {
    fn name(&self) -> &str {
        "pulse.out_of_range"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LOW, HIGH, VERY_LOW, VERY_HIGH] }
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
        let open = beginning.open.as_ref().map(carry);
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

    /// One that asks to measure again.
    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        let limits = Limits::of(plan);
        let side = |pulse| if limits.is_above(pulse) { Severe::High } else { Severe::Low };
        pulse(sample).filter(|pulse| limits.is_extreme(*pulse)).map(side)
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

    fn wording_version(&self) -> i32 {
        3
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
        let begins = match before_was(Limits::is_out).filter(|_| is_out) {
            Some(before) => Some((Stage::Confirmed, vec![before.furthest, occasion.furthest])),
            None if limits.is_extreme(occasion.mean) => {
                Some((Stage::Unconfirmed, vec![occasion.furthest]))
            }
            None => None,
        };
        if !occasions::is_over(readings, &range, now) {
            if begins.is_some() || open.is_some() {
                found.assess_again_at(occasions::over_at(readings, &range));
            }
            break;
        }
        if readings[range.end - 1].time >= from {
            let ends = |open: &mut Episode| match open.stage {
                Stage::Confirmed => {
                    limits.is_back(occasion.mean) && before_was(Limits::is_back).is_some()
                }
                _ => !is_out,
            };
            if let Some(mut episode) = open.take_if(ends) {
                episode.ended = Some(occasion.begins);
                found.episodes.push(episode);
            } else if let Some(open) = open.as_mut().filter(|_| is_out) {
                go_on(open, occasion.furthest, limits);
            } else if open.is_none() {
                open = begins.map(|(stage, readings)| begin(stage, &readings));
            }
        }
        before = Some(occasion);
    }
    found.episodes.extend(open);
    found
}

fn begin(stage: Stage, readings: &[CurrentReading]) -> Episode {
    let evidence = EvidenceReading::of(PRESSURE, readings).collect();
    let mut episode = Episode::begin(stage, Severity::Review, evidence);
    if stage == Stage::Unconfirmed {
        episode.findings = values([(BEGAN_UNCONFIRMED, 1.0)]);
    }
    episode
}

/// A further occasion is out of range. It confirms an episode that one occasion began, and of what upholds a
/// confirmed one its evidence names the reading furthest out of range.
fn go_on(open: &mut Episode, reading: CurrentReading, limits: &Limits) {
    if open.stage != Stage::Confirmed {
        let newest = EvidenceReading { kind: PRESSURE, reading };
        return open.continue_with(Stage::Confirmed, Severity::Review, [newest].into_iter());
    }
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
        episode.findings.insert("pulse_rate".into(), furthest);
    }
    episode.parameters = parameters(plan, [&LOW, &HIGH, &VERY_LOW, &VERY_HIGH]);
}
