//! What rules and summaries of glucose share: which values are a sensor's, how long an event lasts, the
//! bands that values are counted in, and how much data is enough to judge by.

pub mod bands;

use crate::kinds::Kind;
use crate::kinds::blood_glucose::GLUCOSE_METHOD;
use crate::sample::Sample;
use crate::time::Span;

/// The kind that all of this is about.
pub(crate) const GLUCOSE: Kind = Kind::BloodGlucose;

/// A sensor is back for so long, and beyond a limit for so long at least: the consensus counts events of
/// 15 minutes.
pub(crate) const SENSOR_FOR: Span = Span::from_minutes(15);

/// An event of low glucose that lasts longer is extended: the consensus, 120 minutes (recalled).
pub(crate) const EXTENDED: Span = Span::from_minutes(120);

/// So long a sensor may say nothing within a run: phones lose a value or two, or several. Ours.
pub(crate) const SILENCE: Span = Span::from_minutes(30);

/// Over so many days sensor glucose is judged: the consensus on continuous monitoring.
pub const ENOUGH_DAYS: usize = 14;

/// With values for less than this share of the time it is not judged, percent: the consensus.
pub const ENOUGH_PERCENT: f64 = 70.0;

/// The place of the code `continuous_sensor` among those of the method.
pub(crate) const SENSOR: f64 = 1.0;

/// Whether a sample of blood glucose is a continuous sensor's.
pub fn is_of_sensor(sample: Sample) -> bool {
    sample.value(GLUCOSE_METHOD) == Some(SENSOR)
}
