//! The summary of blood pressure at home over a period.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::Kind;
use crate::copies;
use crate::home_pressure::hours::{Hours, Part};
use crate::home_pressure::{DayOfPressure, Pressure, mean_of};
use crate::kinds::Side;
use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use crate::limit::Limit;
use crate::local_time::LocalTime;
use crate::remembered::CurrentReading;
use crate::statistics::{
    coefficient_of_variation, mean, mean_of_successive_differences, standard_deviation,
};
use crate::time::{Span, Timestamp};

use super::trace::Period;

/// Of each seven days so many have to be measured for a summary to be judged: JSH 2019 (five days; that
/// they are of seven is recalled).
const ENOUGH_OF_A_WEEK: u32 = 5;

/// So many days are summarised where no others are asked for, as the rule about a week judges so many.
const USUAL_DAYS: u32 = 7;

/// The pressures from which on a value is above target, mmHg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PressureTarget {
    /// Systolic.
    pub systolic: f64,
    /// Diastolic.
    pub diastolic: f64,
}

impl PressureTarget {
    /// The target among the limits of a patient: as the care plan sets it, otherwise the limit of
    /// reference. None where a pressure has no limit.
    pub fn of(limits: &[Limit]) -> Option<Self> {
        let target = |field| {
            let is_it = |limit: &&Limit| {
                limit.field == field && limit.side == Side::AtOrAbove && limit.severity.is_none()
            };
            limits.iter().find(is_it).map(|limit| limit.value)
        };
        Some(Self { systolic: target(SYSTOLIC)?, diastolic: target(DIASTOLIC)? })
    }

    fn is_reached_by(&self, systolic: f64, diastolic: f64) -> bool {
        systolic >= self.systolic || diastolic >= self.diastolic
    }
}

/// A mean pressure, mmHg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanPressure {
    /// Systolic.
    pub systolic: f64,
    /// Diastolic.
    pub diastolic: f64,
}

impl From<Pressure> for MeanPressure {
    fn from(Pressure { systolic, diastolic }: Pressure) -> Self {
        Self { systolic, diastolic }
    }
}

/// How much the means of days differ, mmHg. None of fewer than two days.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Variability {
    /// Standard deviation, with n − 1.
    pub standard_deviation: Option<f64>,
    /// Coefficient of variation, percent.
    pub coefficient_of_variation: Option<f64>,
    /// Average real variability: the mean absolute difference from a measured day to the next one.
    pub average_real_variability: Option<f64>,
}

/// A day of blood pressure, from one morning until the next one: by default from 04:00 until 03:59.
#[derive(Debug, Clone, PartialEq)]
pub struct DayPressure {
    /// The day.
    pub day: Date,
    /// The mean of the occasions of the morning.
    pub morning: Option<MeanPressure>,
    /// The mean of the occasions of the evening.
    pub evening: Option<MeanPressure>,
    /// The mean of morning and evening; of a day that has one of them, that one.
    pub mean: MeanPressure,
}

/// The mean of some days, and of how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanOfDays {
    /// To a tenth of a mmHg, as rules judge it.
    pub mean: MeanPressure,
    /// How many days have it.
    pub days: u32,
}

/// What was measured at home over a period.
#[derive(Debug, Clone, PartialEq)]
pub struct BloodPressureSummary {
    /// The days with a morning or an evening, the first first.
    pub days: Vec<DayPressure>,
    /// How many days the period has, each from 04:00 on, with those that it has a part of.
    pub days_of_period: u32,
    /// How many of them have to be measured.
    pub days_needed: u32,
    /// Whether as many were.
    pub is_enough: bool,
    /// How many readings, at any time of day.
    pub readings: u32,
    /// The mean of the days' means.
    pub mean: Option<MeanOfDays>,
    /// The mean of the mornings.
    pub morning: Option<MeanOfDays>,
    /// The mean of the evenings.
    pub evening: Option<MeanOfDays>,
    /// How much the systolic means of days differ.
    pub systolic: Variability,
    /// How much the diastolic means of days differ.
    pub diastolic: Variability,
    /// The readings that are at or above the target in one of the pressures, percent; none without
    /// readings or target.
    pub above_target_percent: Option<f64>,
}

/// When the days begin that are summarised up to a time where no others are asked for: today, up to now,
/// is the last of seven. A day begins with the patient's morning.
pub fn usual_pressure_begin(local: &LocalTime, hours: Hours, to: Timestamp) -> Timestamp {
    let last = hours.day_of(local, to - Span::from_millis(1));
    let before = jiff::Span::new().days(i64::from(USUAL_DAYS) - 1);
    local.instant(last.saturating_sub(before), hours.begin())
}

/// The summary over a period, by the patient's hours of morning and evening, of the patient's current
/// readings of home blood pressure, which are in observation order; those of two minutes around the
/// period should be there too, as what a reading is a copy of may be outside.
pub fn blood_pressure_summary(
    readings: impl IntoIterator<Item = CurrentReading>,
    period: Period,
    (local, hours): (&LocalTime, Hours),
    target: Option<PressureTarget>,
) -> BloodPressureSummary {
    let measured: Vec<CurrentReading> = copies::counted(Kind::BloodPressure, readings.into_iter())
        .filter(|reading| period.contains(reading.time))
        .collect();
    let mut of_days: BTreeMap<Date, DayOfPressure> = BTreeMap::new();
    for reading in &measured {
        let day = of_days.entry(hours.day_of(local, reading.time)).or_default();
        day.add(local, hours, reading);
    }
    let days: Vec<DayPressure> =
        of_days.iter().filter_map(|(day, of_day)| DayPressure::of(*day, of_day)).collect();
    let days_of_period = period.days(|time| hours.day_of(local, time));
    let days_needed = days_needed(days_of_period);
    let of_part = |part| of_days.values().filter_map(move |of_day| of_day.mean(part));
    let above = target.and_then(|target| {
        let is_above = |reading: &CurrentReading| {
            let value = |field| reading.sample.exact(field);
            Some(target.is_reached_by(value(SYSTOLIC)?, value(DIASTOLIC)?))
        };
        let are_above = measured.iter().filter_map(is_above);
        mean(are_above.map(|is_above| if is_above { 100.0 } else { 0.0 }))
    });
    BloodPressureSummary {
        days_of_period,
        days_needed,
        is_enough: days.len() as u32 >= days_needed,
        readings: measured.len() as u32,
        mean: MeanOfDays::of(
            days.iter()
                .map(|day| Pressure { systolic: day.mean.systolic, diastolic: day.mean.diastolic }),
        ),
        morning: MeanOfDays::of(of_part(Part::Morning)),
        evening: MeanOfDays::of(of_part(Part::Evening)),
        systolic: Variability::of(days.iter().map(|day| day.mean.systolic)),
        diastolic: Variability::of(days.iter().map(|day| day.mean.diastolic)),
        above_target_percent: above,
        days,
    }
}

/// How many days of a period have to be measured.
pub(super) fn days_needed(days_of_period: u32) -> u32 {
    (days_of_period * ENOUGH_OF_A_WEEK).div_ceil(7).max(ENOUGH_OF_A_WEEK)
}

impl MeanOfDays {
    fn of(days: impl Iterator<Item = Pressure>) -> Option<Self> {
        let (mean, days) = mean_of(days)?;
        Some(Self { mean: mean.into(), days })
    }
}

impl DayPressure {
    fn of(day: Date, of_day: &DayOfPressure) -> Option<Self> {
        let (morning, evening) = (of_day.mean(Part::Morning), of_day.mean(Part::Evening));
        let both = || [morning, evening].into_iter().flatten();
        Some(Self {
            day,
            morning: morning.map(MeanPressure::from),
            evening: evening.map(MeanPressure::from),
            mean: MeanPressure {
                systolic: mean(both().map(|one| one.systolic))?,
                diastolic: mean(both().map(|one| one.diastolic))?,
            },
        })
    }
}

impl Variability {
    fn of(means: impl Iterator<Item = f64>) -> Self {
        let means: Vec<f64> = means.collect();
        Self {
            standard_deviation: standard_deviation(&means),
            coefficient_of_variation: coefficient_of_variation(&means),
            average_real_variability: mean_of_successive_differences(&means),
        }
    }
}
