//! `glucose.low`: glucose below 70 mg/dL, level 1 of the consensus on continuous monitoring.
//!
//! An event is one finger-stick (a laboratory's value counts as one), or a sensor that stays low for 15
//! minutes. It is for *review*, and *urgent* when it has lasted for more than 120 minutes: an extended
//! event of the consensus. Time alone makes it so while a sensor goes on, which may be silent for 30
//! minutes; after more silence nobody knows, and the next readings below the limit do. After 4 hours
//! without a low value the 120 minutes begin anew, and after 2 hours and a half between two finger-sticks:
//! before two meals somebody has eaten between. What lasts so once more is a new crisis. The third low that
//! a finger-stick begins within 12 hours, with nothing back between, is as urgent as one that has lasted.
//!
//! It ends with a finger-stick of 70 mg/dL or more, or with a sensor that stays there for 15 minutes while
//! nothing else reads less. Raising and clearing have the same limit: it is the 15 minutes both ways that
//! keep a sensor around 70 from flapping, as the consensus counts events. In pregnancy 63 is the limit of
//! sensors; finger-sticks keep 70. Silence ends nothing.
//!
//! What is very low as soon as it is low is told by the rule of that, and not a second time by this one,
//! unless it lasts. Where a rule set switches that rule off, this one tells of it.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::glucose_assessment;
use super::glucose_event::{Beyond, Event, FingerSticks, OfSticks, TELLS_FOR, Urgent};
use super::glucose_very_low::VERY_LOW;
use crate::alert::{Alert, Text};
use crate::fixed::Fixed;
use crate::glucose::{EXTENDED, GLUCOSE, SENSOR_FOR};
use crate::kinds::Kind;
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::remembered::RememberedReading;
use crate::rule::{Assessment, Change, Context, Rule};
use crate::sample::Sample;
use crate::time::Span;
use crate::timeline::Timeline;

use limits::{CLEAR, LIMIT, STICK_CLEAR, STICK_LIMIT};

/// What the rule calls an event.
static LOW: Event = Event {
    name: "glucose.low",
    beyond: Beyond::Below,
    limit: &LIMIT,
    clear: &CLEAR,
    of_sticks: OfSticks { limit: Some(&STICK_LIMIT), clear: Some(&STICK_CLEAR) },
    sensor_for: SENSOR_FOR,
    finger_sticks: FingerSticks::One,
    after_silence: None,
    urgent: Urgent::After(EXTENDED),
    reported_by: Some(&VERY_LOW),
};

/// The rule.
#[derive(Debug)]
struct Low;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&Low as &dyn Rule)
}

impl Rule for Low {
    fn name(&self) -> &str {
        LOW.name
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
        const { &[LIMIT, CLEAR, STICK_LIMIT, STICK_CLEAR] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::glucose_event::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        glucose_assessment::assess(&LOW, context)
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        glucose_assessment::is_unaffected(&LOW, change, context)
    }

    fn waits_for_the_rest(&self, sample: Sample, delay: Span) -> bool {
        LOW.waits_for_the_rest(sample, delay)
    }

    fn waits_after_others(&self, reading: &RememberedReading, timeline: &Timeline) -> bool {
        LOW.waits_after_others(reading, timeline)
    }

    fn calls_again_after(&self) -> Option<Span> {
        Some(TELLS_FOR)
    }

    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        vec![LOW.chart_limit(plan)]
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}
