//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::property_tests::properties_of_readings;
use super::super::sent::{self, Sent, histories};
use crate::Kind;
use crate::alert::{Severity, Stage, Transition};
use crate::home::{Home, Sending as _, at};
use crate::kinds::blood_pressure::{DIASTOLIC, PULSE_RATE, SYSTOLIC};
use crate::kinds::oxygen_saturation;
use crate::monitor::assessed;
use crate::plan::Plan;
use crate::rules;
use crate::sample::Sample;

use Severity::Review;
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted, Updated};

const RULE: &str = "pulse.out_of_range";

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn sample(pulse: Option<u16>) -> Sample {
    let pressures = Sample::default().with(SYSTOLIC, 124.0).with(DIASTOLIC, 76.0);
    pulse.map_or(pressures, |pulse| pressures.with(PULSE_RATE, pulse.into()))
}

fn pulse(minutes: i64, pulse: u16) -> Sent {
    Sent::new(Kind::BloodPressure, minutes, sample(Some(pulse)))
}

/// The patient a while after occasions of one reading, twelve hours apart.
fn after(pulses: &[u16]) -> Home {
    let mut home = Home::default();
    for (n, one) in (0..).zip(pulses) {
        home.receives(pulse(n * 12 * HOUR, *one));
    }
    home.waits_until(100 * DAY);
    home
}

fn transitions(home: &Home) -> Vec<Transition> {
    home.reported.iter().map(|alert| alert.transition).collect()
}

#[test]
fn two_occasions_in_a_row_below_50_or_above_100_are_for_review() {
    for (pulses, en) in [
        (
            [48, 46],
            "Resting pulse outside 50–100 /min on 2 occasions in a row (furthest 46). Ask about dizziness and fainting, and which drugs are taken.",
        ),
        (
            [112, 104],
            "Resting pulse outside 50–100 /min on 2 occasions in a row (furthest 112). Ask about palpitations, breathlessness and fever.",
        ),
    ] {
        let home = after(&pulses);
        assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
        assert_eq!(rules::words(home.last()).en, en);
    }
    let words = rules::words(after(&[48, 46]).last());
    assert_eq!(
        words.ja,
        "安静時の脈拍が2回の測定機会で続けて50〜100/分の範囲外です（最も外れた値 46/分）。めまいや失神、服薬を確認してください。"
    );
}

#[test]
fn pulses_of_50_and_100_are_in_range_and_one_occasion_is_none() {
    for pulses in [&[50, 50][..], &[100, 100], &[49, 50, 49], &[101, 72, 104, 70]] {
        assert!(after(pulses).reported.is_empty(), "{pulses:?}");
    }
}

/// The mean of an occasion counts, once it is over.
#[test]
fn an_occasion_says_the_mean_of_its_readings() {
    let mut home = Home::default();
    for minutes in [0, 12 * HOUR] {
        home.receives(pulse(minutes, 118));
        home.receives(pulse(minutes + 2, 80));
    }
    home.waits_until(2 * DAY);
    assert!(home.reported.is_empty(), "means of 99");
    home.receives(pulse(2 * DAY, 104));
    home.receives(pulse(3 * DAY, 104));
    assert!(home.reported.is_empty(), "the second may not be over");
    home.waits_until(3 * DAY + 15);
    assert_eq!(transitions(&home), [Raised]);
    assert_eq!(home.last().changed_at, at(3 * DAY + 15));
}

#[test]
fn two_occasions_in_a_row_that_are_back_end_it_and_one_between_does_not() {
    let home = after(&[110, 108, 95, 96, 94, 95]);
    assert_eq!(transitions(&home), [Raised, Resolved]);
    assert_eq!(home.last().last_observed_at, at(5 * 12 * HOUR));
    assert_eq!(transitions(&after(&[45, 48, 52, 51, 52, 53])), [Raised, Resolved]);
}

#[test]
fn a_pulse_around_the_limit_does_not_flap() {
    let home = after(&[101, 102, 99, 98, 101, 103, 99, 97, 102, 101, 98, 99]);
    let raised = transitions(&home).into_iter().filter(|one| *one == Raised).count();
    assert_eq!(raised, 1);
}

#[test]
fn of_what_upholds_it_only_what_is_further_out_is_reported() {
    let home = after(&[104, 106, 103, 105, 118, 110, 104]);
    assert_eq!(transitions(&home), [Raised, Updated]);
    assert!(rules::words(home.last()).en.contains("(furthest 118)"));
}

#[test]
fn a_pair_of_pressures_whose_pulse_is_absent_says_nothing() {
    let none = |minutes| Sent::new(Kind::BloodPressure, minutes, sample(None));
    let mut home = Home::default();
    for day in 0..10 {
        home.receives(none(day * DAY));
    }
    home.waits_until(11 * DAY);
    assert!(home.reported.is_empty());
    // It parts no row, and ends none.
    let mut home = Home::after([pulse(0, 46), none(DAY), pulse(2 * DAY, 45)]);
    home.waits_until(3 * DAY);
    for day in 3..8 {
        home.receives(none(day * DAY));
    }
    home.waits_until(10 * DAY);
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn a_plan_lets_a_patient_with_bradycardia_live_in_peace() {
    let numbers = [("pulse.out_of_range.low", 40.0), ("pulse.out_of_range.very_low", 30.0)];
    let plan = rules::plan(2, numbers).unwrap();
    let mut home = Home::with_plan(plan);
    for (n, one) in (0..).zip([44, 46, 43, 47]) {
        home.receives(pulse(n * DAY, one));
    }
    home.waits_until(5 * DAY);
    assert!(home.reported.is_empty());
    home.receives(pulse(5 * DAY, 38));
    home.receives(pulse(6 * DAY, 39));
    home.waits_until(7 * DAY);
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn the_pulse_of_an_oximeter_is_not_looked_at() {
    let walking = |minutes| {
        let sample = Sample::default().with(oxygen_saturation::SPO2, 97.0);
        let sample = sample.with(oxygen_saturation::PULSE_RATE, 124.0);
        Sent::new(Kind::OxygenSaturation, minutes, sample)
    };
    let mut home = Home::after((0..5).map(|day| walking(day * DAY)));
    home.waits_until(6 * DAY);
    assert!(home.reported.is_empty());
}

#[test]
fn occasions_more_than_two_weeks_apart_are_not_in_a_row() {
    let mut home = Home::after([pulse(0, 46), pulse(15 * DAY, 46)]);
    home.waits_until(16 * DAY);
    assert!(home.reported.is_empty());
    home.receives(pulse(29 * DAY, 46));
    home.waits_until(30 * DAY);
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn a_correction_takes_the_alert_back_and_silence_ends_nothing() {
    let mut home = after(&[46, 45]);
    assert!(home.missed_at(100 * DAY).is_empty());
    let mut home = Home::after([pulse(0, 46), pulse(DAY, 45)]);
    home.waits_until(DAY + 20);
    home.receives_at(DAY + 30, pulse(DAY, 0).corrected_to(sample(Some(64))));
    assert_eq!(transitions(&home), [Raised, Retracted]);
}

#[test]
fn an_upload_raises_nothing_that_its_own_readings_take_back() {
    let mut home = Home::default();
    for one in [pulse(0, 112), pulse(12 * HOUR, 118), pulse(12 * HOUR + 2, 76)] {
        home.receives_at(DAY, one);
    }
    home.waits_until(2 * DAY);
    assert!(home.reported.is_empty(), "{:?}", home.transitions());
}

#[test]
fn ordinary_pulses_take_the_fast_path() {
    let before = assessed(RULE);
    let home = after(&[64, 72, 58, 99, 50]);
    assert_eq!(assessed(RULE), before);
    assert!(home.reported.is_empty());
}

#[test]
fn one_pulse_of_30_or_190_asks_to_measure_again() {
    for (extreme, en, ja) in [
        (
            30,
            "Resting pulse 30 /min: at or below 40, on one occasion. Ask about dizziness, fainting, breathlessness and chest pain, and which drugs are taken. Ask to rest for 5 minutes, measure twice, 1 to 2 minutes apart, and count the pulse at the wrist too. With chest pain, fainting or marked breathlessness, care at once, without waiting to measure again.",
            "安静時の脈拍 30/分（40以下）。1回の測定機会での値です。めまい、失神、息切れ、胸痛、服薬を確認し、5分間の安静後に1〜2分の間隔で2回測り直し、手首でも脈を数えるよう依頼してください。胸痛、失神、強い息切れがあれば、再測定を待たずに直ちに受診するよう伝えてください。",
        ),
        (
            190,
            "Resting pulse 190 /min: at or above 131, on one occasion. Ask about palpitations, breathlessness, chest pain, fainting and fever. Ask to rest for 5 minutes, measure twice, 1 to 2 minutes apart, and count the pulse at the wrist too. With chest pain, fainting or marked breathlessness, care at once, without waiting to measure again.",
            "安静時の脈拍 190/分（131以上）。1回の測定機会での値です。動悸、息切れ、胸痛、失神、発熱を確認し、5分間の安静後に1〜2分の間隔で2回測り直し、手首でも脈を数えるよう依頼してください。胸痛、失神、強い息切れがあれば、再測定を待たずに直ちに受診するよう伝えてください。",
        ),
    ] {
        let mut home = Home::after([pulse(0, 72), pulse(DAY, extreme)]);
        assert!(home.reported.is_empty(), "its repetition may say otherwise");
        home.waits_until(DAY + 15);
        assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
        assert_eq!(home.last().changed_at, at(DAY + 15));
        let words = rules::words(home.last());
        assert_eq!((&words.en[..], &words.ja[..]), (en, ja));
        home.waits_until(60 * DAY);
        assert_eq!(home.reported.len(), 1, "silence ends nothing");
    }
}

#[test]
fn pulses_of_40_and_131_ask_to_measure_again_and_those_of_41_and_130_do_not() {
    for (pulse, asks) in [(40, true), (41, false), (130, false), (131, true)] {
        assert_eq!(!after(&[72, pulse]).reported.is_empty(), asks, "{pulse}");
    }
}

#[test]
fn an_extreme_pulse_whose_repetition_is_ordinary_asks_nothing() {
    let mut home = Home::after([pulse(0, 190), pulse(2, 71)]);
    home.waits_until(DAY);
    assert!(home.reported.is_empty());
    // One whose repetition is extreme as well was measured twice, and asks once.
    let mut home = Home::after([pulse(0, 190), pulse(2, 186)]);
    home.waits_until(DAY);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
}

#[test]
fn the_next_occasion_confirms_an_extreme_pulse_or_ends_it() {
    let home = after(&[190, 104]);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed), (Escalated, Review, Confirmed)]);
    assert!(rules::words(home.last()).en.contains("on 2 occasions in a row (furthest 190)"));
    for ordinary in [72, 98] {
        let home = after(&[190, ordinary]);
        assert_eq!(transitions(&home), [Raised, Resolved]);
        assert_eq!(home.last().last_observed_at, at(12 * HOUR));
    }
    // Also where nobody measured for weeks, of which nothing is said otherwise.
    let mut home = Home::after([pulse(0, 34), pulse(50 * DAY, 47)]);
    home.waits_until(51 * DAY);
    assert_eq!(transitions(&home), [Raised, Escalated]);
    let mut home = Home::after([pulse(0, 34), pulse(50 * DAY, 66)]);
    home.waits_until(51 * DAY);
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_pulse_that_is_extreme_now_and_then_asks_each_time() {
    let home = after(&[190, 72, 74, 28, 70]);
    assert_eq!(transitions(&home), [Raised, Resolved, Raised, Resolved]);
}

#[test]
fn a_plan_says_what_is_extreme_and_nothing_in_range_is() {
    let with = |numbers: &[(&'static str, f64)]| {
        let plan = rules::plan(2, numbers.iter().copied()).unwrap();
        let mut home = Home::with_plan(plan);
        home.receives(pulse(0, 38));
        home.waits_until(DAY);
        home.reported.len()
    };
    assert_eq!(with(&[]), 1);
    assert_eq!(with(&[("pulse.out_of_range.very_low", 35.0)]), 0);
    assert_eq!(with(&[("pulse.out_of_range.low", 36.0)]), 0, "38 is in range for this patient");
}

#[test]
fn an_extreme_pulse_is_severe_whenever_it_was_measured() {
    let is_severe = |value| {
        let sample = pulse(0, value).reading().sample;
        rules::is_severe(Kind::BloodPressure, sample, &Plan::default())
    };
    assert_eq!([34, 40, 41, 72, 130, 131].map(is_severe), [true, true, false, false, false, true]);
}

fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let pulses = select(vec![
        None,
        Some(28_u16),
        Some(45),
        Some(49),
        Some(51),
        Some(72),
        Some(96),
        Some(104),
        Some(160),
    ]);
    let minutes = prop_oneof![3 => (0..40_i64).prop_map(|n| n * 8 * HOUR), 2 => 0..60_i64];
    histories(Kind::BloodPressure, pulses.prop_map(sample), minutes)
}

properties_of_readings! {
    rule: RULE,
    history: history(),
    cases: 800,
    after: [0, 7, 31],
    order: |history, other_order| sent::the_order_of_arrival_does_not_matter(history, &other_order, 20),
}
