use apache_avro::types::Value;
use examples::reference;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::body::Body;
use crate::codec::{Record, parse_own};
use crate::made::{Choices, choices, made_body};
use crate::record_list::RECORDS;
use crate::{AcceptedReading, Reading};

/// The schema as somebody else, or a later version, might have it.
struct Mutation {
    choices: Choices,
    added: usize,
    /// Whether it is of the same people: they leave fields in their order, and what is no union
    /// stays none.
    in_order: bool,
}

impl Mutation {
    fn schema(&mut self, schema: &Json) -> Json {
        let is_union = schema.is_array();
        let mut changed = match schema {
            Json::String(name) => self.primitive(name),
            Json::Array(branches) => self.union(branches),
            Json::Object(_) if schema["logicalType"].is_string() => {
                let primitive = schema["type"].as_str().unwrap();
                if self.choices.once_in(4) { self.primitive(primitive) } else { schema.clone() }
            }
            Json::Object(_) => self.complex(schema.clone()),
            other => panic!("no schema: {other}"),
        };
        if !is_union && !self.in_order && self.choices.once_in(20) {
            let null = usize::from(self.choices.once_in(2));
            let mut branches = vec![changed];
            branches.insert(null, json!("null"));
            changed = branches.into();
        }
        changed
    }

    fn primitive(&mut self, name: &str) -> Json {
        let others: &[&str] = match name {
            "double" => &["double", "double", "int", "long", "float"],
            "float" => &["float", "int", "long"],
            "long" => &["long", "long", "long", "int"],
            "string" => &["string", "string", "string", "string", "string", "string", "bytes"],
            _ => return name.into(),
        };
        others[self.choices.of(others.len())].into()
    }

    fn complex(&mut self, mut schema: Json) -> Json {
        match schema["type"].as_str().unwrap() {
            "array" => schema["items"] = self.schema(&schema["items"]),
            "map" => schema["values"] = self.schema(&schema["values"]),
            "enum" => {
                let symbols = schema["symbols"].as_array_mut().unwrap();
                if self.choices.once_in(4) {
                    symbols.push(json!("added_symbol"));
                }
                if self.choices.once_in(4) {
                    self.choices.shuffle(symbols);
                }
                if symbols.len() > 1 && self.choices.once_in(8) {
                    symbols.remove(self.choices.of(symbols.len()));
                }
            }
            "record" => {
                let fields = schema["fields"].as_array_mut().unwrap();
                for field in &mut *fields {
                    field["type"] = self.schema(&field["type"]);
                    // Only of readers are they looked at, and they may not fit any more.
                    field.as_object_mut().unwrap().remove("default");
                }
                if self.choices.once_in(3) {
                    let added = self.added_type();
                    let field = json!({"name": format!("added_{}", self.added), "type": added});
                    fields.insert(self.choices.of(fields.len() + 1), field);
                }
                if fields.len() > 1 && self.choices.once_in(4) {
                    fields.remove(self.choices.of(fields.len()));
                }
                if !self.in_order && self.choices.once_in(4) {
                    self.choices.shuffle(fields);
                }
            }
            other => panic!("no type: {other}"),
        }
        if schema["name"].is_string() && self.choices.once_in(20) {
            schema["namespace"] = json!("elsewhere");
        }
        schema
    }

    fn union(&mut self, branches: &[Json]) -> Json {
        let mut branches: Vec<_> = branches
            .iter()
            .map(|branch| {
                match self.schema(branch) {
                    // No union may be in a union.
                    Json::Array(_) => branch.clone(),
                    changed => changed,
                }
            })
            .collect();
        if self.choices.once_in(6) {
            self.added += 1;
            let name = format!("Added{}", self.added);
            branches.push(json!({"type": "record", "name": name, "fields": [
                {"name": "systolic", "type": "int"}, {"name": "diastolic", "type": "int"}]}));
        }
        if self.choices.once_in(4) {
            self.choices.shuffle(&mut branches);
        }
        if branches.len() > 1 && self.choices.once_in(8) {
            branches.remove(self.choices.of(branches.len()));
        }
        if !self.in_order && self.choices.once_in(12) {
            return branches.swap_remove(self.choices.of(branches.len()));
        }
        branches.into()
    }

    fn added_type(&mut self) -> Json {
        self.added += 1;
        let name = format!("New{}", self.added);
        match self.choices.of(9) {
            0 => json!(["null", "int"]),
            1 => json!("string"),
            2 => json!("boolean"),
            3 => json!({"type": "array", "items": ["string", "double"]}),
            4 => json!({"type": "map", "values": "long"}),
            5 => json!({"type": "enum", "name": name, "symbols": ["one", "other"]}),
            6 => json!({"type": "fixed", "name": name, "size": 3}),
            7 => json!({"type": "record", "name": name, "fields": []}),
            _ => json!({"type": "record", "name": name, "fields": [
                {"name": "more", "type": ["null", name]}, {"name": "bytes", "type": "bytes"}]}),
        }
    }
}

/// What a body says; the entries of maps in their order, numbers distinguished by `Debug`.
fn said(value: &Value) -> String {
    match value {
        Value::Map(values) => {
            let sorted: std::collections::BTreeMap<_, _> =
                values.iter().map(|(key, value)| (key, said(value))).collect();
            format!("{sorted:?}")
        }
        Value::Array(values) => format!("{:?}", values.iter().map(said).collect::<Vec<_>>()),
        Value::Union(index, value) => format!("{index}: {}", said(value)),
        Value::Record(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name}: {}", said(value))).collect();
            format!("{fields:?}")
        }
        other => format!("{other:?}"),
    }
}

/// A body with bytes changed, one more each time, after the body as it is.
fn damaged(
    mut body: Vec<u8>,
    damages: Vec<(prop::sample::Index, u8)>,
) -> impl Iterator<Item = Vec<u8>> {
    std::iter::once(None).chain(damages.into_iter().map(Some)).map(move |damage| {
        if let Some((place, byte)) = damage
            && !body.is_empty()
        {
            let place = place.index(body.len());
            body[place] = byte;
        }
        body.clone()
    })
}

fn damages() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..3)
}

/// What a record says; `Debug` tells all numbers apart.
fn record<T: std::fmt::Debug, E>(read: Result<T, E>) -> Option<String> {
    read.ok().map(|record| format!("{record:?}"))
}

/// Reads bodies of a changed schema in place, and the longer way.
fn reads_alike<T: Record + std::fmt::Debug>(
    changes: Choices,
    mut said_by: Choices,
    damages: Vec<(prop::sample::Index, u8)>,
) -> Result<(), TestCaseError> {
    let reader = parse_own(T::SCHEMA).schema;
    let mut mutation = Mutation { choices: changes, added: 0, in_order: true };
    let writer = mutation.complex(serde_json::from_str(T::SCHEMA).unwrap());
    let Ok(writer) = Schema::parse(&writer) else { return Ok(()) };
    let body = made_body(&writer, &mut said_by);
    let writer: &'static Schema = Box::leak(Box::new(writer));
    let plan: &'static Plan = Box::leak(Box::new(compile::plan(writer, reader)));
    let by_fields = T::READ.unwrap();
    for body in damaged(body, damages) {
        let Some(planned) = plan.in_place(&body) else {
            prop_assert!(plan.steps.is_none(), "{plan:?}");
            return Ok(());
        };
        let in_place = planned.whole(by_fields.planned);
        let from_a_copy = reference::resolve(&body, writer, reader).and_then(|copy| {
            let mut copy = Body::new(&copy);
            (by_fields.current)(&mut copy).map_err(|error| error.to_string())
        });
        prop_assert_eq!(record(in_place), record(from_a_copy));
    }
    Ok(())
}

fn read(body: &[u8], schema: &Schema) -> Option<String> {
    reference::read(body, schema).ok().map(|value| said(&value))
}

proptest! {
    #[test]
    fn a_plan_makes_of_every_schemas_bodies_what_the_specification_says(
        record in 0..RECORDS.len(),
        changes in choices(80),
        mut said_by in choices(60),
        damages in damages(),
    ) {
        let reader = parse_own(RECORDS[record].1).schema;
        let mut mutation = Mutation { choices: changes, added: 0, in_order: false };
        let writer = mutation.complex(serde_json::from_str(RECORDS[record].1).unwrap());
        let Ok(writer) = Schema::parse(&writer) else { return Ok(()) };
        let body = made_body(&writer, &mut said_by);
        let writer: &'static Schema = Box::leak(Box::new(writer));
        let plan = compile::plan(writer, reader);
        for body in damaged(body, damages) {
            let planned = plan.apply(&body);
            let referred = reference::resolve(&body, writer, reader);
            let by_plan = planned.as_ref().ok().and_then(|body| read(body, reader));
            let by_reference = referred.as_ref().ok().and_then(|body| read(body, reader));
            prop_assert_eq!(by_plan, by_reference, "{:?} {:?}", planned.map(|_| ()), referred.map(|_| ()));
        }
    }

    #[test]
    fn a_body_read_in_place_says_what_the_specification_says(
        changes in choices(80),
        said_by in choices(60),
        damages in damages(),
    ) {
        reads_alike::<Reading>(changes.clone(), said_by.clone(), damages.clone())?;
        reads_alike::<AcceptedReading>(changes, said_by, damages)?;
    }
}
