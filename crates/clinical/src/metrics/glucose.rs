//! The summary of sensor glucose over a period, as the consensus on continuous monitoring asks for it.

use std::collections::BTreeSet;

use crate::glucose::bands::{Band, BandLimits, InBands};
use crate::glucose::{ENOUGH_DAYS, ENOUGH_PERCENT};
use crate::kinds::Side;
use crate::kinds::blood_glucose::GLUCOSE_VALUE;
use crate::limit::Limit;
use crate::local_time::LocalTime;
use crate::statistics::{coefficient_of_variation, mean, standard_deviation};
use crate::time::{Span, Timestamp};

use super::events::{LowEvents, low_events};
use super::excursions::mage;
use super::grid::Grid;
use super::trace::{Period, Trace, TraceValue};

/// The clocks go forward by as much at most: 14 local days may be an hour short.
const CLOCKS_GO_FORWARD: Span = Span::from_hours(1);

/// The hours between the values that a summary compares by CONGA.
const CONGA_HOURS: [u32; 4] = [1, 2, 4, 24];

/// What sensors said over a period. A number is none where there are too few values for it.
#[derive(Debug, Clone, PartialEq)]
pub struct GlucoseSummary {
    /// The local days with values.
    pub days_with_values: u32,
    /// The local days that the period has, with those that it has a part of.
    pub days_of_period: u32,
    /// The values that are counted.
    pub values: u64,
    /// How many a sensor of the same interval would have said over the whole period.
    pub expected_values: u64,
    /// Those of the values that are only known to be beyond what the sensor can say: they count in
    /// times, events and indices of risk, and in no other number that is calculated.
    pub values_beyond: u64,
    /// How much of the period is covered by values, percent.
    pub covered_percent: f64,
    /// Whether the period has 14 days and 70 % of it are covered.
    pub is_enough: bool,
    /// mg/dL.
    pub mean: Option<f64>,
    /// With n − 1, mg/dL.
    pub standard_deviation: Option<f64>,
    /// Percent.
    pub coefficient_of_variation: Option<f64>,
    /// The glucose management indicator, percent (NGSP).
    pub gmi: Option<f64>,
    /// HbA1c as estimated from the mean (ADAG), percent (NGSP).
    pub ea1c: Option<f64>,
    /// Seconds below 54, from 54, 70 to 180, up to 250 and above, mg/dL.
    pub time: InBands,
    /// The same with 70 to 140 in range.
    pub time_tight: InBands,
    /// The same with 63 to 140 in range, as in pregnancy.
    pub time_pregnancy: InBands,
    /// Events of low glucose.
    pub events: LowEvents,
    /// Indices of risk.
    pub risk: RiskIndices,
    /// The mean absolute difference to the value a day before, mg/dL.
    pub modd: Option<f64>,
    /// The standard deviation of the differences to the value so many hours before, mg/dL.
    pub conga: Vec<(u32, f64)>,
    /// The mean amplitude of excursions, mg/dL.
    pub mage: Option<f64>,
}

/// Indices that weigh how far glucose is from where it should be.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RiskIndices {
    /// Low blood glucose index; at least so much where values are beyond what the sensor can say.
    pub lbgi: Option<f64>,
    /// High blood glucose index; at least so much, as above.
    pub hbgi: Option<f64>,
    /// Glycaemia risk index, 0 to 100.
    pub gri: Option<f64>,
    /// J index.
    pub j_index: Option<f64>,
}

/// When the days begin that are summarised up to a time where no others are asked for: as many whole days
/// as are enough, and today, up to now.
pub fn usual_glucose_begin(local: &LocalTime, to: Timestamp) -> Timestamp {
    local.begin_of(local.day_of(to), -(ENOUGH_DAYS as i32))
}

/// The summary of a trace that was made for a period.
pub fn glucose_summary(trace: &Trace, period: Period, local: &LocalTime) -> GlucoseSummary {
    let values = trace.values();
    let exact: Vec<f64> = values.iter().filter_map(TraceValue::exact).collect();
    let days: BTreeSet<_> = values.iter().map(|value| local.day_of(value.time)).collect();
    let mean = mean(exact.iter().copied());
    let standard_deviation = standard_deviation(&exact);
    let time = time_in_bands(values, BandLimits::STANDARD);
    let covered_percent = covered_percent(values, period);
    let has_days = period.length() + CLOCKS_GO_FORWARD >= Span::from_days(ENOUGH_DAYS as i64);
    let grid = Grid::of(trace);
    GlucoseSummary {
        days_with_values: days.len() as u32,
        days_of_period: period.days(|time| local.day_of(time)),
        values: values.len() as u64,
        expected_values: expected_values(values, period),
        values_beyond: (values.len() - exact.len()) as u64,
        covered_percent,
        is_enough: has_days && covered_percent >= ENOUGH_PERCENT,
        mean,
        standard_deviation,
        coefficient_of_variation: coefficient_of_variation(&exact),
        gmi: mean.map(|mean| 3.31 + 0.02392 * mean),
        ea1c: mean.map(|mean| (mean + 46.7) / 28.7),
        time,
        time_tight: time_in_bands(values, BandLimits::TIGHT),
        time_pregnancy: time_in_bands(values, BandLimits::PREGNANCY),
        events: low_events(trace),
        risk: RiskIndices {
            lbgi: risk(values, |f| f < 0.0),
            hbgi: risk(values, |f| f > 0.0),
            gri: gri(&time),
            j_index: mean
                .zip(standard_deviation)
                .map(|(mean, deviation)| 0.001 * (mean + deviation).powi(2)),
        },
        modd: grid.modd(),
        conga: CONGA_HOURS
            .into_iter()
            .filter_map(|hours| Some((hours, grid.conga(hours as usize)?)))
            .collect(),
        mage: mage(&grid),
    }
}

/// The range among the limits of a patient, where the care plan, its programme or the rule set gives another
/// than that of the consensus: the rule about the time in range judges by it.
pub fn own_range(limits: &[Limit]) -> Option<BandLimits> {
    let standard = BandLimits::STANDARD;
    let end = |side| {
        let is_it = |limit: &&Limit| {
            limit.field == GLUCOSE_VALUE && limit.side == side && limit.severity.is_none()
        };
        limits.iter().find(is_it).map(|limit| limit.value)
    };
    let (low, high) = (end(Side::Below), end(Side::Above));
    let own = standard.with_range(low.unwrap_or(standard.low()), high.unwrap_or(standard.high()));
    (own != standard).then_some(own)
}

/// For how many seconds the values of a trace stand in each band of a range.
pub fn time_in_range(trace: &Trace, limits: BandLimits) -> InBands {
    time_in_bands(trace.values(), limits)
}

/// For how many seconds values stand in each band.
pub(super) fn time_in_bands(values: &[TraceValue], limits: BandLimits) -> InBands {
    InBands::of_times(values.iter().map(|value| (value.measured, value.stands_for)), limits)
}

/// How much of a period values stand for, percent.
pub(super) fn covered_percent(values: &[TraceValue], period: Period) -> f64 {
    let length = seconds(period.length());
    if length == 0 {
        return 0.0;
    }
    (100.0 * covered(values) as f64 / length as f64).min(100.0)
}

/// How many values the whole period would have at the mean interval of those that there are.
fn expected_values(values: &[TraceValue], period: Period) -> u64 {
    let (covered, count) = match covered(values) {
        0 => (300, 1),
        covered => (covered, values.len() as u64),
    };
    (seconds(period.length()) as f64 * count as f64 / covered as f64).round() as u64
}

fn covered(values: &[TraceValue]) -> u64 {
    values.iter().map(|value| seconds(value.stands_for)).sum()
}

fn seconds(span: Span) -> u64 {
    u64::try_from(span.millis() / 1000).unwrap_or(0)
}

/// The mean of 10 f² of the values of one side, over all values: f is Kovatchev's risk function of
/// glucose in mg/dL, below 0 where glucose is low. What is beyond the sensor's limit counts as the limit,
/// so that the mean is a lower bound: without it, who is lowest or highest would look better than they are.
fn risk(values: &[TraceValue], is_of_side: impl Fn(f64) -> bool) -> Option<f64> {
    mean(values.iter().map(|value| {
        let f = 1.509 * (value.measured.number().ln().powf(1.084) - 5.381);
        if is_of_side(f) { 10.0 * f * f } else { 0.0 }
    }))
}

fn gri(time: &InBands) -> Option<f64> {
    let percent = |band| time.percent(time.of(band));
    let weighed = 3.0 * percent(Band::VeryLow)?
        + 2.4 * percent(Band::Low)?
        + 1.6 * percent(Band::VeryHigh)?
        + 0.8 * percent(Band::High)?;
    Some(weighed.min(100.0))
}
