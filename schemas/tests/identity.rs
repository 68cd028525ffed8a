//! What makes a reading the same reading when it comes again: whatever the sender's app calls
//! itself meanwhile, and however it writes the device.

use clinical::reading::Reading as ValidReading;
use clinical::suspicions::AskSevere;
use clinical::timeline::Timeline;
use clinical::{Outcome, Timestamp, Window};
use examples::{RAW_READINGS, RECEIVED};
use schemas::Reading;
use schemas::reading::Source;
use schemas::validation::{RejectionReason, ValidationError};

const NOW: Timestamp = Timestamp::from_millis(RECEIVED);

fn example(name: &str) -> Reading {
    let example = RAW_READINGS.iter().find(|example| example.name == name).unwrap();
    serde_json::from_str(example.json).unwrap()
}

/// A blood pressure from a device that its sender writes so.
fn sent_from(manufacturer: &str, model_number: Option<&str>, serial: &str) -> Reading {
    let mut reading = example("blood_pressure");
    let Source::Device(device) = &mut reading.source else { panic!("a device") };
    device.manufacturer = manufacturer.to_owned();
    device.model_number = model_number.map(str::to_owned);
    device.serial = serial.to_owned();
    reading
}

fn validated(manufacturer: &str, serial: &str) -> Result<ValidReading, ValidationError> {
    sent_from(manufacturer, Some("BP-1"), serial).validate(NOW)
}

#[test]
fn an_updated_app_that_sends_its_memory_again_doubles_nothing() {
    let mut timeline = Timeline::default();
    let mut outcome = |model_number: Option<&str>| {
        let valid = sent_from("APPLE", model_number, "phone-1").validate(NOW).unwrap();
        timeline.admit(&(&valid).into(), NOW, Window::default(), AskSevere::NOTHING).outcome
    };
    assert_eq!(outcome(Some("HealthKit 12.0")), Outcome::New);
    assert_eq!(outcome(Some("HealthKit 12.1")), Outcome::Duplicate);
    assert_eq!(outcome(None), Outcome::Duplicate);
}

#[test]
fn a_device_is_one_however_its_sender_writes_blanks_and_widths() {
    let one = validated("OMRON 1", "0001").unwrap().id();
    for serial in [
        "0001 ",
        " 0001",
        "0001\u{a0}",
        "00\u{200b}01",
        "\u{feff}0001",
        "０００１",
        "\u{3000}0001",
        "0001\u{200e}",
        "00\u{2060}01",
        "0001\u{fe0f}",
        "\u{202a}0001\u{202c}",
        "𝟎𝟎𝟎𝟏",
    ] {
        assert_eq!(validated("OMRON 1", serial).unwrap().id(), one, "{serial:?}");
    }
    for manufacturer in ["OMRON  1", "OMRON\u{a0}1", "ＯＭＲＯＮ\u{3000}１", "OM\u{ad}RON 1 "]
    {
        assert_eq!(validated(manufacturer, "0001").unwrap().id(), one, "{manufacturer:?}");
    }
    for (manufacturer, serial) in
        [("Omron 1", "0001"), ("OMRON1", "0001"), ("OMRON 1", "00 01"), ("OMRON 1", "1")]
    {
        assert_ne!(validated(manufacturer, serial).unwrap().id(), one, "{manufacturer} {serial}");
    }
}

#[test]
fn a_device_of_blanks_is_refused_with_what_to_send() {
    for blank in ["", " ", "\u{a0}\u{3000}", "\u{200b}", "\u{feff} \u{200d}"] {
        for (manufacturer, serial, field) in [
            (blank, "0001", "model_manufacturer_code"),
            ("OMRON", blank, "production_specification_serial"),
        ] {
            let error = validated(manufacturer, serial).expect_err(blank);
            assert_eq!((error.reason, error.field), (RejectionReason::Malformed, field));
            assert!(error.detail.contains(field), "{}", error.detail);
        }
    }
}
