//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::property_tests::properties_of_days;
use crate::Kind;
use crate::alert::{Severity, Transition};
use crate::home::Home;
use crate::home::daily::{self, DAY, Shown, plan};
use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use crate::rules;
use crate::sample::Sample;

use Transition::{Raised, Resolved, Retracted};

const RULE: &str = "bp.morning_surge";

fn systolic(value: u16) -> Sample {
    Sample::default().with(SYSTOLIC, value.into()).with(DIASTOLIC, 70.0)
}

fn at_hour(day: i64, hour: i64, value: u16) -> Shown {
    Shown::at_hour(day, hour, Kind::BloodPressure, systolic(value))
}

/// A morning and an evening on each of some days.
fn days(home: &mut Home, days: impl IntoIterator<Item = i64>, morning: u16, evening: u16) {
    daily::on_days(home, days, |day| [at_hour(day, 7, morning), at_hour(day, 22, evening)]);
}

fn transitions(home: &Home) -> Vec<Transition> {
    daily::transitions(home, RULE)
}

#[test]
fn twenty_higher_in_the_morning_over_five_days_is_for_review() {
    let mut home = Home::default();
    days(&mut home, 0..4, 133, 113);
    assert!(transitions(&home).is_empty());
    days(&mut home, 4..5, 133, 113);
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(daily::last(&home, RULE).severity, Severity::Review);
    let words = rules::words(daily::last(&home, RULE));
    assert_eq!(
        words.en,
        "Home blood pressure, systolic mean of 7 days 133 in the morning and 113 mmHg in the evening, 20 apart (5 days, until 2026-06-02): a difference at or above 20. Ask when drugs are taken and how the pressure is measured."
    );
    assert_eq!(
        words.ja,
        "家庭血圧（収縮期）7日間の平均 朝133・晩113 mmHg、差20（測定5日、2026年6月2日まで）：差が20以上。朝の血圧が晩より高くなっています。服薬の時刻と測定のしかたを確認してください。"
    );
}

#[test]
fn nineteen_is_not_enough_and_a_higher_evening_never_is() {
    for (morning, evening) in [(132, 113), (113, 133)] {
        let mut home = Home::default();
        days(&mut home, 0..10, morning, evening);
        assert!(transitions(&home).is_empty(), "{morning} and {evening}");
    }
}

#[test]
fn only_days_with_both_count() {
    let mut home = Home::default();
    days(&mut home, 0..4, 130, 110);
    for day in 4..7 {
        home.receives(at_hour(day, 7, 160));
        home.waits_until(daily::complete(day));
    }
    assert!(transitions(&home).is_empty());
}

#[test]
fn it_ends_below_ten() {
    let mut home = Home::default();
    days(&mut home, 0..5, 134, 112);
    days(&mut home, 5..14, 125, 115);
    assert_eq!(transitions(&home), [Raised], "10 apart ends nothing");
    days(&mut home, 14..22, 124, 115);
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_corrected_evening_takes_it_back() {
    let mut home = Home::default();
    days(&mut home, 0..5, 133, 113);
    home.receives_at(8 * DAY, at_hour(2, 22, 113).corrected_to(systolic(123)));
    assert_eq!(transitions(&home), [Raised, Retracted]);
}

#[test]
fn the_limit_is_the_patients_own() {
    let own = rules::plan(1, [("bp.morning_surge.difference", 15.0)]).unwrap();
    let mut home = Home { plan: own, ..Home::default() };
    days(&mut home, 0..5, 130, 115);
    assert_eq!(transitions(&home), [Raised]);
}

fn sent() -> impl Strategy<Value = Vec<Shown>> {
    let samples = || select(vec![110_u16, 118, 131, 134]).prop_map(systolic);
    let first = (0..50_i64, select(vec![7_i64, 22]), 0..20_i64, samples());
    let first = first.prop_map(|(day, hour, minute, sample)| {
        let one = Shown::at_hour(day, hour, Kind::BloodPressure, sample);
        Shown { minutes: one.minutes + minute, ..one }
    });
    daily::versions(first, samples())
}

properties_of_days! {
    plan: plan(RULE, &[]),
    sent: sent(),
    readings: 1..90,
    within: daily::of_four_weeks,
    after_days: 29,
}
