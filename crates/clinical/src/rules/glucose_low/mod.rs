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
//! What is very low as soon as it is low is reported by the rule of that, and not a second time by this one,
//! unless it lasts. Where a rule set switches that rule off, this one tells of it.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use super::glucose_event::{self, Beyond, Event, FingerSticks, OfSticks, REPORTS_FOR, Urgent};
use super::glucose_rule::{Definition, OfEvents};
use super::glucose_very_low::VERY_LOW;
use crate::alert::{Alert, Text};
use crate::fixed::Fixed;
use crate::glucose::{EXTENDED, SENSOR_FOR};
use crate::parameter::Parameter;
use crate::rule::Rule;
use crate::time::Span;

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
    std::iter::once(&OfEvents(Low) as &dyn Rule)
}

impl Definition for Low {
    fn event() -> &'static Event {
        &LOW
    }

    const PARAMETERS: &'static [Parameter] = &[LIMIT, CLEAR, STICK_LIMIT, STICK_CLEAR];

    const FIXED: &'static [&'static [Fixed]] = &[limits::FIXED, glucose_event::FIXED];

    const WORDING_VERSION: i32 = 3;

    const CALLS_AGAIN_AFTER: Option<Span> = Some(REPORTS_FOR);

    fn words(alert: &Alert) -> Text {
        wording::words(alert)
    }
}
