//! The way of every kind of record, to its table.

use clinical::Kind;
use clinical::kinds::{Setting, ValueType};
use examples::{GOOD_DOCUMENTS, RAW_READINGS};
use schemas::Reading;
use schemas::fields::{Coded, form};
use schemas::reading::{Comparator, GlucoseUnit};
use serde_json::{Map, Value, json};

use tests::glucose::{Sent, Stored};
use tests::registered::TOKEN;
use tests::service::Service;
use tests::stack::{Plan, Stack};

/// What an example says, by the names of the tables' columns.
struct Said {
    example: String,
    kind: Kind,
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
                collect(name, &patient, (Setting::Home, ""), person, &mut said);
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
        let of_kind: Vec<&Said> = said.iter().filter(|said| said.kind == kind).collect();
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

/// The records somewhere within a person of an exchange document: measured in this setting, in the
/// array of this name.
fn collect(
    example: &str,
    patient: &str,
    (setting, array): (Setting, &str),
    value: &Value,
    said: &mut Vec<Said>,
) {
    match value {
        Value::Array(items) => {
            items.iter().for_each(|item| collect(example, patient, (setting, array), item, said));
        }
        Value::Object(members) if members.contains_key("update_time") => {
            let is_it = |kind: &Kind| kind.setting() == setting && form(*kind).array == array;
            let kind = Kind::ALL.into_iter().find(is_it).expect("a kind of record");
            let columns = of_record(kind, patient, members);
            said.push(Said { example: example.to_owned(), kind, columns });
        }
        Value::Object(members) => {
            for (name, member) in members {
                let setting = match name.as_str() {
                    "health_checkup_information" => Setting::Checkup,
                    _ => setting,
                };
                collect(example, patient, (setting, name), member, said);
            }
        }
        _ => {}
    }
}

fn of_record(kind: Kind, patient: &str, record: &Map<String, Value>) -> Map<String, Value> {
    let mut columns = Map::new();
    let mut put = |name: &str, value: Value| {
        columns.insert(name.to_owned(), value);
    };
    put("patient", patient.into());
    put("entered_in_error", false.into());
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
            // The table has every version; only the current view leaves out what is entered in error.
            "status" => put("entered_in_error", (code == "entered_in_error").into()),
            "test_lab_id"
            | "model_manufacturer_code"
            | "model_number"
            | "production_specification_serial" => {}
            name => {
                let field = form(kind).fields.iter().find(|field| field.form_name == name);
                let field = field.unwrap_or_else(|| panic!("{kind} has no field {name}"));
                let value = match field.declared.value_type {
                    ValueType::Code(codes) => {
                        let is_it = |known: &&clinical::kinds::Code| known.code == code;
                        let known = codes.iter().find(is_it).expect("one of the field's codes");
                        known.symbol.into()
                    }
                    _ => value.clone(),
                };
                put(field.name(), value);
            }
        }
    }
    store_glucose(&mut columns);
    columns
}

/// Glucose as its table has it, from how it was sent.
fn store_glucose(columns: &mut Map<String, Value>) {
    let Some(said) = columns.get("glucose_value").cloned() else { return };
    let method = coded(columns, "glucose_method").expect("what it was measured by");
    let is_in_millimoles = coded(columns, "glucose_unit") == Some(GlucoseUnit::MmolL);
    let plain = |number: f64, comparator| Sent { number, comparator, method, is_in_millimoles };
    let sent = match said.as_str() {
        None => {
            let number = said.as_f64().expect("a number or a word");
            plain(number, coded(columns, "glucose_comparator"))
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
        columns.insert("glucose_comparator".to_owned(), json!(side));
    }
    columns.insert("glucose_value".to_owned(), value.into());
    columns.insert("glucose_value_sent".to_owned(), sent.into());
}

/// The code that a column of glucose says by its symbol; none where it says nothing.
fn coded<C: Coded>(columns: &Map<String, Value>, name: &str) -> Option<C> {
    let symbol = columns.get(name)?.as_str()?;
    let mut fields = form(Kind::BloodGlucose).fields.iter();
    let codes = fields.find(|field| field.name() == name).expect("a field of glucose").codes();
    let index = codes.iter().position(|code| code.symbol == symbol);
    Some(C::ALL[index.expect("a symbol of the field's codes")])
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
    Said { example: example.to_owned(), kind: checked.kind, columns }
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
