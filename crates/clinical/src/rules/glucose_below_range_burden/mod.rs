//! `glucose.below_range_burden`: over two weeks, a sensor says low glucose for too much of the time.
//!
//! It looks at the last 14 complete local days together, once a local day, and at nothing where too
//! little is known of them ([`super::sensor_days`]). An alert begins when the share of the time below
//! range, or that below 54 mg/dL, reaches its limit. It ends when both are at half of their limits or
//! below, so that a patient at a limit does not flap.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::sensor_days::{self, Level, TwoWeeks};
use crate::alert::{Alert, Text, Values};
use crate::fixed::Fixed;
use crate::kinds::Kind;
use crate::parameter::Parameter;
use crate::rule::{Assessment, Change, Context, Rule, parameters};
use crate::sample::Sample;
use crate::time::Span;

use limits::{BELOW, CLEARS_AT, FURTHER, LOW, Limits, VERY_LOW};

/// The rule.
#[derive(Debug)]
struct BelowRangeBurden;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&BelowRangeBurden as &dyn Rule)
}

impl Limits {
    fn level(&self, two_weeks: &TwoWeeks) -> Level {
        let TwoWeeks { below, very_low, .. } = *two_weeks;
        if below >= self.below || very_low >= self.very_low {
            Level::Holds
        } else if below <= self.below * CLEARS_AT && very_low <= self.very_low * CLEARS_AT {
            Level::Clears
        } else {
            Level::Between
        }
    }

    /// Whether it is twice what an open alert says. Ours.
    fn is_worse(&self, two_weeks: &TwoWeeks, said: &Values) -> bool {
        let is_twice = |name, now: f64, limit: f64| {
            said.get(name).is_none_or(|said| now >= limit.max(said * FURTHER))
        };
        is_twice("below", two_weeks.below, self.below)
            || is_twice("very_low", two_weeks.very_low, self.very_low)
    }
}

impl Rule for BelowRangeBurden {
    fn name(&self) -> &str {
        "glucose.below_range_burden"
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::BloodGlucose]
    }

    /// To be asked of each reading. Copies are not counted.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LOW, BELOW, VERY_LOW] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::sensor_days::FIXED, super::days::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let Context { plan, .. } = context;
        let limits = Limits::of(plan);
        let parameters = parameters(plan, [&LOW, &BELOW, &VERY_LOW]);
        sensor_days::assess(
            context,
            limits.bands,
            &parameters,
            |seen| limits.level(seen),
            |seen, said| limits.is_worse(seen, said),
        )
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        sensor_days::is_unaffected(change, context)
    }

    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        sensor_days::waits_for_the_rest(sample, delay)
    }

    fn wording_version(&self) -> i32 {
        3
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}
