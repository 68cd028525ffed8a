//! The documents keep the rules of the exchange standard.

use clinical::{Kind, Span, Timestamp};
use schemas::Reading;
use serde_json::Value;
use simulator::exchange::document;
use simulator::population::population;
use simulator::transmission::{Pace, Payload, Plan, Reception, TransmissionArgs};
use simulator::truth;

const NOW: Timestamp = Timestamp::from_seconds(1_767_538_800);

/// Array in its part, then each field with its longest number of characters and whether a record
/// must have it.
type Rule = (&'static str, &'static str, &'static [(&'static str, usize, bool)]);

const RULES: &[Rule] = &[
    (
        "healthcare_information",
        "weighing_scale",
        &[("body_weight", 6, true), ("body_fat", 5, false)],
    ),
    (
        "healthcare_information",
        "blood_pressure",
        &[
            ("systolic", 3, true),
            ("diastolic", 3, true),
            ("pulse_rate", 3, true),
            ("irregular_pulse", 5, false),
        ],
    ),
    (
        "healthcare_information",
        "activity",
        &[
            ("step", 5, true),
            ("walk_time", 4, false),
            ("moderate_intensity_activity", 4, false),
            ("calories", 6, false),
            ("total_calories", 6, false),
            ("distance", 6, false),
            ("exercise", 6, false),
            ("physical_activity", 6, false),
            ("total_active_duration", 4, true),
            ("measurement_position_code", 2, false),
        ],
    ),
    (
        "healthcare_information",
        "blood_glucose",
        &[
            ("glucose_value", 6, true),
            ("glucose_method_code", 1, true),
            ("meal_timing_code", 1, false),
            ("glucose_unit", 6, false),
        ],
    ),
    ("healthcare_information", "body_temperature", &[("temperature", 5, true)]),
    ("healthcare_information", "oxygen_saturation", &[("spo2", 5, true), ("pulse_rate", 3, false)]),
    (
        "health_checkup_information",
        "hba1c",
        &[
            ("hba1c_value", 4, true),
            ("measurement_method_code", 6, false),
            ("value_criteria_code", 1, false),
        ],
    ),
    (
        "health_checkup_information",
        "blood_pressure",
        &[("systolic", 3, true), ("diastolic", 3, true), ("pulse_rate", 3, true)],
    ),
];

const DEVICE_FIELDS: &[(&str, usize, bool)] = &[
    ("model_manufacturer_code", 50, true),
    ("model_number", 50, false),
    ("production_specification_serial", 50, true),
    ("origin_of_time_code", 1, true),
];

fn sent_over_http() -> Vec<Reading> {
    let plan = Plan {
        shares: TransmissionArgs::default(),
        pace: Pace::Days,
        reception: Reception::At(NOW),
        kafka_share: 0.0,
    };
    let mut readings = Vec::new();
    for patient in population(42, 60, 1) {
        for reading in truth(&patient, NOW - Span::from_days(40), NOW) {
            for sending in plan.sendings(&patient, reading) {
                if let Payload::Reading(reading) = sending.payload {
                    readings.push(*reading);
                }
            }
        }
    }
    readings
}

fn digits(value: &Value, count: usize) {
    let text = value.as_str().expect("times are strings");
    assert!(text.len() == count && text.bytes().all(|b| b.is_ascii_digit()), "{text}");
}

fn length(value: &Value) -> usize {
    value.as_str().map_or_else(|| value.to_string().len(), |text| text.chars().count())
}

#[test]
fn every_record_keeps_the_standards_fields_and_lengths() {
    let readings = sent_over_http();
    let document = document("DEMO01", NOW, &readings);
    assert_eq!(length(&document["format_version"]), 3);
    digits(&document["send_time"], 17);
    assert_eq!(document["consortium_id"], "DEMO01");
    let persons = document["person_information"].as_array().expect("an array");
    assert_eq!(persons.len(), 60);
    let mut records = 0;
    for person in persons {
        let id = person["person_id"].as_str().expect("a string");
        assert!(id.len() <= 20 && id.bytes().all(|b| b.is_ascii_alphanumeric()));
        for part in ["healthcare_information", "health_checkup_information"] {
            for (array, entries) in person[part].as_object().into_iter().flatten() {
                let rule = RULES.iter().find(|rule| rule.0 == part && rule.1 == array);
                let fields = rule.map_or_else(|| extension(array), |(.., fields)| fields.to_vec());
                for record in entries.as_array().expect("an array") {
                    records += 1;
                    record_keeps(record, &fields, part == "healthcare_information");
                }
            }
        }
    }
    assert_eq!(records, readings.len());
}

/// The fields of an array that the standard does not have; a value of one takes 6 characters.
fn extension(array: &str) -> Vec<(&'static str, usize, bool)> {
    let kind = Kind::parse(array).unwrap_or_else(|| panic!("no array {array}"));
    kind.fields().iter().map(|field| (field.name, 6, field.required)).collect()
}

fn record_keeps(record: &Value, fields: &[(&str, usize, bool)], at_home: bool) {
    digits(&record["observation_time"], 14);
    digits(&record["update_time"], 17);
    let common: &[(&str, usize, bool)] =
        if at_home { DEVICE_FIELDS } else { &[("test_lab_id", 12, true)] };
    let code = [("data_input_code", 1, true), ("status", 16, false)];
    let known = || fields.iter().chain(common).chain(&code);
    for (name, longest, required) in known() {
        match record.get(name) {
            Some(value) => assert!(length(value) <= *longest, "{name} is too long: {value}"),
            None => assert!(!required, "{name} is missing in {record}"),
        }
    }
    for name in record.as_object().expect("an object").keys() {
        let is_time = name == "observation_time" || name == "update_time";
        assert!(is_time || known().any(|(known, ..)| known == name), "unknown field {name}");
    }
}

#[test]
fn times_are_civil_times_of_japan() {
    let patient = &population(42, 1, 1)[0];
    let mut reading = truth(patient, NOW - Span::from_days(3), NOW).next().expect("measures");
    reading.observation_time = 1_767_571_506_000; // 2026-01-05T00:05:06Z
    reading.update_time = 1_767_571_506_007;
    let document = document("DEMO01", NOW, [&reading]);
    let text = document.to_string();
    assert!(text.contains(r#""observation_time":"20260105090506""#), "{text}");
    assert!(text.contains(r#""update_time":"20260105090506007""#), "{text}");
    assert!(text.contains(r#""send_time":"20260105000000000""#), "{text}");
}
