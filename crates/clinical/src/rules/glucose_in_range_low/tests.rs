//! The rule, shown by what happens to a patient with a sensor.

use crate::alert::{Severity, Transition};
use crate::home::Home;
use crate::programmes::plan_under;
use crate::rules;
use crate::rules::sensor_days::tests::{
    Value, day, days, minute_of, of, on_the_morning_after, receive, receive_at, transitions,
};

use Transition::{Raised, Resolved, Updated};

const RULE: &str = "glucose.in_range_low";

fn said(home: &Home) -> Vec<Transition> {
    transitions(home, RULE)
}

#[test]
fn less_than_70_percent_in_range_are_for_review_and_70_are_not() {
    // 86 of 288 values of a day are 29.9 %, and 87 are 30.2 %.
    assert!(said(&on_the_morning_after(13, days(0..14, &[(86, 180.1)]))).is_empty());
    let home = on_the_morning_after(13, days(0..14, &[(87, 180.1)]));
    assert_eq!(said(&home), [Raised]);
    let alert = of(&home, RULE)[0];
    assert_eq!(alert.severity, Severity::Review);
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Sensor glucose in range (70 to 180 mg/dL) for 69.79 % of the time in the 14 days to 2026-06-08, below the target of 70 %; below range 0 %, above range 30.2 %, with 71.42 % of the data. Ask about meals and drugs, and review the treatment."
    );
    assert_eq!(
        words.ja,
        "2026年6月8日までの14日間、センサーグルコースが目標範囲（70～180 mg/dL）内にあった時間は69.79%で、目標の70%を下回りました（範囲未満0%、範囲超30.2%、データ71.42%）。食事・服薬の状況を確認し、治療を見直してください。"
    );
}

#[test]
fn seventy_and_180_are_in_range() {
    let home = on_the_morning_after(13, days(0..14, &[(140, 180.0), (140, 70.0)]));
    assert!(said(&home).is_empty());
    let home = on_the_morning_after(13, days(0..14, &[(50, 180.1), (50, 69.9)]));
    assert_eq!(said(&home), [Raised]);
}

#[test]
fn it_ends_at_75_percent_in_range_and_not_before() {
    // 40 % of a day are above range, then 20 %.
    let mut home = on_the_morning_after(13, days(0..14, &[(115, 200.0)]));
    let receives = |home: &mut Home, range: std::ops::Range<i64>| {
        let last = range.end;
        receive(home, range.flat_map(|n| day(n, 5, &[(57, 200.0)])));
        home.waits_until(minute_of(last, 7 * 60));
    };
    // After ten days 25.6 % of two weeks are above range, after eleven 24.1 %.
    receives(&mut home, 14..24);
    assert_eq!(said(&home), [Raised]);
    receives(&mut home, 24..25);
    assert_eq!(said(&home), [Raised, Resolved]);
}

#[test]
fn another_target_moves_the_end_too_unless_the_plan_names_it() {
    let with = |numbers: &[(&'static str, f64)], sent: Vec<Value>| {
        let plan = rules::plan(1, numbers.iter().copied()).unwrap();
        let mut home = Home { plan, ..Home::default() };
        receive(&mut home, sent);
        home.waits_until(minute_of(30, 0));
        of(&home, RULE).iter().map(|alert| alert.parameter("clear")).collect::<Vec<_>>()
    };
    let target = ("glucose.in_range_low.target", 50.0);
    assert!(with(&[target], days(0..14, &[(143, 200.0)])).is_empty());
    let high = || days(0..14, &[(150, 200.0)]);
    assert_eq!(with(&[target], high()), [Some(55.0)]);
    assert_eq!(with(&[target, ("glucose.in_range_low.clear", 60.0)], high()), [Some(60.0)]);
    assert_eq!(with(&[target, ("glucose.in_range_low.clear", 40.0)], high()), [Some(50.0)]);
}

#[test]
fn the_range_of_a_pregnancy_is_63_to_140() {
    let judged = |glucose| {
        let mut home = Home { plan: plan_under("pregnancy"), ..Home::default() };
        receive(&mut home, days(0..14, &[(100, glucose)]));
        home.waits_until(minute_of(14, 7 * 60));
        said(&home)
    };
    assert!(judged(140.0).is_empty());
    assert!(judged(63.0).is_empty());
    assert_eq!(judged(140.1), [Raised]);
    assert_eq!(judged(62.9), [Raised]);
}

#[test]
fn of_the_frail_half_of_the_time_in_range_is_enough() {
    let judged = |high| {
        let mut home = Home { plan: plan_under("frail_elderly"), ..Home::default() };
        receive(&mut home, days(0..14, &[(high, 200.0)]));
        home.waits_until(minute_of(14, 7 * 60));
        said(&home)
    };
    // Of 288 values a day 144 are 50 %.
    assert!(judged(144).is_empty());
    assert_eq!(judged(145), [Raised]);
}

#[test]
fn a_late_day_that_leaves_it_below_the_target_updates_what_is_said() {
    let sent = days(0..14, &[(100, 200.0)]);
    let (there, late): (Vec<Value>, Vec<Value>) = sent.into_iter().partition(|value| {
        !(minute_of(4, 0)..minute_of(5, 0)).contains(&crate::home::Sending::minutes(value))
    });
    let mut home = on_the_morning_after(13, there);
    assert_eq!(said(&home), [Raised]);
    let received = minute_of(14, 12 * 60);
    receive_at(&mut home, received, late);
    home.waits_until(received + 1);
    assert_eq!(said(&home), [Raised, Updated]);
    // With that day ten were there a day earlier.
    let last_days = of(&home, RULE).into_iter().map(|alert| alert.finding("last_day"));
    assert_eq!(last_days.collect::<Vec<_>>(), [Some(20_260_609.0), Some(20_260_608.0)]);
}
