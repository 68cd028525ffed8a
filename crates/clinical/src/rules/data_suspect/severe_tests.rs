//! What is severe of one value alone, by the table of docs/clinical-rules.md.

use proptest::prelude::*;

use super::tests::{DAY, said};
use crate::alert::{Severity, Status, Transition};
use crate::home::{Home, at};
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::kinds::blood_pressure::{DIASTOLIC, PULSE_RATE, SYSTOLIC};
use crate::kinds::{body_temperature, oxygen_saturation};
use crate::measured::Measured;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rules;
use crate::sample::Sample;
use crate::suspicions::SevereBy;
use crate::{Kind, Outcome, Reading, Source, Span, Version};

/// A value of a kind.
pub(super) type Value = (Kind, Sample);

fn pressure(systolic: u16, diastolic: u16) -> Value {
    let sample = Sample::default().with(SYSTOLIC, systolic.into());
    (Kind::BloodPressure, sample.with(DIASTOLIC, diastolic.into()))
}

fn pulse(per_minute: u16) -> Value {
    let (kind, sample) = pressure(131, 84);
    (kind, sample.with(PULSE_RATE, per_minute.into()))
}

/// By the place of its method: 0 is a finger-stick, 1 a sensor, 2 a laboratory.
fn glucose(method: u8, measured: Measured) -> Value {
    let sample = Sample::default().with_measured(GLUCOSE_VALUE, measured);
    (Kind::BloodGlucose, sample.with(GLUCOSE_METHOD, method.into()))
}

fn stick(milligrams: f64) -> Value {
    glucose(0, Measured::Exactly(milligrams))
}

fn celsius(celsius: f64) -> Value {
    (Kind::BodyTemperature, Sample::default().with(body_temperature::TEMPERATURE, celsius))
}

fn spo2(percent: f64) -> Value {
    (Kind::OxygenSaturation, Sample::default().with(oxygen_saturation::SPO2, percent))
}

/// What a rule calls severe of one value alone, an ordinary value of the kind, and what words say.
pub(super) fn severe_values() -> Vec<(Value, Value, &'static str)> {
    vec![
        (pressure(192, 96), pressure(131, 84), "192 mmHg"),
        (pressure(150, 121), pressure(131, 84), "121 mmHg"),
        (pressure(84, 50), pressure(131, 84), "84 mmHg"),
        (pulse(30), pulse(72), "30 /min"),
        (pulse(190), pulse(72), "190 /min"),
        (spo2(90.0), spo2(97.0), "90"),
        (stick(41.0), stick(104.0), "41 mg/dL"),
        (stick(400.0), stick(104.0), "400 mg/dL"),
        (glucose(0, Measured::Above(600.0)), stick(104.0), "> 600 mg/dL"),
        (glucose(2, Measured::Exactly(455.0)), stick(104.0), "455 mg/dL"),
        (celsius(39.5), celsius(36.5), "39.5 °C"),
        (celsius(37.5), celsius(36.5), "37.5 °C"),
    ]
}

/// What one value alone does not say: of a high sensor its two hours, of a level 1 low its course.
fn values_that_are_not() -> Vec<Value> {
    vec![
        pressure(179, 109),
        pressure(90, 55),
        pulse(41),
        pulse(130),
        spo2(91.0),
        stick(54.0),
        stick(399.0),
        glucose(1, Measured::Exactly(420.0)),
        glucose(1, Measured::Above(400.0)),
        celsius(37.4),
        celsius(34.9),
    ]
}

#[test]
fn what_a_rule_tells_of_one_value_is_severe_and_what_needs_more_is_not() {
    let is_severe = |(kind, sample)| rules::is_severe(kind, sample, &Plan::default());
    for (severe, ordinary, _) in severe_values() {
        assert!(is_severe(severe), "{severe:?}");
        assert!(!is_severe(ordinary), "{ordinary:?}");
    }
    for one in values_that_are_not() {
        assert!(!is_severe(one), "{one:?}");
    }
}

#[test]
fn what_is_severe_follows_the_limits_of_the_patients_own_plan() {
    let severe = |name, value, (kind, sample)| {
        rules::is_severe(kind, sample, &rules::plan(1, [(name, value)]).unwrap())
    };
    assert!(severe("glucose.very_high.single", 300.0, stick(300.0)));
    assert!(!severe("glucose.very_high.single", 500.0, stick(480.0)));
    assert!(severe("temperature.high.limit", 37.0, celsius(37.0)));
    assert!(!severe("temperature.high.limit", 38.0, celsius(37.9)));
    assert!(severe("temperature.low.limit", 35.0, celsius(34.9)));
    assert!(!severe("temperature.low.limit", 35.0, celsius(35.0)));
}

/// Registered so many seconds after its minute, by a device without seconds.
fn of_minute((kind, sample): (Kind, Sample), update: i64) -> Reading {
    let minute = at(10) + Span::from_seconds(20);
    Reading {
        patient: crate::home::patient(),
        kind,
        observation_time: minute,
        source: Source::device("OMRON", "1").unwrap(),
        version: Version::new(minute + Span::from_seconds(update), 1),
        entered_in_error: false,
        by_hand: false,
        sample,
    }
}

/// The same, corrected by a person.
fn by_hand(value: Value, update: i64) -> Reading {
    Reading { by_hand: true, ..of_minute(value, update) }
}

pub(super) fn send(home: &mut Home, reading: &Reading, received: i64) -> Outcome {
    home.waits_until(received);
    let applied = home.monitor.apply(reading, at(received), (&home.plan, home.window));
    home.reported.extend(applied.changes);
    applied.outcome
}

#[test]
fn a_severe_value_of_any_kind_that_another_of_its_minute_replaces_is_a_review() {
    for (severe, ordinary, says) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_minute(severe, 30), 12);
        assert_eq!(send(&mut home, &of_minute(ordinary, 70), 12), Outcome::Correction);
        let raised = (Transition::Raised, Severity::Review, vec!["same_minute"]);
        assert_eq!(said(&home), [raised], "{severe:?}");
        let words = rules::words(home.last());
        assert!(words.en.contains(says), "{words:?}");
        assert!(home.missed_at(13).is_empty());
        send(&mut home, &by_hand(ordinary, 600), 30);
        assert_eq!(home.last().status, Status::Retracted, "a person's correction of later is one");
    }
    for value in values_that_are_not() {
        let mut home = Home::default();
        send(&mut home, &of_minute(value, 30), 12);
        let ordinary = severe_values().into_iter().find(|(_, it, _)| it.0 == value.0).unwrap().1;
        send(&mut home, &of_minute(ordinary, 70), 12);
        assert!(said(&home).is_empty(), "{value:?}");
    }
}

#[test]
fn a_device_corrects_nothing_however_much_later_another_of_its_minute_was_registered() {
    for (severe, ordinary, says) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_minute(severe, 30), 12);
        assert_eq!(send(&mut home, &of_minute(ordinary, 900), 26), Outcome::Correction);
        assert!(rules::words(home.last()).en.contains(says), "{severe:?}");
        assert_eq!(said(&home), [(Transition::Raised, Severity::Review, vec!["same_minute"])]);
        let reported = home.reported.len();
        send(&mut home, &of_minute(ordinary, 1_200), 40);
        assert_eq!(
            home.reported.len(),
            reported,
            "registered again, it clears nothing: {severe:?}"
        );
        send(&mut home, &by_hand(ordinary, 1_500), 50);
        assert_eq!(home.last().status, Status::Retracted, "{severe:?}");
    }
}

#[test]
fn the_severe_one_is_reported_as_well_where_it_comes_after_the_one_that_replaces_it() {
    for (severe, ordinary, says) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_minute(ordinary, 900), 26);
        assert_eq!(send(&mut home, &of_minute(severe, 30), 27), Outcome::Stale);
        assert_eq!(said(&home), [(Transition::Raised, Severity::Review, vec!["same_minute"])]);
        assert!(rules::words(home.last()).en.contains(says), "{severe:?}");
    }
}

#[test]
fn what_a_person_has_corrected_is_no_measurement_that_was_replaced_also_when_it_is_sent_again() {
    for (severe, ordinary, _) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_minute(severe, 30), 12);
        let reported = |home: &Home| said(home).into_iter().any(|one| one.2 == ["same_minute"]);
        send(&mut home, &by_hand(ordinary, 600), 30);
        assert!(!reported(&home), "{severe:?}");
        assert_eq!(send(&mut home, &of_minute(severe, 30), 31), Outcome::Stale);
        send(&mut home, &of_minute(severe, 45), 32);
        assert!(!reported(&home), "{severe:?}");
        // Saved again, then handed over again by the device's way.
        send(&mut home, &by_hand(ordinary, 1_200), 40);
        send(&mut home, &of_minute(ordinary, 1_500), 41);
        assert_eq!(send(&mut home, &of_minute(severe, 30), 42), Outcome::Stale);
        assert!(!reported(&home), "{severe:?}");
    }
}

#[test]
fn what_was_entered_in_error_and_written_anew_by_a_person_is_not_suspected_when_it_is_sent_again() {
    for (severe, ordinary, _) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_minute(severe, 30), 12);
        let withdrawn = Reading { entered_in_error: true, ..of_minute(severe, 300) };
        send(&mut home, &withdrawn, 20);
        send(&mut home, &by_hand(ordinary, 600), 30);
        assert_eq!(send(&mut home, &of_minute(severe, 30), 31), Outcome::Stale);
        let says = said(&home).into_iter().any(|one| one.2 == ["same_minute"]);
        assert!(!says, "{severe:?}");
    }
}

#[test]
fn a_value_that_a_device_says_again_with_more_beside_it_has_replaced_nothing() {
    let severe = pressure(192, 96);
    let with_pulse = (severe.0, severe.1.with(PULSE_RATE, 72.0));
    for (first, second, is_reported) in [
        (severe, with_pulse, false),
        (with_pulse, severe, false),
        (pulse(190), pressure(131, 84), true),
    ] {
        let mut home = Home::default();
        send(&mut home, &of_minute(first, 30), 12);
        send(&mut home, &of_minute(second, 900), 26);
        let says = said(&home).into_iter().any(|one| one.2 == ["same_minute"]);
        assert_eq!(says, is_reported, "{first:?}");
    }
}

#[test]
fn a_severe_value_of_any_kind_and_of_unknown_time_is_a_review_and_never_a_page() {
    // 2021-01-01T00:03:00Z.
    let factory = crate::Timestamp::from_seconds(1_609_459_380);
    for (severe, _, says) in severe_values() {
        let mut home = Home::default();
        let reading = Reading {
            observation_time: factory,
            version: Version::new(at(1), 1),
            ..of_minute(severe, 0)
        };
        assert_eq!(send(&mut home, &reading, 1), Outcome::Historical);
        let raised = (Transition::Raised, Severity::Review, vec!["clock_not_set"]);
        assert_eq!(said(&home), [raised], "{severe:?}");
        assert_eq!(home.reported.len(), 1, "{severe:?}");
        assert!(rules::words(home.last()).en.contains(says), "{severe:?}");
        home.waits_until(DAY);
        assert_eq!(home.reported.len(), 1, "{severe:?}");
    }
}

proptest! {
    /// What is remembered for the patient's plan to be asked holds whatever any plan calls severe.
    #[test]
    fn what_some_plan_calls_severe_may_be_severe(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        values in prop::collection::vec(prop::option::of(0.0..1.0_f64), 8),
        numbers in prop::collection::vec(prop::option::of(0.0..=1.0_f64), rules::parameters().count()),
    ) {
        let watched = kind.fields().iter().filter_map(|field| field.watched);
        let sample = watched.zip(values).fold(Sample::default(), |sample, (it, share)| {
            share.map_or(sample, |share| sample.with(it, share * it.greatest()))
        });
        let overrides = rules::parameters().zip(numbers).filter_map(|(parameter, share)| {
            let Parameter { name, low, high, .. } = *parameter;
            Some((name, parameter.rounded(low + share? * (high - low))))
        });
        let plan = Plan::with_overrides(1, rules::parameters(), overrides).unwrap();
        prop_assert!(
            !rules::is_severe(kind, sample, &plan) || rules::severe_by(kind, sample).may_be()
        );
        if rules::is_severe(kind, sample, &Plan::default()) {
            prop_assert_eq!(rules::severe_by(kind, sample), SevereBy::Default);
        }
    }
}
