//! Metrics as the API says them. `clinical::metrics` says what they are.

use clinical::glucose::bands::{Band, BandLimits, InBands};
use clinical::local_time::LocalTime;
use clinical::measured::Measured;
use clinical::metrics;
use serde::Serialize;
use utoipa::ToSchema;

use super::reading::Limit;
use super::time::Instant;

/// The period of a summary.
#[derive(Debug, Serialize, ToSchema)]
pub struct Period {
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// The first instant after it.
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
    /// The patient's time zone, by its name in the tz database: days and times of day are by its clock.
    pub time_zone: String,
}

impl Period {
    /// A period of a patient who lives by a local time.
    pub fn of(metrics::Period { from, to }: metrics::Period, local: &LocalTime) -> Self {
        let time_zone = local.name().to_owned();
        Self { from: Instant::utc(from), to: Instant::utc(to), time_zone }
    }
}

/// Sensor glucose over a period. A number is null where there are too few values for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlucoseSummary {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The period.
    pub period: Period,
    /// Local days with values.
    pub days_with_values: u32,
    /// The local days of the period, with those that it has a part of.
    pub days_of_period: u32,
    /// Values that are counted: of sensors, without copies, at each time of one sensor.
    pub values: u64,
    /// How many a sensor of the same interval would have said over the whole period.
    pub expected_values: u64,
    /// Values only known to be beyond what the sensor can say: they count in times, events and indices of risk.
    pub values_beyond: u64,
    /// How much of the period is covered by values.
    pub covered_percent: f64,
    /// Whether the period has 14 days, of which 70 % are covered: with less, times in ranges say little.
    pub is_enough: bool,
    /// Mean, mg/dL.
    pub mean: Option<f64>,
    /// Standard deviation with n − 1, mg/dL.
    pub standard_deviation: Option<f64>,
    /// Coefficient of variation.
    pub coefficient_of_variation_percent: Option<f64>,
    /// Glucose management indicator.
    pub gmi_percent: Option<f64>,
    /// HbA1c as estimated from the mean.
    pub ea1c_percent: Option<f64>,
    /// Times in the bands of the consensus; null without values.
    pub time_in_bands: Option<TimeInBands>,
    /// Times by the tight range, 70 to 140 mg/dL; null without values.
    pub time_in_tight_range: Option<TimeInRange>,
    /// Times by the range in pregnancy, 63 to 140 mg/dL; null without values.
    pub time_in_pregnancy_range: Option<TimeInRange>,
    /// Times by the patient's own range, as the care plan, its programme or the rule set gives it; null without
    /// values, and where it is 70 to 180 mg/dL.
    pub time_in_own_range: Option<TimeInRange>,
    /// Events of 15 minutes or more below 70 mg/dL, with those that went below 54.
    pub events_below_70: u32,
    /// Events of 15 minutes or more below 54 mg/dL.
    pub events_below_54: u32,
    /// Events of more than 120 minutes below 70 mg/dL.
    pub events_extended: u32,
    /// Low blood glucose index.
    pub lbgi: Option<f64>,
    /// High blood glucose index.
    pub hbgi: Option<f64>,
    /// Glycaemia risk index, 0 to 100.
    pub gri: Option<f64>,
    /// J index.
    pub j_index: Option<f64>,
    /// Mean absolute difference to the value 24 hours before, mg/dL.
    pub modd: Option<f64>,
    /// Standard deviations of the differences to the value hours before.
    pub conga: Vec<Conga>,
    /// Mean amplitude of glycaemic excursions, mg/dL.
    pub mage: Option<f64>,
}

/// The standard deviation of the differences to the value some hours before.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conga {
    /// How many hours.
    pub hours: u32,
    /// mg/dL.
    pub value: f64,
}

/// Times in the bands of sensor glucose, percent of the time that is covered. 70 and 180 mg/dL are in
/// range; the first five are apart and make 100, the last two are cumulative.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimeInBands {
    /// Below 54 mg/dL.
    pub below_54: f64,
    /// From 54 and below 70 mg/dL.
    pub from_54_to_69: f64,
    /// From 70 to 180 mg/dL.
    pub from_70_to_180: f64,
    /// Above 180, up to 250 mg/dL.
    pub from_181_to_250: f64,
    /// Above 250 mg/dL.
    pub above_250: f64,
    /// Below 70 mg/dL, with what is below 54.
    pub below_70: f64,
    /// Above 180 mg/dL, with what is above 250.
    pub above_180: f64,
}

impl TimeInBands {
    /// Of seconds in bands; none where there are none.
    pub fn of(time: &InBands) -> Option<Self> {
        let percent = |part| time.percent(part);
        Some(Self {
            below_54: percent(time.very_low())?,
            from_54_to_69: percent(time.of(Band::Low))?,
            from_70_to_180: percent(time.in_range())?,
            from_181_to_250: percent(time.of(Band::High))?,
            above_250: percent(time.very_high())?,
            below_70: percent(time.below_range())?,
            above_180: percent(time.above_range())?,
        })
    }
}

/// Times below, in and above a range, both ends of which are in it; percent.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimeInRange {
    /// Where the range begins, mg/dL.
    pub low: f64,
    /// Where it ends, mg/dL.
    pub high: f64,
    /// Below it.
    pub below: f64,
    /// In it.
    pub in_range: f64,
    /// Above it.
    pub above: f64,
}

impl TimeInRange {
    fn of(time: &InBands, limits: BandLimits) -> Option<Self> {
        Some(Self {
            low: limits.low(),
            high: limits.high(),
            below: time.percent(time.below_range())?,
            in_range: time.percent(time.in_range())?,
            above: time.percent(time.above_range())?,
        })
    }
}

impl GlucoseSummary {
    /// The answer of a summary.
    pub fn new(
        patient: String,
        period: Period,
        of: &metrics::GlucoseSummary,
        own: Option<(BandLimits, InBands)>,
    ) -> Self {
        Self {
            patient,
            period,
            days_with_values: of.days_with_values,
            days_of_period: of.days_of_period,
            values: of.values,
            expected_values: of.expected_values,
            values_beyond: of.values_beyond,
            covered_percent: of.covered_percent,
            is_enough: of.is_enough,
            mean: of.mean,
            standard_deviation: of.standard_deviation,
            coefficient_of_variation_percent: of.coefficient_of_variation,
            gmi_percent: of.gmi,
            ea1c_percent: of.ea1c,
            time_in_bands: TimeInBands::of(&of.time),
            time_in_tight_range: TimeInRange::of(&of.time_tight, BandLimits::TIGHT),
            time_in_pregnancy_range: TimeInRange::of(&of.time_pregnancy, BandLimits::PREGNANCY),
            time_in_own_range: own.and_then(|(limits, time)| TimeInRange::of(&time, limits)),
            events_below_70: of.events.below_70,
            events_below_54: of.events.below_54,
            events_extended: of.events.extended,
            lbgi: of.risk.lbgi,
            hbgi: of.risk.hbgi,
            gri: of.risk.gri,
            j_index: of.risk.j_index,
            modd: of.modd,
            conga: of
                .conga
                .iter()
                .map(|(hours, value)| Conga { hours: *hours, value: *value })
                .collect(),
            mage: of.mage,
        }
    }
}

/// The ambulatory glucose profile: percentiles by the time of the patient's day, not smoothed.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlucoseProfile {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The period.
    pub period: Period,
    /// How many minutes of the day are looked at together.
    pub slot_minutes: u16,
    /// The slots of the day that have values, midnight first.
    pub slots: Vec<Percentiles>,
    /// The limits that a chart draws.
    pub limits: Vec<Limit>,
}

/// Percentiles of sensor glucose at a time of day, mg/dL: quantiles of type 7.
#[derive(Debug, Serialize, ToSchema)]
pub struct Percentiles {
    /// The first minute of the day, by the clock on the patient's wall.
    pub minute_of_day: u16,
    /// How many values.
    pub values: u32,
    /// The 5th.
    pub p5: f64,
    /// The 25th.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// The 75th.
    pub p75: f64,
    /// The 95th.
    pub p95: f64,
}

impl From<metrics::Percentiles> for Percentiles {
    fn from(of: metrics::Percentiles) -> Self {
        let metrics::Percentiles { minute_of_day, values, p5, p25, p50, p75, p95 } = of;
        Self { minute_of_day, values, p5, p25, p50, p75, p95 }
    }
}

/// Sensor glucose day by day.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlucoseDays {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The period.
    pub period: Period,
    /// The days with values, the first first.
    pub days: Vec<GlucoseDay>,
}

/// Sensor glucose of a local day, as far as it is in the period. A number is null where there are too
/// few values for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlucoseDay {
    /// The day.
    #[schema(format = Date)]
    pub day: String,
    /// Values that are counted.
    pub values: u64,
    /// How much of it is covered by values.
    pub covered_percent: f64,
    /// Mean, mg/dL.
    pub mean: Option<f64>,
    /// Standard deviation with n − 1, mg/dL.
    pub standard_deviation: Option<f64>,
    /// Coefficient of variation.
    pub coefficient_of_variation_percent: Option<f64>,
    /// The lowest value, mg/dL, as it is shown: `< 40` where the sensor could say no more.
    pub lowest: String,
    /// The highest value, mg/dL, as it is shown.
    pub highest: String,
    /// Times in the bands of the consensus.
    pub time_in_bands: Option<TimeInBands>,
}

impl From<metrics::GlucoseDay> for GlucoseDay {
    fn from(of: metrics::GlucoseDay) -> Self {
        Self {
            day: of.day.to_string(),
            values: of.values,
            covered_percent: of.covered_percent,
            mean: of.mean,
            standard_deviation: of.standard_deviation,
            coefficient_of_variation_percent: of.coefficient_of_variation,
            lowest: shown(of.lowest),
            highest: shown(of.highest),
            time_in_bands: TimeInBands::of(&of.time),
        }
    }
}

/// A value as it is judged, which is in tenths.
fn shown(measured: Measured) -> String {
    let number = measured.number().to_string();
    measured.side().map_or_else(|| number.clone(), |side| side.shown(&number))
}

/// Blood pressure at home over a period. Days are from 04:00 until 03:59 of the next one.
#[derive(Debug, Serialize, ToSchema)]
pub struct BloodPressureSummary {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The period.
    pub period: Period,
    /// Readings, without copies.
    pub readings: u32,
    /// The days of the period, each from 04:00 on, with those that it has a part of.
    pub days_of_period: u32,
    /// How many days have to be measured: 5 of each 7.
    pub days_needed: u32,
    /// Whether as many were: with fewer, means say little.
    pub is_enough: bool,
    /// The target, mmHg; a mean at or above it is above target.
    pub target: Option<Pressure>,
    /// The mean of the days' means.
    pub mean: Option<MeanOfDays>,
    /// The mean of the mornings, 04:00 to 11:59.
    pub morning: Option<MeanOfDays>,
    /// The mean of the evenings, 17:00 to 03:59.
    pub evening: Option<MeanOfDays>,
    /// How much the systolic means of days differ.
    pub systolic_variability: Variability,
    /// How much the diastolic means of days differ.
    pub diastolic_variability: Variability,
    /// The readings at or above the target in one of the pressures.
    pub above_target_percent: Option<f64>,
    /// The days with a morning or an evening, the first first.
    pub days: Vec<DayPressure>,
}

/// A pressure, mmHg.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pressure {
    /// Systolic.
    pub systolic: f64,
    /// Diastolic.
    pub diastolic: f64,
}

impl From<metrics::MeanPressure> for Pressure {
    fn from(of: metrics::MeanPressure) -> Self {
        Self { systolic: of.systolic, diastolic: of.diastolic }
    }
}

/// The mean of some days.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeanOfDays {
    /// To a tenth of a mmHg.
    #[serde(flatten)]
    pub mean: Pressure,
    /// How many days have it.
    pub days: u32,
}

impl From<metrics::MeanOfDays> for MeanOfDays {
    fn from(of: metrics::MeanOfDays) -> Self {
        Self { mean: of.mean.into(), days: of.days }
    }
}

/// How much the means of days differ; null of fewer than two days.
#[derive(Debug, Serialize, ToSchema)]
pub struct Variability {
    /// Standard deviation with n − 1, mmHg.
    pub standard_deviation: Option<f64>,
    /// Coefficient of variation.
    pub coefficient_of_variation_percent: Option<f64>,
    /// Average real variability: the mean absolute difference from a measured day to the next, mmHg.
    pub average_real_variability: Option<f64>,
}

impl From<metrics::Variability> for Variability {
    fn from(of: metrics::Variability) -> Self {
        Self {
            standard_deviation: of.standard_deviation,
            coefficient_of_variation_percent: of.coefficient_of_variation,
            average_real_variability: of.average_real_variability,
        }
    }
}

/// Blood pressure of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayPressure {
    /// The day.
    #[schema(format = Date)]
    pub day: String,
    /// The mean of its morning.
    pub morning: Option<Pressure>,
    /// The mean of its evening.
    pub evening: Option<Pressure>,
    /// The mean of both, or of the one that was measured.
    pub mean: Pressure,
}

impl BloodPressureSummary {
    /// The answer of a summary against a target.
    pub fn new(
        patient: String,
        period: Period,
        target: Option<metrics::PressureTarget>,
        of: metrics::BloodPressureSummary,
    ) -> Self {
        let day = |day: metrics::DayPressure| DayPressure {
            day: day.day.to_string(),
            morning: day.morning.map(Into::into),
            evening: day.evening.map(Into::into),
            mean: day.mean.into(),
        };
        Self {
            patient,
            period,
            readings: of.readings,
            days_of_period: of.days_of_period,
            days_needed: of.days_needed,
            is_enough: of.is_enough,
            target: target.map(|of| Pressure { systolic: of.systolic, diastolic: of.diastolic }),
            mean: of.mean.map(Into::into),
            morning: of.morning.map(Into::into),
            evening: of.evening.map(Into::into),
            systolic_variability: of.systolic.into(),
            diastolic_variability: of.diastolic.into(),
            above_target_percent: of.above_target_percent,
            days: of.days.into_iter().map(day).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_as_it_is_judged() {
        assert_eq!(shown(Measured::Exactly(69.6)), "69.6");
        assert_eq!(shown(Measured::Exactly(104.0)), "104");
        assert_eq!(shown(Measured::Below(40.0)), "< 40");
    }

    #[test]
    fn the_named_bands_make_a_hundred_and_there_are_none_without_values() {
        let mut time = InBands::default();
        assert!(TimeInBands::of(&time).is_none());
        for (band, seconds) in Band::ALL.into_iter().zip([300, 600, 6000, 900, 1200]) {
            time.add(band, seconds);
        }
        let of = TimeInBands::of(&time).unwrap();
        let all =
            of.below_54 + of.from_54_to_69 + of.from_70_to_180 + of.from_181_to_250 + of.above_250;
        assert!((all - 100.0).abs() < 1e-9);
        assert_eq!((of.below_70, of.above_180), (10.0, 2100.0 / 90.0));
    }
}
