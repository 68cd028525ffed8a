//! What a clock of 1970 or 1980 says is taken with a warning, of every kind at home.

use examples::GOOD_DOCUMENTS;
use serde_json::{Value, json};

use super::contract::read;
use super::{Rule, WarningRule};

/// Calls back for each reading of a document: whether it is one of a check-up, and the reading.
fn each_reading(document: &mut Value, mut change: impl FnMut(bool, &mut Value)) {
    let persons = document["person_information"].as_array_mut().unwrap();
    for person in persons {
        for setting in ["healthcare_information", "health_checkup_information"] {
            let Some(of_setting) = person.get_mut(setting).and_then(Value::as_object_mut) else {
                continue;
            };
            let arrays = of_setting.values_mut().filter_map(Value::as_array_mut);
            let is_checkup = setting == "health_checkup_information";
            arrays.flatten().for_each(|reading| change(is_checkup, reading));
        }
    }
}

#[test]
fn a_clock_of_1970_is_warned_of_and_its_reading_taken_whatever_the_kind() {
    let mut taken = 0;
    for (name, document) in GOOD_DOCUMENTS {
        let Ok(mut document) = serde_json::from_str::<Value>(document) else { continue };
        let mut minute = 0;
        each_reading(&mut document, |is_checkup, reading| {
            if !is_checkup {
                minute += 1;
                reading["observation_time"] = json!(format!("1970010100{minute:02}00"));
                reading.as_object_mut().unwrap().remove("ovservation_time");
            }
        });
        let parsed = read(&document.to_string()).unwrap();
        let of_1970 = parsed.entries.iter().filter_map(|entry| {
            let id = entry
                .result
                .as_ref()
                .unwrap_or_else(|why| panic!("{name}: {why:?}"))
                .id
                .to_string();
            id.contains("/19700101T00").then_some(())
        });
        let of_1970 = of_1970.count();
        let warned = |rule| parsed.warnings.listed.iter().filter(|it| it.rule == rule).count();
        assert_eq!(of_1970, minute, "{name}");
        assert_eq!(warned(WarningRule::ClockNotSet), minute, "{name}");
        taken += of_1970;
    }
    assert!(taken > 5, "{taken}");
}

#[test]
fn a_phone_that_registers_in_1970_too_costs_no_reading_and_1969_does() {
    let (_, good) = GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "blood_pressure.json").unwrap();
    for (observed, is_taken) in [
        ("19700101000300", true),
        ("19800106000000", true),
        ("19991231235959", true),
        ("19691231235959", false),
    ] {
        let mut document: Value = serde_json::from_str(good).unwrap();
        each_reading(&mut document, |_, reading| {
            reading["observation_time"] = json!(observed);
            reading["update_time"] = json!(format!("{observed}000"));
        });
        let parsed = read(&document.to_string()).unwrap();
        for entry in &parsed.entries {
            match &entry.result {
                Ok(_) => assert!(is_taken, "{observed}"),
                Err(problems) => {
                    assert!(!is_taken, "{observed}: {problems:?}");
                    assert_eq!(problems[0].rule, Rule::TimeOutOfRange);
                }
            }
        }
    }
}
