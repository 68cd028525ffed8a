//! The numbers that summarise days and weeks of readings, each with one definition.
//!
//! Pure, like all of this crate: from current readings to numbers. Copies of a measurement are left out
//! as rules leave them out, values are those that rules judge. docs/metrics.md says every formula,
//! and what of it no guideline says.

mod aggregates;
mod ambulatory_profile;
mod blood_pressure;
mod daily;
mod events;
mod excursions;
mod glucose;
mod grid;
#[cfg(test)]
mod tests;
mod trace;
mod trends;

pub use crate::glucose::bands::{Band, InBands};
pub use aggregates::{
    Aggregate, Bucket, HOUR, HourAggregates, Series, days_of_hours, hour_aggregates, series,
};
pub use ambulatory_profile::{Percentiles, SLOT_MINUTES, ambulatory_profile};
pub use blood_pressure::{
    BloodPressureSummary, DayPressure, MeanOfDays, MeanPressure, PressureTarget, Variability,
    blood_pressure_summary, usual_pressure_begin,
};
pub use daily::{GlucoseDay, glucose_days};
pub use events::{LowEvents, low_events};
pub use excursions::mage;
pub use glucose::{
    GlucoseSummary, RiskIndices, glucose_summary, own_range, time_in_range, usual_glucose_begin,
};
pub use grid::Grid;
pub(crate) use trace::LONGEST_INTERVAL;
pub use trace::{Period, Trace, TraceValue};
pub use trends::{
    COMPARED_DAYS, DaysTrend, MONTH_DAYS, Trend, WEEK_DAYS, change_in_deviations, compared_series,
};
