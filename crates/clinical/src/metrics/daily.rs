//! Sensor glucose day by day.

use jiff::civil::Date;

use crate::glucose::bands::{BandLimits, InBands};
use crate::local_time::LocalTime;
use crate::measured::Measured;
use crate::statistics::{coefficient_of_variation, mean, standard_deviation};

use super::glucose::{covered_percent, time_in_bands};
use super::trace::{Period, Trace, TraceValue};

/// What sensors said on a local day, as far as it is in the period. A number is none where there are too
/// few values for it.
#[derive(Debug, Clone, PartialEq)]
pub struct GlucoseDay {
    /// The day.
    pub day: Date,
    /// The values that are counted.
    pub values: u64,
    /// How much of the day is covered by them, percent.
    pub covered_percent: f64,
    /// mg/dL.
    pub mean: Option<f64>,
    /// With n − 1, mg/dL.
    pub standard_deviation: Option<f64>,
    /// Percent.
    pub coefficient_of_variation: Option<f64>,
    /// The lowest value.
    pub lowest: Measured,
    /// The highest value.
    pub highest: Measured,
    /// Seconds below 54, from 54, 70 to 180, up to 250 and above, mg/dL.
    pub time: InBands,
}

/// The local days of a trace that have values, the first first.
pub fn glucose_days(trace: &Trace, period: Period, local: &LocalTime) -> Vec<GlucoseDay> {
    let is_of_one_day =
        |one: &TraceValue, other: &TraceValue| local.day_of(one.time) == local.day_of(other.time);
    let days = trace.values().chunk_by(is_of_one_day);
    days.filter_map(|values| day_of(values, period, local)).collect()
}

fn day_of(values: &[TraceValue], period: Period, local: &LocalTime) -> Option<GlucoseDay> {
    let day = local.day_of(values.first()?.time);
    let (begin, end) = (local.begin_of(day, 0), local.begin_of(day, 1));
    let in_period = Period { from: begin.max(period.from), to: end.min(period.to) };
    let exact: Vec<f64> = values.iter().filter_map(TraceValue::exact).collect();
    let measured = || values.iter().map(|value| value.measured);
    Some(GlucoseDay {
        day,
        values: values.len() as u64,
        covered_percent: covered_percent(values, in_period),
        mean: mean(exact.iter().copied()),
        standard_deviation: standard_deviation(&exact),
        coefficient_of_variation: coefficient_of_variation(&exact),
        lowest: measured().min_by(Measured::total_cmp)?,
        highest: measured().max_by(Measured::total_cmp)?,
        time: time_in_bands(values, BandLimits::STANDARD),
    })
}
