//! Messages that every service's tests use, good and bad. Production does not contain them.
//!
//! - `good/`: exchange documents of which every reading is accepted;
//! - `tolerated/`: exchange documents that are taken with warnings, and beside each the document as
//!   it is meant;
//! - `bad/`: exchange documents with something wrong, and beside each what is to be said about it;
//! - `avro/`: what `readings.raw` carries, in the JSON form of [`Reading`](schemas::Reading).
//! - `alerts/`: what `alerts` carries, in the JSON form of [`AlertEvent`](schemas::AlertEvent).
//!
//! They are to be read as received at [`RECEIVED`] or later. [`reference`](mod@reference) reads
//! messages as the specification says, which is slow.

mod drawing;
pub mod reference;

pub use drawing::drawn;

/// When the examples may be received at the earliest: 2026-02-01T00:00:00Z, milliseconds since the epoch.
pub const RECEIVED: i64 = 1_769_904_000_000;

/// What exchange documents are written with besides the kinds and their fields, and texts that mislead a
/// parser: for inputs that tests make up.
pub const ENVELOPE_TEXTS: &[&str] = &[
    "format_version",
    "send_time",
    "consortium_id",
    "person_information",
    "person_id",
    "healthcare_information",
    "health_checkup_information",
    "observation_time",
    "ovservation_time",
    "update_time",
    "data_input_code",
    "input_method_code",
    "model_manufacturer_code",
    "test_lab_id",
    "BRW001",
    "STJ001",
    "APIA01",
    "20250330023000",
    "20251026023000000",
    "00000000000000",
    "~/",
    "a/b~1",
];

/// Exchange documents of which every reading is accepted: file name and text.
pub const GOOD_DOCUMENTS: &[(&str, &str)] = &[
    ("activity.json", include_str!("../good/activity.json")),
    ("app_with_older_field_name.json", include_str!("../good/app_with_older_field_name.json")),
    ("blood_glucose.json", include_str!("../good/blood_glucose.json")),
    ("glucose_readouts.json", include_str!("../good/glucose_readouts.json")),
    ("blood_pressure.json", include_str!("../good/blood_pressure.json")),
    ("body_temperature.json", include_str!("../good/body_temperature.json")),
    ("checkup.json", include_str!("../good/checkup.json")),
    ("correction.ndjson", include_str!("../good/correction.ndjson")),
    ("oxygen_saturation.json", include_str!("../good/oxygen_saturation.json")),
    ("parts_as_arrays.json", include_str!("../good/parts_as_arrays.json")),
    ("respiratory_rate.json", include_str!("../good/respiratory_rate.json")),
    ("peak_expiratory_flow.json", include_str!("../good/peak_expiratory_flow.json")),
    ("several_persons.json", include_str!("../good/several_persons.json")),
    ("tolerated_deviations.json", include_str!("../good/tolerated_deviations.json")),
    ("two_documents.ndjson", include_str!("../good/two_documents.ndjson")),
    ("weighing_scale.json", include_str!("../good/weighing_scale.json")),
    ("entered_in_error.ndjson", include_str!("../good/entered_in_error.ndjson")),
];

/// An exchange document with something wrong.
#[derive(Debug, Clone, Copy)]
pub struct BadDocument {
    /// File name without `.json`.
    pub name: &'static str,
    /// The document.
    pub text: &'static str,
    /// JSON: `accepted` (how many readings are good all the same) and `errors` (pointer and rule of
    /// each, in order), or `unreadable` (why nothing can be read at all).
    pub expected: &'static str,
}

macro_rules! bad {
    ($($name:literal),+ $(,)?) => {
        &[$(BadDocument {
            name: $name,
            text: include_str!(concat!("../bad/", $name, ".json")),
            expected: include_str!(concat!("../bad/", $name, ".expected.json")),
        }),+]
    };
}

/// Exchange documents with something wrong.
pub const BAD_DOCUMENTS: &[BadDocument] = bad![
    "all_at_once",
    "both_names_of_a_field",
    "checkup_from_a_device",
    "consortium_id_too_long",
    "consortium_id_with_hyphen",
    "cut_short",
    "diastolic_above_systolic",
    "empty",
    "format_version_missing",
    "format_version_too_long",
    "hba1c_at_home",
    "implausible_value",
    "misspelt_time_in_the_future",
    "nested_too_deep",
    "no_document_but_an_array",
    "no_json",
    "no_such_day",
    "not_whole",
    "number_beyond_doubles",
    "observed_before_1970",
    "observed_in_the_future",
    "one_bad_among_good",
    "person_id_with_slash",
    "person_information_as_object",
    "person_information_missing",
    "record_that_is_a_number",
    "records_without_array",
    "repeated_array",
    "repeated_field",
    "required_field_missing",
    "send_time_of_14_digits",
    "serial_empty",
    "serial_too_long",
    "time_with_separators",
    "too_many_characters",
    "glucose_status_code",
    "unit_confused",
    "unknown_code",
    "unknown_envelope_field",
    "unknown_field",
    "unknown_glucose_method",
    "unknown_person_field",
    "unknown_records",
    "update_time_missing",
    "updated_in_the_future",
    "unknown_status",
    "null_for_a_required_value",
    "no_values_among_good",
    "bad_lines_among_good",
];

/// An exchange document of which every reading is accepted, and not as it is written.
#[derive(Debug, Clone, Copy)]
pub struct ToleratedDocument {
    /// File name without `.json`.
    pub name: &'static str,
    /// The document.
    pub text: &'static str,
    /// The document as it is meant.
    pub meant: &'static str,
    /// JSON: pointer and rule of each warning, in order.
    pub warnings: &'static str,
}

macro_rules! tolerated {
    ($($name:literal),+ $(,)?) => {
        &[$(ToleratedDocument {
            name: $name,
            text: include_str!(concat!("../tolerated/", $name, ".json")),
            meant: include_str!(concat!("../tolerated/", $name, ".meant.json")),
            warnings: include_str!(concat!("../tolerated/", $name, ".warnings.json")),
        }),+]
    };
}

/// Exchange documents of which every reading is accepted with warnings.
pub const TOLERATED_DOCUMENTS: &[ToleratedDocument] = tolerated![
    "values_that_say_none",
    "values_left_out",
    "more_decimals",
    "blanks_and_numbers_for_codes",
];

/// A record of `readings.raw`.
#[derive(Debug, Clone, Copy)]
pub struct RawReading {
    /// File name without `.json`.
    pub name: &'static str,
    /// The JSON form of a [`Reading`](schemas::Reading).
    pub json: &'static str,
    /// `ok`, or the code of the [`RejectionReason`](schemas::RejectionReason).
    pub expected: &'static str,
}

macro_rules! raw {
    ($($name:literal => $expected:literal),+ $(,)?) => {
        &[$(RawReading {
            name: $name,
            json: include_str!(concat!("../avro/", $name, ".json")),
            expected: $expected,
        }),+]
    };
}

/// Records of `readings.raw`, good and bad.
pub const RAW_READINGS: &[RawReading] = raw![
    "weighing_scale" => "ok",
    "blood_pressure" => "ok",
    "blood_pressure_severe" => "ok",
    "blood_pressure_entered_in_error" => "ok",
    "activity" => "ok",
    "hba1c" => "ok",
    "blood_pressure_checkup" => "ok",
    "blood_glucose" => "ok",
    "glucose_in_mmol_with_unit" => "ok",
    "glucose_below_the_sensor" => "ok",
    "glucose_above_the_sensor" => "ok",
    "body_temperature" => "ok",
    "oxygen_saturation" => "ok",
    "respiratory_rate" => "ok",
    "peak_expiratory_flow" => "ok",
    "without_optional_fields" => "ok",
    "consortium_id_too_long" => "malformed",
    "person_id_with_slash" => "malformed",
    "serial_empty" => "malformed",
    "home_reading_from_a_test_lab" => "malformed",
    "checkup_from_a_device" => "malformed",
    "systolic_implausible" => "implausible",
    "diastolic_above_systolic" => "implausible",
    "glucose_in_mmol" => "unit_suspected",
    "glucose_status_code" => "sensor_status",
    "observed_before_1970" => "time_out_of_range",
    "observed_in_the_future" => "time_out_of_range",
    "updated_in_the_future" => "time_out_of_range",
];

macro_rules! alerts {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../alerts/", $name, ".json")))),+]
    };
}

/// Records of `alerts`, as they are written now and as they were before they carried findings: file
/// name without `.json`, and the JSON form of an [`AlertEvent`](crate::AlertEvent).
pub const ALERT_EVENTS: &[(&str, &str)] =
    alerts!["raised", "resolved", "raised_before_findings", "resolved_before_findings"];

#[cfg(test)]
mod tests {
    use clinical::Timestamp;
    use clinical::alert::Alert;
    use schemas::{AlertEvent, Codec, Reading};

    use super::*;

    #[test]
    fn every_alert_event_travels_unchanged_and_is_an_alert_with_its_sentences() {
        let codec = Codec::default();
        let encoder = codec.encoder::<AlertEvent>("alerts").unwrap();
        let decoder = codec.decoder::<AlertEvent>();
        for (name, json) in ALERT_EVENTS {
            let event: AlertEvent = serde_json::from_str(json).unwrap();
            let travelled = decoder.decode(&encoder.encode(&event).unwrap()).unwrap();
            assert_eq!(travelled, event, "{name}");
            let alert = Alert::try_from(&event).unwrap();
            assert_eq!(AlertEvent::from(&alert).words(), clinical::rules::words(&alert), "{name}");
            let is_former = name.ends_with("before_findings");
            assert_eq!(event.words().en == event.text_en, is_former, "{name}");
        }
    }

    #[test]
    fn every_raw_reading_is_checked_to_what_is_said_of_it() {
        let received = Timestamp::from_millis(RECEIVED);
        for RawReading { name, json, expected } in RAW_READINGS {
            let reading: Reading = serde_json::from_str(json).unwrap();
            let checked = reading.validate(received);
            let outcome = checked.as_ref().map_or_else(|no| no.reason.as_str(), |_| "ok");
            assert_eq!(outcome, *expected, "{name}: {checked:?}");
        }
    }

    #[test]
    fn every_raw_reading_travels_unchanged() {
        let codec = Codec::default();
        let encoder = codec.encoder::<Reading>("readings.raw").unwrap();
        let decoder = codec.decoder::<Reading>();
        for RawReading { name, json, .. } in RAW_READINGS {
            let reading: Reading = serde_json::from_str(json).unwrap();
            let travelled = decoder.decode(&encoder.encode(&reading).unwrap()).unwrap();
            assert_eq!(travelled, reading, "{name}");
        }
    }

    #[test]
    fn every_field_of_every_kind_of_record_stands_in_a_good_example() {
        let received = Timestamp::from_millis(RECEIVED);
        let mut seen = std::collections::BTreeSet::new();
        for example in RAW_READINGS {
            let reading: Reading = serde_json::from_str(example.json).unwrap();
            if reading.validate(received).is_err() {
                continue;
            }
            let kind = reading.measurement.kind();
            reading.measurement.each_field(|field, value| {
                if value.is_some() {
                    seen.insert((kind, field.name()));
                }
            });
        }
        for kind in clinical::Kind::ALL {
            for field in kind.fields() {
                assert!(
                    seen.contains(&(kind, field.name)),
                    "no good example says {kind}.{}: give one of schemas/examples/avro/ a value of it, \
                     or add one there and to RAW_READINGS",
                    field.name
                );
            }
        }
    }

    #[test]
    fn no_file_of_the_examples_is_forgotten() {
        let folder = |name: &str| {
            let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_dir(path).unwrap().count()
        };
        assert_eq!(folder("good"), GOOD_DOCUMENTS.len());
        assert_eq!(folder("tolerated"), 3 * TOLERATED_DOCUMENTS.len());
        assert_eq!(folder("bad"), 2 * BAD_DOCUMENTS.len());
        assert_eq!(folder("avro"), RAW_READINGS.len());
        assert_eq!(folder("alerts"), ALERT_EVENTS.len());
    }
}
