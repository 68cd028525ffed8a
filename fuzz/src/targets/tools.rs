//! Files and arguments of the operators' tools.

use chassis::KafkaProperty;
use mimamori::rejected::address::Address;
use mimamori::rejected::repair;
use mimamori::rejected::since::Since;
use schemas::registry::MasterLists;
use schemas::{Reading, Topics};
use serde_json::{Value, json};

use super::{registry, samples};
use crate::target::{Form, Target, promise};

pub(super) fn targets() -> Vec<Target> {
    let lists = json!({
        "consortia": samples::of("registry_consortium"),
        "participants": samples::of("registry_participant"),
        "test_labs": samples::of("registry_test_lab"),
        "assays": samples::of("registry_assay"),
        "devices": samples::of("registry_device"),
        "activity_aggregations": samples::of("registry_activity_aggregation"),
        "vendors": samples::of("registry_vendor"),
        "practitioners": samples::of("registry_practitioner"),
        "care_teams": samples::of("registry_care_team"),
    });
    let (codec, topics) = (registry(), Topics::with_prefix(""));
    let repaired = samples::readings();
    let shown = json!({ "address": "3/1042", "reading": repaired[0] });
    let repaired = repaired.iter().chain([&shown]).map(|json| json.to_string().into_bytes());
    let arguments = ["3/1042", "90m", "7d", "2026-11-22T07:31:00+09:00", "sasl.password=a=b", "=x"];
    vec![
        Target::new(
            "registry_file",
            Form::Json(&samples::NAMES),
            vec![lists.to_string().into_bytes(), b"{}".to_vec()],
            move |input| {
                let Ok(lists) = serde_json::from_slice::<MasterLists>(input) else {
                    return Ok("no registry file".to_owned());
                };
                let records =
                    lists.encode(&codec, &topics).map_err(|error| format!("read, but {error}"))?;
                Ok(format!("{} entries", records.len().min(12)))
            },
        ),
        Target::new("repaired_reading", Form::Json(&samples::NAMES), repaired.collect(), |input| {
            let Ok(reading) = repair::parse(input) else { return Ok("none".to_owned()) };
            let again = serde_json::to_vec(&reading).map_err(|error| error.to_string())?;
            let again = repair::parse(&again);
            let is_same = again.as_ref().is_ok_and(|again| {
                let measurement = reading.measurement.clone();
                alike(&json!(again.measurement), &json!(measurement))
                    && Reading { measurement, ..again.clone() } == reading
            });
            promise(is_same, || format!("{reading:?}, then {again:?}"))?;
            Ok("a reading".to_owned())
        }),
        Target::new(
            "arguments",
            Form::Text(&["/", "=", "d", "h", "m", "s", "T", "Z"]),
            arguments.map(|argument| argument.as_bytes().to_vec()).into(),
            |input| {
                let Ok(text) = std::str::from_utf8(input) else { return Ok("no text".to_owned()) };
                let property = text.parse::<KafkaProperty>().ok();
                let named = property.map(|it| KafkaProperty::shown_name(&it.name).is_some());
                let address = text.parse::<Address>().ok().map(|address| address.to_string());
                let time = text.parse::<Since>().is_ok();
                let same = address
                    .as_deref()
                    .is_none_or(|written| written.trim_start_matches('0').len() <= text.len());
                promise(same, || format!("{text:?} is written {address:?}"))?;
                Ok(format!("{} {time} {named:?}", address.is_some()))
            },
        ),
    ]
}

/// Whether two measurements say the same. The parser of JSON may miss a double of many digits by its
/// last bit, so two of them may differ by that much; nothing else may differ.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|((name, value), (other_name, other))| {
                    name == other_name && alike(value, other)
                })
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            match (one.as_f64(), other.as_f64()) {
                (Some(one), Some(other)) => {
                    (one - other).abs() <= f64::EPSILON * one.abs() + f64::MIN_POSITIVE
                }
                _ => false,
            }
        }
        _ => one == other,
    }
}
