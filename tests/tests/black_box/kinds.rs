//! The way of every kind of record, to its table.

use clinical::Kind;
use schemas::Reading;
use schemas::examples::{GOOD_DOCUMENTS, RAW_READINGS};
use schemas::reading::{Comparator, GlucoseMethod};
use serde_json::{Map, Value};

use tests::glucose::{Sent, Stored};
use tests::registered::TOKEN;
use tests::service::Service;
use tests::stack::{Plan, Stack};

/// What an example says, by the names of the tables' columns.
struct Said {
    example: String,
    kind: String,
    columns: Map<String, Value>,
}

pub fn every_good_example_of_every_kind_ends_in_the_store_with_its_values() {
    let stack = Plan::named("kinds").patients(&["SAMPLE/P0001"]).start(&[
        Service::Gateway,
        Service::Processor,
        Service::Writer,
    ]);
    let mut said = Vec::new();
    for (name, text) in GOOD_DOCUMENTS {
        let answer = stack.post(Some(TOKEN), *text).expect(202);
        assert_eq!(answer["rejected"], 0, "{name}: {answer}");
        let before = said.len();
        for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            let document = document.unwrap();
            for person in document["person_information"].as_array().unwrap() {
                let patient = format!(
                    "{}/{}",
                    document["consortium_id"].as_str().unwrap(),
                    person["person_id"].as_str().unwrap()
                );
                collect(name, &patient, "", person, &mut said);
            }
        }
        assert_eq!(answer["accepted"], said.len() - before, "{name}");
    }
    for example in RAW_READINGS.iter().filter(|example| example.expected == "ok") {
        let reading: Reading = serde_json::from_str(example.json).unwrap();
        stack.produce(&reading);
        said.push(of_raw(example.name, example.json, &reading));
    }
    let sum = stack.assert_balanced();
    assert_eq!(sum.rejected, 0);

    for kind in Kind::ALL {
        let rows = rows(&stack, kind);
        let of_kind: Vec<&Said> = said.iter().filter(|said| said.kind == kind.as_str()).collect();
        assert!(!of_kind.is_empty(), "no example of {kind}");
        for said in of_kind {
            let found = rows.iter().any(|row| {
                said.columns.iter().all(|(name, value)| {
                    row.get(name).is_some_and(|stored| means_the_same(stored, value))
                })
            });
            assert!(found, "{}: {:?} is not among {rows:#?}", said.example, said.columns);
        }
    }
}

/// Every row of a kind, with its times as the exchange standard writes them.
fn rows(stack: &Stack, kind: Kind) -> Vec<Value> {
    stack.sql(&format!(
        "SELECT *, formatDateTime(observation_time, '%Y%m%d%H%i%S', 'Asia/Tokyo') AS observed, \
         concat(formatDateTime(update_time, '%Y%m%d%H%i%S', 'Asia/Tokyo'), \
           leftPad(toString(toUnixTimestamp64Milli(update_time) % 1000), 3, '0')) AS updated \
         FROM {kind}"
    ))
}

/// The records somewhere within a person of an exchange document.
fn collect(example: &str, patient: &str, within: &str, value: &Value, said: &mut Vec<Said>) {
    match value {
        Value::Array(items) => {
            items.iter().for_each(|item| collect(example, patient, within, item, said));
        }
        Value::Object(members) if members.contains_key("update_time") => {
            let example = example.to_owned();
            let columns = of_record(patient, members);
            said.push(Said { example, kind: within.to_owned(), columns });
        }
        Value::Object(members) => {
            for (name, member) in members {
                let checkup = within == "health_checkup_information" && name == "blood_pressure";
                let name = if checkup { "blood_pressure_checkup" } else { name };
                collect(example, patient, name, member, said);
            }
        }
        _ => {}
    }
}

fn of_record(patient: &str, record: &Map<String, Value>) -> Map<String, Value> {
    let mut columns = Map::new();
    let mut put = |name: &str, value: Value| {
        columns.insert(name.to_owned(), value);
    };
    put("patient", patient.into());
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let source = match record.get("test_lab_id") {
        Some(lab) => format!("lab|{}", lab.as_str().unwrap()),
        None => {
            let parts = ["model_manufacturer_code", "production_specification_serial"];
            parts.map(text).join("||")
        }
    };
    put("source", source.as_str().into());
    put("source_id", source.into());
    put("model_number", text("model_number").into());
    for (name, value) in record {
        let code = value.as_str().unwrap_or_default();
        match name.as_str() {
            // The second one is a slip that devices in the field make.
            "observation_time" | "ovservation_time" => put("observed", value.clone()),
            "update_time" => put("updated", format!("{code:0<17}").into()),
            "data_input_code" | "input_method_code" => {
                put("data_input", ["device", "manual", "modified"][digit(code)].into());
            }
            "origin_of_time_code" => put("origin_of_time", ["device", "app"][digit(code)].into()),
            "glucose_method_code" => {
                let methods = ["finger_stick", "continuous_sensor", "laboratory"];
                put("glucose_method", methods[digit(code)].into());
            }
            "meal_timing_code" => {
                let timings = ["fasting", "before_meal", "after_meal", "bedtime"];
                put("meal_timing", timings.get(digit(code)).copied().unwrap_or("unknown").into());
            }
            "glucose_unit" => put("glucose_unit", code.replace('/', "_").into()),
            "test_lab_id"
            | "model_manufacturer_code"
            | "model_number"
            | "production_specification_serial" => {}
            _ => put(name, value.clone()),
        }
    }
    store_glucose(&mut columns);
    columns
}

/// Glucose as its table has it, from how it was sent.
fn store_glucose(columns: &mut Map<String, Value>) {
    let Some(said) = columns.get("glucose_value").cloned() else { return };
    let method = match columns["glucose_method"].as_str() {
        Some("continuous_sensor") => GlucoseMethod::ContinuousSensor,
        Some("finger_stick") => GlucoseMethod::FingerStick,
        _ => GlucoseMethod::Laboratory,
    };
    let is_in_millimoles = columns.get("glucose_unit").is_some_and(|unit| unit == "mmol_L");
    let plain = |number: f64, comparator| Sent { number, comparator, method, is_in_millimoles };
    let sent = match said.as_str() {
        None => {
            let comparator = columns.get("glucose_comparator").and_then(|side| side.as_str());
            plain(
                said.as_f64().expect("a number or a word"),
                comparator.map(|side| match side {
                    "below" => Comparator::Below,
                    _ => Comparator::Above,
                }),
            )
        }
        Some(word @ ("LO" | "HI")) => Sent::word(word, method, is_in_millimoles),
        Some(text) => {
            let comparator = match text.as_bytes()[0] {
                b'<' => Some(Comparator::Below),
                b'>' => Some(Comparator::Above),
                _ => None,
            };
            plain(text.trim_start_matches(['<', '>']).parse().unwrap(), comparator)
        }
    };
    let Stored { value, sent, comparator } = sent.stored();
    if let Some(side) = comparator {
        let side = if side == Comparator::Below { "below" } else { "above" };
        columns.insert("glucose_comparator".to_owned(), side.into());
    }
    columns.insert("glucose_value".to_owned(), value.into());
    columns.insert("glucose_value_sent".to_owned(), sent.into());
}

fn digit(code: &str) -> usize {
    code.parse().unwrap()
}

/// What a record of `readings.raw` says; its fields are named as the columns are.
fn of_raw(example: &str, json: &str, reading: &Reading) -> Said {
    let whole: Value = serde_json::from_str(json).unwrap();
    let (_, measured) = whole["measurement"].as_object().unwrap().iter().next().unwrap();
    let mut columns = measured.as_object().unwrap().clone();
    store_glucose(&mut columns);
    let checked = reading.validate(tests::readings::now()).unwrap();
    columns.insert("patient".to_owned(), reading.key().into());
    columns.insert("source".to_owned(), checked.source.written().into());
    columns.insert("source_id".to_owned(), checked.source.written().into());
    columns.insert("data_input".to_owned(), whole["data_input"].clone());
    let entered_in_error = whole["status"] == "entered_in_error";
    columns.insert("entered_in_error".to_owned(), entered_in_error.into());
    columns.insert("version".to_owned(), checked.version.bits().into());
    Said { example: example.to_owned(), kind: checked.kind.to_string(), columns }
}

/// Numbers may be said as text with leading zeros and are stored with the precision of 32 bits;
/// flags are stored as numbers.
fn means_the_same(stored: &Value, said: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match (number(stored), number(said)) {
        (Some(stored), Some(said)) => (stored - said).abs() <= 1e-6 * said.abs(),
        _ => stored == said,
    }
}
