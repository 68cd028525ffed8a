//! `bp.severe_high`: severe high blood pressure at home: a reading at or above the limits, confirmed by
//! a second one as [`super::confirmed`] says.

mod limits;
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
use crate::programmes::PREGNANCY;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, Severe, parameters, values};
use crate::sample::Sample;
use crate::statistics::{mean_is_at_least, mean_is_below};
use crate::time::Span;

use limits::{CLEAR_DIASTOLIC, CLEAR_OCCASIONS, CLEAR_SYSTOLIC, DIASTOLIC, Limits, SYSTOLIC};

/// The rule.
#[derive(Debug)]
struct SevereHigh;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&SevereHigh as &dyn Rule)
}

/// Home readings; those of check-ups have been seen by somebody already.
const PRESSURE: Kind = Kind::BloodPressure;

const PARAMETERS: &[Parameter] =
    &[SYSTOLIC, DIASTOLIC, CLEAR_SYSTOLIC, CLEAR_DIASTOLIC, CLEAR_OCCASIONS];

impl Rule for SevereHigh {
    fn name(&self) -> &str {
        "bp.severe_high"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::confirmed::FIXED, crate::crisis::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        confirmed::assess(&Limits::of(context.plan), context, |episode| {
            episode.findings = findings(episode);
            episode.parameters =
                parameters(context.plan, [&SYSTOLIC, &DIASTOLIC, &CLEAR_OCCASIONS]);
            if context.plan.programme().is_some_and(|programme| programme.name == PREGNANCY) {
                episode.parameters.insert(PREGNANCY.into(), 1.0);
            }
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        confirmed::is_unaffected(&Limits::of(context.plan), change, context)
    }

    fn waits_for_its_time(&self, reading: &CurrentReading, context: &Context<'_>) -> bool {
        confirmed::waits_for_its_time(&Limits::of(context.plan), reading, context)
    }

    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        is_severe(sample, &Limits::of(plan)).then_some(Severe::High)
    }

    fn severe_waits_for(&self) -> Span {
        OCCASION
    }

    fn calls_again_after(&self) -> Option<Span> {
        Some(NEW_CRISIS_AFTER)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
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

    fn wording_version(&self) -> i32 {
        3
    }

    fn words(&self, alert: &Alert) -> Text {
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

fn is_severe(sample: Sample, limits: &Limits) -> bool {
    let mmhg = |field| sample.value(field).unwrap_or_default() as u16;
    mmhg(blood_pressure::SYSTOLIC) >= limits.systolic
        || mmhg(blood_pressure::DIASTOLIC) >= limits.diastolic
}

impl Criterion for Limits {
    const KIND: Kind = PRESSURE;

    fn is_beyond(&self, reading: &CurrentReading) -> bool {
        is_severe(reading.sample, self)
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

fn findings(episode: &Episode) -> Values {
    let judged = confirmed::judged(episode);
    if judged.is_empty() {
        return Values::new();
    }
    values([
        ("readings", judged.len() as f64),
        ("mean_systolic", confirmed::mean(judged, |reading| systolic(reading).into())),
        ("mean_diastolic", confirmed::mean(judged, |reading| diastolic(reading).into())),
    ])
}
