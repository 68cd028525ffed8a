//! Each rule exactly at its limit, and just beside it: raising, and ending where that has a limit of its
//! own. Written from the clinical text, in its numbers.

use crate::home;

use clinical::alert::{Severity, Stage, Transition};
use clinical::kinds::activity::STEP;
use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use clinical::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use clinical::kinds::body_temperature::TEMPERATURE;
use clinical::kinds::weighing_scale::BODY_WEIGHT;
use clinical::sample::Sample;
use clinical::{Kind, rules};

use home::daily::{self, HOUR, Shown};
use home::{Home, bp, only};

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted};

/// The reports of a patient under one rule: transition, how urgent, how sure.
type Said = Vec<(Transition, Severity, Stage)>;

// bp.severe_high: 180 systolic or 110 diastolic and above, confirmed by a second reading 1 to 15 minutes
// from it, of which the mean is still so high.

fn pressures(readings: &[(i64, u16, u16)], until: i64) -> Said {
    let mut home = Home::under(&["bp.severe_high"]);
    for (minutes, systolic, diastolic) in readings {
        home.receives(bp(*minutes, *systolic, *diastolic));
    }
    home.waits_until(until);
    home.transitions()
}

#[test]
fn a_pair_of_180_or_of_110_is_severe_and_one_of_179_and_109_is_not() {
    let page = [(Raised, Urgent, Confirmed)];
    for (systolic, diastolic) in [(180, 90), (150, 110), (180, 110)] {
        let pair = [(0, systolic, diastolic), (5, systolic, diastolic)];
        assert_eq!(pressures(&pair, HOUR), page, "{systolic}/{diastolic}");
    }
    assert_eq!(pressures(&[(0, 179, 109), (5, 179, 109)], HOUR), []);
}

#[test]
fn a_mean_of_180_is_severe_and_a_mean_of_half_less_is_not() {
    let page = [(Raised, Urgent, Confirmed)];
    assert_eq!(pressures(&[(0, 182, 90), (5, 178, 90)], HOUR), page);
    assert_eq!(pressures(&[(0, 178, 90), (5, 182, 90)], HOUR), page);
    assert_eq!(pressures(&[(0, 181, 90), (5, 178, 90)], HOUR), []);
    assert_eq!(pressures(&[(0, 150, 112), (5, 150, 108)], HOUR), page);
    assert_eq!(pressures(&[(0, 150, 111), (5, 150, 108)], HOUR), []);
}

#[test]
fn a_second_reading_counts_from_1_to_15_minutes_and_without_one_180_is_a_review() {
    let page = [(Raised, Urgent, Confirmed)];
    let asks = [(Raised, Review, Unconfirmed)];
    assert_eq!(pressures(&[(0, 185, 90), (1, 185, 90)], 14), page);
    // That of the 15th minute comes when the first has asked to measure again already.
    let confirmed = [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)];
    assert_eq!(pressures(&[(0, 185, 90), (15, 185, 90)], 16), confirmed);
    // That of the 16th brings the mean of no pair down.
    assert_eq!(
        pressures(&[(0, 185, 90), (15, 120, 80)], 16)[1..]
            .iter()
            .map(|said| said.0)
            .collect::<Vec<_>>(),
        [Retracted]
    );
    assert_eq!(pressures(&[(0, 185, 90), (16, 120, 80)], 17), asks);
    assert_eq!(pressures(&[(0, 180, 90)], 14), []);
    assert_eq!(pressures(&[(0, 180, 90)], 15), asks);
    assert_eq!(pressures(&[(0, 150, 110)], 15), asks);
    assert_eq!(pressures(&[(0, 179, 109)], HOUR), []);
}

#[test]
fn two_occasions_of_174_and_104_end_it_and_175_or_105_do_not() {
    let after = |systolic, diastolic| {
        let day = [(0, 185, 112), (5, 185, 112), (12 * HOUR, systolic, diastolic)];
        let both = [&day[..], &[(24 * HOUR, systolic, diastolic)]].concat();
        let said = |readings: &[(i64, u16, u16)]| {
            pressures(readings, 26 * HOUR).iter().any(|said| said.0 == Resolved)
        };
        (said(&day), said(&both))
    };
    assert_eq!(after(174, 104), (false, true), "one occasion is not enough");
    assert_eq!(after(175, 104), (false, false));
    assert_eq!(after(174, 105), (false, false));
}

// bp.morning_surge: the mean of the mornings 20 or more above that of the evenings, over 7 days of which 5
// or more are measured; ended below 10.

fn surge(days: &[(i64, u16, u16)]) -> Vec<Transition> {
    let mut home = Home::under(&["bp.morning_surge"]);
    let pressure = |day, hour, systolic: u16| {
        let sample = Sample::default().with(SYSTOLIC, systolic.into()).with(DIASTOLIC, 75.0);
        Shown::at_hour(day, hour, Kind::BloodPressure, sample)
    };
    for (day, morning, evening) in days {
        daily::on_days(&mut home, [*day], |day| {
            [pressure(day, 7, *morning), pressure(day, 22, *evening)]
        });
    }
    daily::transitions(&home, "bp.morning_surge")
}

#[test]
fn mornings_20_above_evenings_are_a_surge_and_a_mean_of_19_8_is_not() {
    let days =
        |last: u16| [0, 1, 2, 3].map(|day| (day, 140, 120)).into_iter().chain([(4, last, 120)]);
    assert_eq!(surge(&days(140).collect::<Vec<_>>()), [Raised]);
    assert_eq!(surge(&days(139).collect::<Vec<_>>()), []);
    assert_eq!(surge(&days(141).collect::<Vec<_>>()), [Raised]);
}

#[test]
fn five_days_of_seven_are_enough_for_a_surge_and_four_are_not() {
    let on = |days: &[i64]| surge(&days.iter().map(|day| (*day, 140, 120)).collect::<Vec<_>>());
    assert_eq!(on(&[0, 1, 3, 5, 6]), [Raised]);
    assert_eq!(on(&[0, 1, 3, 5, 7]), [], "the first of them is the eighth day back");
    assert_eq!(on(&[0, 1, 3, 5]), []);
}

#[test]
fn a_difference_of_10_ends_no_surge_and_one_below_does() {
    let then = |difference: &[u16]| {
        let surging = (0..7).map(|day| (day, 140, 120));
        let after = (7..).zip(difference).map(|(day, of)| (day, 120 + *of, 120));
        surge(&surging.chain(after).collect::<Vec<_>>())
    };
    assert_eq!(then(&[10; 7]), [Raised]);
    assert_eq!(then(&[10, 10, 10, 10, 10, 10, 9]), [Raised, Resolved], "9.9");
    assert_eq!(then(&[11; 14]), [Raised]);
}

// weight.gain: 2 kg or more in 3 days, or in a week.

fn gain(weights: &[(i64, f64)]) -> Vec<Transition> {
    let mut home = Home::under(&["weight.gain"]);
    for (day, weight) in weights {
        let sample = Sample::default().with(BODY_WEIGHT, *weight);
        home.receives(Shown::at_hour(*day, 7, Kind::WeighingScale, sample));
    }
    home.reported.iter().map(|alert| alert.transition).collect()
}

#[test]
fn two_kilograms_in_three_days_or_a_week_are_a_gain_and_ten_grams_less_are_not() {
    for days in [1, 3, 4, 7] {
        assert_eq!(gain(&[(0, 80.0), (days, 82.0)]), [Raised], "{days} days");
        assert_eq!(gain(&[(0, 80.0), (days, 81.99)]), [], "{days} days");
    }
    assert_eq!(gain(&[(0, 80.0), (8, 82.0)]), [], "more than a week");
}

#[test]
fn a_gain_of_half_a_kilogram_less_than_the_limit_ends_nothing_and_less_does_after_a_week() {
    assert_eq!(gain(&[(0, 80.0), (3, 82.0), (10, 81.5)]), [Raised]);
    assert_eq!(gain(&[(0, 80.0), (3, 82.0), (9, 81.49)]), [Raised]);
    assert_eq!(gain(&[(0, 80.0), (3, 82.0), (10, 81.49)]), [Raised, Resolved]);
}

#[test]
fn a_plans_own_gain_in_three_days_counts_beside_that_of_a_week() {
    let plan = rules::plan(1, [("weight.gain.in_3_days", 1.0)]).unwrap();
    let after = |day, weight: f64| {
        let plan = plan.clone().under(only(&["weight.gain"]).rule_set().cloned());
        let mut home = Home { plan, ..Home::default() };
        for (day, weight) in [(0, 80.0), (day, weight)] {
            let sample = Sample::default().with(BODY_WEIGHT, weight);
            home.receives(Shown::at_hour(day, 7, Kind::WeighingScale, sample));
        }
        home.reported.len()
    };
    assert_eq!((after(3, 81.0), after(3, 80.99), after(4, 81.0)), (1, 0, 0));
}

// weight.loss: 5 % or more below the median of a month; ended below 3 %.

fn loss(then: &[(i64, f64)]) -> Vec<Transition> {
    let mut home = Home::under(&["weight.loss"]);
    let weight = |day, value| {
        let sample = Sample::default().with(BODY_WEIGHT, value);
        Shown::at_hour(day, 7, Kind::WeighingScale, sample)
    };
    daily::on_days(&mut home, 0..30, |day| [weight(day, 80.0)]);
    for (day, value) in then {
        daily::on_days(&mut home, [*day], |day| [weight(day, *value)]);
    }
    daily::transitions(&home, "weight.loss")
}

#[test]
fn five_percent_below_the_median_of_a_month_are_a_loss_and_less_is_not() {
    let three = |weight| [30, 31, 32].map(|day| (day, weight));
    assert_eq!(loss(&three(76.0)), [Raised]);
    assert_eq!(loss(&three(75.9)), [Raised]);
    assert_eq!(loss(&three(76.1)), [], "4.9 %");
    // The median of the last three days is compared.
    assert_eq!(loss(&[(30, 76.0), (31, 75.0), (32, 76.1)]), [Raised]);
    assert_eq!(loss(&[(30, 76.1), (31, 75.0), (32, 76.1)]), []);
}

#[test]
fn a_loss_of_three_percent_lasts_and_a_smaller_one_has_ended() {
    let then = |weight: f64| {
        let lost = [30, 31, 32].map(|day| (day, 76.0));
        let back = [33, 34, 35].map(|day| (day, weight));
        loss(&[lost, back].concat())
    };
    assert_eq!(then(77.6), [Raised], "3.0 %");
    assert_eq!(then(77.7), [Raised, Resolved], "2.9 %");
}

// glucose.very_low: below 54 mg/dL, of one finger-stick, or of a sensor for 15 minutes; back at 70 or more,
// of one finger-stick, or of a sensor for 15 minutes.

/// A value of device 0, a finger-stick, or of device 1, a continuous sensor.
fn glucose_of(device: u8, minutes: i64, value: f64) -> Shown {
    let method = if device == 0 { 0.0 } else { 1.0 };
    let sample = Sample::default().with(GLUCOSE_VALUE, value).with(GLUCOSE_METHOD, method);
    let shown = Shown::at_hour(0, 7, Kind::BloodGlucose, sample).on_device(device);
    Shown { minutes, ..shown }
}

fn very_low(values: &[Shown]) -> Said {
    let mut home = Home::under(&["glucose.very_low"]);
    for one in values {
        home.receives(*one);
    }
    home.transitions()
}

/// A sensor's values, each five minutes after the one before.
fn every_5_minutes(from: i64, values: &[f64]) -> Vec<Shown> {
    (0..).zip(values).map(|(place, value)| glucose_of(1, from + 5 * place, *value)).collect()
}

#[test]
fn a_finger_stick_of_53_pages_and_one_of_54_does_not() {
    assert_eq!(very_low(&[glucose_of(0, 0, 53.0)]), [(Raised, Urgent, Confirmed)]);
    assert_eq!(very_low(&[glucose_of(0, 0, 54.0)]), []);
}

#[test]
fn a_sensor_below_54_pages_after_15_minutes_and_not_after_10() {
    let page = [(Raised, Urgent, Confirmed)];
    assert_eq!(very_low(&every_5_minutes(0, &[53.0; 4])), page);
    assert_eq!(very_low(&every_5_minutes(0, &[53.0; 3])), []);
    assert_eq!(very_low(&every_5_minutes(0, &[53.0, 53.0, 53.0, 54.0])), []);
    assert_eq!(very_low(&every_5_minutes(0, &[54.0; 12])), []);
}

#[test]
fn a_finger_stick_of_70_ends_a_very_low_one_and_69_does_not() {
    let then = |value| {
        let said = very_low(&[glucose_of(0, 0, 53.0), glucose_of(0, 20, value)]);
        said.iter().map(|said| said.0).collect::<Vec<_>>()
    };
    assert_eq!(then(69.0), [Raised]);
    assert_eq!(then(70.0), [Raised, Resolved]);
}

#[test]
fn a_sensor_of_70_ends_a_very_low_one_after_15_minutes_and_not_after_10() {
    let then = |values: &[f64]| {
        let all = [every_5_minutes(0, &[53.0; 4]), every_5_minutes(20, values)].concat();
        very_low(&all).iter().map(|said| said.0).collect::<Vec<_>>()
    };
    assert_eq!(then(&[70.0; 4]), [Raised, Resolved]);
    assert_eq!(then(&[70.0; 3]), [Raised]);
    assert_eq!(then(&[70.0, 70.0, 70.0, 69.0]), [Raised]);
    assert_eq!(then(&[69.0; 12]), [Raised]);
}

// temperature.low: below 35.0 °C where a plan gives that limit; ended by one reading of 35.5 or more.

fn temperatures(celsius: &[f64]) -> Vec<Transition> {
    let plan = rules::plan(1, [("temperature.low.limit", 35.0)]).unwrap();
    let plan = plan.under(only(&["temperature.low"]).rule_set().cloned());
    let mut home = Home { plan, ..Home::default() };
    for (hour, value) in (7..).zip(celsius) {
        let sample = Sample::default().with(TEMPERATURE, *value);
        home.receives(Shown::at_hour(0, hour, Kind::BodyTemperature, sample));
    }
    home.reported.iter().map(|alert| alert.transition).collect()
}

#[test]
fn a_temperature_of_34_9_is_low_and_one_of_35_is_not() {
    assert_eq!(temperatures(&[34.9]), [Raised]);
    assert_eq!(temperatures(&[35.0]), []);
}

#[test]
fn a_temperature_of_35_5_ends_a_low_one_and_35_4_does_not() {
    assert_eq!(temperatures(&[34.9, 35.4]), [Raised]);
    assert_eq!(temperatures(&[34.9, 35.5]), [Raised, Resolved]);
}

// activity.drop: the steps of a week below half of the patient's own median, within one device; back at 90 %.

fn steps(of_days: impl Iterator<Item = (i64, u8, f64)>) -> Vec<Transition> {
    let plan = rules::plan(1, [("activity.drop.trust", 0.0)]).unwrap();
    let plan = plan.under(only(&["activity.drop"]).rule_set().cloned());
    let mut home = Home { plan, ..Home::default() };
    for (day, device, count) in of_days {
        let sample = Sample::default().with(STEP, count);
        let shown = Shown::at_hour(day, 22, Kind::Activity, sample).on_device(device);
        daily::on_days(&mut home, [day], |_| [shown]);
    }
    daily::transitions(&home, "activity.drop")
}

#[test]
fn steps_below_half_of_the_weeks_before_are_a_drop_and_half_is_none() {
    let then = |count| {
        steps((0..28).map(|day| (day, 0, 6000.0)).chain((28..35).map(move |day| (day, 0, count))))
    };
    assert_eq!(then(3000.0), []);
    assert_eq!(then(2990.0), [Raised]);
    assert_eq!(then(3010.0), []);
}

#[test]
fn another_device_is_compared_with_nothing() {
    let other = (28..35).map(|day| (day, 1, 1000.0));
    assert_eq!(steps((0..28).map(|day| (day, 0, 6000.0)).chain(other)), []);
}

#[test]
fn steps_at_90_percent_end_a_drop_and_fewer_do_not() {
    let then = |count| {
        let before = (0..28).map(|day| (day, 0, 6000.0));
        let low = (28..35).map(|day| (day, 0, 2900.0));
        steps(before.chain(low).chain((35..39).map(move |day| (day, 0, count))))
    };
    assert_eq!(then(5400.0), [Raised, Resolved]);
    assert_eq!(then(5390.0), [Raised]);
}
