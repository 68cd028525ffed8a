//! `glucose.very_high`: glucose above 250 mg/dL for hours, level 2 of the consensus on continuous
//! monitoring.
//!
//! An event is a sensor that stays very high for 120 minutes, or two finger-sticks that are an hour to
//! 7 days apart with nothing back between them, of whatever source: copies are minutes apart (a
//! laboratory's value counts as one). It is for *review*. Less than 15 minutes at or below the limit do not
//! end a sensor's run, as they end no event of the consensus, and up to 30 minutes without a value do not
//! break it. After more silence its 120 minutes begin anew: nobody knows what was between. So time alone
//! raises nothing, for 120 minutes are only said of values that show them.
//!
//! One finger-stick of 400 mg/dL or more, or of which the meter says HI, is *unconfirmed*: it asks to
//! measure again.
//!
//! It ends with a finger-stick below 230 mg/dL, or with a sensor that stays there for 15 minutes while
//! nothing else reads more. Silence ends nothing.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::glucose_assessment;
use super::glucose_event::{Beyond, Event, FingerSticks, Judge, Level, OfSticks, Urgent};
use crate::alert::{Alert, Text};
use crate::fixed::Fixed;
use crate::glucose::GLUCOSE;
use crate::kinds::Kind;
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::RememberedReading;
use crate::rule::{Assessment, Change, Context, Rule, Severe};
use crate::sample::Sample;
use crate::time::Span;
use crate::timeline::Timeline;

use limits::{APART, CLEAR, LIMIT, SENSOR_FOR, SINGLE, WITHIN};

/// What the rule calls an event.
static VERY_HIGH: Event = Event {
    name: "glucose.very_high",
    beyond: Beyond::Above,
    limit: &LIMIT,
    clear: &CLEAR,
    of_sticks: OfSticks { limit: None, clear: None },
    sensor_for: SENSOR_FOR,
    finger_sticks: FingerSticks::Two { apart: APART, within: WITHIN, alone: &SINGLE },
    after_silence: None,
    urgent: Urgent::Never,
    reported_by: None,
};

/// The rule.
#[derive(Debug)]
struct VeryHigh;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&VeryHigh as &dyn Rule)
}

impl Rule for VeryHigh {
    fn name(&self) -> &str {
        VERY_HIGH.name
    }

    fn kinds(&self) -> &[Kind] {
        &[GLUCOSE]
    }

    /// No source confirms another. Were copies left out, a second way that is linked would cut the
    /// run of a sensor in two.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LIMIT, SINGLE, CLEAR] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::glucose_event::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        glucose_assessment::assess(&VERY_HIGH, context)
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        glucose_assessment::is_unaffected(&VERY_HIGH, change, context)
    }

    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        VERY_HIGH.waits_for_the_rest(sample, delay)
    }

    fn waits_after_others(&self, reading: &RememberedReading, timeline: &Timeline) -> bool {
        VERY_HIGH.waits_after_others(reading, timeline)
    }

    /// One finger-stick that asks to measure again, a meter's HI too. Of a sensor its hours count.
    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        let judge = Judge::of(&VERY_HIGH, plan);
        let is_severe = judge.level_of(sample) == Level::Beyond && judge.is_alone(sample);
        is_severe.then_some(Severe::High)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![VERY_HIGH.chart_limit(plan)]
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}
