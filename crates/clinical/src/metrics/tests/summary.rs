use super::*;
use crate::glucose::bands::Band;
use crate::rules;
use crate::statistics::standard_deviation;

#[test]
fn of_no_values_there_is_no_number_and_too_little() {
    let summary = summary_of(Vec::new(), days(14));
    assert_eq!((summary.values, summary.expected_values), (0, 4032));
    assert_eq!((summary.mean, summary.gmi, summary.mage), (None, None, None));
    assert_eq!(summary.risk, RiskIndices::default());
    assert!(!summary.is_enough && summary.conga.is_empty());
}

#[test]
fn fourteen_days_of_a_steady_154_are_what_the_formulas_say() {
    let summary = summary_of(every_five(vec![154.0; 4032]), days(14));
    assert_eq!(
        (summary.values, summary.expected_values, summary.days_with_values),
        (4032, 4032, 14)
    );
    assert_eq!(summary.covered_percent, 100.0);
    assert!(summary.is_enough);
    assert_near(summary.mean, 154.0);
    assert_near(summary.standard_deviation, 0.0);
    assert_near(summary.coefficient_of_variation, 0.0);
    assert_near(summary.gmi, 3.31 + 0.02392 * 154.0);
    assert_near(summary.ea1c, (154.0 + 46.7) / 28.7);
    assert_near(summary.risk.j_index, 0.001 * 154.0 * 154.0);
    assert_near(summary.risk.lbgi, 0.0);
    let f = 1.509 * (154.0_f64.ln().powf(1.084) - 5.381);
    assert_near(summary.risk.hbgi, 10.0 * f * f);
    assert_near(summary.risk.gri, 0.0);
    assert_near(summary.modd, 0.0);
    assert_eq!(summary.conga, [(1, 0.0), (2, 0.0), (4, 0.0), (24, 0.0)]);
    assert_eq!(summary.mage, None);
    assert_eq!(summary.time.in_range(), 14 * 86_400);
    assert_eq!(summary.time_tight.in_range(), 0);
}

#[test]
fn two_weeks_from_noon_are_a_part_of_fifteen_days_and_the_usual_ones_begin_at_midnight() {
    let noon = minute(14 * 1440 + 720);
    let of = |from| summary_of(every_five(vec![120.0; 15 * 288]), Period { from, to: noon });
    let from_noon = of(minute(720));
    assert_eq!((from_noon.days_with_values, from_noon.days_of_period), (15, 15));
    let usual = usual_glucose_begin(&JAPAN, noon);
    assert_eq!(usual, midnight());
    let usual = of(usual);
    assert_eq!((usual.days_with_values, usual.days_of_period, usual.is_enough), (15, 15, true));
    assert_eq!(usual_glucose_begin(&JAPAN, minute(14 * 1440)), midnight(), "14 whole days");
}

#[test]
fn the_own_range_is_that_by_which_the_rule_judges_and_none_where_it_is_the_usual_one() {
    let range = |values: &[(&str, f64)]| {
        let plan = rules::plan(0, values.iter().copied()).unwrap();
        own_range(&rules::limits(&plan).collect::<Vec<_>>())
    };
    assert_eq!(range(&[]), None);
    assert_eq!(range(&[("glucose.in_range_low.high", 180.0)]), None);
    let own = range(&[("glucose.in_range_low.high", 160.0)]).unwrap();
    assert_eq!((own.low(), own.high()), (70.0, 160.0));
    let values = [69.0, 70.0, 160.0, 161.0, 180.0];
    let time = time_in_range(&Trace::of(every_five(values), days(1)), own);
    assert_eq!([time.below_range(), time.in_range(), time.above_range()], [300, 600, 600]);
}

#[test]
fn seventy_percent_of_fourteen_days_is_enough_and_less_or_fewer_days_is_not() {
    let of = |values, length| summary_of(every_five(vec![120.0; values]), days(length));
    let enough = of(2823, 14);
    assert!(enough.is_enough && enough.covered_percent >= 70.0);
    assert!(!of(2822, 14).is_enough);
    assert!(!of(13 * 288, 13).is_enough);
    assert!(!of(2823, 30).is_enough);
    assert!(of(6048, 30).is_enough);
}

#[test]
fn named_bands_are_apart_and_their_ends_in_range() {
    let values = [53.9, 54.0, 69.9, 70.0, 180.0, 180.1, 250.0, 250.1, 140.0, 63.0];
    let summary = summary_of(every_five(values), days(1));
    let percent = |part| summary.time.percent(part).unwrap();
    let named = Band::ALL.map(|band| percent(summary.time.of(band)));
    assert_eq!(named, [10.0, 30.0, 30.0, 20.0, 10.0]);
    assert_eq!(percent(summary.time.below_range()), 40.0);
    assert_eq!(percent(summary.time.above_range()), 30.0);
    assert_eq!(summary.time_tight.in_range(), 2 * 300);
    assert_eq!(summary.time_pregnancy.in_range(), 4 * 300);
    assert_near(summary.risk.gri, 100.0);
}

#[test]
fn beyond_what_the_sensor_can_say_counts_in_times_and_risk_and_in_no_mean() {
    let mut readings = every_five([100.0, 110.0, 120.0]);
    for (place, measured) in [(3, Measured::Below(40.0)), (4, Measured::Above(400.0))] {
        readings.push(reading_of(sensor("1"), minute(place * 5), measured, 1.0));
    }
    let summary = summary_of(readings, days(14));
    assert_eq!((summary.values, summary.values_beyond), (5, 2));
    assert_near(summary.mean, 110.0);
    assert_near(summary.standard_deviation, 10.0);
    assert_eq!((summary.time.very_low(), summary.time.very_high()), (300, 300));
    assert_near(summary.risk.gri, 92.0);
    // The indices of risk take the sensor's limits, 40 and 400.
    let risk = |glucose: f64| 10.0 * (1.509 * (glucose.ln().powf(1.084) - 5.381)).powi(2);
    assert_near(summary.risk.lbgi, (risk(100.0) + risk(110.0) + risk(40.0)) / 5.0);
    assert_near(summary.risk.hbgi, (risk(120.0) + risk(400.0)) / 5.0);
}

#[test]
fn differences_over_hours_and_a_day_are_those_of_the_formulas() {
    // A day at 100, a day at 130, with every other hour 12 higher on both.
    let mg = |place: usize| if place < 288 { 100.0 } else { 130.0 };
    let hourly = |place: usize| if place / 12 % 2 == 1 { 12.0 } else { 0.0 };
    let summary = summary_of(every_five((0..576).map(|it| mg(it) + hourly(it))), days(2));
    assert_near(summary.modd, 30.0);
    assert_near(summary.conga.last().map(|(_, conga)| *conga), 0.0);
    let one_hour: Vec<f64> =
        (12..576).map(|it| mg(it) + hourly(it) - mg(it - 12) - hourly(it - 12)).collect();
    assert_near(
        summary.conga.first().map(|(_, conga)| *conga),
        standard_deviation(&one_hour).unwrap(),
    );
}

#[test]
fn excursions_between_100_and_200_have_an_amplitude_of_100() {
    // Up over three hours and down over three, four times a day.
    let wave = |place: i64| 100.0 + 100.0 * (1.0 - ((place % 72) - 36).abs() as f64 / 36.0);
    let summary = summary_of(every_five((0..=1368).map(wave)), days(5));
    assert_near(summary.mage, 100.0);
}

#[test]
fn a_wave_of_less_than_a_standard_deviation_is_no_excursion() {
    let wave = |place: i64| 100.0 + 100.0 * (1.0 - ((place % 144) - 72).abs() as f64 / 72.0);
    let ripple = |place: i64| if place / 18 % 2 == 0 { 0.0 } else { 3.0 };
    let summary = summary_of(every_five((0..1440).map(|it| wave(it) + ripple(it))), days(5));
    let mage = summary.mage.unwrap();
    assert!((97.0..=103.5).contains(&mage), "{mage}");
}

fn events(values: &[f64]) -> LowEvents {
    summary_of(every_five(values.iter().copied()), days(1)).events
}

#[test]
fn fifteen_minutes_below_70_are_an_event_and_less_is_none() {
    let low = |below_70, below_54, extended| LowEvents { below_70, below_54, extended };
    assert_eq!(events(&[100.0, 69.0, 69.0, 69.0, 100.0]), low(0, 0, 0));
    assert_eq!(events(&[100.0, 69.0, 69.0, 69.0, 69.0, 100.0]), low(1, 0, 0));
    assert_eq!(events(&[70.0; 10]), low(0, 0, 0));
    assert_eq!(events(&[53.0, 53.0, 53.0, 53.0]), low(1, 1, 0));
    assert_eq!(events(&[53.0, 53.0, 60.0, 53.0, 53.0]), low(1, 0, 0));
    assert_eq!(events(&[69.0; 25]), low(1, 0, 0));
    assert_eq!(events(&[69.0; 26]), low(1, 0, 1));
}

#[test]
fn an_event_goes_on_until_glucose_is_back_for_15_minutes() {
    let low = [69.0; 4];
    let with = |back: usize| [&low[..], &vec![100.0; back], &low].concat();
    assert_eq!(events(&with(3)).below_70, 1);
    assert_eq!(events(&with(4)).below_70, 2);
}

#[test]
fn a_silence_of_more_than_30_minutes_or_another_sensor_ends_an_event() {
    let of = |second: &str, gap: i64| {
        let first = (0..4).map(|place| value("1", place * 5, 60.0));
        let then = (0..4).map(|place| value(second, 15 + gap + place * 5, 60.0));
        summary_of(first.chain(then).collect(), days(1)).events.below_70
    };
    assert_eq!(of("1", 30), 1);
    assert_eq!(of("1", 31), 2);
    assert_eq!(of("2", 30), 2);
}
