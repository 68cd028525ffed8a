//! The ambulatory glucose profile: how glucose is spread at each time of the patient's day.

use crate::local_time::LocalTime;
use crate::statistics::Sorted;

use super::trace::Trace;

/// How many minutes of the day are looked at together. Ours: three values of a usual sensor a day.
pub const SLOT_MINUTES: u16 = 15;

const SLOTS: usize = 24 * 60 / SLOT_MINUTES as usize;

/// How glucose is spread at a time of day, mg/dL. A value that is only known to be beyond what the
/// sensor can say counts as its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentiles {
    /// The first minute of the day, by the clock on the wall; the slot has 15.
    pub minute_of_day: u16,
    /// How many values.
    pub values: u32,
    /// 5 % of the values are below.
    pub p5: f64,
    /// 25 % of the values are below.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// 25 % of the values are above.
    pub p75: f64,
    /// 5 % of the values are above.
    pub p95: f64,
}

/// The percentiles of a trace in each quarter of an hour of the patient's day that has values, of type 7
/// and not smoothed. An hour that the clocks show twice has the values of both.
pub fn ambulatory_profile(trace: &Trace, local: &LocalTime) -> Vec<Percentiles> {
    let mut slots: Vec<Vec<f64>> = vec![Vec::new(); SLOTS];
    for value in trace.values() {
        let time = local.time_of_day(value.time);
        let minute = i32::from(time.hour()) * 60 + i32::from(time.minute());
        slots[minute as usize / usize::from(SLOT_MINUTES)].push(value.measured.number());
    }
    let percentiles = |(slot, values): (usize, Vec<f64>)| {
        let values = Sorted::of(values);
        let at = |share| values.quantile(share);
        Some(Percentiles {
            minute_of_day: slot as u16 * SLOT_MINUTES,
            values: values.values().len() as u32,
            p5: at(0.05)?,
            p25: at(0.25)?,
            p50: at(0.5)?,
            p75: at(0.75)?,
            p95: at(0.95)?,
        })
    };
    slots.into_iter().enumerate().filter_map(percentiles).collect()
}
