//! The parser against the examples that all services share.

use clinical::Timestamp;
use examples::{
    BAD_DOCUMENTS, BadDocument, GOOD_DOCUMENTS, RECEIVED, TOLERATED_DOCUMENTS, ToleratedDocument,
};
use jiff::tz::TimeZone;
use schemas::reading::Measurement;
use serde_json::{Value, json};

use super::{Context, Limits, Parsed, Rule, Unreadable, Warning, WarningRule, Warnings, parse};
use crate::memory::Memory;

pub(super) fn read(text: &str) -> Result<Parsed, Unreadable> {
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    parse(
        text.as_bytes(),
        &Context {
            received: Timestamp::from_millis(RECEIVED),
            limits: Limits { nesting: 16, readings: 100 },
            zone: &|_| tokyo.clone(),
            refused: &|_| None,
        },
        &mut Memory::new(usize::MAX).share(),
    )
}

#[test]
fn the_consortia_that_a_request_names_take_of_its_memory() {
    let document = |number| {
        format!(
            r#"{{"format_version":"2.0","send_time":"20260131073100000","consortium_id":"C{number:05}","person_information":[]}}"#
        )
    };
    let taken = |documents: Vec<String>| {
        let text = documents.concat();
        let mut share = Memory::new(usize::MAX).share();
        let utc = TimeZone::UTC;
        let context = Context {
            received: Timestamp::from_millis(RECEIVED),
            limits: Limits { nesting: 16, readings: 100 },
            zone: &|_| utc.clone(),
            refused: &|_| None,
        };
        parse(text.as_bytes(), &context, &mut share).unwrap();
        share.bytes()
    };
    let one = taken((0..1000).map(|_| document(0)).collect());
    let many = taken((0..1000).map(document).collect());
    assert!(many >= one + 999 * 150, "{many} for many, {one} for one");
}

#[test]
fn every_good_document_gives_its_readings() {
    for (name, text) in GOOD_DOCUMENTS {
        let parsed = read(text).unwrap();
        assert!(!parsed.entries.is_empty(), "{name}");
        let entries: Vec<Value> = parsed
            .entries
            .iter()
            .map(|entry| {
                let valid = entry.result.as_ref().unwrap_or_else(|problems| {
                    panic!("{name}: {problems:?}");
                });
                json!({
                    "document": entry.document,
                    "pointer": entry.pointer,
                    "id": valid.id.to_string(),
                    "reading": valid.reading,
                })
            })
            .collect();
        let warnings: Vec<Value> = parsed.warnings.listed.iter().map(|w| json!(w)).collect();
        insta::assert_json_snapshot!(
            format!("good_{name}"),
            json!({ "entries": entries, "warnings": warnings })
        );
    }
}

/// The right to write is checked by them: no parser can forget to say what its readings are for.
#[test]
fn the_consortium_of_every_reading_is_named_whether_or_not_its_document_says_it() {
    for (name, text) in GOOD_DOCUMENTS {
        let mut parsed = read(text).unwrap();
        parsed.claims.clear();
        for entry in &parsed.entries {
            let reading = &entry.result.as_ref().unwrap().reading;
            let named = (reading.consortium_id.as_str(), entry.document);
            assert!(parsed.consortia().any(|one| one == named), "{name}");
        }
    }
}

#[test]
fn every_bad_document_is_answered_as_is_said_beside_it() {
    for BadDocument { name, text, expected } in BAD_DOCUMENTS {
        let expected: Value = serde_json::from_str(expected).unwrap();
        let found = match read(text) {
            Err(unreadable) => json!({ "unreadable": kind(&unreadable) }),
            Ok(parsed) => {
                let errors: Vec<Value> = parsed
                    .entries
                    .iter()
                    .filter_map(|entry| entry.result.as_ref().err())
                    .flatten()
                    .map(|problem| json!({ "pointer": problem.pointer, "rule": problem.rule }))
                    .collect();
                let accepted = parsed.entries.iter().filter(|e| e.result.is_ok()).count();
                json!({ "accepted": accepted, "errors": errors })
            }
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_problem_has_a_message_that_says_what_is_wanted() {
    let messages: Vec<String> = BAD_DOCUMENTS
        .iter()
        .map(|bad| match read(bad.text) {
            Err(unreadable) => format!("{}: {unreadable}", bad.name),
            Ok(parsed) => {
                let problems = parsed.entries.into_iter().filter_map(|entry| entry.result.err());
                let messages: Vec<String> = problems.flatten().map(|p| p.message).collect();
                format!("{}: {}", bad.name, messages.join("; "))
            }
        })
        .collect();
    insta::assert_snapshot!("messages", messages.join("\n"));
}

#[test]
fn every_tolerated_document_is_read_as_it_is_meant_with_its_warnings() {
    for ToleratedDocument { name, text, meant, warnings } in TOLERATED_DOCUMENTS {
        let readings = |text: &str| {
            let parsed = read(text).unwrap();
            let readings = parsed.entries.into_iter().map(|entry| {
                let valid = entry.result.unwrap_or_else(|no| panic!("{name}: {no:?}"));
                (entry.pointer, valid.id, valid.reading)
            });
            (readings.collect::<Vec<_>>(), parsed.warnings)
        };
        let ((found, warned), (expected, none)) = (readings(text), readings(meant));
        assert_eq!(found, expected, "{name}");
        let warned =
            warned.listed.iter().map(|it| json!({ "pointer": it.pointer, "rule": it.rule }));
        let expected: Value = serde_json::from_str(warnings).unwrap();
        assert_eq!(Value::from_iter(warned), expected, "{name}");
        // What is meant breaks no rule; a pulse may be missing in it, which is reported.
        let is_missing_pulse = |it: &Warning| {
            it.rule == WarningRule::AbsentValue && it.pointer.ends_with("/pulse_rate")
        };
        assert!(none.listed.iter().all(is_missing_pulse), "{name}: {none:?}");
    }
}

#[test]
fn a_syntax_error_in_a_later_document_is_placed_in_the_whole_body() {
    let (_, good) =
        GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "two_documents.ndjson").unwrap();
    for (bad, column) in [("{\"format_version\" 2}", 19), ("{\"a\":\"b}", 9)] {
        let parsed = read(&format!("{good}\n{bad}\n")).unwrap();
        let last = parsed.entries.last().unwrap();
        let problem = &last.result.as_ref().unwrap_err()[0];
        assert_eq!((last.document, &*problem.pointer, problem.rule), (2, "", Rule::Malformed));
        assert!(problem.message.starts_with(&format!("line 4, column {column}: ")), "{problem:?}");
        let Err(Unreadable::Malformed { document: 0, line: 3, column: found, .. }) =
            read(&format!("\n\n{bad}\n"))
        else {
            panic!("{bad} is no JSON");
        };
        assert_eq!(found, column);
    }
}

/// One line of so many that are sent after one another.
fn line(minute: usize) -> String {
    let (_, good) =
        GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "body_temperature.json").unwrap();
    let mut document: Value = serde_json::from_str(good).unwrap();
    let records = document
        .pointer_mut("/person_information/0/healthcare_information/body_temperature")
        .unwrap();
    records[0]["observation_time"] =
        json!(format!("20260115{:02}{:02}00", minute / 60, minute % 60));
    *records = json!([records[0]]);
    document.to_string()
}

#[test]
fn of_many_lines_a_bad_one_costs_itself() {
    for bad in ["{\"format_version\": ", "}", "\u{0}x", "{\"a\": \"", "[[[[[[[[[[[[[[[[[[1"] {
        let lines: Vec<String> =
            (0..90).map(|n| if n == 45 { bad.to_owned() } else { line(n) }).collect();
        let parsed = read(&lines.join("\n")).unwrap();
        let bad: Vec<&super::Entry> =
            parsed.entries.iter().filter(|it| it.result.is_err()).collect();
        assert_eq!((parsed.entries.len(), bad.len(), bad[0].document), (90, 1, 45));
    }
}

#[test]
fn a_broken_line_does_not_cost_those_behind_it_however_lines_are_indented() {
    let good = GOOD_DOCUMENTS[0].1.replace('\n', " ");
    let readings = read(&good).unwrap().entries.len();
    for before in ["", " ", "\t", "  \t", "\0\0", "\u{feff}"] {
        let cut = &good[..good.len() / 2];
        let lines = [&good[..], cut, &good, &good].map(|line| format!("{before}{line}\n"));
        let parsed = read(&lines.concat()).unwrap();
        let accepted = parsed.entries.iter().filter(|entry| entry.result.is_ok()).count();
        assert_eq!(accepted, 3 * readings, "{before:?}");
        assert_eq!(parsed.entries.len(), 3 * readings + 1, "{before:?}");
    }
}

#[test]
fn a_document_of_many_lines_that_is_broken_does_not_cost_the_next_one() {
    let (_, good) = GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "blood_pressure.json").unwrap();
    let broken = good.replacen("\"systolic\":", "\"systolic\"", 1);
    assert_ne!(broken, *good);
    let count = read(good).unwrap().entries.len();
    let parsed = read(&format!("{broken}{good}")).unwrap();
    let accepted = parsed.entries.iter().filter(|entry| entry.result.is_ok()).count();
    assert_eq!((accepted, parsed.entries.len()), (count, count + 1));
}

#[test]
fn marks_and_padding_around_documents_are_ignored_with_a_warning() {
    let good = line(1);
    for (body, rules) in [
        (format!("\u{feff}{good}"), vec![WarningRule::ByteOrderMark]),
        (format!("{good}\n\u{feff}{good}\n"), vec![WarningRule::ByteOrderMark]),
        (format!("{good}\0\0\0"), vec![WarningRule::TrailingBytes]),
        (format!("{good}\r\n\x1a"), vec![WarningRule::TrailingBytes]),
        (format!("{good}\r\n"), vec![]),
    ] {
        let parsed = read(&body).unwrap();
        assert!(parsed.entries.iter().all(|entry| entry.result.is_ok()), "{body:?}");
        let found: Vec<_> = parsed.warnings.listed.iter().map(|warning| warning.rule).collect();
        assert_eq!(found, rules, "{body:?}");
    }
    assert_eq!(read("\u{feff}\0").unwrap_err(), Unreadable::Empty);
    // Padding is named of the document that it stands behind, of one that there is.
    for (body, documents) in [
        (format!("\0{good}"), vec![0]),
        (format!("{good}\0"), vec![0]),
        (format!("{good}\0\n{good}\n\0"), vec![0, 1]),
    ] {
        let mut parsed = read(&body).unwrap();
        let warned_of = |warnings: &Warnings| {
            warnings.listed.iter().map(|warning| warning.document).collect::<Vec<_>>()
        };
        assert_eq!(warned_of(&parsed.warnings), documents, "{body:?}");
        parsed.warnings.add_padding();
        assert_eq!(warned_of(&parsed.warnings).last(), documents.last(), "{body:?}");
    }
}

#[test]
fn a_value_that_is_left_out_is_reported_with_the_rule_that_it_breaks() {
    let (_, good) = GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "blood_pressure.json").unwrap();
    for (bad, fault) in [
        ("400", "pulse_rate must be between 20 and 300 /min"),
        ("NaN", "pulse_rate is NaN, which is no number"),
        ("1e999", "pulse_rate is larger than any number can be (1e308)"),
        ("\"\\ud800\"", "pulse_rate is no text: it has half of a surrogate pair"),
        ("--", "pulse_rate is no JSON value"),
        ("{}", "pulse_rate must be a number"),
        ("12345", "pulse_rate must have at most 3 characters, the point included"),
        ("71.5", "pulse_rate must be a whole number"),
    ] {
        let start = good.find("\"pulse_rate\": ").unwrap() + 14;
        let end = start + good[start..].find(',').unwrap();
        let parsed = read(&format!("{} {bad}{}", &good[..start], &good[end..])).unwrap();
        let reading = &parsed.entries[0].result.as_ref().unwrap().reading;
        let Measurement::BloodPressure(pressure) = &reading.measurement else {
            panic!("{reading:?}")
        };
        assert_eq!(pressure.pulse_rate, None, "{bad}");
        let warning = &parsed.warnings.listed[0];
        assert_eq!(warning.rule, WarningRule::LeftOut);
        assert_eq!(warning.message, format!("{fault}; the reading was taken without it"));
        assert!(warning.pointer.ends_with("/pulse_rate"));
    }
}

#[test]
fn readings_are_counted_over_all_documents() {
    let (_, good) =
        GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "two_documents.ndjson").unwrap();
    let body = good.repeat(51);
    assert!(matches!(read(&body), Err(Unreadable::TooManyReadings { limit: 100 })));
    assert!(read(&good.repeat(50)).is_ok());
}

#[test]
fn warnings_beyond_the_first_are_only_counted() {
    let (_, deviating) =
        GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "tolerated_deviations.json").unwrap();
    let warnings = read(&deviating.repeat(100)).unwrap().warnings;
    assert_eq!(warnings.listed.len(), super::Warnings::MOST);
    assert_eq!(warnings.omitted, 500 - super::Warnings::MOST);
}

#[test]
fn a_document_that_is_wrong_in_many_ways_is_not_answered_at_many_times_its_length() {
    let fields: String = (0..20).map(|n| format!("\"unknown_{n}\":0,")).collect();
    let records = vec!["1"; 100].join(",");
    let document = format!(
        r#"{{{fields}"person_information":[{{"healthcare_information":{{"activity":[{records}]}}}}]}}"#
    );
    let parsed = read(&document).unwrap();
    let problems = |at: usize| parsed.entries[at].result.as_ref().map_or_else(Vec::len, |_| 0);
    assert!(problems(0) > 20);
    assert_eq!(problems(99), 1);
}

#[test]
fn many_documents_that_are_wrong_in_many_ways_are_answered_no_longer_than_one() {
    let fields: String = (0..20).map(|n| format!("\"unknown_{n}\":0,")).collect();
    let document = format!(r#"{{{fields}"person_information":[]}}"#);
    let parsed = read(&document.repeat(100)).unwrap();
    let problems = |at: usize| parsed.entries[at].result.as_ref().map_or_else(Vec::len, |_| 0);
    assert!(problems(0) >= 20);
    assert_eq!(problems(99), 1);
}

fn kind(unreadable: &Unreadable) -> &'static str {
    match unreadable {
        Unreadable::Empty => "empty",
        Unreadable::Malformed { .. } => "malformed",
        Unreadable::TooDeep { .. } => "too_deep",
        Unreadable::TooManyReadings { .. } => "too_many_readings",
        Unreadable::TooManyValues { .. } => "too_many_values",
        Unreadable::NoRoom(_) => "no_room",
    }
}

/// Sensor values every five minutes over the doubled hour of Berlin (2025-10-26, 02:00 to 03:00
/// twice), as they are written, from a device that may say its offset.
mod doubled_hour {
    use std::collections::BTreeSet;

    use super::*;

    const FIRST: i64 = 1_761_436_800;

    fn received_after(document: &Value, second: i64) -> Parsed {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        parse(
            document.to_string().as_bytes(),
            &Context {
                received: Timestamp::from_seconds(second),
                limits: Limits { nesting: 16, readings: 100 },
                zone: &|_| berlin.clone(),
                refused: &|_| None,
            },
            &mut Memory::new(usize::MAX).share(),
        )
        .unwrap()
    }

    fn glucose(civil: &str, update_time: &str) -> Value {
        json!({
            "observation_time": format!("20251026{civil}00"),
            "update_time": format!("20251026{update_time}"),
            "model_manufacturer_code": "ABBOTT",
            "production_specification_serial": "1",
            "data_input_code": "0",
            "origin_of_time_code": "0",
            "glucose_value": 104,
            "glucose_method_code": "1",
        })
    }

    fn document(records: Vec<Value>) -> Value {
        json!({
            "format_version": "2.0",
            "send_time": "20251026120000000",
            "consortium_id": "CGM005",
            "person_information": [{
                "person_id": "S001",
                "healthcare_information": { "blood_glucose": records },
            }],
        })
    }

    fn hour_twice() -> Vec<Value> {
        let minutes = (0..12).chain(0..12).map(|five| five * 5);
        minutes.map(|minute| glucose(&format!("02{minute:02}"), "110000000")).collect()
    }

    /// Seconds after the doubled hour has begun, in the order of the array.
    fn instants(parsed: &Parsed) -> Vec<i64> {
        let readings = parsed.entries.iter().map(|entry| &entry.result.as_ref().unwrap().reading);
        readings.map(|reading| reading.observation_time / 1000 - FIRST).collect()
    }

    #[test]
    fn values_over_it_in_the_devices_order_are_as_many_readings_with_a_warning() {
        let in_order: Vec<i64> = (0..24).map(|five| five * 300).collect();
        let ids = |parsed: &Parsed| {
            let ids = parsed.entries.iter().map(|entry| entry.result.as_ref().unwrap().id.clone());
            ids.collect::<BTreeSet<_>>()
        };
        let upwards = received_after(&document(hour_twice()), FIRST + 36_000);
        assert_eq!(instants(&upwards), in_order);
        assert_eq!(ids(&upwards).len(), 24);
        let warned = upwards.warnings.listed.iter();
        let of_observation = warned.filter(|warning| {
            warning.rule == super::super::WarningRule::AmbiguousTime
                && warning.pointer.ends_with("/observation_time")
        });
        assert_eq!(of_observation.count(), 24);

        let downwards = hour_twice().into_iter().rev().collect();
        let downwards = received_after(&document(downwards), FIRST + 36_000);
        assert_eq!(instants(&downwards), in_order.into_iter().rev().collect::<Vec<_>>());
        assert_eq!(ids(&downwards), ids(&upwards));
    }

    #[test]
    fn a_record_that_is_there_twice_running_is_one_reading() {
        let in_order: Vec<i64> = (0..24).flat_map(|five| [five * 300; 2]).collect();
        let twice: Vec<Value> =
            hour_twice().into_iter().flat_map(|record| [record.clone(), record]).collect();
        let upwards = received_after(&document(twice.clone()), FIRST + 36_000);
        assert_eq!(instants(&upwards), in_order);
        let downwards =
            received_after(&document(twice.into_iter().rev().collect()), FIRST + 36_000);
        assert_eq!(instants(&downwards), in_order.into_iter().rev().collect::<Vec<_>>());
        let ids = upwards.entries.iter().map(|entry| entry.result.as_ref().unwrap().id.clone());
        assert_eq!(ids.collect::<BTreeSet<_>>().len(), 24);

        let mut other = glucose("0230", "110000000");
        other["glucose_value"] = json!(105);
        let records = vec![glucose("0230", "110000000"), glucose("0230", "110000000"), other];
        let parsed = received_after(&document(records), FIRST + 36_000);
        assert_eq!(instants(&parsed), [1800, 1800, 5400], "another value is of another hour");
    }

    #[test]
    fn each_device_has_an_order_of_its_own() {
        let of_device = |serial: &str, civil: &str| {
            let mut record = glucose(civil, "110000000");
            record["production_specification_serial"] = json!(serial);
            record
        };
        let records = [("1", "0255"), ("2 ", "0205"), ("1", "0200"), ("２", "0210"), ("1", "0310")];
        let records = records.map(|(serial, civil)| of_device(serial, civil));
        let parsed = received_after(&document(records.to_vec()), FIRST + 36_000);
        assert_eq!(instants(&parsed), [3300, 300, 3600, 600, 7800]);
    }

    #[test]
    fn with_an_offset_they_are_exact_in_any_order_and_nothing_is_warned_of() {
        let mut records = hour_twice();
        for (index, record) in records.iter_mut().enumerate() {
            record["utc_offset"] = json!(if index < 12 { "+02:00" } else { "+01:00" });
        }
        records.rotate_left(7);
        records.swap(1, 20);
        let parsed = received_after(&document(records), FIRST + 36_000);
        let mut found = instants(&parsed);
        found.sort_unstable();
        assert_eq!(found, (0..24).map(|five| five * 300).collect::<Vec<_>>());
        assert_eq!(parsed.warnings.listed, []);

        let mut of_document = document(vec![glucose("0230", "023100000")]);
        of_document["utc_offset"] = json!("+01:00");
        let parsed = received_after(&of_document, FIRST + 36_000);
        assert_eq!(instants(&parsed), [5400]);
        assert_eq!(parsed.entries[0].result.as_ref().unwrap().reading.utc_offset_minutes, 60);
        of_document["utc_offset"] = json!("CET");
        let parsed = received_after(&of_document, FIRST + 36_000);
        let problems = parsed.entries[0].result.as_ref().unwrap_err();
        assert_eq!(
            (&*problems[0].pointer, problems[0].rule),
            ("/utc_offset", super::super::Rule::Malformed)
        );
    }

    #[test]
    fn a_correction_in_its_second_hour_is_newer_than_what_was_registered_in_the_first() {
        let updated = |civil: &str, received: i64| {
            let parsed = received_after(&document(vec![glucose("0130", civil)]), received);
            parsed.entries[0].result.as_ref().unwrap().reading.update_time / 1000 - FIRST
        };
        let first = updated("025000000", FIRST + 3010);
        let corrected = updated("021000000", FIRST + 4210);
        assert_eq!((first, corrected), (3000, 4200));
    }
}
