//! Each scenario ends in exactly the alerts that its file lists, whoever the patient is.

use clinical::Kind;
use schemas::Reading;
use simulator::civil::Day;
use simulator::population::Patient;
use simulator::scenario::{self, ExpectedAlert, Scenario};
use simulator::transmission::{Pace, Plan, Reception, TransmissionArgs};
use simulator::watch::{Courses, Event, watch};
use std::sync::Arc;

/// Monday, 2026-01-05.
const FIRST_DAY: Day = Day(20_458);
/// Different people: each scenario happens to so many.
const PEOPLE: u32 = 12;

fn alerts_of(scenario: &Arc<Scenario>, seed: u64) -> Vec<ExpectedAlert> {
    let patient = Patient::in_scenario(seed, 0, 1, scenario, FIRST_DAY);
    let sending = Plan {
        shares: TransmissionArgs::none(),
        pace: Pace::Days,
        reception: Reception::WhenDue,
        kafka_share: 0.5,
    };
    let mut courses = Courses::default();
    let days = (FIRST_DAY, Day(FIRST_DAY.0 + scenario.days));
    watch(&patient, &scenario.care_plan(FIRST_DAY), &sending, days, |event| {
        if let Event::Alert(alert) = event {
            courses.note(alert);
        }
    });
    let mut found: Vec<_> = courses
        .all()
        .iter()
        .map(|course| ExpectedAlert {
            rule: course.rule,
            urgency: course.highest,
            state: course.status,
        })
        .collect();
    found.sort();
    found
}

fn ends_in_exactly_its_alerts(name: &str) {
    let scenario = scenario::all().iter().find(|scenario| scenario.name == name);
    let scenario = scenario.unwrap_or_else(|| panic!("no scenario is named {name}"));
    let mut expected = scenario.alerts.clone();
    expected.sort();
    for seed in 1..=PEOPLE {
        assert_eq!(
            alerts_of(scenario, seed.into()),
            expected,
            "{name}, the patient of seed {seed}"
        );
    }
}

#[test]
fn a_hypertensive_crisis_pages_once_and_puts_the_week_above_target() {
    ends_in_exactly_its_alerts("hypertensive-crisis");
}

#[test]
fn an_elder_whose_pressure_falls_after_a_new_drug_pages_once() {
    ends_in_exactly_its_alerts("hypotensive-elder");
}

#[test]
fn a_low_at_night_is_a_review_and_then_a_page() {
    ends_in_exactly_its_alerts("nocturnal-hypoglycaemia");
}

#[test]
fn a_day_of_high_glucose_is_one_review() {
    ends_in_exactly_its_alerts("day-long-high");
}

#[test]
fn a_decompensating_heart_is_one_review_of_weight() {
    ends_in_exactly_its_alerts("decompensating-heart");
}

#[test]
fn an_exacerbating_copd_pages_below_its_own_limit_only() {
    ends_in_exactly_its_alerts("copd-exacerbation");
}

#[test]
fn a_fever_of_three_days_is_one_review() {
    ends_in_exactly_its_alerts("fever");
}

#[test]
fn an_irregular_pulse_for_days_is_one_review() {
    ends_in_exactly_its_alerts("af-like-pulse");
}

#[test]
fn a_clock_that_was_reset_is_one_technical_alert() {
    ends_in_exactly_its_alerts("clock-reset");
}

#[test]
fn a_vendors_outage_is_taken_back_when_its_readings_come() {
    ends_in_exactly_its_alerts("vendor-outage");
}

#[test]
fn a_patient_who_stops_is_missing_and_then_for_review() {
    ends_in_exactly_its_alerts("patient-who-stops");
}

#[test]
fn without_what_happens_in_it_a_scenarios_patient_has_no_alert() {
    for scenario in scenario::all() {
        let onset = scenario.onset();
        let mut usual = Scenario::clone(scenario);
        usual.changes.retain(|change| change.during.from < onset);
        usual.measures.clear();
        usual.silences.clear();
        usual.clocks.clear();
        let usual = Arc::new(usual);
        for seed in 1..=PEOPLE {
            let found = alerts_of(&usual, seed.into());
            assert!(found.is_empty(), "{}, seed {seed}: {found:?}", scenario.name);
        }
    }
}

#[test]
fn no_lost_connection_of_a_sensor_hides_what_is_planted() {
    let falls = scenario::all().iter().find(|one| one.name == "nocturnal-hypoglycaemia").unwrap();
    // The file's day and hours: from 02:00 for 140 minutes, of which the first and the last change nothing.
    let night = Day(FIRST_DAY.0 + 20);
    let (from, to) = (night.at_minute(125.0), night.at_minute(255.0));
    for seed in 1..=100 {
        let patient = Patient::in_scenario(seed, 0, 1, falls, FIRST_DAY);
        let is_sensors = |reading: &Reading| reading.measurement.kind() == Kind::BloodGlucose;
        let measured = simulator::truth(&patient, from, to).filter(is_sensors).count();
        assert_eq!(measured, 26, "the patient of seed {seed}");
    }
}
