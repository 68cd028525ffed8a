//! `AcceptedReading` is written once for each reading: the reading's bytes are carried on as they
//! came, without encoding it anew.

use apache_avro::Schema;
use apache_avro::writer::datum::GenericDatumWriter;
use serde::Serialize;

use crate::codec::{Codec, EncodeError, Encoder, Record, RegistryError, datum_writer};
use crate::reading::Reading;
use crate::records::{AcceptedReading, Origin, StoredOutcome};

/// What an accepted reading says besides the reading.
#[derive(Debug, Clone, Serialize)]
#[serde(rename = "AcceptedReading")]
pub struct Acceptance {
    /// What became of it.
    pub outcome: StoredOutcome,
    /// Its id.
    pub reading_id: String,
    /// Its version, see [`AcceptedReading::version`].
    pub version: i64,
    /// The raw record.
    pub origin: Origin,
}

/// Writes [`AcceptedReading`]s.
pub struct AcceptedEncoder {
    whole: Encoder<AcceptedReading>,
    /// Writes everything after the first field, which is the reading.
    rest: GenericDatumWriter<'static>,
}

impl AcceptedEncoder {
    /// An encoder for the topic `readings.accepted`.
    ///
    /// # Errors
    /// As [`Codec::encoder`].
    pub fn new(codec: &Codec, topic: &str) -> Result<Self, RegistryError> {
        let schema = Schema::parse(&schema_of_the_rest()).expect("a test says so");
        Ok(Self { whole: codec.encoder(topic)?, rest: datum_writer(Box::leak(Box::new(schema))) })
    }

    /// An accepted reading. `body` is the reading as it came, where it was written with the current
    /// schema; otherwise the reading is encoded anew.
    ///
    /// # Errors
    /// When a value does not fit its schema.
    pub fn encode(
        &self,
        body: Option<&[u8]>,
        reading: &Reading,
        acceptance: Acceptance,
    ) -> Result<Vec<u8>, EncodeError> {
        let Some(body) = body else {
            let Acceptance { outcome, reading_id, version, origin } = acceptance;
            let reading = reading.clone();
            let whole = AcceptedReading { reading, outcome, reading_id, version, origin };
            return self.whole.encode(&whole);
        };
        let mut bytes = Vec::with_capacity(body.len() + 128);
        bytes.extend_from_slice(self.whole.header());
        bytes.extend_from_slice(body);
        self.rest
            .write_ser(&mut bytes, &acceptance)
            .map_err(EncodeError::new::<AcceptedReading>)?;
        Ok(bytes)
    }
}

/// The schema of `AcceptedReading` without its first field: records are written field after field.
fn schema_of_the_rest() -> serde_json::Value {
    let mut schema: serde_json::Value =
        serde_json::from_str(AcceptedReading::SCHEMA).expect("a test says so");
    if let Some(fields) = schema.get_mut("fields").and_then(|fields| fields.as_array_mut()) {
        fields.remove(0);
    }
    schema
}
