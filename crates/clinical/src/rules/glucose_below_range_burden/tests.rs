//! The rule, shown by what happens to a patient with a sensor.

use crate::alert::{Severity, Status, Transition};
use crate::home::Home;
use crate::measured::Measured;
use crate::plan::Plan;
use crate::programmes::plan_under;
use crate::rules;
use crate::rules::sensor_days::tests::{
    Value, day, days, minute_of, of, on_the_morning_after, receive, receive_at, transitions,
};

use Transition::{Raised, Resolved, Retracted};

const RULE: &str = "glucose.below_range_burden";

fn said(home: &Home) -> Vec<Transition> {
    transitions(home, RULE)
}

/// Two weeks of 4,032 values, of which the last so many are low.
fn with_low(low: usize, glucose: f64) -> Vec<Value> {
    let mut sent = days(0..14, &[]);
    let first_low = 4032 - low;
    for value in &mut sent[first_low..] {
        *value = value.measured(Measured::Exactly(glucose));
    }
    sent
}

#[test]
fn four_percent_below_70_in_two_weeks_are_for_review_and_less_is_not() {
    // 161 of 4,032 are 3.99 %.
    assert!(said(&on_the_morning_after(13, with_low(161, 69.9))).is_empty());
    let home = on_the_morning_after(13, with_low(162, 69.9));
    assert_eq!(said(&home), [Raised]);
    let alert = of(&home, RULE)[0];
    assert_eq!((alert.severity, alert.late), (Severity::Review, false));
    assert_eq!(alert.finding("below"), Some(4.01));
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Sensor glucose below 70 mg/dL for 4.01 % of the time (target below 4 %) and below 54 for 0 % (target below 1 %) in the 14 days to 2026-06-12, with 100 % of the data. Too much time in low glucose: ask about symptoms and when they come, and review the treatment."
    );
    assert_eq!(
        words.ja,
        "2026年6月12日までの14日間、センサーグルコース 70 mg/dL未満が時間の4.01%（目標4%未満）、54 mg/dL未満が0%（目標1%未満）でした（データ100%）。低血糖の時間が目標を満たしていません。低血糖の症状と時間帯を確認し、治療を見直してください。"
    );
    // What was reported before the sentence changed reads as it did.
    let before = crate::alert::Alert { wording_version: 1, ..alert.clone() };
    assert!(rules::words(&before).en.contains("(limit 4 %) and below 54"));
}

#[test]
fn one_percent_below_54_is_for_review_and_less_is_not() {
    // 40 of 4,032 are 0.99 %.
    assert!(said(&on_the_morning_after(13, with_low(40, 53.9))).is_empty());
    assert_eq!(said(&on_the_morning_after(13, with_low(41, 53.9))), [Raised]);
}

#[test]
fn seventy_is_in_range_and_54_is_not_very_low() {
    assert!(said(&on_the_morning_after(13, with_low(1000, 70.0))).is_empty());
    assert!(said(&on_the_morning_after(13, with_low(150, 54.0))).is_empty());
}

#[test]
fn what_the_sensor_cannot_say_is_very_low() {
    let lo = |value: Value| value.measured(Measured::Below(40.0));
    let sent = days(0..14, &[]).into_iter().enumerate();
    let sent = sent.map(|(place, value)| if place % 96 == 0 { lo(value) } else { value });
    let home = on_the_morning_after(13, sent);
    assert_eq!(said(&home), [Raised], "42 of 4,032 are 1.04 %");
}

#[test]
fn with_less_than_70_percent_of_the_values_nothing_is_judged() {
    // Of ten days of 14 there are all values: 71 %. Of nine: 64 %.
    let some = |gone: std::ops::Range<i64>| {
        let there = (0..14).filter(move |number| !gone.contains(number));
        let sent = there.flat_map(|number| day(number, 5, &[(30, 60.0)]));
        said(&on_the_morning_after(13, sent))
    };
    assert_eq!(some(3..7), [Raised]);
    assert!(some(3..8).is_empty());
    // Or of each day two values of three, be they each of five minutes.
    let home = |kept: i64| {
        let sent = days(0..14, &[(30, 60.0)]).into_iter().zip(0..);
        on_the_morning_after(13, sent.filter(|(_, place)| place % 288 < kept).map(|it| it.0))
    };
    assert!(said(&home(201)).is_empty());
    assert_eq!(said(&home(202)), [Raised]);
}

#[test]
fn ten_days_of_a_new_sensor_are_enough_and_nine_are_not() {
    assert!(said(&on_the_morning_after(8, days(0..9, &[(30, 60.0)]))).is_empty());
    let home = on_the_morning_after(9, days(0..10, &[(30, 60.0)]));
    assert_eq!(said(&home), [Raised]);
    assert_eq!(of(&home, RULE)[0].finding("covered"), Some(71.42));
}

#[test]
fn a_day_counts_once_its_readings_have_had_six_hours_to_come() {
    let mut home = Home::after(with_low(200, 60.0));
    home.waits_until(minute_of(14, 5 * 60 + 58));
    assert!(said(&home).is_empty());
    home.waits_until(minute_of(14, 7 * 60));
    assert_eq!(said(&home), [Raised]);
}

#[test]
fn it_ends_at_half_of_its_limits_and_between_them_nothing_is_said() {
    // 14 of 288 are 4.86 % of a day.
    let mut home = on_the_morning_after(13, days(0..14, &[(14, 60.0)]));
    assert_eq!(said(&home), [Raised]);
    // Of each day that comes it is 1.04 %: after ten 2.1 % of the time, after eleven 1.9 %.
    for number in 14..24 {
        receive(&mut home, day(number, 5, &[(3, 60.0)]));
    }
    home.waits_until(minute_of(24, 7 * 60));
    assert_eq!(said(&home), [Raised]);
    receive(&mut home, day(24, 5, &[(3, 60.0)]));
    home.waits_until(minute_of(25, 7 * 60));
    assert_eq!(said(&home), [Raised, Resolved]);
    assert_eq!(of(&home, RULE)[1].status, Status::Resolved);
}

#[test]
fn silence_ends_nothing() {
    let mut home = on_the_morning_after(13, days(0..14, &[(30, 60.0)]));
    for number in [20, 40, 90] {
        home.waits_until(minute_of(number, 0));
        home.monitor.forget(crate::home::at(minute_of(number, 0)), home.window);
        assert!(home.missed_at(minute_of(number, 0)).is_empty());
        assert_eq!(said(&home), [Raised]);
    }
}

#[test]
fn finger_sticks_are_not_counted() {
    let finger_sticks = (0..14).flat_map(|number| {
        (0..40).map(move |place| Value::of(number, place * 30 + 2, 60.0).by_finger_stick())
    });
    let mut sent: Vec<Value> = days(0..14, &[]).into_iter().chain(finger_sticks).collect();
    sent.sort_by_key(crate::home::Sending::minutes);
    assert!(said(&on_the_morning_after(13, sent)).is_empty());
}

#[test]
fn a_minute_of_one_sensor_weighs_as_much_as_a_minute_of_another() {
    // Seven days with a value each minute, of which 10 % are low, and seven of a quarter of an hour
    // without: 5 % of the time, though 9 % of the values. And the other way round, 5 %, though 1 %.
    let both = |slow_first: bool, low: [i64; 2]| {
        let sent = (0..14).flat_map(move |number| match (number < 7) == slow_first {
            true => day(number, 15, &[(low[0], 60.0)]),
            false => day(number, 1, &[(low[1], 60.0)]),
        });
        said(&on_the_morning_after(13, sent))
    };
    assert_eq!(both(true, [0, 144]), [Raised]);
    assert!(both(true, [0, 100]).is_empty(), "7 % of a week are 3.5 % of two");
    assert_eq!(both(false, [10, 0]), [Raised]);
    assert!(both(false, [7, 0]).is_empty());
}

#[test]
fn of_two_sensors_worn_at_once_one_is_counted() {
    // Of the other rules, that of lows has an event of two weeks here, and takes most of the time.
    let judged = |sent: Vec<Value>| {
        let mut home = Home::under(&[RULE]);
        receive(&mut home, sent);
        home.waits_until(minute_of(14, 7 * 60));
        home
    };
    // The second says a value each quarter of an hour, all low.
    let of_second = (0..14).flat_map(|number| day(number, 15, &[(96, 60.0)]));
    let of_second = of_second.map(|value| value.of_sensor(1));
    let mut sent: Vec<Value> = days(0..14, &[]).into_iter().chain(of_second.clone()).collect();
    sent.sort_by_key(crate::home::Sending::minutes);
    assert!(said(&judged(sent)).is_empty());
    // Where the first has no value, the second is counted.
    let first: Vec<Value> = days(0..13, &[]);
    let mut sent: Vec<Value> = first.into_iter().chain(of_second).collect();
    sent.sort_by_key(crate::home::Sending::minutes);
    let home = judged(sent);
    assert_eq!(said(&home), [Raised], "one day of 14 is 7 %");
    assert_eq!(of(&home, RULE)[0].finding("covered"), Some(100.0));
}

#[test]
fn a_sensor_that_is_changed_at_noon_leaves_one_day() {
    let sent = with_low(200, 60.0).into_iter().filter(|value| {
        let minute = crate::home::Sending::minutes(value) - minute_of(6, 12 * 60);
        !(0..60).contains(&minute)
    });
    let sent = sent.map(|value| {
        let is_new = crate::home::Sending::minutes(&value) >= minute_of(6, 12 * 60);
        value.of_sensor(u8::from(is_new))
    });
    let home = on_the_morning_after(13, sent);
    assert_eq!(said(&home), [Raised]);
    assert_eq!(of(&home, RULE)[0].finding("covered"), Some(99.7), "an hour of 336 is missing");
}

#[test]
fn corrections_and_entries_in_error_of_a_judged_day_take_it_back() {
    let sent = with_low(162, 60.0);
    let low: Vec<Value> =
        sent.iter().copied().filter(|it| *it != it.measured(Measured::Exactly(110.0))).collect();
    for change in [low[80].entered_in_error(), low[80].corrected_to(110.0)] {
        let mut home = on_the_morning_after(13, sent.clone());
        let received = minute_of(14, 9 * 60);
        home.receives_at(received, change);
        assert_eq!(said(&home), [Raised, Retracted]);
    }
}

#[test]
fn a_late_upload_of_a_judged_day_is_judged_with_it() {
    let (there, late): (Vec<Value>, Vec<Value>) =
        days(0..14, &[(20, 60.0)]).into_iter().partition(|value| {
            !(minute_of(4, 0)..minute_of(9, 0)).contains(&crate::home::Sending::minutes(value))
        });
    let mut home = on_the_morning_after(13, there);
    assert!(said(&home).is_empty(), "nine days of 14 are too few");
    let received = minute_of(14, 12 * 60);
    receive_at(&mut home, received, late);
    assert!(said(&home).is_empty());
    home.waits_until(received + 1);
    assert_eq!(said(&home), [Raised]);
    assert_eq!(of(&home, RULE)[0].cause, None);
}

#[test]
fn the_limits_are_the_patients_own() {
    let own = [("glucose.below_range_burden.low", 63.0), ("glucose.below_range_burden.below", 1.0)];
    let own = rules::plan(1, own).unwrap();
    assert!(judged(&own, with_low(200, 63.0)).is_empty());
    assert_eq!(judged(&own, with_low(41, 62.9)), [Raised]);
}

#[test]
fn the_frail_are_below_70_for_less_than_1_percent_of_the_time() {
    let plan = plan_under("frail_elderly");
    assert!(judged(&plan, with_low(40, 69.9)).is_empty());
    assert_eq!(judged(&plan, with_low(41, 69.9)), [Raised]);
}

fn judged(plan: &Plan, sent: Vec<Value>) -> Vec<Transition> {
    let mut home = Home { plan: plan.clone(), ..Home::default() };
    receive(&mut home, sent);
    home.waits_until(minute_of(14, 7 * 60));
    said(&home)
}
