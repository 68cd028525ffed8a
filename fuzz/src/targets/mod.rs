//! Decoders and parsers that read what others wrote.

mod clickhouse;
mod clinical;
mod dashboard;
pub mod field;
mod gateway;
mod processor;
mod reading;
mod samples;
mod tools;
mod wire;
mod writer;

use std::collections::BTreeMap;

use schemas::Codec;
use schemas::record_list::RECORDS;

use crate::target::{Form, Target, promise};

/// All targets.
pub fn all() -> Vec<Target> {
    let mut targets = wire::targets();
    targets.extend(reading::targets());
    targets.extend(clinical::targets());
    targets.extend(gateway::targets());
    targets.extend(dashboard::targets());
    targets.extend(clickhouse::targets());
    targets.extend(processor::targets());
    targets.extend(writer::targets());
    targets.extend(tools::targets());
    targets
}

/// What the planted fault says.
pub const PLANTED: &str = "the planted fault";

/// No parser: a fault behind six bytes, each of which is looked at only when those before it are
/// right. An engine that is guided by coverage finds it at once, and any other never.
pub fn planted() -> Target {
    const KEY: [u8; 6] = [0xa7, b'm', 0x00, b'i', 0xfe, b'?'];
    // Each place is one of its own in the program.
    fn at(input: &[u8], place: usize) -> bool {
        input.get(place) == Some(&KEY[place])
    }
    Target::new("planted", Form::Bytes, vec![b"none".to_vec()], |input| {
        let mut right = 0;
        if at(input, 0) {
            right = 1;
            if at(input, 1) {
                right = 2;
                if at(input, 2) {
                    right = 3;
                    if at(input, 3) {
                        right = 4;
                        if at(input, 4) {
                            right = 5;
                            promise(!at(input, 5), || PLANTED.to_owned())?;
                        }
                    }
                }
            }
        }
        Ok(right.to_string())
    })
}

/// A reading's schema as somebody else may have registered it: other order, fields left out.
const FOREIGN: &str = r#"{"type": "record", "name": "Reading", "namespace": "mimamori", "fields": [
    {"name": "person_id", "type": "string"},
    {"name": "more", "type": {"type": "map", "values": ["null", "long", "bytes"]}},
    {"name": "consortium_id", "type": "string"},
    {"name": "observation_time", "type": "int"},
    {"name": "update_time", "type": "long"},
    {"name": "source", "type": {"type": "record", "name": "TestLab", "fields": [
        {"name": "test_lab_id", "type": "string"}]}},
    {"name": "data_input", "type": {"type": "enum", "name": "DataInput", "symbols":
        ["modified", "other", "device"]}},
    {"name": "measurement", "type": {"type": "record", "name": "BodyTemperature", "fields": [
        {"name": "temperature", "type": "float"}]}}
]}"#;

/// Ids of the schemas below: current ones first, in the order of [`RECORDS`].
const FOREIGN_ID: u32 = 200;

/// A codec with a schema registry that holds every schema, published ones and a foreign one too.
fn registry() -> Codec {
    let mut schemas = BTreeMap::from([(FOREIGN_ID, FOREIGN.to_owned())]);
    for (number, (_, current, published)) in (1..).zip(RECORDS) {
        schemas.insert(number, (*current).to_owned());
        for (version, earlier) in (1..).zip(*published) {
            schemas.insert(100 + 4 * number + version, (*earlier).to_owned());
        }
    }
    schemas.insert(FOREIGN_ID + 1, "no schema".to_owned());
    Codec::with_schemas(schemas)
}

/// A codec without a schema registry, as services make it.
fn plain() -> Codec {
    Codec::new(None).expect("there is no address that could be wrong")
}
