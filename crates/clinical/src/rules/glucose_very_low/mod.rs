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

use super::glucose_event::{
    self, Beyond, Event, FingerSticks, Judge, Level, OfSticks, REPORTS_FOR, Urgent,
};
use super::glucose_rule::{Definition, OfEvents};
use crate::alert::{Alert, Stage, Text};
use crate::fixed::Fixed;
use crate::glucose::SENSOR_FOR;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rule::{Rule, Severe};
use crate::sample::Sample;
use crate::time::Span;

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
    std::iter::once(&OfEvents(VeryLow) as &dyn Rule)
}

impl Definition for VeryLow {
    fn event() -> &'static Event {
        &VERY_LOW
    }

    const PARAMETERS: &'static [Parameter] = &[LIMIT, CLEAR, STICK_CLEAR];

    const FIXED: &'static [&'static [Fixed]] = &[limits::FIXED, glucose_event::FIXED];

    const WORDING_VERSION: i32 = 3;

    const CALLS_AGAIN_AFTER: Option<Span> = Some(REPORTS_FOR);

    fn severe(sample: Sample, plan: &Plan) -> Option<Severe> {
        let is_beyond = Judge::of(&VERY_LOW, plan).level_of(sample) == Level::Beyond;
        is_beyond.then_some(Severe::Low)
    }

    fn words(alert: &Alert) -> Text {
        wording::words(alert)
    }
}
