//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::property_tests::properties_of_readings;
use super::super::sent::{self, Sent, histories};
use crate::Kind;
use crate::alert::{Severity, Stage, Transition};
use crate::home::Home;
use crate::kinds::body_temperature::TEMPERATURE;
use crate::limit::{Limit, Side};
use crate::monitor::ASSESSED;
use crate::plan::Plan;
use crate::rules;
use crate::sample::Sample;

use Severity::Review;
use Stage::Confirmed;
use Transition::{CriteriaChanged, Raised, Resolved, Retracted, Updated};

const RULE: &str = "temperature.low";

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn sample(celsius: f64) -> Sample {
    Sample::default().with(TEMPERATURE, celsius)
}

fn celsius(hours: i64, celsius: f64) -> Sent {
    Sent::new(Kind::BodyTemperature, hours * HOUR, sample(celsius))
}

fn given(limit: f64) -> Plan {
    rules::plan(1, [("temperature.low.limit", limit)]).unwrap()
}

/// The patient whose plan calls a temperature below 35.0 °C low, after temperatures, by hours and in °C.
fn after(hours: &[(i64, f64)]) -> Home {
    let mut home = Home::with_plan(given(35.0));
    for (hour, value) in hours {
        home.receives(celsius(*hour, *value));
    }
    home
}

fn transitions(home: &Home) -> Vec<Transition> {
    home.reported.iter().map(|alert| alert.transition).collect()
}

#[test]
fn one_reading_of_34_9_is_for_review_and_one_of_35_is_not() {
    let home = after(&[(0, 36.2), (12, 34.9)]);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Body temperature 34.9 °C: below 35. Ask how the patient is, about drowsiness, shivering and confusion, and in the old about signs of an infection, and ask to measure again with the thermometer well placed. With drowsiness or confusion, care at once, without waiting to measure again."
    );
    assert_eq!(
        words.ja,
        "体温 34.9 ℃（35未満）。体調と、眠気・ふるえ・意識の変化の有無（高齢者では感染の徴候も）を確認し、体温計を正しく当てて測り直すよう依頼してください。眠気や意識の変化があれば、再測定を待たずに直ちに受診するよう伝えてください。"
    );
    assert!(after(&[(0, 35.0), (1, 35.4)]).reported.is_empty());
}

#[test]
fn nothing_is_judged_where_nobody_gives_the_limit() {
    let home = Home::after([celsius(0, 33.0), celsius(12, 32.0)]);
    assert!(home.reported.is_empty());
    let clear_alone = rules::plan(1, [("temperature.low.clear", 36.0)]).unwrap();
    for plan in [Plan::default(), clear_alone] {
        assert!(!rules::is_severe(Kind::BodyTemperature, sample(33.0), &plan));
        assert!(!rules::limits(&plan).any(|limit| is_low(&limit)));
    }
    // The default counts where it is given, too.
    assert!(rules::is_severe(Kind::BodyTemperature, sample(34.9), &given(35.0)));
    let charted: Vec<Limit> = rules::limits(&given(35.0)).filter(is_low).collect();
    assert_eq!(charted.iter().map(|limit| limit.value).collect::<Vec<_>>(), [35.0]);
}

fn is_low(limit: &Limit) -> bool {
    limit.field == TEMPERATURE && limit.side == Side::Below
}

#[test]
fn a_limit_that_is_given_judges_what_lasts_and_one_that_is_taken_away_closes_it() {
    let mut home = Home::after([celsius(0, 34.2)]);
    assert!(home.reported.is_empty());
    home.follows(given(35.0), HOUR);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    home.follows(rules::plan(2, []).unwrap(), 2 * HOUR);
    assert_eq!(transitions(&home), [Raised, CriteriaChanged]);
    home.receives(celsius(3, 33.0));
    assert_eq!(home.reported.len(), 2, "nothing is judged any more");
}

/// The alert asks for that reading.
#[test]
fn one_reading_measured_again_ends_it_and_only_a_lower_one_updates_it() {
    let mut home = after(&[(0, 34.6), (12, 34.8), (24, 34.2), (36, 35.1)]);
    assert_eq!(transitions(&home), [Raised, Updated]);
    let words = rules::words(home.last());
    assert!(words.en.contains("34.6 °C: below 35, lowest 34.2. Ask"), "{}", words.en);
    assert!(words.ja.starts_with("体温 34.6 ℃（35未満、最低34.2）。"), "{}", words.ja);
    home.receives(celsius(37, 35.5));
    assert_eq!(transitions(&home), [Raised, Updated, Resolved]);
    home.receives(celsius(48, 34.9));
    assert_eq!(transitions(&home), [Raised, Updated, Resolved, Raised]);
}

#[test]
fn a_patient_at_the_limit_does_not_flap() {
    let home = after(&[(0, 34.9), (12, 35.1), (24, 34.9), (36, 35.3), (48, 35.4), (60, 34.9)]);
    assert_eq!(transitions(&home), [Raised]);
}

#[test]
fn silence_ends_nothing() {
    let mut home = after(&[(0, 34.0)]);
    home.waits_until(50 * DAY);
    assert_eq!(home.reported.len(), 1);
    home.receives(celsius(50 * 24, 36.5));
    assert_eq!(transitions(&home), [Raised, Resolved]);
}

#[test]
fn a_correction_takes_the_alert_back() {
    let mut home = after(&[(0, 34.0)]);
    home.receives_at(30, celsius(0, 0.0).corrected_to(sample(36.0)));
    assert_eq!(transitions(&home), [Raised, Retracted]);
}

#[test]
fn a_plan_moves_the_limit_and_what_ends_it() {
    let ended_at = |plan: [(&str, f64); 2]| {
        let mut home = Home::with_plan(rules::plan(1, plan).unwrap());
        for (hour, value) in [(0, 34.0), (1, 33.9), (2, 34.1), (3, 34.4), (4, 34.5)] {
            home.receives(celsius(hour, value));
        }
        assert_eq!(transitions(&home), [Raised, Resolved]);
        let hour = (home.last().last_observed_at - crate::home::at(0)).millis() / 3_600_000;
        (hour, home.last().parameter("clear"))
    };
    let limit = ("temperature.low.limit", 34.0);
    assert_eq!(ended_at([limit, limit]), (4, Some(34.5)));
    assert_eq!(ended_at([limit, ("temperature.low.clear", 34.1)]), (2, Some(34.1)));
    assert_eq!(ended_at([limit, ("temperature.low.clear", 30.0)]), (2, Some(34.0)), "never looser");
}

#[test]
fn an_upload_of_hours_with_a_low_reading_in_it_is_reported_once_as_over() {
    let mut home = after(&[]);
    for (hour, value) in [(0, 36.5), (1, 34.5), (2, 34.3), (3, 36.1)] {
        home.receives_at(6 * HOUR, celsius(hour, value));
    }
    home.waits_until(6 * HOUR + 1);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
}

#[test]
fn ordinary_temperatures_take_the_fast_path() {
    let mut home = after(&[]);
    ASSESSED.set(0);
    for (hour, value) in [(0, 36.5), (12, 37.0), (24, 35.0), (36, 35.4), (48, 36.0)] {
        home.receives(celsius(hour, value));
    }
    assert_eq!(ASSESSED.get(), 0);
    assert!(home.reported.is_empty());
}

fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let samples = select(vec![34.2, 34.9, 35.0, 35.4, 35.5, 36.2, 36.8]).prop_map(sample);
    let minutes = prop_oneof![3 => (0..40_i64).prop_map(|n| n * 5 * HOUR), 1 => 0..60_i64];
    histories(Kind::BodyTemperature, samples, minutes)
}

properties_of_readings! {
    rule: RULE,
    plan: given(35.0),
    history: history(),
    cases: 800,
    after: [0, 7, 200],
    order: |history, other_order| {
        sent::the_order_under_a_plan_does_not_matter(&given(35.0), history, &other_order, 30)
    },
}
