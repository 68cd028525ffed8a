//! `bp.low`: low systolic pressure at home, confirmed by a second reading as [`super::confirmed`] says.
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

use limits::{CLEAR_OCCASIONS, CLEAR_SYSTOLIC, Limits, SYSTOLIC};

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

impl Definition for Low {
    type Limits = Limits;

    const NAME: &'static str = "bp.low";

    const PARAMETERS: &'static [Parameter] = &[SYSTOLIC, CLEAR_SYSTOLIC, CLEAR_OCCASIONS];

    const FIXED: &'static [Fixed] = limits::FIXED;

    const WORDING_VERSION: i32 = 3;

    fn limits_of(plan: &Plan) -> Limits {
        Limits::of(plan)
    }

    fn judged_against(plan: &Plan) -> Values {
        parameters(plan, [&SYSTOLIC, &CLEAR_OCCASIONS])
    }

    const SEVERE: Severe = Severe::Low;

    fn is_severe(sample: Sample, limits: &Limits) -> bool {
        systolic(sample) < limits.systolic
    }

    /// Where some plan makes it low.
    fn waits_for_the_rest(sample: Sample) -> bool {
        systolic(sample) < SYSTOLIC.high as i32
    }

    fn charted(plan: &Plan) -> Vec<Limit> {
        vec![Limit {
            field: blood_pressure::SYSTOLIC,
            side: Side::Below,
            value: plan.value(&SYSTOLIC),
            severity: Some(Severity::Urgent),
        }]
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
