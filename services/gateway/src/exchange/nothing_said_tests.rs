//! What says nothing, or nothing of the measurement, costs no reading; and what is reported of it is
//! reported among many other warnings too.

use serde_json::{Value, json};

use super::contract::read;
use super::{Parsed, Rule, WarningRule, Warnings};

fn pressure(minute: usize) -> Value {
    json!({
        "observation_time": format!("2026020108{minute:02}07"),
        "update_time": format!("2026020108{minute:02}30000"),
        "systolic": 192,
        "diastolic": 114,
        "pulse_rate": 71,
        "model_manufacturer_code": "OMRON",
        "production_specification_serial": "1",
        "data_input_code": "0",
        "origin_of_time_code": "0",
    })
}

fn document(records: &[Value]) -> Value {
    json!({
        "format_version": "2.0",
        "send_time": "20260201090000000",
        "consortium_id": "CGM005",
        "person_information": [{
            "person_id": "S001",
            "healthcare_information": { "blood_pressure": records },
        }],
    })
}

fn parsed(document: &Value) -> Parsed {
    read(&document.to_string()).unwrap()
}

fn accepted(parsed: &Parsed) -> usize {
    parsed.entries.iter().filter(|entry| entry.result.is_ok()).count()
}

/// The warnings' rules, and the places behind the last array or the document.
fn warned(parsed: &Parsed) -> Vec<(WarningRule, &str)> {
    let place = |pointer: &str| pointer.rfind("blood_pressure/0").map_or(0, |at| at + 16);
    let listed = parsed.warnings.listed.iter();
    listed.map(|warning| (warning.rule, &warning.pointer[place(&warning.pointer)..])).collect()
}

const ABSENT: WarningRule = WarningRule::AbsentValue;

#[test]
fn null_in_every_place_that_may_be_empty_costs_nothing() {
    let mut record = pressure(1);
    for name in ["utc_offset", "status", "input_method_code", "ovservation_time"] {
        record[name] = Value::Null;
    }
    for name in ["model_number", "measurement_position", "irregular_pulse", "body_weight"] {
        record[name] = Value::Null;
    }
    let mut document = document(&[record]);
    document["utc_offset"] = Value::Null;
    document["comment"] = Value::Null;
    let person = &mut document["person_information"][0];
    person["health_checkup_information"] = Value::Null;
    person["name"] = Value::Null;
    person["healthcare_information"]["weighing_scale"] = Value::Null;
    let read = parsed(&document);
    assert_eq!((accepted(&read), read.entries.len()), (1, 1), "{:?}", read.entries);
    let mut warned = warned(&read);
    warned.sort_by_key(|(_, place)| *place);
    let person = "/person_information/0";
    let weights = format!("{person}/healthcare_information/weighing_scale");
    let checkup = format!("{person}/health_checkup_information");
    let name = format!("{person}/name");
    let mut expected = vec![
        "/utc_offset",
        "/comment",
        &name,
        &checkup,
        &weights,
        "/ovservation_time",
        "/utc_offset",
        "/input_method_code",
        "/status",
        "/model_number",
        "/measurement_position",
        "/irregular_pulse",
        "/body_weight",
    ];
    expected.sort_unstable();
    assert_eq!(warned, expected.into_iter().map(|place| (ABSENT, place)).collect::<Vec<_>>());
    // Where either of two names is empty the other one is read, whichever it is.
    let mut other_name = pressure(1);
    other_name["data_input_code"] = Value::Null;
    other_name["input_method_code"] = json!("2");
    let read = parsed(&self::document(&[other_name]));
    assert_eq!((accepted(&read), warned_rules(&read)), (1, vec![ABSENT]));
}

fn warned_rules(parsed: &Parsed) -> Vec<WarningRule> {
    parsed.warnings.listed.iter().map(|warning| warning.rule).collect()
}

#[test]
fn what_may_mean_something_is_still_refused() {
    let with = |name: &str, value: Value| {
        let mut record = pressure(1);
        record[name] = value;
        parsed(&document(&[record])).entries.remove(0).result.unwrap_err()[0].rule
    };
    assert_eq!(with("unit", json!("kPa")), Rule::UnknownField);
    assert_eq!(with("unit", json!("")), Rule::UnknownField);
    assert_eq!(with("status", json!("deleted")), Rule::UnknownCode);
    assert_eq!(with("utc_offset", json!("+0900")), Rule::Malformed);
    assert_eq!(with("input_method_code", json!("0")), Rule::RepeatedField);
    assert_eq!(with("systolic", Value::Null), Rule::WrongType);
    assert_eq!(with("update_time", Value::Null), Rule::WrongType);
}

#[test]
fn a_send_time_that_is_none_costs_itself_and_no_reading() {
    for none in [json!("20260201090000"), json!("now"), json!(0), json!(true), Value::Null] {
        let mut document = document(&[pressure(1), pressure(3)]);
        document["send_time"] = none;
        let read = parsed(&document);
        assert_eq!(accepted(&read), 2);
        assert_eq!(warned(&read), [(WarningRule::LeftOut, "/send_time")]);
        let reading = &read.entries[0].result.as_ref().unwrap().reading;
        assert_eq!(reading.send_time, None);
    }
    let mut document = document(&[pressure(1)]);
    document.as_object_mut().unwrap().remove("send_time");
    let read = parsed(&document);
    assert_eq!((accepted(&read), warned(&read)), (1, vec![(WarningRule::LeftOut, "/send_time")]));
    let message = &read.warnings.listed[0].message;
    assert_eq!(message, "send_time is required; the reading was taken without it");
}

#[test]
fn a_value_that_is_left_out_is_reported_however_many_numbers_are_in_quotation_marks() {
    let in_quotation_marks = |minute| {
        let mut record = pressure(minute);
        for name in ["systolic", "diastolic", "pulse_rate"] {
            record[name] = json!(record[name].to_string());
        }
        record
    };
    let (mut severe, mut other) = (pressure(0), pressure(0));
    severe["pulse_rate"] = json!(7);
    for (record, second) in [(&mut severe, "10"), (&mut other, "50")] {
        record["observation_time"] = json!("20260201075900");
        record["update_time"] = json!(format!("202602010759{second}000"));
    }
    other["systolic"] = json!(131);
    let records: Vec<Value> = (0..60).map(in_quotation_marks).collect();
    let bodies =
        [&records[..40], &records[20..], &[severe, other]].map(|part| document(part).to_string());
    let read = read(&bodies.join("\n")).unwrap();
    assert_eq!(accepted(&read), 82);
    let listed = |rule| read.warnings.listed.iter().filter(|one| one.rule == rule).count();
    assert_eq!(listed(WarningRule::NumberAsString), Warnings::MOST);
    assert_eq!(listed(WarningRule::LeftOut), 1);
    assert_eq!(listed(WarningRule::SameMinute), 1);
    assert_eq!(read.warnings.omitted, 240 - Warnings::MOST);
    // And behind what is reported of the lists.
    let mut before = Warnings::default();
    for _ in 0..300 {
        before.add(0, WarningRule::UnregisteredPatient, String::new);
    }
    let all = before.followed_by(read.warnings);
    let listed = |rule| all.listed.iter().filter(|one| one.rule == rule).count();
    assert_eq!(listed(WarningRule::UnregisteredPatient), Warnings::MOST);
    assert_eq!(listed(WarningRule::NumberAsString), Warnings::OF_EACH_RULE);
    assert_eq!((listed(WarningRule::LeftOut), listed(WarningRule::SameMinute)), (1, 1));
    assert_eq!(all.omitted, 300 + 242 - all.listed.len());
}

#[test]
fn what_fills_a_buffer_behind_a_text_is_no_part_of_it() {
    let mut record = pressure(1);
    record["systolic"] = json!("192\u{0}\u{0}");
    record["pulse_rate"] = json!("--\u{0}");
    let read = parsed(&document(&[record]));
    assert_eq!(accepted(&read), 1, "{:?}", read.entries);
    let mut rules = warned_rules(&read);
    rules.sort_by_key(|rule| *rule as usize);
    assert!(
        rules.contains(&ABSENT) && rules.contains(&WarningRule::SurroundingBlanks),
        "{rules:?}"
    );
}
