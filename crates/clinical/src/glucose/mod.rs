//! What sensors for glucose say over days: the bands that values are counted in, and how much data is
//! enough to judge by.

pub mod bands;

use crate::kinds::blood_glucose::GLUCOSE_METHOD;
use crate::sample::Sample;

/// Over so many days sensor glucose is judged: the consensus on continuous monitoring.
pub const ENOUGH_DAYS: usize = 14;

/// With values for less than this share of the time it is not judged, percent: the consensus.
pub const ENOUGH_PERCENT: f64 = 70.0;

/// The place of the code `continuous_sensor` among those of the method.
const SENSOR: f64 = 1.0;

/// Whether a sample of blood glucose is a continuous sensor's.
pub fn is_of_sensor(sample: Sample) -> bool {
    sample.value(GLUCOSE_METHOD) == Some(SENSOR)
}
