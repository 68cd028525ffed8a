//! Schemas as the library wants them: parsed once, with the header that messages of each begin with.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use apache_avro::Schema;
use apache_avro::rabin::Rabin;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;

use super::SINGLE_OBJECT;

/// A schema, and what messages of it begin with in single-object encoding.
#[derive(Clone, Copy)]
pub(crate) struct Parsed {
    pub(crate) schema: &'static Schema,
    pub(crate) header: [u8; 10],
}

/// Schemas live as long as the process, because readers and writers borrow them; so each text is
/// parsed once, however often decoders are made (for every partition that is rebuilt).
pub(crate) fn parse(text: &str) -> Result<Parsed, apache_avro::Error> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Parsed>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(parsed) = known.get(text) {
        return Ok(*parsed);
    }
    let schema: &'static Schema = Box::leak(Box::new(Schema::parse_str(text)?));
    let parsed = Parsed { schema, header: single_object_header(schema) };
    known.insert(text.to_owned(), parsed);
    Ok(parsed)
}

pub(crate) fn parse_own(text: &'static str) -> Parsed {
    parse(text).expect("a schema of avro/ parses; a test says so")
}

pub(crate) fn datum_reader(schema: &'static Schema) -> GenericDatumReader<'static> {
    GenericDatumReader::builder(schema)
        .human_readable(true)
        .build()
        .expect("a schema of avro/ resolves; a test says so")
}

pub(crate) fn datum_writer(schema: &'static Schema) -> GenericDatumWriter<'static> {
    GenericDatumWriter::builder(schema)
        .human_readable(true)
        .build()
        .expect("a schema of avro/ resolves; a test says so")
}

fn single_object_header(schema: &Schema) -> [u8; 10] {
    let fingerprint = fingerprintable(schema).fingerprint::<Rabin>();
    let mut header = [0; 10];
    header[..2].copy_from_slice(&SINGLE_OBJECT);
    header[2..].copy_from_slice(&fingerprint.bytes);
    header
}

/// The schema without logical types. Where one was, the library's canonical form keeps
/// `{"type":"long"}`; the specification, and the Java and Python libraries with it, say `"long"`.
/// Without this, their messages would have another fingerprint than ours.
fn fingerprintable(schema: &Schema) -> Schema {
    const PRIMITIVES: [&str; 8] =
        ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    let canonical = PRIMITIVES.iter().fold(schema.canonical_form(), |text, primitive| {
        text.replace(&format!(r#"{{"type":"{primitive}"}}"#), &format!(r#""{primitive}""#))
    });
    Schema::parse_str(&canonical).unwrap_or_else(|_| schema.clone())
}
