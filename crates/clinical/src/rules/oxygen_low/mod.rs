//! `oxygen.low`: an oxygen saturation below 94 %, urgent at or below 90 %.
//!
//! One low value is measured again before anybody is called. What an oximeter shows within a minute is
//! one value ([`minutes`]). *Confirmed* are low values in a row, without one that is not low between
//! them: two that are 1 to 15 minutes apart; of a device that measures continuously, five minutes, or fewer that
//! are 5 minutes apart; of who measures once, two measurements a day apart at most.
//! It is *urgent* where values at or below the urgent limit are in a row so. *Unconfirmed* is a low value
//! that nothing follows within 15 minutes.
//!
//! Not the mean of two values decides, as of pressures: a finger that is cold or moves reads 60 beside a
//! true 97.
//!
//! What is urgent again after values that stayed above the urgent limit for hours is a new crisis ([`open`]).
//!
//! An episode ends with values that stay at 95 or more for 15 minutes, or with one that is not low after
//! none was low for 20 hours; an unconfirmed one with a single value of 95 or more. Silence ends nothing.

mod course;
mod limits;
mod minutes;
mod open;
#[cfg(test)]
mod repetition_tests;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, Severity, Stage, Text};
use crate::crisis::UNKNOWN_AFTER;
use crate::fixed::Fixed;
use crate::kinds::{Kind, oxygen_saturation};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::TOGETHER;
use crate::rule::{Assessment, Change, Context, Rule, Severe, Step, parameters};
use crate::sample::Sample;
use crate::time::Span;

use course::Course;
use limits::{CLEAR, LIMIT, Limits, MINUTE, NOT_LOW_FOR, URGENT};
use minutes::Minute;

/// The rule.
#[derive(Debug)]
struct Low;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Low as &dyn Rule)
}

const OXYGEN: Kind = Kind::OxygenSaturation;

/// What is judged is judged so much later than it was received at most: when its minute is over, or what
/// was sent together with it has come.
const JUDGED_WITHIN: Span = Span::from_millis(2 * MINUTE.millis() + TOGETHER.millis());

/// So much of what comes before a value is needed to tell whether its row is confirmed.
const LOOKBACK: Span = Span::from_hours(2);

/// So long after a reading an alert may end for what it says.
const ENDS_WITHIN: Span = Span::from_millis(NOT_LOW_FOR.millis() + LOOKBACK.millis());

/// So far from a reading are those that a row joins with it.
const NEAR: Span = Span::from_minutes(17);

/// %; what has no number is neither low nor back.
fn spo2(sample: Sample) -> f64 {
    sample.value(oxygen_saturation::SPO2).unwrap_or(f64::NAN)
}

/// Which readings of an alert's evidence brought it to which stage; the last of them to its severity.
fn steps(alert: &Alert) -> [Option<Step>; 3] {
    let step = |stage, name| {
        let readings = alert.finding(name).unwrap_or_default() as usize;
        Some(Step { stage, readings }).filter(|step| step.readings > 0)
    };
    [
        step(Stage::Unconfirmed, open::UNCONFIRMED),
        step(Stage::Confirmed, open::CONFIRMED),
        step(Stage::Confirmed, open::URGENT),
    ]
}

impl Rule for Low {
    fn name(&self) -> &str {
        "oxygen.low"
    }

    fn kinds(&self) -> &[Kind] {
        &[OXYGEN]
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LIMIT, URGENT, CLEAR] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, open::FIXED, crate::crisis::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if let Some(waiting) = Assessment::waiting(context) {
            return waiting;
        }
        let limits = Limits::of(context.plan);
        let from = context.judged_from(LOOKBACK);
        let beginning = context.beginning(from, steps);
        let mut readings: Vec<CurrentReading> =
            context.readings(OXYGEN, context.lookback_start()).collect();
        minutes::leave_out_of_time(&mut readings, |reading| limits.is_low(spo2(reading.sample)));
        let seen_from = context.lookback_start();
        let mut course =
            Course::new(&limits, (seen_from, from, context.now), beginning.open.as_ref());
        let (mut before, mut room, mut not_over) = (None, Vec::new(), None);
        for range in minutes::of(&readings) {
            let of_minute = &readings[range.clone()];
            let over_at = minutes::over_at(of_minute[0].time);
            // By a clock that is ahead it would be over when that clock says so, up to an hour later.
            let is_ahead = of_minute.iter().all(|reading| reading.delay.is_ahead());
            if range.end == readings.len() && context.now < over_at && !is_ahead {
                not_over = Some((of_minute, over_at));
                break;
            }
            course.take(&Minute::of(of_minute, before, &mut room));
            before = Some(of_minute);
        }
        let is_low = |reading: &CurrentReading| limits.is_low(spo2(reading.sample));
        let concerns =
            |of_minute: &[CurrentReading]| course.is_concerned() || of_minute.iter().any(is_low);
        let minute_over = not_over.filter(|(of, _)| concerns(of)).map(|(_, over_at)| over_at);
        let (mut episodes, silence) =
            course.finish(context.now, not_over.map(|(of, _)| of[0].time));
        for episode in &mut episodes {
            episode.parameters = parameters(context.plan, [&LIMIT, &URGENT]);
            episode.parameters.insert(CLEAR.short_name().into(), limits.clear);
        }
        let next_assessment = minute_over.into_iter().chain(silence).min();
        Assessment { episodes, next_assessment, covered: beginning.covered }
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let reading = &change.reading;
        if let Some(until) = context.rest_until {
            return context.due == Some(until);
        }
        if change.is_in_order && context.due.is_some() {
            // Its minute is judged when it is over.
            return context.due == Some(minutes::over_at(reading.time));
        }
        let value = spo2(reading.sample);
        // Most values no plan makes low, and the plan is far in memory.
        let is_low = |value: f64| value < LIMIT.high && Limits::of(context.plan).is_low(value);
        if change.is_in_order {
            // None is open, or has ended in its minute.
            return context.lasting_at(reading.time - MINUTE).next().is_none() && !is_low(value);
        }
        let near = context.readings_and_copies(OXYGEN, reading.time - NEAR);
        let mut near = near.take_while(|other| other.time <= reading.time + NEAR);
        context.due.is_none()
            && context.lasting_at(reading.time - ENDS_WITHIN).next().is_none()
            && !is_low(value)
            && !near.any(|other| is_low(spo2(other.sample)))
    }

    /// Where some plan makes it low.
    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        spo2(sample) < LIMIT.high
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, context: &Context<'_>) -> bool {
        !Limits::of(context.plan).is_low(spo2(reading.sample))
    }

    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        Limits::of(plan).is_urgent(spo2(sample)).then_some(Severe::Low)
    }

    fn calls_again_after(&self) -> Option<Span> {
        Some(UNKNOWN_AFTER)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let limit = |side, parameter, severity| Limit {
            field: oxygen_saturation::SPO2,
            side,
            value: plan.value(parameter),
            severity: Some(severity),
        };
        vec![
            limit(Side::Below, &LIMIT, Severity::Review),
            limit(Side::AtOrBelow, &URGENT, Severity::Urgent),
        ]
    }

    fn wording_version(&self) -> i32 {
        4
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}
