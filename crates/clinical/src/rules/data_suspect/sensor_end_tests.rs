//! Sensors at their ends, shown by what happens to a patient.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::glucose_tests::{HI, LO, Sent, by_receipt, courses, finger, sensor};
use super::limits::SENSOR_VALUES;
use crate::alert::{Alert, Severity, Status, Transition};
use crate::glucose::SENSOR;
use crate::home::Home;
use crate::home::properties::{self, Checks, NextAssessment};
use crate::kinds::Kind;
use crate::rules;

use Transition::{Raised, Resolved, Retracted};

const RULE: &str = "data.suspect";
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A value every five minutes, both ends included.
fn stretch(minutes: std::ops::RangeInclusive<i64>, value: u16) -> impl Iterator<Item = Sent> {
    minutes.step_by(5).map(move |minute| sensor(minute, value))
}

fn after(sent: impl IntoIterator<Item = Sent>) -> Home {
    let mut home = Home::under(&[RULE]);
    for sent in sent {
        home.receives(sent);
    }
    home
}

fn said(home: &Home) -> Vec<(Transition, Severity, Vec<&str>)> {
    let of = |alert| {
        let Alert { transition, severity, findings, .. }: &Alert = alert;
        (*transition, *severity, findings.keys().map(|name| &**name).collect())
    };
    home.reported.iter().map(of).collect()
}

const LOW_END: &[&str] = &["sensor_at_low_end"];
const HIGH_END: &[&str] = &["sensor_at_high_end"];

#[test]
fn a_sensor_at_its_low_end_for_two_hours_is_suspected_and_for_less_is_not() {
    for (value, shown, shown_ja) in [
        (LO, "(Glucose < 40 mg/dL)", "（血糖 40 mg/dL未満）"),
        (40, "(Glucose 40 mg/dL)", "（血糖 40 mg/dL）"),
    ] {
        let mut home = after(stretch(0..=115, value));
        assert!(home.reported.is_empty());
        home.receives(sensor(120, value));
        assert_eq!(said(&home), [(Raised, Severity::Technical, LOW_END.to_vec())]);
        assert!(home.missed_at(121).is_empty());
        let words = rules::words(home.last());
        assert!(words.en.contains("for 2 hours or more"), "{words:?}");
        assert!(words.en.contains(shown) && words.en.contains("finger-stick"), "{words:?}");
        assert!(words.ja.contains("2時間以上") && words.ja.contains(shown_ja), "{words:?}");
    }
    assert!(after(stretch(0..=10 * HOUR, 41)).reported.is_empty(), "41 is a value like others");
}

#[test]
fn a_sensor_at_its_high_end_for_four_hours_is_suspected() {
    for value in [HI, 400] {
        let mut home = after(stretch(0..=235, value));
        assert!(home.reported.is_empty());
        home.receives(sensor(240, value));
        assert_eq!(said(&home), [(Raised, Severity::Technical, HIGH_END.to_vec())]);
        let words = rules::words(home.last());
        assert!(words.en.contains("4 hours") && words.ja.contains("4時間"), "{words:?}");
    }
    assert!(after(stretch(0..=10 * HOUR, 399)).reported.is_empty());
}

#[test]
fn it_says_the_same_once_however_long_it_lasts_and_ends_with_another_value() {
    let mut home = after(stretch(0..=6 * HOUR, LO));
    assert_eq!(said(&home).len(), 1);
    home.receives(sensor(6 * HOUR + 5, 58));
    assert_eq!(said(&home)[1], (Resolved, Severity::Technical, LOW_END.to_vec()));
    assert_eq!(home.monitor.next_assessment(), None);
}

#[test]
fn a_sensor_that_falls_silent_at_its_end_is_suspected_for_a_day() {
    let mut home = after(stretch(0..=120, HI).chain(stretch(125..=300, HI)));
    home.waits_until(300 + DAY - 1);
    assert_eq!(said(&home).len(), 1);
    home.waits_until(300 + DAY);
    assert_eq!(said(&home)[1].0, Resolved);
    assert_eq!(home.monitor.next_assessment(), None);
}

#[test]
fn after_a_longer_silence_the_hours_begin_anew() {
    let home = after(stretch(0..=100, LO).chain(stretch(135..=250, LO)));
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    let home = after(stretch(0..=100, LO).chain(stretch(130..=135, LO)));
    assert_eq!(said(&home).len(), 1, "a phone loses some values");
}

#[test]
fn a_finger_stick_that_says_the_same_clears_the_sensor_and_another_does_not() {
    let with = |value| {
        let mut home = after(stretch(0..=60, LO));
        home.receives(finger(62, value));
        for sent in stretch(65..=180, LO) {
            home.receives(sent);
        }
        home
    };
    let mut home = with(52);
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    home.receives(sensor(185, LO));
    assert_eq!(said(&home).len(), 1, "two hours after the finger-stick");
    home.receives(finger(186, 49));
    assert_eq!(said(&home)[1].0, Resolved);
    assert_eq!(said(&with(118)).len(), 1);
}

#[test]
fn it_is_reported_beside_the_clinical_alert_and_never_instead_of_it() {
    let mut home = Home::after(stretch(0..=130, LO));
    let open: Vec<_> = home.monitor.alerts().iter().filter(|alert| alert.is_open()).collect();
    let of = |rule| open.iter().find(|alert| alert.rule.as_str() == rule).map(|it| it.severity);
    assert_eq!(of("glucose.very_low"), Some(Severity::Urgent));
    assert_eq!(of(RULE), Some(Severity::Technical));
    assert!(home.missed_at(131).is_empty());
}

#[test]
fn a_value_that_is_taken_back_takes_the_suspicion_back() {
    let mut home = after(stretch(0..=120, LO));
    home.receives_at(125, sensor(0, LO).entered_in_error());
    assert_eq!(said(&home)[1].0, Retracted);
    // And one that had cut it in two makes it one.
    let mut home = after(stretch(0..=60, LO).chain([sensor(65, 90)]).chain(stretch(70..=120, LO)));
    assert!(home.reported.is_empty());
    home.receives_at(121, sensor(65, 90).entered_in_error());
    assert_eq!(said(&home), [(Raised, Severity::Technical, LOW_END.to_vec())]);
}

#[test]
fn the_hours_are_the_patients_own() {
    let plan = rules::plan(1, [("data.suspect.low_end", 6.0)]).unwrap();
    let mut home = Home { plan, ..Home::default() };
    for sent in stretch(0..=355, LO) {
        home.receives(sent);
    }
    let of_rule = |home: &Home| home.reported.iter().any(|alert| alert.rule.as_str() == RULE);
    assert!(!of_rule(&home));
    home.receives(sensor(360, LO));
    assert!(of_rule(&home));
}

#[test]
fn what_an_upload_says_was_over_long_ago_raises_nothing() {
    let mut home = Home::under(&[RULE]);
    let all = stretch(0..=180, LO).chain(stretch(185..=240, 90));
    for sent in all {
        home.receives_at(300, sent);
    }
    home.waits_until(301);
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    let mut home = Home::under(&[RULE]);
    for sent in stretch(0..=180, LO) {
        home.receives_at(300, sent);
    }
    home.waits_until(301);
    assert_eq!(said(&home), [(Raised, Severity::Technical, LOW_END.to_vec())]);
}

#[test]
fn the_ends_are_those_that_the_kind_declares_of_a_sensor() {
    let readout = Kind::BloodGlucose.fields()[0].readout.unwrap();
    let device = readout.devices[SENSOR as usize].as_ref().unwrap();
    assert_eq!(device.values, Some(SENSOR_VALUES));
}

/// A finger-stick came between, so that the value is not the newest.
#[test]
fn a_sensor_is_at_its_end_again_where_the_value_that_left_it_is_taken_back() {
    let mut home = Home::under(&[RULE]);
    for sent in stretch(5..=125, LO) {
        home.receives_at(0, sent);
    }
    let left = sensor(200, 41);
    home.receives_at(0, finger(195, LO));
    home.receives_at(0, left);
    assert!(suspected(&home).is_empty());
    home.receives_at(1, left.entered_in_error());
    home.waits_until(2);
    assert_eq!(suspected(&home).len(), 1);
}

const VALUES: &[u16] = &[LO, LO, 40, 41, 60, 110, 260, 399, 400, HI, HI];

/// What is suspected now of sensors.
fn suspected(home: &Home) -> Vec<String> {
    let open = home.monitor.alerts().iter().filter(|alert| alert.status == Status::Open);
    let of_sensors = |alert: &Alert| {
        let names = alert.findings.iter().filter(|(name, _)| name.starts_with("sensor_"));
        let readings: Vec<String> = alert.evidence.iter().map(|e| e.reading.to_string()).collect();
        format!("{:?} {readings:?}", names.collect::<Vec<_>>())
    };
    open.filter(|alert| alert.findings.keys().any(|name| name.starts_with("sensor_")))
        .map(of_sensors)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_fast_path_equals_the_full_computation(sent in courses(VALUES, 70), sweeps: bool) {
        let checks = Checks {
            after: &[0, 31, 6 * HOUR],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(0),
        };
        properties::nothing_is_missed(&mut Home::under(&[RULE]), &by_receipt(&sent), checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        sent in courses(VALUES, 70),
        other_order in any::<[Index; 32]>(),
    ) {
        let all: Vec<Sent> = sent.into_iter().map(|(_, sent)| sent).collect();
        let last = all.iter().map(|sent| sent.minutes + sent.update).max().unwrap_or(0);
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::under(&[RULE]);
            for sent in sends {
                home.receives_at(last + 1, *sent);
            }
            home.waits_until(last + 3);
            suspected(&home)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(sent in courses(VALUES, 70)) {
        properties::a_restart_says_nothing_new(&by_receipt(&sent))?;
    }

    /// Each stretch at one end that is long enough is reported once, however often the values leave it.
    #[test]
    fn noise_around_an_end_raises_no_more_than_there_are_hours_at_it(
        values in vec(prop_oneof![30 => select(vec![LO, 40]), 1 => Just(41)], 1..300),
    ) {
        let mut home = Home::under(&[RULE]);
        for (minutes, value) in (0..).step_by(5).zip(&values) {
            home.receives(sensor(minutes, *value));
        }
        // 25 values lie two hours apart.
        let stretches = values.split(|value| *value == 41).filter(|at_end| at_end.len() >= 25);
        let raised = home.reported.iter().filter(|alert| alert.transition == Raised);
        prop_assert_eq!(raised.count(), stretches.count());
    }
}
