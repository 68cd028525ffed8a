//! `bp.low`: low systolic pressure at home, and low diastolic pressure where a plan asks for that, confirmed by a second reading as [`super::confirmed`] says.
//!
//! A cuff may upload in batches: a low reading that comes late is judged a minute later, with what was
//! sent together with it, which may be its repetition.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::confirmed_rule::{Confirmed, Definition};
use super::criterion::{Criterion, Measure};
use crate::alert::{Alert, Severity, Text, Values};
use crate::fixed::Fixed;
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::rule::{Rule, Severe, TOGETHER, parameters};
use crate::sample::Sample;
use crate::statistics::{mean_is_at_least, mean_is_below};
use crate::time::Span;

use limits::{CLEAR_OCCASIONS, CLEAR_SYSTOLIC, DIASTOLIC, Limits, SYSTOLIC, judged_diastolic};

/// The rule.
#[derive(Debug)]
struct Low;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Confirmed(Low) as &dyn Rule)
}

/// What stands for a pressure that is not known, mmHg.
const NOT_LOW: i32 = 300;

/// mmHg.
fn systolic(sample: Sample) -> i32 {
    sample.value(blood_pressure::SYSTOLIC).map_or(NOT_LOW, |mmhg| mmhg as i32)
}

/// mmHg.
fn diastolic(sample: Sample) -> i32 {
    sample.value(blood_pressure::DIASTOLIC).map_or(NOT_LOW, |mmhg| mmhg as i32)
}

impl Definition for Low {
    type Limits = Limits;

    const NAME: &'static str = "bp.low";

    const PARAMETERS: &'static [Parameter] =
        &[SYSTOLIC, DIASTOLIC, CLEAR_SYSTOLIC, CLEAR_OCCASIONS];

    const FIXED: &'static [Fixed] = limits::FIXED;

    const WORDING_VERSION: i32 = 4;

    fn limits_of(plan: &Plan) -> Limits {
        Limits::of(plan)
    }

    fn judged_against(plan: &Plan) -> Values {
        let mut judged = parameters(plan, [&SYSTOLIC, &CLEAR_OCCASIONS]);
        if let Some(limit) = judged_diastolic(plan) {
            judged.insert(DIASTOLIC.short_name().into(), limit);
        }
        judged
    }

    const SEVERE: Severe = Severe::Low;

    fn is_severe(sample: Sample, limits: &Limits) -> bool {
        systolic(sample) < limits.systolic
            || limits.diastolic.is_some_and(|limit| diastolic(sample) < limit.low)
    }

    /// Where some plan makes it low.
    fn waits_for_the_rest(sample: Sample) -> bool {
        systolic(sample) < SYSTOLIC.high as i32 || diastolic(sample) < DIASTOLIC.high as i32
    }

    fn charted(plan: &Plan) -> Vec<Limit> {
        let limit = |field, value| Limit {
            field,
            side: Side::Below,
            value,
            severity: Some(Severity::Urgent),
        };
        let systolic = limit(blood_pressure::SYSTOLIC, plan.value(&SYSTOLIC));
        let diastolic = judged_diastolic(plan).map(|of| limit(blood_pressure::DIASTOLIC, of));
        std::iter::once(systolic).chain(diastolic).collect()
    }

    fn words(alert: &Alert) -> Text {
        wording::words(alert)
    }
}

impl Criterion for Limits {
    /// Home readings; those of check-ups have been seen by somebody already.
    const KIND: Kind = Kind::BloodPressure;

    const JUDGED_WITHIN: Span = TOGETHER;

    fn is_beyond(&self, reading: &CurrentReading) -> bool {
        Low::is_severe(reading.sample, self)
    }

    fn mean_is_beyond(&self, one: &CurrentReading, other: &CurrentReading) -> bool {
        let is_below = |of: fn(Sample) -> i32, limit| {
            mean_is_below([one, other].map(|reading| of(reading.sample)), limit)
        };
        is_below(systolic, self.systolic)
            || self.diastolic.is_some_and(|limit| is_below(diastolic, limit.low))
    }

    fn measures(&self) -> &'static [Measure] {
        &[|reading| -systolic(reading.sample), |reading| -diastolic(reading.sample)]
    }

    fn is_normal(&self, occasion: &[CurrentReading]) -> bool {
        let is_back = |of: fn(Sample) -> i32, limit| {
            mean_is_at_least(occasion.iter().map(|reading| of(reading.sample)), limit)
        };
        is_back(systolic, self.clear_systolic)
            && self.diastolic.is_none_or(|limit| is_back(diastolic, limit.clear))
    }

    fn clear_occasions(&self) -> u8 {
        self.clear_occasions
    }
}
