//! `AcceptedReading` is written once for each reading: the reading's bytes are carried on as they
//! came, without encoding it anew.

use crate::codec::{Codec, EncodeError, Encoder, RegistryError};
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

    /// An accepted reading. `body` is the reading as it came, where it was written with the current
    /// schema; otherwise the reading is encoded anew.
    ///
    /// # Errors
    /// When a value does not fit its schema.
    pub fn encode(
        &self,
        body: Option<&[u8]>,
        reading: &Reading,
        acceptance: &Acceptance,
    ) -> Result<Vec<u8>, EncodeError> {
        let Some(body) = body else {
            let Acceptance { outcome, reading_id, version, origin } = acceptance.clone();
            let reading = reading.clone();
            let whole = AcceptedReading { reading, outcome, reading_id, version, origin };
            return self.whole.encode(&whole);
        };
        let mut bytes = Vec::with_capacity(body.len() + 128);
        bytes.extend_from_slice(self.whole.header());
        bytes.extend_from_slice(body);
        acceptance.write(&mut bytes);
        Ok(bytes)
    }
}

impl Acceptance {
    /// Appends the fields that follow the reading: records are written field after field, enums as
    /// the index of their symbol, text after its length.
    fn write(&self, bytes: &mut Vec<u8>) {
        write_long(bytes, self.outcome as i64);
        write_long(bytes, self.reading_id.len() as i64);
        bytes.extend_from_slice(self.reading_id.as_bytes());
        write_long(bytes, self.version);
        write_long(bytes, self.origin.partition.into());
        write_long(bytes, self.origin.offset);
        write_long(bytes, self.origin.received_at);
    }
}

/// Seven bits a byte, the lowest first, the sign in the lowest bit.
fn write_long(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}
