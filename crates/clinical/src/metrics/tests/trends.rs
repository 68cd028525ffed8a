//! The last days against those before.

use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;

use super::*;
use crate::glucose::bands::{Band, InBands};
use crate::statistics::Mean;

const PRESSURE: Series = Series { field: "systolic", method: "" };
const SENSOR: Series = Series { field: "glucose_value", method: "continuous_sensor" };

/// Noon of the 1st of June 2026 in Japan.
fn noon() -> Timestamp {
    minute(12 * 60)
}

fn ago(days: i64) -> Date {
    date(2026, 6, 1) - days.days()
}

/// A day with so many values of a mean, and seconds in range.
fn bucket(days_ago: i64, values: u32, mean: f64, in_range: u64) -> Bucket<Date> {
    let mut time = InBands::default();
    time.add(Band::InRange, in_range);
    let of_values = Mean::of(values, mean * f64::from(values));
    let aggregate = Aggregate { values, mean: of_values, lowest: mean, highest: mean };
    Bucket { of: ago(days_ago), aggregate, time }
}

fn week(days: &[Bucket<Date>]) -> Trend {
    Trend::of(PRESSURE, days, (&JAPAN, noon()), WEEK_DAYS)
}

#[test]
fn a_mean_of_too_few_days_says_so_and_is_compared_with_nothing() {
    let days = |lasts: i64| -> Vec<_> {
        let before = (7..12).map(|day| bucket(day, 2, 120.0, 0));
        (0..lasts).map(|day| bucket(day, 2, 130.0, 0)).chain(before).collect()
    };
    let few = week(&days(4));
    assert_eq!((few.last.days, few.last.days_of_period, few.last.days_needed), (4, 7, Some(5)));
    assert_eq!((few.last.mean, few.last.is_enough, few.change()), (Some(130.0), false, None));
    assert!(few.is_less_than_before());
    let enough = week(&days(5));
    assert_eq!((enough.change(), enough.is_less_than_before()), (Some(10.0), false));
    assert_eq!(week(&days(5)[..9]).change(), None, "the days before are too few");
    let none = week(&[]);
    assert_eq!((none.last.days, none.last.mean, none.last.is_enough), (0, None, false));
    let month = Trend::of(PRESSURE, &days(5), (&JAPAN, noon()), MONTH_DAYS);
    assert_eq!((month.last.days, month.last.days_needed), (10, Some(22)));
}

#[test]
fn today_is_the_last_of_the_days_and_the_seventh_day_ago_is_of_those_before() {
    let of = |days_ago| week(&[bucket(days_ago, 1, 120.0, 0)]);
    for (days_ago, last, before) in
        [(0, 1, 0), (6, 1, 0), (7, 0, 1), (13, 0, 1), (14, 0, 0), (-1, 0, 0)]
    {
        let trend = of(days_ago);
        assert_eq!((trend.last.days, trend.before.days), (last, before), "{days_ago} days ago");
    }
}

#[test]
fn a_mean_is_of_all_values_and_those_beyond_what_the_device_says_are_in_none() {
    let mut beyond = bucket(1, 1, 100.0, 0);
    beyond.aggregate.mean = Mean::default();
    let trend = week(&[bucket(0, 3, 120.0, 0), bucket(2, 1, 160.0, 0), beyond]);
    assert_eq!((trend.last.mean, trend.last.values, trend.last.days), (Some(130.0), 5, 3));
    assert_eq!(trend.last.values_beyond, 1);
}

#[test]
fn a_mean_that_leaves_out_more_than_a_hundredth_of_the_values_is_compared_with_nothing() {
    // The hours above the range of the sensor are in no mean, which falls though the glucose has risen.
    let day = |ago: i64, mean: f64, beyond: u32| {
        let mut day = bucket(ago, 200, mean, 86_400);
        day.aggregate.mean = Mean::of(200 - beyond, mean * f64::from(200 - beyond));
        day
    };
    let of = |last: u32, before: u32| {
        let days = (0..14).map(|ago| match ago {
            0..7 => day(ago, 200.0, last),
            _ => day(ago, 220.0, before),
        });
        Trend::of(SENSOR, &days.collect::<Vec<_>>(), (&JAPAN, noon()), WEEK_DAYS)
    };
    let little = of(2, 2);
    assert_eq!((little.last.values, little.last.values_beyond), (1400, 14));
    assert_near(little.change(), -20.0);
    for (last, before) in [(3, 0), (0, 3), (60, 60)] {
        let trend = of(last, before);
        assert_eq!(trend.change(), None, "{last} and {before} of 200");
        assert_near(trend.last.mean, 200.0);
    }
}

#[test]
fn a_sensor_has_to_cover_its_time_and_fourteen_days_for_times_in_bands() {
    let covered = |days: i64, seconds: u64| -> Vec<_> {
        (0..days).map(|day| bucket(day, 288, 150.0, seconds)).collect()
    };
    let of = |days: &[Bucket<Date>], length| Trend::of(SENSOR, days, (&JAPAN, noon()), length).last;
    let day = 86_400;
    // Today is half over: six days and a half, of which 70 % are 393,120 s.
    let week = of(&covered(7, 56_160), WEEK_DAYS);
    assert!(week.is_enough && week.time.is_none() && week.days_needed.is_none());
    assert!(!of(&covered(7, 56_159), WEEK_DAYS).is_enough);
    let month = of(&covered(30, 70 * day / 100), MONTH_DAYS);
    assert_eq!(month.time.map(|time| time.in_range()), Some(30 * 70 * day / 100));
    let few = of(&covered(20, day), MONTH_DAYS);
    assert_eq!((few.days, few.is_enough, few.time), (20, false, None));
    assert_near(few.covered_percent, 20.0 / 29.5 * 100.0);
}

#[test]
fn a_change_weighs_by_how_much_the_patients_days_differ_anyhow() {
    let days = |spread: f64| -> Vec<_> {
        let mean = |day: i64| if day < 7 { 130.0 } else { 120.0 };
        let apart = |day: i64| if day % 2 == 0 { spread } else { -spread };
        (0..14).map(|day| bucket(day, 1, mean(day) + apart(day), 0)).collect()
    };
    let weight = |days: &[Bucket<Date>]| change_in_deviations(&week(days), days, ago(0));
    let (steady, unsteady) = (weight(&days(1.0)).unwrap(), weight(&days(20.0)).unwrap());
    assert!(steady > 1.5 && unsteady < 1.0, "{steady} {unsteady}");
    let alike: Vec<_> = (0..14).map(|day| bucket(day, 1, 120.0, 0)).collect();
    assert_eq!((week(&alike).change(), weight(&alike)), (Some(0.0), None));
}

proptest! {
    #[test]
    fn a_trend_is_of_its_days_alone_in_whatever_order_they_come(
        days in prop::collection::btree_map(0_i64..90, (1_u32..300, 60.0..200.0_f64), 0..80),
        length in prop::sample::select(vec![WEEK_DAYS, MONTH_DAYS]),
    ) {
        let all: Vec<_> = days.iter().map(|(day, (n, mean))| bucket(*day, *n, *mean, 0)).collect();
        let trend = |days: &[Bucket<Date>]| Trend::of(PRESSURE, days, (&JAPAN, noon()), length);
        let backwards: Vec<_> = all.iter().rev().copied().collect();
        let same = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            _ => a == b,
        };
        let (found, back) = (trend(&all), trend(&backwards));
        prop_assert!(same(found.last.mean, back.last.mean));
        let length = i64::from(length);
        let within = |from: i64| days.range(from..from + length);
        prop_assert_eq!(found.last.days as usize, within(0).count());
        prop_assert_eq!(found.before.days as usize, within(length).count());
        prop_assert_eq!(found.last.values, within(0).map(|(_, (n, _))| n).sum::<u32>());
        let sum: f64 = within(0).map(|(_, (n, mean))| f64::from(*n) * mean).sum();
        let mean = (found.last.values > 0).then(|| sum / f64::from(found.last.values));
        prop_assert!(same(found.last.mean, mean));
        prop_assert_eq!(found.change().is_some(), found.last.is_enough && found.before.is_enough);
    }
}

#[test]
fn days_of_a_week_are_the_patients_own_where_clocks_are_moved() {
    let local = LocalTime::of("Europe/Berlin").unwrap();
    // The clocks go forward on the 29th of March: that week has 167 hours.
    let now = local.begin_of(date(2026, 4, 1), 0) - Span::from_millis(1);
    let day = |day| Bucket { of: day, ..bucket(0, 24, 150.0, 60_480) };
    let days: Vec<_> = (0..7).map(|ago| day(date(2026, 3, 31) - ago.days())).collect();
    let trend = Trend::of(SENSOR, &days, (&local, now), WEEK_DAYS);
    assert_eq!((trend.last.days, trend.last.is_enough), (7, true));
    assert_near(trend.last.covered_percent, 7.0 * 60_480.0 / (167.0 * 3600.0 - 1.0) * 100.0);
}
