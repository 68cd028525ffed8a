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

use super::glucose_event::{self, Beyond, Event, FingerSticks, Judge, Level, OfSticks, Urgent};
use super::glucose_rule::{Definition, OfEvents};
use crate::alert::{Alert, Text};
use crate::fixed::Fixed;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rule::{Rule, Severe};
use crate::sample::Sample;

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
    std::iter::once(&OfEvents(VeryHigh) as &dyn Rule)
}

impl Definition for VeryHigh {
    fn event() -> &'static Event {
        &VERY_HIGH
    }

    const PARAMETERS: &'static [Parameter] = &[LIMIT, SINGLE, CLEAR];

    const FIXED: &'static [&'static [Fixed]] = &[limits::FIXED, glucose_event::FIXED];

    const WORDING_VERSION: i32 = 3;

    /// One finger-stick that asks to measure again, a meter's HI too. Of a sensor its hours count.
    fn severe(sample: Sample, plan: &Plan) -> Option<Severe> {
        let judge = Judge::of(&VERY_HIGH, plan);
        let is_severe = judge.level_of(sample) == Level::Beyond && judge.is_alone(sample);
        is_severe.then_some(Severe::High)
    }

    fn words(alert: &Alert) -> Text {
        wording::words(alert)
    }
}
