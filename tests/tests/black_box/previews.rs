//! Operators ask what a rule set would have raised of a cohort's stored readings.

use std::collections::BTreeSet;
use std::process::Command;

use clinical::{Span, Timestamp};
use schemas::reading::{BodyTemperature, Measurement};
use schemas::topics::Topic;
use schemas::{AuditEvent, Reading};
use serde_json::Value;
use tests::readings::{blood_pressure, body_weight, now};
use tests::service::Service;
use tests::stack::{Plan, Stack};

use crate::rejected::output;

const OPERATOR: &str = "hana";
const DAY: i64 = 86_400;
const COHORT: [&str; 5] = ["TST001/P1", "TST001/P2", "TST001/P3", "TST001/P4", "TST001/P5"];
/// The alert rules of a data set with labels.
const TIHM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/rule-sets/tihm.toml");

/// A pressure with the pulse that the cuff counted.
fn pressure(
    patient: &str,
    at: Timestamp,
    (systolic, diastolic, pulse): (i32, i32, i32),
) -> Reading {
    let mut reading = blood_pressure(patient, at, systolic, diastolic);
    if let Measurement::BloodPressure(pressure) = &mut reading.measurement {
        pressure.pulse_rate = Some(pulse);
    }
    reading
}

fn temperature(patient: &str, at: Timestamp, celsius: f64) -> Reading {
    let measurement = Measurement::BodyTemperature(BodyTemperature { temperature: celsius });
    Reading { measurement, ..body_weight(patient, at, 60.0) }
}

/// `mimamori rules preview` of patients.
fn preview<'p>(stack: &Stack, patients: impl IntoIterator<Item = &'p str>, list: &str) -> Command {
    let file = stack.folder.join("patients");
    let lines: Vec<&str> = patients.into_iter().collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let mut command = stack.tool("rules preview");
    stack.with_store(&mut command);
    command.env("MIMAMORI_OPERATOR", OPERATOR).args([TIHM, "--in-time"]);
    command.arg("--patients").arg(file).arg(list);
    command
}

pub fn a_cohorts_preview_lists_each_value_that_is_labelled_and_is_on_record() {
    let stack = Plan::named("previews")
        .patients(&COHORT)
        .registered(|people| people.add_consortium("TST001", "Europe/Berlin"))
        .start(&Service::ALL);
    // Of one day each, a day's end away from the next; at the limits first.
    let pressures = [
        (190, 110, 100),
        (80, 50, 55),
        (191, 70, 60),
        (120, 49, 60),
        (79, 50, 60),
        (150, 111, 60),
        (120, 70, 54),
        (120, 70, 101),
    ];
    // In the evening in Berlin, which is the next morning in Japan.
    let midnight = (now() - Span::from_days(20)).seconds() / DAY * DAY;
    let begin = Timestamp::from_seconds(midnight) + Span::from_hours(20);
    let day = |place: usize| begin + Span::from_hours(48 * place as i64);
    for patient in COHORT {
        let of = if patient == COHORT[0] { &pressures[..] } else { &pressures[..2] };
        for (place, values) in of.iter().enumerate() {
            stack.produce(&pressure(patient, day(place), *values));
        }
    }
    stack.produce(&temperature(COHORT[0], day(0), 37.6));
    stack.produce(&temperature(COHORT[0], day(1), 37.7));
    stack.produce(&temperature(COHORT[0], day(8), 35.0));
    stack.produce(&temperature(COHORT[0], day(9), 34.9));
    stack.assert_balanced();

    let listed = |list| -> Vec<Value> {
        let (said, _) = output(&mut preview(&stack, COHORT, list), true);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let readings = listed("--list=readings");
    let found = |one: &Value| {
        assert_eq!(one["patient"], COHORT[0]);
        assert!(one["alert_raised_at"].is_string(), "one value alone raises an alert: {one}");
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        assert!(text("observed_at").starts_with(&text("day")), "the day in Berlin: {one}");
        (text("observed_at"), text("rule"), text("field"), one["value"].as_f64().unwrap())
    };
    let expected = [
        (1, "temperature.high", "temperature", 37.7),
        (2, "bp.severe_high", "systolic", 191.0),
        (3, "bp.low", "diastolic", 49.0),
        (4, "bp.low", "systolic", 79.0),
        (5, "bp.severe_high", "diastolic", 111.0),
        (6, "pulse.out_of_range", "pulse_rate", 54.0),
        (7, "pulse.out_of_range", "pulse_rate", 101.0),
        (9, "temperature.low", "temperature", 34.9),
    ];
    let expected = expected.map(|(place, rule, field, value)| {
        (day(place).to_string(), rule.to_owned(), field.to_owned(), value)
    });
    assert_eq!(readings.iter().map(found).collect::<Vec<_>>(), expected);

    let alerts = listed("--list");
    let rules: BTreeSet<&str> = alerts.iter().map(|one| one["rule"].as_str().unwrap()).collect();
    let named =
        ["bp.low", "bp.severe_high", "pulse.out_of_range", "temperature.high", "temperature.low"];
    assert_eq!(rules, BTreeSet::from(named));

    let (_, refused) = output(&mut preview(&stack, COHORT.into_iter().take(4), "--list"), false);
    assert!(refused.contains("five patients or more"), "{refused}");

    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let recorded = |patient: &str| -> Vec<(bool, String)> {
        let of_patient = events.iter().filter(|event| event.action == "preview_rule_set");
        let of_patient = of_patient.filter(|event| event.patient.as_deref() == Some(patient));
        of_patient
            .map(|event| {
                assert_eq!(event.actor, OPERATOR);
                (event.allowed, event.detail.clone())
            })
            .collect()
    };
    let shown = ["every reading beyond a limit", "every alert there would have been"];
    let shown = shown.map(|what| (true, format!("{what} by the rule set tihm")));
    assert_eq!(recorded(COHORT[4]), shown);
    assert!(matches!(&recorded(COHORT[0])[..], [_, _, (false, why)] if why.contains("five")));
}
