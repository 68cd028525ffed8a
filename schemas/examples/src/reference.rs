//! Schema resolution as Avro's specification says it, value by value: slow, short, and without
//! anything of what makes [`Decoder::decode`] quick. Tests hold that to it.

use std::collections::HashMap;
use std::io::Read;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::{Name, RecordField, ResolvedSchema, UnionSchema};
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use schemas::{Decoder, Record};
use serde_json::Value as Json;

/// Reads a message as [`Decoder::decode`] does, but resolves other schemas value by value and reads
/// the record through its schema.
///
/// # Errors
/// As [`Decoder::decode`], in other words.
pub fn decode<T: Record>(decoder: &Decoder<T>, message: &[u8]) -> Result<T, String> {
    let current = decoder.schema();
    let (writer, body) = decoder.unframed(message).map_err(|error| error.to_string())?;
    let resolved;
    let mut body = body;
    if !std::ptr::eq(writer, current) {
        resolved = resolve(body, writer, current)?;
        body = &resolved;
    }
    let reader = GenericDatumReader::builder(current).human_readable(true).build().map_err(said)?;
    let record = reader.read_deser(&mut body).map_err(said)?;
    match body.is_empty() {
        true => Ok(record),
        false => Err("the body is longer than the record".to_owned()),
    }
}

/// A body of the writer's schema as a body of the reader's.
///
/// # Errors
/// When it is none of the writer's schema, or says what the reader's cannot.
pub fn resolve(body: &[u8], writer: &Schema, reader: &Schema) -> Result<Vec<u8>, String> {
    let value = read(body, writer)?;
    let resolution = Resolution { writers: names(writer)?, readers: names(reader)? };
    let value = resolution.value(&value, writer, reader)?;
    let writer = GenericDatumWriter::builder(reader).build().map_err(said)?;
    writer.write_value_to_vec(value).map_err(said)
}

/// What a body says.
///
/// # Errors
/// When it is not of its schema.
pub fn read(body: &[u8], schema: &Schema) -> Result<Value, String> {
    let reader = GenericDatumReader::builder(schema).build().map_err(said)?;
    let mut body = Watched { rest: body, is_short: false };
    let value = reader.read_value(&mut body).map_err(said)?;
    match body.rest.is_empty() && !body.is_short {
        true => Ok(value),
        false => Err("the body is not of its schema".to_owned()),
    }
}

/// A body that notices when more is read of it than there is: the library takes a text or a union
/// that is not there for null.
struct Watched<'b> {
    rest: &'b [u8],
    is_short: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.is_short |= self.rest.len() < bytes.len();
        self.rest.read(bytes)
    }
}

fn said(error: apache_avro::Error) -> String {
    error.to_string()
}

type Names<'s> = HashMap<Name, &'s Schema>;

struct Resolution<'s> {
    writers: Names<'s>,
    readers: Names<'s>,
}

fn names(schema: &Schema) -> Result<Names<'_>, String> {
    let resolved = ResolvedSchema::new(schema).map_err(said)?;
    Ok(resolved.get_names().clone())
}

fn referred<'s>(schema: &'s Schema, names: &Names<'s>) -> &'s Schema {
    match schema {
        Schema::Ref { name } => names[name],
        other => other,
    }
}

impl<'s> Resolution<'s> {
    fn value(
        &self,
        value: &Value,
        writer: &'s Schema,
        reader: &'s Schema,
    ) -> Result<Value, String> {
        let writer = referred(writer, &self.writers);
        let reader = referred(reader, &self.readers);
        match (value, writer, reader) {
            (Value::Union(index, value), Schema::Union(union), _) => {
                self.value(value, &union.variants()[*index as usize], reader)
            }
            (_, _, Schema::Union(union)) => {
                let index = self.branch(writer, union).ok_or("no branch")?;
                let value = self.value(value, writer, &union.variants()[index])?;
                Ok(Value::Union(index as u32, Box::new(value)))
            }
            (Value::Record(values), Schema::Record(writer), Schema::Record(reader)) => {
                let field = |field: &'s RecordField| {
                    let names = std::iter::once(&field.name).chain(&field.aliases);
                    let place =
                        |name: &String| writer.fields.iter().position(|field| field.name == *name);
                    let value = match names.into_iter().find_map(place) {
                        Some(at) => {
                            self.value(&values[at].1, &writer.fields[at].schema, &field.schema)?
                        }
                        None => {
                            let json = field.default.as_ref().ok_or("a field without a default")?;
                            self.default(json, &field.schema)?
                        }
                    };
                    Ok((field.name.clone(), value))
                };
                reader.fields.iter().map(field).collect::<Result<_, _>>().map(Value::Record)
            }
            (Value::Enum(_, symbol), Schema::Enum(_), Schema::Enum(reader)) => {
                let place = |symbol: &String| reader.symbols.iter().position(|s| s == symbol);
                let index = place(symbol).or_else(|| reader.default.as_ref().and_then(place));
                let index = index.ok_or("no such symbol")?;
                Ok(Value::Enum(index as u32, reader.symbols[index].clone()))
            }
            (Value::Array(values), Schema::Array(writer), Schema::Array(reader)) => {
                let item = |value| self.value(value, &writer.items, &reader.items);
                values.iter().map(item).collect::<Result<_, _>>().map(Value::Array)
            }
            (Value::Map(values), Schema::Map(writer), Schema::Map(reader)) => {
                let item = |(key, value): (&String, _)| {
                    Ok((key.clone(), self.value(value, &writer.types, &reader.types)?))
                };
                values.iter().map(item).collect::<Result<_, _>>().map(Value::Map)
            }
            _ => primitive(value, kind(reader)).ok_or_else(|| "another type".to_owned()),
        }
    }

    /// By its name, else by its type, else by what it can become.
    fn branch(&self, writer: &Schema, union: &'s UnionSchema) -> Option<usize> {
        let branches = || union.variants().iter().map(|branch| referred(branch, &self.readers));
        let Some(name) = writer.name() else {
            let (same, other) = (kind(writer), |branch: &Schema| kind(branch));
            let exact =
                branches().position(|branch| branch.name().is_none() && other(branch) == same);
            return exact.or_else(|| branches().position(|branch| becomes(same, other(branch))));
        };
        let is_alike =
            |branch: &&Schema| std::mem::discriminant(*branch) == std::mem::discriminant(writer);
        let exact = branches().position(|branch| is_alike(&branch) && branch.name() == Some(name));
        exact.or_else(|| {
            branches().position(|branch| {
                let aliases = branch.aliases().into_iter().flatten().map(|alias| alias.name());
                let mut names = branch.name().map(Name::name).into_iter().chain(aliases);
                is_alike(&branch) && names.any(|known| known == name.name())
            })
        })
    }

    fn default(&self, json: &Json, reader: &'s Schema) -> Result<Value, String> {
        let reader = referred(reader, &self.readers);
        Ok(match (kind(reader), json) {
            ("union", json) => {
                let Schema::Union(union) = reader else { unreachable!("its kind is union") };
                let branches = union.variants().iter().enumerate();
                let fitting = branches.filter_map(|(index, branch)| {
                    Some(Value::Union(index as u32, Box::new(self.default(json, branch).ok()?)))
                });
                fitting.into_iter().next().ok_or("no branch for a default")?
            }
            ("null", Json::Null) => Value::Null,
            ("boolean", Json::Bool(value)) => Value::Boolean(*value),
            ("int", Json::Number(number)) => Value::Int(number.as_i64().unwrap() as i32),
            ("long", Json::Number(number)) => Value::Long(number.as_i64().unwrap()),
            ("float", Json::Number(number)) => Value::Float(number.as_f64().unwrap() as f32),
            ("double", Json::Number(number)) => Value::Double(number.as_f64().unwrap()),
            ("string", Json::String(text)) => Value::String(text.clone()),
            ("array", Json::Array(values)) if values.is_empty() => Value::Array(Vec::new()),
            ("map", Json::Object(values)) if values.is_empty() => Value::Map(HashMap::new()),
            ("enum", Json::String(text)) => {
                let Schema::Enum(symbols) = reader else { unreachable!("its kind is enum") };
                let index = symbols.symbols.iter().position(|symbol| symbol == text);
                Value::Enum(index.ok_or("no such symbol")? as u32, text.clone())
            }
            _ => return Err("a default of another type".to_owned()),
        })
    }
}

fn primitive(value: &Value, reader: &str) -> Option<Value> {
    let long = match value {
        Value::Int(number) | Value::Date(number) | Value::TimeMillis(number) => {
            Some(i64::from(*number))
        }
        Value::Long(number)
        | Value::TimeMicros(number)
        | Value::TimestampMillis(number)
        | Value::TimestampMicros(number)
        | Value::TimestampNanos(number)
        | Value::LocalTimestampMillis(number)
        | Value::LocalTimestampMicros(number)
        | Value::LocalTimestampNanos(number) => Some(*number),
        _ => None,
    };
    let is_int = matches!(value, Value::Int(_) | Value::Date(_) | Value::TimeMillis(_));
    Some(match (value, long, reader) {
        (Value::Null, _, "null") => Value::Null,
        (Value::Boolean(value), _, "boolean") => Value::Boolean(*value),
        (_, Some(number), "int") if is_int => Value::Int(number as i32),
        (_, Some(number), "long") => Value::Long(number),
        (_, Some(number), "float") => Value::Float(number as f32),
        (_, Some(number), "double") => Value::Double(number as f64),
        (Value::Float(number), _, "float") => Value::Float(*number),
        (Value::Float(number), _, "double") => Value::Double((*number).into()),
        (Value::Double(number), _, "double") => Value::Double(*number),
        (Value::String(text), _, "string") => Value::String(text.clone()),
        (Value::String(text), _, "bytes") => Value::Bytes(text.clone().into_bytes()),
        (Value::Bytes(bytes), _, "bytes") => Value::Bytes(bytes.clone()),
        (Value::Bytes(bytes), _, "string") => Value::String(String::from_utf8(bytes.clone()).ok()?),
        _ => return None,
    })
}

fn becomes(writer: &str, reader: &str) -> bool {
    matches!(
        (writer, reader),
        ("int", "long" | "float" | "double")
            | ("long", "float" | "double")
            | ("float", "double")
            | ("string", "bytes")
            | ("bytes", "string")
    )
}

/// What a schema is without its meaning.
fn kind(schema: &Schema) -> &'static str {
    match schema {
        Schema::Null => "null",
        Schema::Boolean => "boolean",
        Schema::Int | Schema::Date | Schema::TimeMillis => "int",
        Schema::Long
        | Schema::TimeMicros
        | Schema::TimestampMillis
        | Schema::TimestampMicros
        | Schema::TimestampNanos
        | Schema::LocalTimestampMillis
        | Schema::LocalTimestampMicros
        | Schema::LocalTimestampNanos => "long",
        Schema::Float => "float",
        Schema::Double => "double",
        Schema::String => "string",
        Schema::Bytes => "bytes",
        Schema::Array(_) => "array",
        Schema::Map(_) => "map",
        Schema::Union(_) => "union",
        Schema::Enum(_) => "enum",
        Schema::Record(_) => "record",
        _ => "another type",
    }
}
