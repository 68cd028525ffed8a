//! `bp.low`: low systolic pressure at home, confirmed by a second reading as [`super::confirmed`] says.
//!
//! A cuff may upload in batches: a low reading that comes late is judged a minute later, with what was
//! sent together with it, which may be its repetition.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::confirmed::{self, Criterion, Measure, NEW_CRISIS_AFTER};
use super::occasions::OCCASION;
use crate::alert::{Alert, Severity, Text, Values};
use crate::episode::Episode;
use crate::fixed::Fixed;
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::TOGETHER;
use crate::rule::{Assessment, Change, Context, Rule, Severe, parameters, values};
use crate::sample::Sample;
use crate::statistics::{mean_is_at_least, mean_is_below};
use crate::time::Span;

use limits::{CLEAR_OCCASIONS, CLEAR_SYSTOLIC, Limits, SYSTOLIC};

/// The rule.
#[derive(Debug)]
struct Low;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Low as &dyn Rule)
}

/// Home readings; those of check-ups have been seen by somebody already.
const PRESSURE: Kind = Kind::BloodPressure;

/// What stands for a pressure that is not known, mmHg.
const NOT_LOW: i32 = 300;

/// mmHg.
fn systolic(sample: Sample) -> i32 {
    sample.value(blood_pressure::SYSTOLIC).map_or(NOT_LOW, |mmhg| mmhg as i32)
}

impl Rule for Low {
    fn name(&self) -> &str {
        "bp.low"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[SYSTOLIC, CLEAR_SYSTOLIC, CLEAR_OCCASIONS] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::confirmed::FIXED, crate::crisis::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        confirmed::assess(&Limits::of(context.plan), context, |episode| {
            episode.findings = findings(episode);
            episode.parameters = parameters(context.plan, [&SYSTOLIC, &CLEAR_OCCASIONS]);
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        confirmed::is_unaffected(&Limits::of(context.plan), change, context)
    }

    /// Where some plan makes it low.
    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        systolic(sample) < SYSTOLIC.high as i32
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, context: &Context<'_>) -> bool {
        confirmed::waits_for_its_time(&Limits::of(context.plan), reading, context)
    }

    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        (systolic(sample) < Limits::of(plan).systolic).then_some(Severe::Low)
    }

    fn severe_waits_for(&self) -> Span {
        OCCASION
    }

    fn calls_again_after(&self) -> Option<Span> {
        Some(NEW_CRISIS_AFTER)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![Limit {
            field: blood_pressure::SYSTOLIC,
            side: Side::Below,
            value: plan.value(&SYSTOLIC),
            severity: Some(Severity::Urgent),
        }]
    }

    fn wording_version(&self) -> i32 {
        2
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

impl Criterion for Limits {
    const KIND: Kind = PRESSURE;

    const JUDGED_WITHIN: Span = TOGETHER;

    fn is_beyond(&self, reading: &CurrentReading) -> bool {
        systolic(reading.sample) < self.systolic
    }

    fn mean_is_beyond(&self, one: &CurrentReading, other: &CurrentReading) -> bool {
        mean_is_below([systolic(one.sample), systolic(other.sample)], self.systolic)
    }

    fn measures(&self) -> &'static [Measure] {
        &[|reading| -systolic(reading.sample)]
    }

    fn is_normal(&self, occasion: &[CurrentReading]) -> bool {
        let pressures = occasion.iter().map(|reading| systolic(reading.sample));
        mean_is_at_least(pressures, self.clear_systolic)
    }

    fn clear_occasions(&self) -> u8 {
        self.clear_occasions
    }
}

fn findings(episode: &Episode) -> Values {
    let judged = confirmed::judged(episode);
    if judged.is_empty() {
        return Values::new();
    }
    let mean =
        |field| confirmed::mean(judged, |reading| reading.sample.value(field).unwrap_or_default());
    values([
        ("readings", judged.len() as f64),
        ("mean_systolic", mean(blood_pressure::SYSTOLIC)),
        ("mean_diastolic", mean(blood_pressure::DIASTOLIC)),
    ])
}
