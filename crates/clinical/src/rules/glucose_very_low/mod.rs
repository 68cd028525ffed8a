//! `glucose.very_low`: glucose below 54 mg/dL, level 2 of the consensus on continuous monitoring.
//!
//! *Confirmed* is one finger-stick (a laboratory's value counts as one), or a sensor that stays low
//! for 15 minutes. Up to 30 minutes without a value do not break a sensor's run; a value that is not
//! low does, and so does a finger-stick that is back: then the sensor's values count anew, for a
//! sensor that is lain on reads low. Low values of less than 15 minutes that no value of the sensor
//! follows within 30 minutes are *unconfirmed*: nobody knows how it went on.
//!
//! An episode ends with a finger-stick of 70 mg/dL or more, or with a sensor that stays there for 15
//! minutes while nothing else reads less. Silence ends nothing.
//!
//! A sensor may upload in batches. A low value for which the silence is over when it comes is judged a
//! minute later, with what was sent together with it: the low may have ended hours ago.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::glucose_assessment;
use super::glucose_event::{
    Beyond, Event, FingerSticks, Judge, Level, OfSticks, TELLS_FOR, Urgent,
};
use crate::alert::{Alert, Stage, Text};
use crate::fixed::Fixed;
use crate::glucose::{GLUCOSE, SENSOR_FOR};
use crate::kinds::Kind;
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::RememberedReading;
use crate::rule::{Assessment, Change, Context, Rule, Severe};
use crate::sample::Sample;
use crate::time::Span;
use crate::timeline::Timeline;

use limits::{CLEAR, LIMIT, STICK_CLEAR};

/// What the rule calls an event.
pub(super) static VERY_LOW: Event = Event {
    name: "glucose.very_low",
    beyond: Beyond::Below,
    limit: &LIMIT,
    clear: &CLEAR,
    of_sticks: OfSticks { limit: None, clear: Some(&STICK_CLEAR) },
    sensor_for: SENSOR_FOR,
    finger_sticks: FingerSticks::One,
    after_silence: Some(Stage::Unconfirmed),
    urgent: Urgent::AtOnce,
    reported_by: None,
};

/// The rule.
#[derive(Debug)]
struct VeryLow;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&VeryLow as &dyn Rule)
}

impl Rule for VeryLow {
    fn name(&self) -> &str {
        VERY_LOW.name
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
        const { &[LIMIT, CLEAR, STICK_CLEAR] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::glucose_event::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        glucose_assessment::assess(&VERY_LOW, context)
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        glucose_assessment::is_unaffected(&VERY_LOW, change, context)
    }

    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        VERY_LOW.waits_for_the_rest(sample, delay)
    }

    fn waits_after_others(&self, reading: &RememberedReading, timeline: &Timeline) -> bool {
        VERY_LOW.waits_after_others(reading, timeline)
    }

    fn severe(&self, sample: Sample, plan: &Plan) -> Option<Severe> {
        let is_beyond = Judge::of(&VERY_LOW, plan).level_of(sample) == Level::Beyond;
        is_beyond.then_some(Severe::Low)
    }

    fn calls_again_after(&self) -> Option<Span> {
        Some(TELLS_FOR)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![VERY_LOW.chart_limit(plan)]
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}
