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

pub mod reference;

use std::convert::Infallible;

use clinical::Kind;
use clinical::kinds::{Below, Quantity, Readout, ValueType};
use clinical::measured::{Sent, Side};
use schemas::fields::{Coded, Field, FieldSource, MOST_FIELDS};
use schemas::reading::Measurement;

/// When the examples may be received at the earliest: 2026-02-01T00:00:00Z, milliseconds since the epoch.
pub const RECEIVED: i64 = 1_769_904_000_000;

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
    "observed_before_2000",
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
    "offset_beyond_18_hours" => "malformed",
    "serial_empty" => "malformed",
    "home_reading_from_a_test_lab" => "malformed",
    "checkup_from_a_device" => "malformed",
    "systolic_implausible" => "implausible",
    "diastolic_above_systolic" => "implausible",
    "glucose_in_mmol" => "unit_suspected",
    "glucose_status_code" => "sensor_status",
    "observed_before_2000" => "time_out_of_range",
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

/// A valid measurement of a kind, its values drawn from a source of numbers: for tests that are to
/// hold for every kind, in every form in which it may be sent.
pub fn drawn(kind: Kind, next: &mut impl FnMut() -> u64) -> Measurement {
    let below = kind.below();
    let mut drawing = Drawing { next, numbers: [f64::NAN; MOST_FIELDS], below, shown: None };
    drawing.shown = kind.fields().iter().find_map(|field| {
        let (readout, quantity) = (field.readout?, field.quantity()?);
        Some((readout, drawing.sent(readout, quantity)))
    });
    let Ok(measurement) = Measurement::build(kind, &mut drawing);
    measurement
}

struct Drawing<'n, N> {
    next: &'n mut N,
    /// The numbers drawn so far, by the fields' numbers.
    numbers: [f64; MOST_FIELDS],
    below: &'static [Below],
    /// What is sent of the field that devices show in several ways, where the kind has one.
    shown: Option<(&'static Readout, Sent)>,
}

impl<N: FnMut() -> u64> Drawing<'_, N> {
    /// What a device shows: a number of any unit, said or not, a number that stands for a word of
    /// the device, or a limit that the value is below or above.
    fn sent(&mut self, readout: &Readout, quantity: &Quantity) -> Sent {
        let device = self.index(readout.devices.len());
        let unit = self.index(readout.units.len() + 1).checked_sub(1);
        let factor = readout.units[unit.unwrap_or(0)].1;
        // Without its unit a fraction would be taken for one of another unit.
        let steps = if unit.is_some() { 10.0 } else { 1.0 };
        let rounded = |value: f64| (value / factor * steps).round();
        let plausible =
            ((quantity.low / factor * steps).ceil(), (quantity.high / factor * steps).floor());
        let shown = readout.devices[device].as_ref();
        let side = match (shown, self.index(4)) {
            (Some(_), 0) => Some(Side::Below),
            (Some(_), 1) => Some(Side::Above),
            _ => None,
        };
        let flags = shown.and_then(|shown| shown.flags).filter(|_| factor == 1.0);
        if let (Some((low, high)), None, 0) = (flags, side, self.index(8)) {
            let number = if self.index(2) == 0 { low } else { high };
            return Sent { number, unit, side, device };
        }
        let limits = shown.and_then(|shown| match side {
            // As often as not the limit is that of the device's word.
            Some(Side::Below) if self.index(2) == 0 => Some((shown.low, shown.low)),
            Some(Side::Above) if self.index(2) == 0 => Some((shown.high, shown.high)),
            Some(Side::Below) => Some(shown.below),
            Some(Side::Above) => Some(shown.above),
            None => shown.values,
        });
        let (low, high) = limits.map_or(plausible, |(low, high)| {
            (rounded(low).max(plausible.0), rounded(high).min(plausible.1))
        });
        let number = (low + self.index((high - low) as usize + 1) as f64) / steps;
        Sent { number, unit, side, device }
    }

    /// The place among its codes of a field that says how a value is shown; none within where it is
    /// absent, none at all of another field.
    fn said_of_shown(&self, field: &Field) -> Option<Option<usize>> {
        let (readout, sent) = self.shown?;
        match field.declared.number {
            number if number == readout.unit => Some(sent.unit),
            number if number == readout.comparator => Some(sent.side.map(|side| side as usize)),
            number if number == readout.device => Some(Some(sent.device)),
            _ => None,
        }
    }

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
        let low = quantity.low;
        let drawn = low + self.share() * (high - low);
        let mut number = ((drawn * steps).round() / steps).clamp(low, high);
        if field.declared.none.contains(&number) {
            number += 1.0 / steps;
        }
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
        Ok(match (field.declared.readout, self.shown) {
            (Some(_), Some((_, sent))) => sent.number,
            _ => self.number(field),
        })
    }

    fn flag(&mut self, _: &'static Field) -> Result<bool, Infallible> {
        Ok(self.index(2) == 1)
    }

    fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, Infallible> {
        let place = self.said_of_shown(field).flatten();
        Ok(C::ALL[place.unwrap_or_else(|| self.index(C::ALL.len()))])
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
        let text: String = (0..length).map(|_| LETTERS[self.index(LETTERS.len())]).collect();
        // Nobody reads the blanks around it.
        Ok(if text.trim() == text { text } else { "A".to_owned() })
    }

    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Infallible>,
    ) -> Result<Option<T>, Infallible> {
        let is_there = match self.said_of_shown(field) {
            Some(place) => place.is_some(),
            None => self.index(2) == 1,
        };
        is_there.then(|| read(self, field)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clinical::Timestamp;
    use clinical::alert::Alert;
    use clinical::kinds::Setting;
    use clinical::measured::Measured;
    use schemas::fields::{Value, form};
    use schemas::readout::Shown;
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

    /// Many measurements of a kind.
    fn many(kind: Kind) -> impl Iterator<Item = Measurement> {
        let mut state = 1_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.rotate_left(29)
        };
        (0..2_000).map(move |_| drawn(kind, &mut next))
    }

    #[test]
    fn what_is_drawn_is_valid() {
        let received = Timestamp::from_millis(RECEIVED);
        for kind in Kind::ALL {
            let around = match kind.setting() {
                Setting::Home => "blood_pressure",
                Setting::Checkup => "blood_pressure_checkup",
            };
            let around = RAW_READINGS.iter().find(|example| example.name == around).unwrap();
            let around: Reading = serde_json::from_str(around.json).unwrap();
            for measurement in many(kind) {
                let outcome = Reading { measurement, ..around.clone() }.validate(received);
                assert!(outcome.is_ok(), "{kind}: {outcome:?}");
            }
        }
    }

    #[test]
    fn every_code_is_drawn_and_the_absence_of_every_field_that_may_be_absent() {
        let place_of = |field: &Field, value: Value<'_>| match value {
            Value::Code(place) => place,
            Value::Text(text) => {
                let place = field.codes().iter().position(|code| code.code == text);
                place.unwrap_or(0)
            }
            _ => 0,
        };
        for kind in Kind::ALL {
            let mut seen = BTreeSet::new();
            for measurement in many(kind) {
                measurement.each_field(|field, value| {
                    seen.insert((field.name(), value.map(|value| place_of(field, value))));
                });
            }
            for field in form(kind).fields {
                for place in 0..field.codes().len().max(1) {
                    assert!(seen.contains(&(field.name(), Some(place))), "{kind}.{}", field.name());
                }
                let may_be_absent = !field.declared.required;
                assert_eq!(
                    seen.contains(&(field.name(), None)),
                    may_be_absent,
                    "{kind}.{}",
                    field.name()
                );
            }
        }
    }

    #[test]
    fn every_form_in_which_a_device_may_show_a_value_is_drawn() {
        for kind in Kind::ALL {
            let Some(readout) = kind.fields().iter().find_map(|field| field.readout) else {
                continue;
            };
            let shown: Vec<Shown> = many(kind).map(|one| one.shown().unwrap()).collect();
            for device in readout.devices.iter().flatten() {
                let is_drawn = |measured| shown.iter().any(|shown| shown.measured == measured);
                assert!(is_drawn(Measured::Below(device.low)), "{}", device.name);
                assert!(is_drawn(Measured::Above(device.high)), "{}", device.name);
                for flag in device.flags.map(|(low, high)| [low, high]).into_iter().flatten() {
                    let is_flag =
                        |shown: &Shown| shown.sent == flag && shown.measured.side().is_some();
                    assert!(shown.iter().any(is_flag), "{flag} of {}", device.name);
                }
            }
            for (unit, factor) in readout.units {
                let is_of = |shown: &Shown| {
                    shown.measured == Measured::Exactly(shown.sent * factor) && shown.sent != 0.0
                };
                assert!(shown.iter().any(is_of), "{unit}");
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
