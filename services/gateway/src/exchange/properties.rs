//! Properties of the parser: it never panics, and it reads back what is written by the rules.

use std::convert::Infallible;

use clinical::kinds::Setting;
use clinical::{Kind, Timestamp};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use schemas::Reading;
use schemas::fields::{Field, Value as FieldValue, Visitor};
use schemas::reading as wire;
use serde_json::{Value, json};

use super::{Context, Limits, Parsed, Unreadable, parse};

fn read(body: &[u8]) -> Result<Parsed, Unreadable> {
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    parse(
        body,
        &Context {
            received: Timestamp::from_seconds(1_767_225_600),
            limits: Limits { nesting: 16, readings: 1000 },
            zone: &|_| tokyo.clone(),
        },
    )
}

/// Civil time in Japan, yyyyMMddHHmmssSSS.
fn civil(millis: i64) -> String {
    let zoned = jiff::Timestamp::from_millisecond(millis)
        .unwrap()
        .to_zoned(TimeZone::get("Asia/Tokyo").unwrap());
    format!("{}{:03}", zoned.strftime("%Y%m%d%H%M%S"), millis.rem_euclid(1000))
}

/// The document that the exchange rules make of a reading.
fn render(reading: &Reading) -> Value {
    let mut record = serde_json::Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            record.insert(name.to_owned(), value);
        }
    };
    set("observation_time", json!(civil(reading.observation_time)[..14]));
    set("update_time", json!(civil(reading.update_time)));
    set("data_input_code", json!((reading.data_input as u8).to_string()));
    set("origin_of_time_code", json!(reading.origin_of_time.map(|o| (o as u8).to_string())));
    match &reading.source {
        wire::Source::Device(device) => {
            set("model_manufacturer_code", json!(device.manufacturer));
            set("model_number", json!(device.model_number));
            set("production_specification_serial", json!(device.serial));
        }
        wire::Source::TestLab(lab) => set("test_lab_id", json!(lab.test_lab_id)),
    }
    let kind = reading.measurement.kind();
    let part = match kind.setting() {
        Setting::Home => "healthcare",
        Setting::Checkup => "health_checkup",
    };
    let array = schemas::fields::form(kind).array;
    let Ok(()) = reading.measurement.visit(&mut Members(&mut set));
    json!({
        "format_version": "2.0",
        "send_time": civil(reading.send_time.unwrap()),
        "consortium_id": reading.consortium_id,
        "person_information": [{
            "person_id": reading.person_id,
            (format!("{part}_information")): { array: [record] },
        }],
    })
}

/// Writes values as the exchange form has them.
struct Members<F>(F);

impl<F: FnMut(&str, Value)> Visitor for Members<F> {
    type Error = Infallible;

    fn field(
        &mut self,
        field: &'static Field,
        value: Option<FieldValue<'_>>,
    ) -> Result<(), Infallible> {
        let value = match value {
            None => Value::Null,
            Some(FieldValue::Integer(number)) => json!(number),
            Some(FieldValue::Decimal(number)) => json!(number),
            Some(FieldValue::Flag(flag)) => json!(flag),
            Some(FieldValue::Code(index)) => json!(field.codes()[index].code),
            Some(FieldValue::Text(text)) => json!(text),
        };
        (self.0)(field.form_name, value);
        Ok(())
    }
}

/// A measurement of any kind.
fn measurement() -> impl Strategy<Value = wire::Measurement> {
    (proptest::sample::select(&Kind::ALL[..]), any::<u64>()).prop_map(|(kind, seed)| {
        let mut state = seed | 1;
        schemas::examples::drawn(kind, &mut || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.rotate_left(29)
        })
    })
}

prop_compose! {
    fn reading()(
        consortium_id in "[A-Za-z0-9]{1,6}",
        person_id in "[A-Za-z0-9]{1,20}",
        observation_second in 946_684_800_i64..1_767_225_600,
        update_time in 946_684_800_000_i64..1_767_225_600_000,
        send_time in 946_684_800_000_i64..1_767_225_600_000,
        names in ("[A-Z0-9 \"\\\\é血]{0,49}[A-Zé血]", proptest::option::of("[A-Za-z. ]{0,50}"), "[A-Z-]{1,50}"),
        test_lab_id in "[0-9]{1,12}",
        input in 0..3_usize,
        clock in any::<bool>(),
        measurement in measurement(),
    ) -> Reading {
        let from_checkup = measurement.kind().setting() == Setting::Checkup;
        let inputs =
            [wire::DataInput::Device, wire::DataInput::Manual, wire::DataInput::Modified];
        let clock = if clock { wire::OriginOfTime::App } else { wire::OriginOfTime::Device };
        Reading {
            consortium_id,
            person_id,
            observation_time: observation_second * 1000,
            utc_offset_minutes: wire::japan(),
            update_time,
            source: if from_checkup {
                wire::Source::TestLab(wire::TestLab { test_lab_id })
            } else {
                wire::Source::Device(wire::Device {
                    manufacturer: names.0,
                    model_number: names.1,
                    serial: names.2,
                })
            },
            data_input: inputs[input],
            origin_of_time: (!from_checkup).then_some(clock),
            status: wire::ReadingStatus::Final,
            measurement,
            send_time: Some(send_time),
            vendor: None,
        }
    }
}

/// JSON in which the names of the exchange rules turn up in places where they may mislead.
fn misleading_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[0-9]{0,18}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let names = proptest::sample::select(vec![
        "format_version",
        "send_time",
        "consortium_id",
        "person_information",
        "person_id",
        "healthcare_information",
        "health_checkup_information",
        "blood_pressure",
        "hba1c",
        "observation_time",
        "update_time",
        "systolic",
        "~/",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(names.clone(), inner, 0..8).prop_map(|members| {
                Value::Object(members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn bytes_never_make_the_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&body);
    }

    #[test]
    fn json_never_makes_the_parser_panic_and_every_rejection_points_into_it(
        json in misleading_json(),
    ) {
        let Ok(parsed) = read(json.to_string().as_bytes()) else { return Ok(()) };
        for entry in parsed.entries {
            prop_assert!(json.pointer(&entry.pointer).is_some(), "{}", entry.pointer);
            if let Err(problems) = entry.result {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    let parent = problem.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                    prop_assert!(json.pointer(parent).is_some(), "{}", problem.pointer);
                }
            }
        }
    }

    #[test]
    fn a_reading_written_by_the_rules_reads_back_the_same(reading in reading()) {
        let document = render(&reading).to_string();
        let parsed = read(document.as_bytes()).unwrap();
        prop_assert_eq!(parsed.entries.len(), 1);
        let entry = parsed.entries.into_iter().next().unwrap();
        let valid = entry.result.map_err(|problems| {
            TestCaseError::fail(format!("{problems:?} in {document}"))
        })?;
        prop_assert_eq!(valid.reading, reading);
    }

    #[test]
    fn a_document_cut_short_is_malformed_or_empty(reading in reading(), keep in 0.0..1.0_f64) {
        let document = render(&reading).to_string();
        let kept = (document.len() as f64 * keep) as usize;
        let malformed = matches!(
            read(&document.as_bytes()[..kept]),
            Err(Unreadable::Malformed { .. } | Unreadable::Empty)
        );
        prop_assert!(malformed);
    }
}
