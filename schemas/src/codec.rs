//! The wire form of every record.
//!
//! Written as the schema registry's framing (0, four bytes of id, body) where a registry is
//! configured, as Avro single-object encoding (C3 01, eight bytes of fingerprint, body) otherwise.
//! Read in both forms; anything else is refused by name.

mod parsed;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body::{Body, FieldError};
use crate::plan::{Plan, Planned};
use crate::schema_registry::SchemaRegistry;
pub use crate::schema_registry::{Refused, RegistryError, Unavailable};
use parsed::datum_writer;
pub(crate) use parsed::{Parsed, datum_reader, parse, parse_own};

/// A record that travels through a topic.
pub trait Record: Serialize + DeserializeOwned {
    /// The record's file name in `avro/`, without `.avsc`.
    const NAME: &'static str;
    /// The current schema.
    const SCHEMA: &'static str;
    /// Every schema ever published, oldest first; the last one is the current one.
    const PUBLISHED: &'static [&'static str];
    /// A way to read a body field after field, without going through the schema.
    const READ: Option<ReadBody<Self>> = None;
}

/// How a record is read from its body.
pub struct ReadBody<T> {
    /// From one of the current schema.
    pub(crate) current: fn(&mut Body<'_>) -> Result<T, FieldError>,
    /// From one of another schema.
    pub(crate) planned: fn(&mut Planned<'_>) -> Result<T, FieldError>,
}

const SINGLE_OBJECT: [u8; 2] = [0xc3, 0x01];
const REGISTRY: u8 = 0;

/// No record needs a longer string or array; a message that claims one is garbage.
const LONGEST_ALLOCATION: usize = 12 * 1024 * 1024;

/// Bytes that are not a record.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Neither of the two framings.
    #[error(
        "neither Avro single-object encoding (C3 01 …) nor the schema registry's framing (00 …)"
    )]
    NotFramed,
    /// The schema registry's framing without a registry to ask.
    #[error("framed for a schema registry, but no SCHEMA_REGISTRY_URL is configured")]
    NoRegistry,
    /// Written with a schema that is not known here.
    #[error("written with unknown schema {0}; publish the schema or use the current one")]
    UnknownSchema(WriterSchema),
    /// The text of a schema is none.
    #[error("the schema cannot be read: {0}")]
    NoSchema(#[source] apache_avro::Error),
    /// The schema is known; the bytes are not of it, or say what the current one cannot.
    #[error("the body cannot be read: {0}")]
    Malformed(String),
    /// The schema registry cannot be asked now.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// How a message names the schema that it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriterSchema {
    /// By its fingerprint, in single-object encoding.
    Fingerprint(u64),
    /// By its id in the schema registry.
    Id(u32),
}

impl fmt::Display for WriterSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => write!(f, "with fingerprint {fingerprint:016x}"),
            Self::Id(id) => write!(f, "id {id}"),
        }
    }
}

impl From<FieldError> for DecodeError {
    fn from(error: FieldError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl DecodeError {
    /// Whether the same bytes may be readable later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Registry(error) if error.is_retryable())
    }
}

/// Decodes, however long the schema registry takes to answer: without its schema nobody knows what a
/// record says. `wait` is given the reason, and waits before the next attempt.
///
/// # Errors
/// That of `wait`, which gives up: what the record says is not known then. The result inside is of a
/// record whose schema is known, or which no later attempt could read.
pub fn decoded_when_possible<T, E>(
    mut decode: impl FnMut() -> Result<T, DecodeError>,
    mut wait: impl FnMut(&DecodeError) -> Result<(), E>,
) -> Result<Result<T, DecodeError>, E> {
    loop {
        match decode() {
            Err(error) if error.is_retryable() => wait(&error)?,
            decided => return Ok(decided),
        }
    }
}

/// A record that its own schema cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("cannot encode {record}: {detail}")]
pub struct EncodeError {
    record: &'static str,
    detail: String,
}

impl EncodeError {
    pub(crate) fn new<T: Record>(error: apache_avro::Error) -> Self {
        Self { record: T::NAME, detail: error.to_string() }
    }
}

/// Makes encoders and decoders: knows whether there is a schema registry.
#[derive(Debug, Clone, Default)]
pub struct Codec {
    registry: Option<Arc<SchemaRegistry>>,
}

impl Codec {
    /// Single-object encoding, and the registry's framing when a URL is given.
    ///
    /// # Errors
    /// When the URL is none. The registry is asked at the first use.
    pub fn new(schema_registry_url: Option<&str>) -> Result<Self, RegistryError> {
        apache_avro::util::max_allocation_bytes(LONGEST_ALLOCATION);
        let registry = schema_registry_url.map(SchemaRegistry::new).transpose()?;
        Ok(Self { registry: registry.map(Arc::new) })
    }

    /// With a schema registry that is held in memory, schemas by their ids: for tests, and for tools
    /// that look at records where no registry can be asked.
    pub fn with_schemas(schemas: BTreeMap<u32, String>) -> Self {
        apache_avro::util::max_allocation_bytes(LONGEST_ALLOCATION);
        Self { registry: Some(Arc::new(SchemaRegistry::Held(schemas))) }
    }

    /// An encoder of records for a topic. With a registry the schema is registered under
    /// `<topic>-value` first; this blocks.
    ///
    /// # Errors
    /// When the registry does not answer or refuses the schema.
    pub fn encoder<T: Record>(&self, topic: &str) -> Result<Encoder<T>, RegistryError> {
        let Parsed { schema, header } = parse_own(T::SCHEMA);
        let header = match &self.registry {
            Some(registry) => {
                let id = registry.register(&format!("{topic}-value"), T::SCHEMA)?;
                let mut header = vec![REGISTRY];
                header.extend(id.to_be_bytes());
                header
            }
            None => header.to_vec(),
        };
        Ok(Encoder { header, writer: datum_writer(schema), record: PhantomData })
    }

    /// A decoder of records.
    pub fn decoder<T: Record>(&self) -> Decoder<T> {
        let Parsed { schema, header } = parse_own(T::SCHEMA);
        let writer = |text| {
            let Parsed { schema: writer, header } = parse_own(text);
            (header, Writer::new(writer, schema))
        };
        Decoder {
            current: Writer::new(schema, schema),
            header,
            reader: datum_reader(schema),
            published: T::PUBLISHED.iter().copied().map(writer).collect(),
            registry: self.registry.clone(),
            by_id: Mutex::default(),
            record: PhantomData,
        }
    }
}

/// Writes records of one type.
pub struct Encoder<T> {
    header: Vec<u8>,
    writer: GenericDatumWriter<'static>,
    record: PhantomData<fn(&T)>,
}

impl<T: Record> Encoder<T> {
    /// A record in its wire form.
    ///
    /// # Errors
    /// When a value does not fit its schema.
    pub fn encode(&self, value: &T) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&self.header);
        self.writer.write_ser(&mut bytes, value).map_err(EncodeError::new::<T>)?;
        Ok(bytes)
    }

    /// What every message begins with.
    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }
}

/// Reads records of one type, whatever schema they were written with.
pub struct Decoder<T> {
    current: Writer,
    header: [u8; 10],
    reader: GenericDatumReader<'static>,
    /// So few that they are looked through.
    published: Vec<([u8; 10], Writer)>,
    registry: Option<Arc<SchemaRegistry>>,
    by_id: Mutex<HashMap<u32, Known>>,
    record: PhantomData<fn() -> T>,
}

/// The body of a message in the form of the current schema, whatever it was written with: the bytes
/// of the message themselves, where that is their form.
#[derive(Debug, Clone)]
pub struct CurrentBody<'b, T> {
    bytes: Cow<'b, [u8]>,
    record: PhantomData<fn() -> T>,
}

impl<T> CurrentBody<'_, T> {
    /// The body alone, without what messages begin with.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The body of a message, and how the fields of the current schema are found in it. It is not read
/// yet: it may still be no record.
#[derive(Debug, Clone)]
pub struct WrittenBody<'b, T> {
    /// As it was written where `plan` says how to read it, in the form of the current schema otherwise.
    bytes: Cow<'b, [u8]>,
    plan: Option<&'static Plan>,
    record: PhantomData<fn() -> T>,
}

impl<T> WrittenBody<'_, T> {
    /// A body of the current schema's form; to be asked where there are no [`Self::planned`] fields.
    pub(crate) fn current(&self) -> Body<'_> {
        Body::new(&self.bytes)
    }

    /// The fields of a body of another schema, in place.
    pub(crate) fn planned(&self) -> Option<Planned<'_>> {
        self.plan.and_then(|plan| plan.in_place(&self.bytes))
    }
}

/// What is known of a schema registry's id.
#[derive(Clone, Copy)]
enum Known {
    Schema(Writer),
    /// Nothing at that time, or nothing of use.
    Nothing(Instant),
}

/// How long an id that the registry does not have is not asked again: garbage may come in quantity,
/// and a schema may be registered at any time.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
/// Ids that are remembered as unknown; beyond it all of them are asked anew.
const MOST_UNKNOWN: usize = 10_000;

/// What a message was written with, and how it becomes what is read.
#[derive(Debug, Clone, Copy)]
struct Writer {
    schema: &'static Schema,
    plan: &'static Plan,
}

impl Writer {
    fn new(schema: &'static Schema, reader: &'static Schema) -> Self {
        Self { schema, plan: Plan::between(schema, reader) }
    }
}

impl<T: Record> Decoder<T> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError`] says which of the framings, the schema or the body is at fault.
    pub fn decode(&self, bytes: &[u8]) -> Result<T, DecodeError> {
        let (writer, body) = self.unframe(bytes)?;
        if let (Some(read), Some(planned)) = (T::READ, writer.plan.in_place(body)) {
            return Ok(planned.whole(read.planned)?);
        }
        self.read(&CurrentBody { bytes: writer.plan.apply(body)?, record: PhantomData })
    }

    /// The body of a message, to be read in part.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn written_body<'b>(&self, bytes: &'b [u8]) -> Result<WrittenBody<'b, T>, DecodeError> {
        let (Writer { plan, .. }, body) = self.unframe(bytes)?;
        let record = PhantomData;
        Ok(match plan.is_in_place() {
            true => WrittenBody { bytes: Cow::Borrowed(body), plan: Some(plan), record },
            false => WrittenBody { bytes: plan.apply(body)?, plan: None, record },
        })
    }

    /// The body of a message in the form of the current schema. It is not read yet: it may still be
    /// no record.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn current_body<'b>(&self, bytes: &'b [u8]) -> Result<CurrentBody<'b, T>, DecodeError> {
        let (writer, body) = self.unframe(bytes)?;
        Ok(CurrentBody { bytes: writer.plan.apply(body)?, record: PhantomData })
    }

    /// Reads a body.
    ///
    /// # Errors
    /// When it is no record.
    pub fn read(&self, body: &CurrentBody<'_, T>) -> Result<T, DecodeError> {
        let Some(read) = T::READ else { return self.read_by_schema(&body.bytes) };
        let mut fields = Body::new(&body.bytes);
        let value = (read.current)(&mut fields)?;
        fields.end()?;
        Ok(value)
    }

    fn read_by_schema(&self, mut body: &[u8]) -> Result<T, DecodeError> {
        let value = self.reader.read_deser(&mut body).map_err(malformed)?;
        match body.len() {
            0 => Ok(value),
            bytes => Err(DecodeError::Malformed(format!("{bytes} bytes left over"))),
        }
    }

    /// The current schema.
    pub fn schema(&self) -> &'static Schema {
        self.current.schema
    }

    /// The schema that a message was written with, and its body.
    ///
    /// # Errors
    /// [`DecodeError`] says whether the framing or the schema is at fault.
    pub fn unframed<'b>(
        &self,
        bytes: &'b [u8],
    ) -> Result<(&'static Schema, &'b [u8]), DecodeError> {
        let (writer, body) = self.unframe(bytes)?;
        Ok((writer.schema, body))
    }

    fn unframe<'b>(&self, bytes: &'b [u8]) -> Result<(Writer, &'b [u8]), DecodeError> {
        if let Some(body) = bytes.strip_prefix(&self.header) {
            return Ok((self.current, body));
        }
        if let Some((header, body)) = bytes.split_first_chunk::<10>()
            && header.starts_with(&SINGLE_OBJECT)
        {
            let mut published = self.published.iter();
            let (_, writer) = published.find(|(known, _)| known == header).ok_or_else(|| {
                let fingerprint = u64::from_le_bytes(header[2..].try_into().expect("8 of 10"));
                DecodeError::UnknownSchema(WriterSchema::Fingerprint(fingerprint))
            })?;
            return Ok((*writer, body));
        }
        if let Some(([REGISTRY, id @ ..], body)) = bytes.split_first_chunk::<5>() {
            return Ok((self.writer_by_id(u32::from_be_bytes(*id))?, body));
        }
        Err(DecodeError::NotFramed)
    }

    fn writer_by_id(&self, id: u32) -> Result<Writer, DecodeError> {
        let registry = self.registry.as_ref().ok_or(DecodeError::NoRegistry)?;
        let unknown = || DecodeError::UnknownSchema(WriterSchema::Id(id));
        // Registries count in 32 bits with a sign; some fail when they are asked for more.
        if i32::try_from(id).is_err() {
            return Err(unknown());
        }
        let mut by_id = self.by_id.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match by_id.get(&id) {
            Some(Known::Schema(writer)) => return Ok(*writer),
            Some(Known::Nothing(since)) if since.elapsed() < UNKNOWN_FOR => return Err(unknown()),
            _ => {}
        }
        let parsed = registry.schema(id)?.and_then(|text| parse(&text).ok());
        let Some(Parsed { schema, .. }) = parsed else {
            if by_id.len() >= MOST_UNKNOWN {
                by_id.retain(|_, known| matches!(known, Known::Schema(_)));
            }
            by_id.insert(id, Known::Nothing(Instant::now()));
            return Err(unknown());
        };
        let writer = Writer::new(schema, self.current.schema);
        by_id.insert(id, Known::Schema(writer));
        Ok(writer)
    }
}

fn malformed(error: apache_avro::Error) -> DecodeError {
    // The library's words name fields and types; they may also quote a value, so they are cut to
    // the part before the first quotation.
    let text = error.to_string();
    let end = text.find(['"', '\'', '`']).unwrap_or(text.len());
    DecodeError::Malformed(text[..end].trim_end().to_owned())
}

/// A message of the current schema as somebody with another schema, such as an earlier release,
/// would have written it; in single-object encoding, as the message must be too. For tests.
///
/// # Errors
/// When it is no such message, the schema is none, or it cannot say what the message says.
pub fn written_with<T: Record>(message: &[u8], schema: &str) -> Result<Vec<u8>, DecodeError> {
    let current = parse_own(T::SCHEMA);
    let other = parse(schema).map_err(DecodeError::NoSchema)?;
    let body = message.strip_prefix(&current.header).ok_or(DecodeError::NotFramed)?;
    let body = Plan::between(current.schema, other.schema).apply(body)?;
    Ok([&other.header[..], &body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_parsed_once_however_many_encoders_and_decoders_there_are() {
        let codec = Codec::new(None).unwrap();
        let decoder = || codec.decoder::<crate::AlertEvent>();
        assert!(std::ptr::eq(decoder().current.schema, decoder().current.schema));
    }
}
