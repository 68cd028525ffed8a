//! Properties of the parser: it never panics, and it reads back what is written by the rules.

use clinical::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use schemas::Reading;
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
    let (part, array, fields) = match &reading.measurement {
        wire::Measurement::WeighingScale(m) => ("healthcare", "weighing_scale", json!(m)),
        wire::Measurement::BloodPressure(m) => ("healthcare", "blood_pressure", json!(m)),
        wire::Measurement::Activity(m) => ("healthcare", "activity", json!(m)),
        wire::Measurement::Hba1c(m) => ("health_checkup", "hba1c", json!(m)),
        wire::Measurement::BloodPressureCheckup(m) => {
            ("health_checkup", "blood_pressure", json!(m))
        }
        wire::Measurement::BloodGlucose(m) => {
            let meal = m.meal_timing.map(|timing| match timing {
                wire::MealTiming::Unknown => "9".to_owned(),
                timing => (timing as u8).to_string(),
            });
            let fields = json!({
                "glucose_value": m.glucose_value,
                "glucose_method_code": (m.glucose_method as u8).to_string(),
                "meal_timing_code": meal,
            });
            ("healthcare", "blood_glucose", fields)
        }
        wire::Measurement::BodyTemperature(m) => ("healthcare", "body_temperature", json!(m)),
        wire::Measurement::OxygenSaturation(m) => ("healthcare", "oxygen_saturation", json!(m)),
    };
    for (name, value) in fields.as_object().unwrap() {
        set(name, value.clone());
    }
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

fn tenths(low: i32, high: i32) -> impl Strategy<Value = f64> {
    (low..high).prop_map(|tenths| f64::from(tenths) / 10.0)
}

prop_compose! {
    fn blood_pressure()(
        systolic in 100..300_i32,
        diastolic in 20..100_i32,
        pulse_rate in 20..300_i32,
        measurement_position in proptest::option::of("[a-z ]{0,20}"),
        irregular_pulse in any::<Option<bool>>(),
    ) -> wire::BloodPressure {
        wire::BloodPressure {
            systolic,
            diastolic,
            pulse_rate: Some(pulse_rate),
            measurement_position,
            irregular_pulse,
        }
    }
}

prop_compose! {
    fn activity()(
        step in 0..99_999_i32,
        minutes in proptest::array::uniform3(proptest::option::of(0..1440_i32)),
        energy in proptest::array::uniform2(proptest::option::of(tenths(0, 99_999))),
        amounts in proptest::array::uniform3(proptest::option::of(tenths(0, 2000))),
        code in proptest::option::of(proptest::sample::select(&["10", "11", "31", "50"][..])),
    ) -> wire::Activity {
        wire::Activity {
            step,
            walk_time: minutes[0],
            moderate_intensity_activity: minutes[1],
            calories: energy[0],
            total_calories: energy[1],
            distance: amounts[0],
            exercise: amounts[1],
            physical_activity: amounts[2],
            total_active_duration: minutes[2],
            measurement_position_code: code.map(str::to_owned),
        }
    }
}

fn glucose() -> impl Strategy<Value = wire::BloodGlucose> {
    use wire::{GlucoseMethod as G, MealTiming as M};
    let method = proptest::sample::select(vec![G::FingerStick, G::ContinuousSensor, G::Laboratory]);
    let meal = proptest::sample::select(vec![
        None,
        Some(M::Fasting),
        Some(M::BeforeMeal),
        Some(M::AfterMeal),
        Some(M::Bedtime),
        Some(M::Unknown),
    ]);
    (tenths(100, 20_000), method, meal).prop_map(|(glucose_value, glucose_method, meal_timing)| {
        wire::BloodGlucose { glucose_value, glucose_method, meal_timing }
    })
}

fn measurement() -> impl Strategy<Value = wire::Measurement> {
    use wire::Measurement as M;
    prop_oneof![
        (tenths(10, 6500), proptest::option::of(tenths(10, 750))).prop_map(
            |(body_weight, body_fat)| {
                M::WeighingScale(wire::WeighingScale { body_weight, body_fat })
            }
        ),
        blood_pressure().prop_map(M::BloodPressure),
        blood_pressure().prop_map(|bp| M::BloodPressureCheckup(wire::BloodPressureCheckup {
            systolic: bp.systolic,
            diastolic: bp.diastolic,
            pulse_rate: bp.pulse_rate,
            measurement_position: bp.measurement_position,
        })),
        activity().prop_map(M::Activity),
        (tenths(20, 250), proptest::option::of("[0-9]{1,6}"), proptest::option::of("[0-9]"))
            .prop_map(|(hba1c_value, measurement_method_code, value_criteria_code)| {
                M::Hba1c(wire::Hba1c { hba1c_value, measurement_method_code, value_criteria_code })
            }),
        glucose().prop_map(M::BloodGlucose),
        tenths(250, 450)
            .prop_map(|temperature| M::BodyTemperature(wire::BodyTemperature { temperature })),
        (tenths(300, 1000), proptest::option::of(20..300_i32)).prop_map(|(spo2, pulse_rate)| {
            M::OxygenSaturation(wire::OxygenSaturation { spo2, pulse_rate })
        }),
    ]
}

prop_compose! {
    fn reading()(
        consortium_id in "[A-Za-z0-9]{1,6}",
        person_id in "[A-Za-z0-9]{1,20}",
        observation_second in 946_684_800_i64..1_767_225_600,
        update_time in 946_684_800_000_i64..1_767_225_600_000,
        send_time in 946_684_800_000_i64..1_767_225_600_000,
        names in ("[A-Z0-9 \"\\\\é血]{1,50}", proptest::option::of("[A-Za-z. ]{0,50}"), "[A-Z-]{1,50}"),
        test_lab_id in "[0-9]{1,12}",
        input in 0..3_usize,
        clock in any::<bool>(),
        measurement in measurement(),
    ) -> Reading {
        let from_checkup = matches!(
            measurement,
            wire::Measurement::Hba1c(_) | wire::Measurement::BloodPressureCheckup(_)
        );
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
        "blood_glucose",
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
            if let Err(problems) = entry.verdict {
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
        let believed = entry.verdict.map_err(|problems| {
            TestCaseError::fail(format!("{problems:?} in {document}"))
        })?;
        prop_assert_eq!(believed.reading, reading);
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
