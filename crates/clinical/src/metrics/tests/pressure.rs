use proptest::prelude::*;

use super::*;
use crate::home_pressure::hours::Hours;
use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use crate::rules;

const TARGET: PressureTarget = PressureTarget { systolic: 135.0, diastolic: 85.0 };

/// Pressures on a day of June 2026 in Japan.
fn pressure(
    day: i64,
    hour: i64,
    minutes: i64,
    (systolic, diastolic): (f64, f64),
) -> CurrentReading {
    let sample = Sample::default().with(SYSTOLIC, systolic).with(DIASTOLIC, diastolic);
    let time = minute((day - 1) * 1440 + hour * 60 + minutes);
    CurrentReading { time, source: sensor("BP"), sample, delay: Delay::default() }
}

/// So many days, each from 04:00 on.
fn days(count: i64) -> Period {
    let from = JAPAN.instant(date(2026, 6, 1), jiff::civil::time(4, 0, 0, 0));
    Period { from, to: from + Span::from_days(count) }
}

fn summary(readings: Vec<CurrentReading>, period: Period) -> BloodPressureSummary {
    blood_pressure_summary(readings, period, (&JAPAN, Hours::default()), Some(TARGET))
}

#[test]
fn the_summary_has_the_hours_of_the_patients_plan() {
    let hours = [
        ("bp.above_target.morning_begins", 12.0),
        ("bp.above_target.morning_ends", 16.0),
        ("bp.above_target.evening_begins", 22.0),
    ];
    let hours = Hours::of(&rules::plan(1, hours).unwrap());
    let readings = vec![
        pressure(2, 13, 0, (165.0, 100.0)),
        pressure(3, 5, 0, (128.0, 78.0)),
        pressure(3, 13, 0, (161.0, 98.0)),
    ];
    let period = Period { from: minute(0), to: minute(7 * 1440) };
    let summary = blood_pressure_summary(readings, period, (&JAPAN, hours), Some(TARGET));
    let (morning, evening) = (summary.morning.unwrap(), summary.evening.unwrap());
    assert_eq!((morning.mean.systolic, morning.days), (163.0, 2));
    assert_eq!((evening.mean.systolic, evening.days), (128.0, 1));
    assert_eq!(summary.days.len(), 2, "the evening is of the day on which the patient woke");
}

/// Two readings each morning and one each evening, of so many days.
fn days_of(count: i64) -> Vec<CurrentReading> {
    let of_day = |day| {
        [
            pressure(day, 7, 0, (140.0, 90.0)),
            pressure(day, 7, 2, (136.0, 86.0)),
            pressure(day, 22, 0, (120.0, 70.0)),
        ]
    };
    (1..=count).flat_map(of_day).collect()
}

#[test]
fn mornings_evenings_and_days_have_their_means_and_each_day_counts_once() {
    let summary = summary(days_of(7), days(7));
    let said = |of: Option<MeanOfDays>| of.map(|of| (of.mean.systolic, of.mean.diastolic, of.days));
    assert_eq!(said(summary.morning), Some((138.0, 88.0, 7)));
    assert_eq!(said(summary.evening), Some((120.0, 70.0, 7)));
    assert_eq!(said(summary.mean), Some((129.0, 79.0, 7)));
    assert_eq!((summary.readings, summary.days_of_period), (21, 7));
    assert_near(summary.above_target_percent, 100.0 * 14.0 / 21.0);
    assert_eq!(summary.systolic.standard_deviation, Some(0.0));
}

#[test]
fn five_days_of_seven_are_enough_and_four_are_not() {
    let of = |count, length| summary(days_of(count), days(length));
    assert!(of(5, 7).is_enough && !of(4, 7).is_enough);
    assert_eq!((of(5, 7).days_needed, of(5, 14).days_needed, of(3, 3).days_needed), (5, 10, 5));
    assert!(!of(3, 3).is_enough);
    let none = summary(Vec::new(), days(7));
    assert_eq!((none.mean, none.above_target_percent, none.is_enough), (None, None, false));
    assert_eq!(none.systolic, Variability::default());
}

proptest! {
    /// At noon as at midnight: seven times 24 hours are a part of eight days.
    #[test]
    fn no_more_days_are_measured_than_a_period_has(to in 7 * 1440..21 * 1440_i64) {
        let to = minute(to);
        let usual = Period { from: usual_pressure_begin(&JAPAN, Hours::default(), to), to };
        let of_usual = summary(days_of(21), usual);
        prop_assert_eq!(of_usual.days_of_period, 7);
        prop_assert!((6..=7).contains(&of_usual.days.len()));
        let of_hours = summary(days_of(21), Period { from: to - Span::from_days(7), to });
        prop_assert!(of_hours.days.len() as u32 <= of_hours.days_of_period);
    }
}

#[test]
fn five_of_the_eight_days_that_a_week_from_noon_has_are_not_enough() {
    let noon = Period { from: minute(720), to: minute(720 + 7 * 1440) };
    let of = summary(days_of(5), noon);
    assert_eq!((of.days.len(), of.days_of_period, of.days_needed), (5, 8, 6));
    assert!(!of.is_enough);
    let usual = usual_pressure_begin(&JAPAN, Hours::default(), noon.to);
    assert_eq!(usual, minute(1440 + 240), "04:00 of the second day");
}

#[test]
fn an_evening_after_midnight_belongs_to_the_day_before_and_noon_to_neither_part() {
    let readings = vec![
        pressure(1, 12, 0, (130.0, 80.0)),
        pressure(1, 17, 0, (120.0, 70.0)),
        pressure(2, 3, 59, (124.0, 74.0)),
        pressure(2, 4, 0, (140.0, 90.0)),
        pressure(2, 11, 59, (144.0, 94.0)),
    ];
    let summary = summary(readings, days(7));
    let [first, second] = &summary.days[..] else { panic!("{:?}", summary.days) };
    assert_eq!((first.day, second.day), (date(2026, 6, 1), date(2026, 6, 2)));
    assert_eq!(first.morning, None);
    assert_eq!(first.evening.map(|mean| mean.systolic), Some(122.0));
    assert_eq!((first.mean.systolic, summary.readings), (122.0, 5));
    assert_eq!(second.morning.map(|mean| mean.systolic), Some(142.0));
}

#[test]
fn variability_is_that_of_the_means_of_days() {
    let daily = [(1, 120.0), (2, 130.0), (4, 124.0)];
    let readings = daily.map(|(day, systolic)| pressure(day, 7, 0, (systolic, 80.0))).to_vec();
    let Variability { standard_deviation, coefficient_of_variation, average_real_variability } =
        summary(readings, days(7)).systolic;
    assert_near(average_real_variability, 8.0);
    let mean: f64 = (120.0 + 130.0 + 124.0) / 3.0;
    let squares = (120.0 - mean).powi(2) + (130.0 - mean).powi(2) + (124.0 - mean).powi(2);
    let expected = (squares / 2.0).sqrt();
    assert_near(standard_deviation, expected);
    assert_near(coefficient_of_variation, 100.0 * expected / mean);
}

#[test]
fn a_copy_is_counted_once_and_an_occasion_of_two_readings_as_one() {
    let cuff = pressure(1, 7, 0, (140.0, 90.0));
    let time = cuff.time + Span::from_seconds(60);
    let copy = CurrentReading { time, source: sensor("phone"), ..cuff };
    let second = pressure(1, 7, 10, (136.0, 86.0));
    let later = pressure(1, 7, 30, (130.0, 80.0));
    let summary = summary(vec![cuff, copy, second, later], days(7));
    assert_eq!(summary.readings, 3);
    assert_eq!(summary.morning.map(|of| of.mean.systolic), Some(134.0));
}

#[test]
fn the_target_is_that_of_the_guideline_where_the_plan_gives_no_other() {
    let target = |values: &[(&str, f64)]| {
        let plan = rules::plan(0, values.iter().copied()).unwrap();
        PressureTarget::of(&rules::limits(&plan).collect::<Vec<_>>())
    };
    assert_eq!(target(&[]), Some(TARGET));
    let own = [("bp.above_target.systolic", 125.0)];
    assert_eq!(target(&own), Some(PressureTarget { systolic: 125.0, ..TARGET }));
    assert_eq!(PressureTarget::of(&[]), None);
}
