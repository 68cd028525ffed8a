//! The parser against the examples that all services share.

use clinical::Timestamp;
use jiff::tz::TimeZone;
use schemas::examples::{BAD_DOCUMENTS, BadDocument, GOOD_DOCUMENTS, RECEIVED};
use serde_json::{Value, json};

use super::{Context, Limits, Parsed, Unreadable, parse};

fn read(text: &str) -> Result<Parsed, Unreadable> {
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    parse(
        text.as_bytes(),
        &Context {
            received: Timestamp::from_millis(RECEIVED),
            limits: Limits { nesting: 16, readings: 100 },
            zone: &|_| tokyo.clone(),
        },
    )
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
fn a_syntax_error_in_a_later_document_is_placed_in_the_whole_body() {
    let (_, good) =
        GOOD_DOCUMENTS.iter().find(|(name, _)| *name == "two_documents.ndjson").unwrap();
    for (bad, column) in [("{\"format_version\" 2}", 19), ("{\"a\":\"\\ud800\"}", 13)] {
        let body = format!("{good}\n{bad}\n");
        let Err(Unreadable::Malformed { document, line, column: found, .. }) = read(&body) else {
            panic!("{bad} is no JSON");
        };
        assert_eq!((document, line, found), (2, 4, column), "{bad}");
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
    let (_, odd) = GOOD_DOCUMENTS.iter().find(|(name, _)| name.starts_with("tolerated")).unwrap();
    let warnings = read(&odd.repeat(100)).unwrap().warnings;
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

fn kind(unreadable: &Unreadable) -> &'static str {
    match unreadable {
        Unreadable::Empty => "empty",
        Unreadable::Malformed { .. } => "malformed",
        Unreadable::TooDeep { .. } => "too_deep",
        Unreadable::TooManyReadings { .. } => "too_many_readings",
        Unreadable::TooManyValues { .. } => "too_many_values",
    }
}
