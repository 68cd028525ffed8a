use clinical::Source;
use proptest::prelude::*;
use schemas::reading::{self as wire, Device};

use super::samples::{every_row, place, reading, weight};
use super::*;
use crate::columns::Value;

/// Shows a row as lines of `column: value`.
#[derive(Default)]
struct Shown(String);

impl Columns for Shown {
    fn put(&mut self, column: &'static str, value: Value<'_>) {
        let text = match value {
            Value::Text(parts) => format!("{:?}", parts.concat()),
            value => format!("{value:?}"),
        };
        self.0.push_str(&format!("{column}: {text}\n"));
    }
}

fn shown(row: &Row) -> String {
    let mut shown = Shown::default();
    row.walk(place(9), &mut shown).expect("the sample fits");
    shown.0
}

#[test]
fn every_table_gets_its_columns() {
    for row in every_row() {
        insta::assert_snapshot!(row.table().name(), shown(&row));
    }
}

#[test]
fn every_table_has_a_sample() {
    assert!(Table::all().eq(every_row().iter().map(Row::table)));
}

proptest! {
    #[test]
    fn all_readings_of_a_kind_have_the_same_shape_whatever_they_leave_out(seed: u64) {
        let mut number = seed;
        let mut next = || {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            number.rotate_left(29)
        };
        for sample in every_row() {
            let Table::Readings(kind) = sample.table() else { continue };
            let other = Row::Reading(reading(examples::drawn(kind, &mut next)));
            prop_assert_eq!(sample.shape(place(0)), other.shape(place(0)), "{}", kind);
        }
    }
}

#[test]
fn a_send_time_that_cannot_be_kept_does_not_cost_the_reading() {
    let mut accepted = weight(60.0);
    accepted.reading.send_time = Some(i64::MIN);
    assert!(shown(&Row::Reading(accepted)).contains("send_time: DateTime64(0)\n"));
}

#[test]
fn a_version_entered_in_error_says_so() {
    let mut accepted = weight(60.0);
    accepted.reading.status = wire::ReadingStatus::EnteredInError;
    assert!(shown(&Row::Reading(accepted)).contains("entered_in_error: Bool(true)\n"));
}

#[test]
fn glucose_is_in_mg_dl_and_what_was_sent_is_beside_it() {
    let of = |glucose_value, unit, comparator| {
        let mut accepted = weight(60.0);
        accepted.reading.measurement = wire::Measurement::BloodGlucose(wire::BloodGlucose {
            glucose_value,
            glucose_method: wire::GlucoseMethod::ContinuousSensor,
            meal_timing: None,
            glucose_unit: unit,
            glucose_comparator: comparator,
        });
        let row = shown(&Row::Reading(accepted));
        let lines = row.lines().filter(|line| line.starts_with("glucose_"));
        lines.map(|line| line.trim_start_matches("glucose_").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        of(10.0, Some(wire::GlucoseUnit::MmolL), None),
        [
            "value: Float32(180.16)",
            "value_sent: Float32(10.0)",
            "method: Int8(1)",
            "unit: Int8(1)",
            "comparator: Int8(-1)"
        ]
    );
    let low = [
        "value: Float32(40.0)",
        "value_sent: Float32(39.0)",
        "method: Int8(1)",
        "unit: Int8(-1)",
        "comparator: Int8(0)",
    ];
    assert_eq!(of(39.0, None, None), low);
    let said = of(40.0, None, Some(wire::Comparator::Below));
    assert_eq!((&*said[0], &*said[1], &*said[4]), (low[0], "value_sent: Float32(0.0)", low[4]));
}

#[test]
fn a_value_out_of_its_column_s_range_is_named_not_bent() {
    let mut accepted = weight(60.0);
    accepted.reading.measurement = wire::Measurement::BloodPressure(wire::BloodPressure {
        systolic: 70_000,
        ..wire::BloodPressure::default()
    });
    let row = Row::Reading(accepted);
    assert_eq!(row.walk(place(0), &mut Shown::default()), Err(Unfit { column: "systolic" }));
}

#[test]
fn an_optional_value_that_cannot_be_true_is_absent_in_its_column() {
    let row = |pulse_rate| {
        let mut accepted = weight(60.0);
        accepted.reading.measurement =
            wire::Measurement::OxygenSaturation(wire::OxygenSaturation { spo2: 97.0, pulse_rate });
        shown(&Row::Reading(accepted))
    };
    for none in [0, 255, 2047, 65_535, 70_000] {
        let rule = if none == 70_000 { "left_out" } else { "absent_value" };
        let said = format!("warnings: \"pulse_rate:{rule}\"");
        assert_eq!(row(Some(none)).replace(&said, "warnings: \"\""), row(None), "{none}");
        assert!(row(Some(none)).contains(&said), "{none}");
    }
    assert_ne!(row(Some(70)), row(None));
}

proptest! {
    #[test]
    fn a_source_is_written_as_the_clinical_type_writes_it(
        manufacturer in "[A-Z|%]{1,6}",
        model in proptest::option::of("[a-z0-9|%]{1,6}"),
        serial in "[0-9|%０ ]{0,6}１",
    ) {
        let mut accepted = weight(60.0);
        accepted.reading.source = wire::Source::Device(Device {
            manufacturer: manufacturer.clone(),
            model_number: model.clone(),
            serial: serial.clone(),
        });
        let written = Source::device(&manufacturer, &serial).unwrap().written();
        let model = model.unwrap_or_default();
        let lines =
            format!("source: {written:?}\nsource_id: {written:?}\nmodel_number: {model:?}\n");
        prop_assert!(shown(&Row::Reading(accepted)).contains(&lines));
    }
}
