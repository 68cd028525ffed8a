//! A field's default, from JSON to Avro's binary form.

use apache_avro::Schema;
use serde_json::Value;

use super::types::{Type, Types};
use crate::body::append_long;

/// Appends a default; none where it is not of the type.
pub(super) fn append(
    bytes: &mut Vec<u8>,
    json: &Value,
    schema: &'static Schema,
    types: &Types,
) -> Option<()> {
    match (types.get(schema), json) {
        (Type::Null, Value::Null) => {}
        (Type::Boolean, Value::Bool(value)) => bytes.push(u8::from(*value)),
        (Type::Int, Value::Number(number)) => {
            append_long(bytes, i32::try_from(number.as_i64()?).ok()?.into());
        }
        (Type::Long, Value::Number(number)) => append_long(bytes, number.as_i64()?),
        (Type::Float, Value::Number(number)) => {
            bytes.extend((number.as_f64()? as f32).to_le_bytes());
        }
        (Type::Double, Value::Number(number)) => bytes.extend(number.as_f64()?.to_le_bytes()),
        (Type::Text, Value::String(text)) => sized(bytes, text.as_bytes()),
        (Type::Bytes, Value::String(text)) => sized(bytes, &bytes_of(text)?),
        (Type::Fixed(_, size), Value::String(text)) => {
            let fixed = bytes_of(text)?;
            (fixed.len() == size).then(|| bytes.extend(fixed))?;
        }
        (Type::Enum(symbols), Value::String(text)) => {
            let index = symbols.symbols.iter().position(|symbol| symbol == text)?;
            append_long(bytes, index as i64);
        }
        (Type::Union(union), json) => {
            // The specification's newer versions allow a default of any branch.
            let (index, branch) =
                (union.variants().iter().enumerate()).find_map(|(index, branch)| {
                    let mut bytes = Vec::new();
                    append(&mut bytes, json, branch, types).map(|()| (index, bytes))
                })?;
            append_long(bytes, index as i64);
            bytes.extend(branch);
        }
        (Type::Array(items), Value::Array(values)) => {
            block(bytes, values.len());
            values.iter().try_for_each(|value| append(bytes, value, items, types))?;
            end(bytes, values.len());
        }
        (Type::Map(items), Value::Object(values)) => {
            block(bytes, values.len());
            for (key, value) in values {
                sized(bytes, key.as_bytes());
                append(bytes, value, items, types)?;
            }
            end(bytes, values.len());
        }
        (Type::Record(record), Value::Object(values)) => {
            for field in &record.fields {
                let value = values.get(&field.name).or(field.default.as_ref())?;
                append(bytes, value, &field.schema, types)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn sized(bytes: &mut Vec<u8>, content: &[u8]) {
    append_long(bytes, content.len() as i64);
    bytes.extend(content);
}

/// Bytes are written as the characters of the same numbers.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

fn block(bytes: &mut Vec<u8>, count: usize) {
    append_long(bytes, count as i64);
}

/// Blocks end with an empty one; of no items there is none but that.
fn end(bytes: &mut Vec<u8>, count: usize) {
    if count > 0 {
        append_long(bytes, 0);
    }
}
