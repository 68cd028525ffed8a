//! Messages that every service's tests use, good and bad.
//!
//! - `examples/good/`: exchange documents of which every reading is accepted;
//! - `examples/bad/`: exchange documents with something wrong, and beside each what is to be said
//!   about it;
//! - `examples/avro/`: what `readings.raw` carries, in the JSON form of [`Reading`](crate::Reading).
//!
//! They are to be read as received at [`RECEIVED`] or later.

use std::convert::Infallible;

use clinical::Kind;
use clinical::kinds::{Below, ValueType};
use clinical::measured::Readout;

use crate::codec::{DecodeError, Record, parse, parse_own};
use crate::fields::{Coded, Field, FieldSource, MOST_FIELDS};
use crate::plan::Plan;
use crate::reading::Measurement;

/// When the examples may be received at the earliest: 2026-02-01T00:00:00Z, milliseconds since the epoch.
pub const RECEIVED: i64 = 1_769_904_000_000;

/// Exchange documents of which every reading is accepted: file name and text.
pub const GOOD_DOCUMENTS: &[(&str, &str)] = &[
    ("activity.json", include_str!("../examples/good/activity.json")),
    (
        "app_with_older_field_name.json",
        include_str!("../examples/good/app_with_older_field_name.json"),
    ),
    ("blood_glucose.json", include_str!("../examples/good/blood_glucose.json")),
    ("glucose_readouts.json", include_str!("../examples/good/glucose_readouts.json")),
    ("blood_pressure.json", include_str!("../examples/good/blood_pressure.json")),
    ("body_temperature.json", include_str!("../examples/good/body_temperature.json")),
    ("checkup.json", include_str!("../examples/good/checkup.json")),
    ("correction.ndjson", include_str!("../examples/good/correction.ndjson")),
    ("oxygen_saturation.json", include_str!("../examples/good/oxygen_saturation.json")),
    ("parts_as_arrays.json", include_str!("../examples/good/parts_as_arrays.json")),
    ("respiratory_rate.json", include_str!("../examples/good/respiratory_rate.json")),
    ("peak_expiratory_flow.json", include_str!("../examples/good/peak_expiratory_flow.json")),
    ("several_persons.json", include_str!("../examples/good/several_persons.json")),
    ("tolerated_deviations.json", include_str!("../examples/good/tolerated_deviations.json")),
    ("two_documents.ndjson", include_str!("../examples/good/two_documents.ndjson")),
    ("weighing_scale.json", include_str!("../examples/good/weighing_scale.json")),
];

/// A message of the current schema as somebody with another schema, such as an earlier release,
/// would have written it; in single-object encoding, as the message must be too.
///
/// # Errors
/// When it is no such message, the schema is none, or it cannot say what the message says.
pub fn written_with<T: Record>(message: &[u8], schema: &str) -> Result<Vec<u8>, DecodeError> {
    let current = parse_own(T::SCHEMA);
    let other = parse(schema).map_err(|error| DecodeError::UnknownSchema(error.to_string()))?;
    let body = message.strip_prefix(&current.header).ok_or(DecodeError::NotFramed)?;
    let body = Plan::between(current.schema, other.schema).apply(body)?;
    Ok([&other.header[..], &body].concat())
}

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
            text: include_str!(concat!("../examples/bad/", $name, ".json")),
            expected: include_str!(concat!("../examples/bad/", $name, ".expected.json")),
        }),+]
    };
}

/// Exchange documents with something wrong.
pub const BAD_DOCUMENTS: &[BadDocument] = bad![
    "all_at_once",
    "both_names_of_a_field",
    "checkup_from_a_device",
    "code_as_number",
    "consortium_id_too_long",
    "consortium_id_with_hyphen",
    "cut_short",
    "diastolic_above_systolic",
    "empty",
    "flag_as_string",
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
    "null_for_no_value",
    "number_beyond_doubles",
    "observed_before_2000",
    "observed_in_the_future",
    "one_bad_among_good",
    "person_id_with_slash",
    "person_information_as_object",
    "person_information_missing",
    "pulse_rate_missing",
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
    "unknown_measurement_position_code",
    "unknown_person_field",
    "unknown_records",
    "update_time_missing",
    "updated_in_the_future",
];

/// A record of `readings.raw`.
#[derive(Debug, Clone, Copy)]
pub struct RawReading {
    /// File name without `.json`.
    pub name: &'static str,
    /// The JSON form of a [`Reading`](crate::Reading).
    pub json: &'static str,
    /// `ok`, or the code of the [`RejectionReason`](crate::RejectionReason).
    pub expected: &'static str,
}

macro_rules! raw {
    ($($name:literal => $expected:literal),+ $(,)?) => {
        &[$(RawReading {
            name: $name,
            json: include_str!(concat!("../examples/avro/", $name, ".json")),
            expected: $expected,
        }),+]
    };
}

/// Records of `readings.raw`, good and bad.
pub const RAW_READINGS: &[RawReading] = raw![
    "weighing_scale" => "ok",
    "blood_pressure" => "ok",
    "blood_pressure_severe" => "ok",
    "blood_pressure_withdrawn" => "ok",
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
    "offset_beyond_18_hours" => "malformed",
    "serial_empty" => "malformed",
    "home_reading_from_a_test_lab" => "malformed",
    "checkup_from_a_device" => "malformed",
    "unknown_measurement_position_code" => "malformed",
    "systolic_implausible" => "implausible",
    "diastolic_above_systolic" => "implausible",
    "glucose_in_mmol" => "unit_suspected",
    "glucose_status_code" => "sensor_status",
    "observed_before_2000" => "time_out_of_range",
    "observed_in_the_future" => "time_out_of_range",
    "updated_in_the_future" => "time_out_of_range",
];

/// A valid measurement of a kind, its values drawn from a source of numbers: for tests that are to
/// hold for every kind.
pub fn drawn(kind: Kind, next: &mut impl FnMut() -> u64) -> Measurement {
    let readout = kind.fields().iter().find_map(|field| field.readout);
    let mut drawing =
        Drawing { next, numbers: [f64::NAN; MOST_FIELDS], below: kind.below(), readout };
    let Ok(measurement) = Measurement::build(kind, &mut drawing);
    measurement
}

struct Drawing<'n, N> {
    next: &'n mut N,
    /// The numbers drawn so far, by the fields' numbers.
    numbers: [f64; MOST_FIELDS],
    below: &'static [Below],
    /// What devices show in the place of a number: here always one that each of them can show.
    readout: Option<&'static Readout>,
}

impl<N: FnMut() -> u64> Drawing<'_, N> {
    /// A number from 0 to below 1.
    fn share(&mut self) -> f64 {
        ((self.next)() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A plausible number of a field, with as many decimals as pages show.
    fn number(&mut self, field: &Field) -> f64 {
        let Some(quantity) = field.declared.quantity() else { return 0.0 };
        let steps = 10_f64.powi(quantity.decimals.into());
        let other = self.below.iter().find(|below| below.field == field.declared.number);
        let other = other.map(|below| self.numbers[usize::from(below.other) - 1] - 1.0 / steps);
        let high = other.unwrap_or(f64::INFINITY).min(quantity.high);
        let (mut low, mut high) = (quantity.low, high);
        let devices = field.declared.readout.map_or(&[][..], |readout| readout.devices);
        for (from, to) in devices.iter().flatten().filter_map(|device| device.values) {
            (low, high) = (low.max(from), high.min(to));
        }
        let drawn = low + self.share() * (high - low);
        let number = ((drawn * steps).round() / steps).clamp(low, high);
        self.numbers[usize::from(field.declared.number) - 1] = number;
        number
    }

    fn index(&mut self, count: usize) -> usize {
        ((self.next)() % count as u64) as usize
    }
}

impl<N: FnMut() -> u64> FieldSource for Drawing<'_, N> {
    type Error = Infallible;

    fn integer(&mut self, field: &'static Field) -> Result<i32, Infallible> {
        Ok(self.number(field) as i32)
    }

    fn decimal(&mut self, field: &'static Field) -> Result<f64, Infallible> {
        Ok(self.number(field))
    }

    fn flag(&mut self, _: &'static Field) -> Result<bool, Infallible> {
        Ok(self.index(2) == 1)
    }

    fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, Infallible> {
        if self.readout.is_some_and(|readout| readout.unit == field.declared.number) {
            return Ok(C::ALL[0]);
        }
        Ok(C::ALL[self.index(C::ALL.len())])
    }

    fn text(&mut self, field: &'static Field) -> Result<String, Infallible> {
        const LETTERS: [char; 8] = ['A', 'z', '0', ' ', '"', '\\', 'é', '血'];
        let codes = field.codes();
        if !codes.is_empty() {
            return Ok(codes[self.index(codes.len())].code.to_owned());
        }
        let ValueType::Text { longest } = field.declared.value_type else {
            return Ok(String::new());
        };
        let length = 1 + self.index(longest.min(30).into());
        Ok((0..length).map(|_| LETTERS[self.index(LETTERS.len())]).collect())
    }

    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Infallible>,
    ) -> Result<Option<T>, Infallible> {
        let is_there = field.required_on_form || self.index(2) == 1;
        let is_there = is_there && field.comparator_of.is_none();
        is_there.then(|| read(self, field)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use clinical::Timestamp;

    use super::*;
    use crate::{Codec, Reading};

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
    fn every_kind_of_record_has_a_good_example() {
        let received = Timestamp::from_millis(RECEIVED);
        for kind in clinical::Kind::ALL {
            let found = RAW_READINGS.iter().any(|example| {
                let reading: Reading = serde_json::from_str(example.json).unwrap();
                reading.validate(received).is_ok_and(|reading| reading.kind == kind)
            });
            assert!(found, "{kind}");
        }
    }

    #[test]
    fn what_is_drawn_is_valid() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.rotate_left(29)
        };
        for kind in Kind::ALL {
            for _ in 0..200 {
                let measurement = drawn(kind, &mut next);
                assert!(measurement.validate().is_ok(), "{measurement:?}");
            }
        }
    }

    #[test]
    fn no_file_of_the_examples_is_forgotten() {
        let folder = |name: &str| {
            let path = format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_dir(path).unwrap().count()
        };
        assert_eq!(folder("good"), GOOD_DOCUMENTS.len());
        assert_eq!(folder("bad"), 2 * BAD_DOCUMENTS.len());
        assert_eq!(folder("avro"), RAW_READINGS.len());
    }
}
