//! Properties of the parser: it never panics, and it reads back what is written by the rules.

use clinical::kinds::Setting;
use clinical::measured::{Measured, Side};
use clinical::{Kind, Timestamp};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use schemas::Reading;
use schemas::reading as wire;
use serde_json::Value;

use super::{Context, Limits, Parsed, Unreadable, parse};
use crate::memory::Memory;

fn read(body: &[u8]) -> Result<Parsed, Unreadable> {
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    parse(
        body,
        &Context {
            received: Timestamp::from_seconds(1_767_225_600),
            limits: Limits { nesting: 16, readings: 1000 },
            zone: &|_| tokyo.clone(),
            refused: &|_| None,
        },
        &mut Memory::new(usize::MAX).share(),
    )
}

/// The document that the exchange rules make of a reading.
fn document(reading: &Reading) -> Value {
    let send_time = Timestamp::from_millis(reading.send_time.unwrap());
    simulator::exchange::document(&reading.consortium_id, send_time, [reading])
}

/// A measurement of one of some kinds.
fn measurement(kinds: Vec<Kind>) -> impl Strategy<Value = wire::Measurement> {
    (proptest::sample::select(kinds), any::<u64>()).prop_map(|(kind, seed)| {
        let mut state = seed | 1;
        examples::drawn(kind, &mut || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.rotate_left(29)
        })
    })
}

/// A reading of any kind.
fn reading() -> impl Strategy<Value = Reading> {
    reading_of(Kind::ALL.into())
}

prop_compose! {
    fn reading_of(kinds: Vec<Kind>)(
        consortium_id in "[A-Za-z0-9]{1,6}",
        person_id in "[A-Za-z0-9]{1,20}",
        observation_second in 946_684_800_i64..1_767_225_600,
        update_time in 946_684_800_000_i64..1_767_225_600_000,
        send_time in 946_684_800_000_i64..1_767_225_600_000,
        names in ("[A-Zé血][A-Z0-9 \"\\\\é血]{0,48}[A-Zé血]", proptest::option::of("[A-Za-z.][A-Za-z. ]{0,49}"), "[A-Z-]{1,50}"),
        test_lab_id in "[0-9]{1,12}",
        input in 0..3_usize,
        clock in any::<bool>(),
        entered_in_error in any::<bool>(),
        measurement in measurement(kinds),
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
            status: wire::ReadingStatus::CODES[usize::from(entered_in_error)].1,
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
    let of_kinds = ["blood_pressure", "hba1c", "systolic"];
    let names = examples::ENVELOPE_TEXTS.iter().copied().chain(of_kinds).collect::<Vec<_>>();
    let names = proptest::sample::select(names);
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
        let document = document(&reading).to_string();
        let parsed = read(document.as_bytes()).unwrap();
        prop_assert_eq!(parsed.entries.len(), 1);
        let entry = parsed.entries.into_iter().next().unwrap();
        let valid = entry.result.map_err(|problems| {
            TestCaseError::fail(format!("{problems:?} in {document}"))
        })?;
        prop_assert_eq!(valid.reading, reading);
    }

    #[test]
    fn a_word_of_a_device_reads_as_the_limit_of_the_device(
        reading in reading_of(vec![Kind::BloodGlucose]),
    ) {
        let wire::Measurement::BloodGlucose(glucose) = &reading.measurement else { return Ok(()) };
        let field = &Kind::BloodGlucose.fields()[0];
        let readout = field.readout.unwrap();
        let Some(device) = &readout.devices[glucose.glucose_method as usize] else { return Ok(()) };
        let mut document = document(&reading);
        let record = "/person_information/0/healthcare_information/blood_glucose/0";
        let sent = document.pointer_mut(&format!("{record}/{}", field.name)).unwrap();
        let limit = match sent.as_str().map(|text| text.as_bytes()[0]) {
            Some(b'<') => Measured::Below(device.low),
            Some(b'>') => Measured::Above(device.high),
            _ => return Ok(()),
        };
        *sent = if limit.side() == Some(Side::Below) { "LO".into() } else { "HI".into() };
        let parsed = read(document.to_string().as_bytes()).unwrap();
        let valid = parsed.entries.into_iter().next().unwrap().result.map_err(|problems| {
            TestCaseError::fail(format!("{problems:?} in {document}"))
        })?;
        let shown = valid.reading.measurement.shown().unwrap();
        prop_assert_eq!(shown.measured.side(), limit.side());
        // A device shows its limit in whole mg/dL or tenths of mmol/L.
        let unit = glucose.glucose_unit.map_or(0, |unit| unit as usize);
        let rounding = if unit == 0 { 0.0 } else { readout.units[unit].1 / 20.0 };
        let off = (shown.measured.number() - limit.number()).abs();
        prop_assert!(off <= rounding, "{:?}, not {limit:?}", shown.measured);
    }

    #[test]
    fn a_document_cut_short_is_malformed_or_empty(reading in reading(), keep in 0.0..1.0_f64) {
        let document = document(&reading).to_string();
        let kept = (document.len() as f64 * keep) as usize;
        let malformed = matches!(
            read(&document.as_bytes()[..kept]),
            Err(Unreadable::Malformed { .. } | Unreadable::Empty)
        );
        prop_assert!(malformed);
    }
}
