//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::property_tests::properties_of_readings;
use super::super::sent::{self, Sent, histories};
use crate::Kind;
use crate::alert::{Severity, Stage, Transition};
use crate::home::Home;
use crate::kinds::body_temperature::TEMPERATURE;
use crate::monitor::ASSESSED;
use crate::rules;
use crate::sample::Sample;

use Severity::Review;
use Stage::Confirmed;
use Transition::{Raised, Resolved, Retracted, Updated};

const RULE: &str = "temperature.high";

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn sample(celsius: f64) -> Sample {
    Sample::default().with(TEMPERATURE, celsius)
}

fn celsius(hours: i64, celsius: f64) -> Sent {
    Sent::new(Kind::BodyTemperature, hours * HOUR, sample(celsius))
}

/// The patient after temperatures, by hours and in °C.
fn after(hours: &[(i64, f64)]) -> Home {
    Home::after(hours.iter().map(|(hour, value)| celsius(*hour, *value)))
}

fn transitions(home: &Home) -> Vec<Transition> {
    home.reported.iter().map(|alert| alert.transition).collect()
}

#[test]
fn one_reading_of_37_5_is_for_review_and_one_of_37_4_is_not() {
    let home = after(&[(0, 36.6), (12, 37.5)]);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Body temperature 37.5 °C: at or above 37.5. Ask how the patient is, and about signs of an infection such as cough and breathlessness."
    );
    assert_eq!(
        words.ja,
        "体温 37.5 ℃（37.5以上）。体調と、咳や息切れなど感染の徴候を確認してください。"
    );
    assert!(after(&[(0, 37.4), (1, 37.49)]).reported.is_empty());
}

/// Mornings are cooler than evenings.
#[test]
fn a_fever_of_days_is_one_alert_though_it_falls_each_morning() {
    let mut home = after(&[(0, 38.2), (12, 36.8), (24, 38.4), (36, 36.9), (48, 38.0), (60, 36.7)]);
    assert_eq!(transitions(&home), [Raised, Updated], "updated by a higher one only");
    assert!(rules::words(home.last()).en.contains("38.2 °C: at or above 37.5, highest 38.4."));
    home.receives(celsius(71, 36.8));
    assert_eq!(home.reported.len(), 2, "23 hours");
    home.receives(celsius(72, 36.8));
    assert_eq!(transitions(&home), [Raised, Updated, Resolved]);
}

#[test]
fn a_patient_at_the_limit_does_not_flap() {
    let home = after(&[(0, 37.5), (30, 37.3), (60, 37.4), (90, 37.2), (114, 37.5)]);
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn silence_ends_nothing_and_the_next_normal_reading_does() {
    let mut home = after(&[(0, 38.0)]);
    home.waits_until(50 * DAY);
    assert_eq!(home.reported.len(), 1);
    home.receives(celsius(50 * 24, 36.5));
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_correction_takes_the_alert_back() {
    let mut home = after(&[(0, 38.0)]);
    home.receives_at(30, celsius(0, 0.0).corrected_to(sample(36.0)));
    assert_eq!(transitions(&home), [Raised, Retracted]);
}

#[test]
fn a_plan_moves_the_limit_and_what_ends_it() {
    let plan = rules::plan(1, [("temperature.high.limit", 38.0)]).unwrap();
    let mut home = Home::with_plan(plan);
    for (hour, value) in [(0, 37.9), (1, 38.0), (25, 37.7), (50, 37.6)] {
        home.receives(celsius(hour, value));
    }
    assert_eq!(transitions(&home), [Raised, Resolved]);
    assert_eq!(home.last().last_observed_at, crate::home::at(50 * HOUR));
    assert_eq!(home.last().parameter("clear"), Some(37.7));
}

#[test]
fn an_upload_of_a_week_with_a_fever_in_it_is_reported_once_as_over() {
    let mut home = Home::default();
    for (day, value) in (0..).zip([36.5, 38.1, 38.3, 36.9, 36.6, 36.4]) {
        home.receives_at(6 * DAY, celsius(day * 24, value));
    }
    home.waits_until(6 * DAY + 1);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
}

#[test]
fn ordinary_temperatures_take_the_fast_path() {
    ASSESSED.set(0);
    let home = after(&[(0, 36.5), (12, 37.0), (24, 36.4), (36, 37.2), (48, 36.0)]);
    assert_eq!(ASSESSED.get(), 0);
    assert!(home.reported.is_empty());
}

fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let samples = select(vec![36.0, 36.8, 37.1, 37.2, 37.4, 37.5, 38.2]).prop_map(sample);
    let minutes = prop_oneof![3 => (0..40_i64).prop_map(|n| n * 5 * HOUR), 1 => 0..60_i64];
    histories(Kind::BodyTemperature, samples, minutes)
}

properties_of_readings! {
    rule: RULE,
    history: history(),
    cases: 800,
    after: [0, 7, 200],
    order: |history, other_order| sent::the_order_of_arrival_does_not_matter(history, &other_order, 30),
}
