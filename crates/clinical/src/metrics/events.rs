//! Events of low glucose: what the consensus counts besides the time below range.

use crate::glucose::bands::{Band, BandLimits};
use crate::glucose::{EXTENDED, SENSOR_FOR, SILENCE};
use crate::measured::Measured;
use crate::time::{Span, Timestamp};

use super::trace::{Trace, TraceValue};

/// How many events of low glucose there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LowEvents {
    /// Below 70 mg/dL for 15 minutes or more, with those that went below 54.
    pub below_70: u32,
    /// Below 54 mg/dL for 15 minutes or more.
    pub below_54: u32,
    /// Below 70 mg/dL, over more than 120 minutes.
    pub extended: u32,
}

/// The events of a trace. One begins where all values of one sensor over 15 minutes or more, from the
/// first to the last of them, are below the limit. It ends with the last low value before all values over 15 minutes
/// are back, or before 30 minutes without a value of the sensor.
pub fn low_events(trace: &Trace) -> LowEvents {
    let limits = BandLimits::STANDARD;
    let lasting = |is_low: &dyn Fn(Measured) -> bool| lengths_of(trace.values(), is_low);
    let below_70 = lasting(&|measured| limits.band(measured) <= Band::Low);
    let below_54 = lasting(&|measured| limits.band(measured) == Band::VeryLow);
    LowEvents {
        below_70: below_70.len() as u32,
        below_54: below_54.len() as u32,
        extended: below_70.iter().filter(|length| **length > EXTENDED).count() as u32,
    }
}

/// Low values in a row, or an event of them.
#[derive(Clone, Copy)]
struct Course {
    first: Timestamp,
    last_low: Timestamp,
    back_since: Option<Timestamp>,
}

impl Course {
    fn length(&self) -> Span {
        self.last_low - self.first
    }

    fn is_event(&self) -> bool {
        self.length() >= SENSOR_FOR
    }
}

/// How long each event lasted, from its first low value to its last.
fn lengths_of(values: &[TraceValue], is_low: &dyn Fn(Measured) -> bool) -> Vec<Span> {
    let mut lengths = Vec::new();
    let mut course: Option<Course> = None;
    let mut before: Option<&TraceValue> = None;
    let mut end = |course: Option<Course>| {
        lengths.extend(course.filter(Course::is_event).map(|course| course.length()));
    };
    for value in values {
        let goes_on = |before: &TraceValue| {
            before.source == value.source && value.time - before.time <= SILENCE
        };
        if !before.is_some_and(goes_on) {
            end(course.take());
        }
        before = Some(value);
        if is_low(value.measured) {
            let first = course.map_or(value.time, |course| course.first);
            course = Some(Course { first, last_low: value.time, back_since: None });
        } else if let Some(now) = &mut course {
            let since = *now.back_since.get_or_insert(value.time);
            // What was low for less than 15 minutes is no event that a return would have to end.
            if !now.is_event() || value.time - since >= SENSOR_FOR {
                end(course.take());
            }
        }
    }
    end(course);
    lengths
}
