//! `AcceptedReading` is written once for each reading: the reading's bytes are carried on as they
//! came, or as its plan has brought them to the current schema, without encoding it anew.

use crate::body::append_long;
use crate::codec::{Codec, CurrentBody, EncodeError, Encoder, RegistryError};
use crate::reading::Reading;
use crate::records::{AcceptedReading, Origin, StoredOutcome};

/// What an accepted reading says besides the reading.
#[derive(Debug, Clone)]
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
}

impl AcceptedEncoder {
    /// An encoder for the topic `readings.accepted`.
    ///
    /// # Errors
    /// As [`Codec::encoder`].
    pub fn new(codec: &Codec, topic: &str) -> Result<Self, RegistryError> {
        Ok(Self { whole: codec.encoder(topic)? })
    }

    /// An accepted reading from the reading's body, as it came or as its plan has made it.
    pub fn carry(&self, body: &CurrentBody<'_, Reading>, acceptance: &Acceptance) -> Vec<u8> {
        let body = body.as_bytes();
        let mut bytes = Vec::with_capacity(body.len() + 128);
        bytes.extend_from_slice(self.whole.header());
        bytes.extend_from_slice(body);
        acceptance.append_to(&mut bytes);
        bytes
    }

    /// An accepted reading of a reading that came in no message.
    ///
    /// # Errors
    /// When a value does not fit its schema.
    pub fn encode(
        &self,
        reading: &Reading,
        acceptance: &Acceptance,
    ) -> Result<Vec<u8>, EncodeError> {
        let Acceptance { outcome, reading_id, version, origin } = acceptance.clone();
        let reading = reading.clone();
        self.whole.encode(&AcceptedReading { reading, outcome, reading_id, version, origin })
    }
}

impl Acceptance {
    /// Appends the fields that follow the reading: records are written field after field, enums as
    /// the index of their symbol, text after its length.
    fn append_to(&self, bytes: &mut Vec<u8>) {
        append_long(bytes, self.outcome as i64);
        append_long(bytes, self.reading_id.len() as i64);
        bytes.extend_from_slice(self.reading_id.as_bytes());
        append_long(bytes, self.version);
        append_long(bytes, self.origin.partition.into());
        append_long(bytes, self.origin.offset);
        append_long(bytes, self.origin.received_at);
    }
}
