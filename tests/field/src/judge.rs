//! What was seen, held to what a case expects: of each expectation that does not hold a line with what
//! was seen instead.

use serde_json::Value;

use crate::case::{Answer, Fault};
use crate::seen::{MARKS, SeenAlert, SeenReading};

/// What the gateway answered.
pub fn answer(expected: &Answer, status: u16, body: &Value) -> Vec<String> {
    let mut failures = Vec::new();
    let mut hold = |what: &str, holds: bool, wanted: String, seen: String| {
        if !holds {
            failures.push(format!("{what}: expected {wanted}, seen {seen}"));
        }
    };
    let is_it = status == expected.status();
    hold("status", is_it, expected.status().to_string(), format!("{status}: {body}"));
    if let Some(problem) = &expected.problem {
        let seen = &body["type"];
        let is_it = seen.as_str().is_some_and(|seen| seen.rsplit(':').next() == Some(problem));
        hold("problem", is_it, problem.clone(), seen.to_string());
    }
    let counted = |name: &str| body[name].as_u64().unwrap_or(0);
    for (name, wanted) in [("accepted", expected.accepted), ("rejected", expected.rejected())] {
        let seen = counted(name);
        hold(name, seen == wanted as u64, wanted.to_string(), seen.to_string());
    }
    hold("not_stored", counted("not_stored") == 0, "0".into(), counted("not_stored").to_string());
    let errors: Vec<Value> = items(&body["readings"])
        .iter()
        .flat_map(|reading| {
            items(&reading["errors"]).iter().map(move |error| {
                let mut error = error.clone();
                error["document"] = reading["document"].clone();
                error
            })
        })
        .collect();
    for (name, wanted, seen) in [
        ("errors", &expected.errors, &errors[..]),
        ("warnings", &expected.warnings, items(&body["warnings"])),
    ] {
        hold(name, all_are(wanted, seen, is_fault), format!("{wanted:?}"), list(seen));
    }
    failures
}

/// The ids of the readings that the gateway has accepted, in order.
pub fn accepted_ids(body: &Value) -> Vec<String> {
    let accepted =
        items(&body["readings"]).iter().filter(|reading| reading["status"] == "accepted");
    accepted.filter_map(|reading| reading["id"].as_str().map(str::to_owned)).collect()
}

/// Readings as the API says them, in order.
pub fn readings(what: &str, expected: &[SeenReading], seen: &[Value]) -> Vec<String> {
    let same = are(expected, seen);
    // An answer of thousands says no more than its beginning.
    let shown: Vec<Value> = seen.iter().take(10).map(in_short).collect();
    let difference =
        || format!("{what}: expected {expected:?}, seen {}: {}", seen.len(), list(&shown));
    if same { Vec::new() } else { vec![difference()] }
}

/// The same in any order.
pub fn readings_in_any_order(what: &str, expected: &[SeenReading], seen: &[Value]) -> Vec<String> {
    let same = all_are(expected, seen, is_reading);
    let shown: Vec<Value> = seen.iter().map(in_short).collect();
    let difference = || format!("{what}: expected {expected:?}, seen {}", list(&shown));
    if same { Vec::new() } else { vec![difference()] }
}

/// Alerts as the API says them, in any order.
pub fn alerts(what: &str, expected: &[&SeenAlert], seen: &[Value]) -> Vec<String> {
    let same = all_are(expected, seen, |expected, seen| is_alert(expected, seen));
    let difference = || format!("{what}: expected {expected:?}, seen {}", list(seen));
    if same { Vec::new() } else { vec![difference()] }
}

/// Whether a seen alert is the one expected; its transitions are not among what the API says.
pub fn is_alert(expected: &SeenAlert, seen: &Value) -> bool {
    let has = |finding: &String| seen["findings"].get(finding).is_some();
    seen["rule"] == *expected.rule
        && expected.severity.as_ref().is_none_or(|severity| seen["severity"] == **severity)
        && seen["status"] == *expected.status
        && expected.stage.as_ref().is_none_or(|stage| seen["stage"] == **stage)
        && expected.late.is_none_or(|late| seen["late"] == late)
        && expected.findings.iter().all(has)
        && expected.evidence.as_ref().is_none_or(|expected| are(expected, items(&seen["evidence"])))
        && [("en", &expected.says), ("ja", &expected.says_ja)].into_iter().all(
            |(language, words)| {
                seen["text"][language].as_str().is_some_and(|text| text.contains(words))
            },
        )
}

fn is_fault(expected: &Fault, seen: &Value) -> bool {
    let Fault { rule, at, document, says } = expected;
    let pointer = seen["pointer"].as_str().unwrap_or_default();
    let ends =
        pointer.strip_suffix(&**at).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    seen["rule"] == **rule
        && (at.is_empty() || ends)
        && seen["document"] == *document
        && seen["message"].as_str().is_some_and(|message| message.contains(says))
}

/// Whether readings are those expected, in order.
fn are(expected: &[SeenReading], seen: &[Value]) -> bool {
    expected.len() == seen.len()
        && expected.iter().zip(seen).all(|(expected, seen)| is_reading(expected, seen))
}

fn is_reading(expected: &SeenReading, seen: &Value) -> bool {
    let Some(values) = seen["values"].as_object() else { return false };
    let same_values = values.len() == expected.values.len()
        && expected
            .values
            .iter()
            .all(|(name, value)| values.get(name).is_some_and(|seen| means_the_same(value, seen)));
    seen["kind"] == *expected.kind
        && same_values
        && MARKS.iter().all(|mark| {
            let is_marked = expected.marks.iter().any(|expected| expected == mark);
            let seen = seen.get(mark).is_some_and(|seen| !seen.is_null() && *seen != false);
            is_marked == seen
        })
        && expected.outcome.as_ref().is_none_or(|outcome| seen["outcome"] == **outcome)
}

/// A column of 32 bits holds 6.9 as what is nearest to it.
fn means_the_same(expected: &Value, seen: &Value) -> bool {
    match (expected.as_f64(), seen.as_f64()) {
        (Some(expected), Some(seen)) => (expected - seen).abs() <= 1e-6 * expected.abs(),
        _ => expected == seen,
    }
}

/// Whether each of what is expected is there once, and nothing else.
fn all_are<E>(expected: &[E], seen: &[Value], is_it: impl Fn(&E, &Value) -> bool) -> bool {
    let mut left: Vec<&Value> = seen.iter().collect();
    let found = expected.iter().all(|expected| {
        let place = left.iter().position(|seen| is_it(expected, seen));
        place.map(|place| left.remove(place)).is_some()
    });
    found && left.is_empty()
}

/// What says which reading it is.
fn in_short(reading: &Value) -> Value {
    let mut short = reading.clone();
    if let Some(members) = short.as_object_mut() {
        members.retain(|name, _| {
            ["kind", "values", "outcome", "observed_at"].contains(&&**name)
                || MARKS.contains(&&**name)
        });
    }
    short
}

fn items(array: &Value) -> &[Value] {
    array.as_array().map_or(&[], Vec::as_slice)
}

fn list(values: &[Value]) -> String {
    Value::from(values.to_vec()).to_string()
}
