//! `bp.severe_high`: severe high blood pressure at home: a reading at or above the limits, confirmed by
//! a second one as [`super::confirmed`] says.

mod limits;
mod wording;

use super::confirmed_rule::{Confirmed, Definition};
use super::criterion::{Criterion, Measure};
use crate::alert::{Alert, Severity, Text, Values};
use crate::fixed::Fixed;
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::programmes::PREGNANCY;
use crate::remembered::CurrentReading;
use crate::rule::{Rule, Severe, parameters};
use crate::sample::Sample;
use crate::statistics::{mean_is_at_least, mean_is_below};

use limits::{CLEAR_DIASTOLIC, CLEAR_OCCASIONS, CLEAR_SYSTOLIC, DIASTOLIC, Limits, SYSTOLIC};

/// The rule.
#[derive(Debug)]
struct SevereHigh;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Confirmed(SevereHigh) as &dyn Rule)
}

impl Definition for SevereHigh {
    type Limits = Limits;

    const NAME: &'static str = "bp.severe_high";

    const PARAMETERS: &'static [Parameter] =
        &[SYSTOLIC, DIASTOLIC, CLEAR_SYSTOLIC, CLEAR_DIASTOLIC, CLEAR_OCCASIONS];

    const FIXED: &'static [Fixed] = limits::FIXED;

    const WORDING_VERSION: i32 = 5;

    fn limits_of(plan: &Plan) -> Limits {
        Limits::of(plan)
    }

    fn judged_against(plan: &Plan) -> Values {
        let mut judged = parameters(plan, [&SYSTOLIC, &DIASTOLIC, &CLEAR_OCCASIONS]);
        if plan.programme().is_some_and(|programme| programme.name == PREGNANCY) {
            judged.insert(PREGNANCY.into(), 1.0);
        }
        judged
    }

    const SEVERE: Severe = Severe::High;

    fn is_severe(sample: Sample, limits: &Limits) -> bool {
        let mmhg = |field| sample.value(field).unwrap_or_default() as u16;
        mmhg(blood_pressure::SYSTOLIC) >= limits.systolic
            || mmhg(blood_pressure::DIASTOLIC) >= limits.diastolic
    }

    fn charted(plan: &Plan) -> Vec<Limit> {
        let limits = Limits::of(plan);
        let limit = |field, value: u16| Limit {
            field,
            side: Side::AtOrAbove,
            value: value.into(),
            severity: Some(Severity::Urgent),
        };
        vec![
            limit(blood_pressure::SYSTOLIC, limits.systolic),
            limit(blood_pressure::DIASTOLIC, limits.diastolic),
        ]
    }

    fn words(alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// mmHg.
fn systolic(reading: &CurrentReading) -> i32 {
    reading.sample.value(blood_pressure::SYSTOLIC).unwrap_or_default() as i32
}

/// mmHg.
fn diastolic(reading: &CurrentReading) -> i32 {
    reading.sample.value(blood_pressure::DIASTOLIC).unwrap_or_default() as i32
}

impl Criterion for Limits {
    /// Home readings; those of check-ups have been seen by somebody already.
    const KIND: Kind = Kind::BloodPressure;

    fn is_beyond(&self, reading: &CurrentReading) -> bool {
        SevereHigh::is_severe(reading.sample, self)
    }

    fn mean_is_beyond(&self, one: &CurrentReading, other: &CurrentReading) -> bool {
        let is_beyond =
            |of: Measure, limit: u16| mean_is_at_least([one, other].map(of), i32::from(limit));
        is_beyond(systolic, self.systolic) || is_beyond(diastolic, self.diastolic)
    }

    fn measures(&self) -> &'static [Measure] {
        &[systolic, diastolic]
    }

    fn is_normal(&self, occasion: &[CurrentReading]) -> bool {
        let is_back =
            |of: Measure, limit: u16| mean_is_below(occasion.iter().map(of), i32::from(limit));
        is_back(systolic, self.clear_systolic) && is_back(diastolic, self.clear_diastolic)
    }

    fn clear_occasions(&self) -> u8 {
        self.clear_occasions
    }
}
