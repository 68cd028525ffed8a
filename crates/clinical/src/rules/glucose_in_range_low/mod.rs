//! `glucose.in_range_low`: over two weeks, a sensor says glucose in range for too little of the time.
//!
//! It looks at the last 14 complete local days together, once a local day, and at nothing where too
//! little is known of them ([`super::sensor_days`]). An alert begins when the share of the time in range
//! is below the target. It ends 5 points above that.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::sensor_days::{self, Level, TwoWeeks};
use crate::alert::{Alert, Text};
use crate::fixed::Fixed;
use crate::kinds::Kind;
use crate::kinds::blood_glucose::GLUCOSE_VALUE;
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rule::{Assessment, Change, Context, Rule, parameters};
use crate::sample::Sample;
use crate::time::Span;

use limits::{CLEAR, FURTHER, HIGH, LOW, Limits, TARGET};

/// The rule.
#[derive(Debug)]
struct InRangeLow;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&InRangeLow as &dyn Rule)
}

impl Limits {
    fn level(&self, two_weeks: &TwoWeeks) -> Level {
        if two_weeks.in_range < self.target {
            Level::Holds
        } else if two_weeks.in_range >= self.clear {
            Level::Clears
        } else {
            Level::Between
        }
    }
}

impl Rule for InRangeLow {
    fn name(&self) -> &str {
        "glucose.in_range_low"
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::BloodGlucose]
    }

    /// To be asked of each reading. Copies are not counted.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LOW, HIGH, TARGET, CLEAR] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::sensor_days::FIXED, super::days::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let Context { plan, .. } = context;
        let limits = Limits::of(plan);
        let mut parameters = parameters(plan, [&LOW, &HIGH, &TARGET]);
        parameters.insert(CLEAR.short_name().into(), limits.clear);
        sensor_days::assess(
            context,
            limits.bands,
            &parameters,
            |seen| limits.level(seen),
            |seen, said| said.get("in_range").is_none_or(|said| seen.in_range <= said - FURTHER),
        )
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        sensor_days::is_unaffected(change, context)
    }

    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        sensor_days::waits_for_the_rest(sample, delay)
    }

    /// The range that a plan or a rule set gives.
    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let given = |side, parameter| {
            let value = plan.given(parameter)?;
            Some(Limit { field: GLUCOSE_VALUE, side, value, severity: None })
        };
        [given(Side::Below, &LOW), given(Side::Above, &HIGH)].into_iter().flatten().collect()
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}
