//! Digests are part of stored versions: what a reading's digest was, it is for ever.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::reading::Reading;

/// A digest in 16 hexadecimal digits, and the parts of a reading that it is of, a line each. Lines
/// are added when a kind or a field is; none is ever changed.
const DIGESTS: &str = include_str!("../examples/digests.txt");

fn reading(parts: &str) -> Reading {
    let mut reading: Json =
        serde_json::from_str(include_str!("../examples/avro/blood_pressure.json")).unwrap();
    let parts: serde_json::Map<String, Json> = serde_json::from_str(parts).unwrap();
    reading.as_object_mut().unwrap().extend(parts);
    serde_json::from_value(reading).unwrap()
}

#[test]
fn the_digest_of_every_field_is_what_it_always_was() {
    let mut wrong = Vec::new();
    for line in DIGESTS.lines() {
        let (digest, parts) = line.split_once(' ').unwrap();
        let found = format!("{:016x}", reading(parts).content_digest());
        if found != digest {
            wrong.push(format!("{found} {parts}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "these digests are not what schemas/examples/digests.txt says. Of a line that is new put this there; \
         of an earlier one the digest never changes:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_field_of_every_kind_has_digests_with_it_and_without() {
    for kind in clinical::Kind::ALL {
        let mut seen = BTreeSet::new();
        for line in DIGESTS.lines() {
            let measurement = reading(line.split_once(' ').unwrap().1).measurement;
            if measurement.kind() == kind {
                measurement.each_field(|field, value| {
                    seen.insert((field.name(), value.is_some()));
                });
            }
        }
        for field in kind.fields() {
            let is_there = |is_said| seen.contains(&(field.name, is_said));
            assert!(
                is_there(true) && (field.required || is_there(false)),
                "add lines to schemas/examples/digests.txt with {kind}.{} and, where it is optional, \
                 without; sixteen zeros for the digest",
                field.name
            );
        }
    }
}
