//! Bodies made up for tests: any that a schema allows.

use apache_avro::Schema;
use apache_avro::schema::{NamesRef, RecordField, ResolvedSchema};
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use proptest::prelude::*;

/// Choices, made before: none is left when all are made, so that fewer of them make less.
#[derive(Debug, Clone)]
pub(crate) struct Choices(std::vec::IntoIter<u32>);

impl Choices {
    /// One of so many.
    pub(crate) fn of(&mut self, count: usize) -> usize {
        self.0.next().unwrap_or(0) as usize % count
    }

    /// Seldom.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.of(times) == times - 1
    }

    /// Another order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in 1..items.len() {
            items.swap(place, place - self.of(place + 1));
        }
    }
}

pub(crate) fn choices(most: usize) -> impl Strategy<Value = Choices> {
    prop::collection::vec(any::<u32>(), 0..most).prop_map(|made| Choices(made.into_iter()))
}

/// A body of a schema, as the library writes it.
pub(crate) fn made_body(schema: &Schema, choices: &mut Choices) -> Vec<u8> {
    let names = ResolvedSchema::new(schema).unwrap().get_names().clone();
    let writer = GenericDatumWriter::builder(schema).build().unwrap();
    writer.write_value_to_vec(value(schema, &names, choices)).unwrap()
}

/// A value of a schema.
fn value(schema: &Schema, names: &NamesRef<'_>, choices: &mut Choices) -> Value {
    match schema {
        Schema::Null => Value::Null,
        Schema::Boolean => Value::Boolean(choices.once_in(2)),
        Schema::Int | Schema::Date => Value::Int([0, 1, -1, 70, 1 << 20, i32::MIN][choices.of(6)]),
        Schema::Long | Schema::TimestampMillis => {
            Value::Long([0, 1, -1, 70, i64::MIN, 1_780_000_000_000][choices.of(6)])
        }
        Schema::Float => Value::Float([0.0, 36.5, -1.25][choices.of(3)]),
        Schema::Double => Value::Double([0.0, 36.6, -1e300][choices.of(3)]),
        Schema::String => Value::String(["", "HOME01", "上腕"][choices.of(3)].to_owned()),
        Schema::Bytes => Value::Bytes([&b""[..], b"P1", b"\xff\xfe"][choices.of(3)].to_vec()),
        Schema::Fixed(fixed) => Value::Fixed(fixed.size, vec![7; fixed.size]),
        Schema::Enum(symbols) => {
            let index = choices.of(symbols.symbols.len());
            Value::Enum(index as u32, symbols.symbols[index].clone())
        }
        Schema::Union(union) => {
            let index = choices.of(union.variants().len());
            Value::Union(index as u32, Box::new(value(&union.variants()[index], names, choices)))
        }
        Schema::Array(array) => {
            Value::Array((0..choices.of(3)).map(|_| value(&array.items, names, choices)).collect())
        }
        Schema::Map(map) => Value::Map(
            (0..choices.of(3))
                .map(|key| (format!("key {key}"), value(&map.types, names, choices)))
                .collect(),
        ),
        Schema::Record(record) => {
            let field =
                |field: &RecordField| (field.name.clone(), value(&field.schema, names, choices));
            Value::Record(record.fields.iter().map(field).collect())
        }
        Schema::Ref { name } => value(names[name], names, choices),
        other => panic!("no record of ours has {other:?}"),
    }
}
