//! How the last days of a patient compare with those before: what a table of many patients shows.
//!
//! Days are local ones, put together from hours ([`super::days_of_hours`]); today is one of them. A mean of too
//! few days is given with how many they are, and is compared with nothing.

use jiff::civil::Date;

use crate::glucose::bands::InBands;
use crate::glucose::{ENOUGH_DAYS, ENOUGH_PERCENT};
use crate::kinds::{Kind, Setting};
use crate::local_time::LocalTime;
use crate::statistics::{Mean, standard_deviation};
use crate::time::Timestamp;

use super::aggregates::{Bucket, Series, series};
use super::blood_pressure::days_needed;

/// The days of the shorter comparison.
pub const WEEK_DAYS: u32 = 7;
/// The days of the longer comparison.
pub const MONTH_DAYS: u32 = 30;
/// So many days are looked at, with today: the longer comparison and the days before it.
pub const COMPARED_DAYS: u32 = 2 * MONTH_DAYS;

/// The series of a kind that are compared: what lists show of what is measured at home.
pub fn compared_series(kind: Kind) -> Vec<Series> {
    if kind.setting() != Setting::Home {
        return Vec::new();
    }
    let fields = || kind.fields().iter().filter(|field| field.listed);
    let is_listed = |series: &Series| fields().any(|field| field.name == series.field);
    series(kind).into_iter().filter(is_listed).collect()
}

/// The values of some local days that follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DaysTrend {
    /// How many days there are.
    pub days_of_period: u32,
    /// How many of them have values.
    pub days: u32,
    /// How many have to have some; of a sensor none, whose time has to be covered.
    pub days_needed: Option<u32>,
    /// How much of the time is covered by values of a sensor, percent.
    pub covered_percent: Option<f64>,
    /// Whether there are enough days, or enough of the time is covered: with less a mean says little.
    pub is_enough: bool,
    /// Values that are counted, without copies.
    pub values: u32,
    /// How many of them are beyond what the device can say: they are in no mean.
    pub values_beyond: u32,
    /// The mean of the values that are not beyond what the device can say; none without any.
    pub mean: Option<f64>,
    /// Times in bands, where there are enough days of a sensor to say what they come to.
    pub time: Option<InBands>,
}

/// The last days, today among them, and as many before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Up to now.
    pub last: DaysTrend,
    /// As many days before.
    pub before: DaysTrend,
}

impl Trend {
    /// Of the days of a series, in any order, over so many days up to now.
    pub fn of(
        series: Series,
        days: &[Bucket<Date>],
        (local, now): (&LocalTime, Timestamp),
        length: u32,
    ) -> Self {
        let today = local.day_of(now);
        let (begin, length_days) = (days_before(today, length - 1), i64::from(length));
        let before = days_before(today, 2 * length - 1);
        let part = |from: Date, to: Date, lasts: i64| {
            let of_part = days.iter().filter(|day| (from..=to).contains(&day.of));
            DaysTrend::of(series, of_part, length, lasts)
        };
        let seconds = |from: Timestamp, to: Timestamp| (to - from).millis() / 1000;
        let (first, change) =
            (local.begin_of(before, 0), local.begin_of(before, length_days as i32));
        Self {
            last: part(begin, today, seconds(change, now)),
            before: part(before, days_before(begin, 1), seconds(first, change)),
        }
    }

    /// How far the mean is from that of the days before; none where either has too few, or leaves out more than
    /// little: the mean of a sensor falls when more values are above its range.
    pub fn change(&self) -> Option<f64> {
        let mean = |of: &DaysTrend| of.mean.filter(|_| of.is_enough && of.leaves_out_little());
        Some(mean(&self.last)? - mean(&self.before)?)
    }

    /// Whether there are too few values, though there were enough in the days before.
    pub fn is_less_than_before(&self) -> bool {
        self.before.is_enough && !self.last.is_enough
    }
}

impl DaysTrend {
    fn of<'d>(
        series: Series,
        days: impl Iterator<Item = &'d Bucket<Date>>,
        length: u32,
        seconds: i64,
    ) -> Self {
        let (mut with_values, mut values, mut values_beyond) = (0, 0_u32, 0_u32);
        let (mut mean, mut time) = (Mean::default(), InBands::default());
        for day in days.filter(|day| day.aggregate.values > 0) {
            with_values += 1;
            values = values.saturating_add(day.aggregate.values);
            values_beyond = values_beyond.saturating_add(day.aggregate.values_beyond());
            mean.join(day.aggregate.mean);
            time += day.time;
        }
        let of_sensor = series.has_bands();
        let covered = (100.0 * time.total() as f64 / seconds.max(1) as f64).min(100.0);
        let needed = days_needed(length);
        let is_enough = if of_sensor { covered >= ENOUGH_PERCENT } else { with_values >= needed };
        Self {
            days_of_period: length,
            days: with_values,
            days_needed: (!of_sensor).then_some(needed),
            covered_percent: of_sensor.then_some(covered),
            is_enough,
            values,
            values_beyond,
            mean: mean.value(),
            time: (of_sensor && is_enough && length >= ENOUGH_DAYS as u32).then_some(time),
        }
    }

    /// Whether at most a hundredth of the values is beyond what the device can say: the mean then stands nearly
    /// for all of them.
    pub fn leaves_out_little(&self) -> bool {
        u64::from(self.values_beyond) * 100 <= u64::from(self.values)
    }
}

/// How far a mean of days has moved, in standard deviations of the means of the last days: by that, changes of
/// unlike numbers can be put in an order. None where nothing is compared or all days are alike.
pub fn change_in_deviations(trend: &Trend, days: &[Bucket<Date>], today: Date) -> Option<f64> {
    let since = days_before(today, MONTH_DAYS - 1);
    let recent = days.iter().filter(|day| day.of >= since);
    let means: Vec<f64> = recent.filter_map(|day| day.aggregate.mean.value()).collect();
    let spread = standard_deviation(&means).filter(|spread| *spread > 0.0)?;
    Some(trend.change()?.abs() / spread)
}

fn days_before(day: Date, days: u32) -> Date {
    day.saturating_sub(jiff::Span::new().days(i64::from(days)))
}
