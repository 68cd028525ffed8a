//! From the bytes of a topic's record to a row.

use schemas::topics::Topic;
use schemas::{
    AcceptedReading, AlertEvent, AuditEvent, Codec, DecodeError, Decoder, OutcomeTally, Record,
    RejectedReading, Topics,
};
use stream::record::Incoming;

use crate::rows::{Place, Row};

/// The topics that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// `readings.accepted`.
    Accepted,
    /// `readings.rejected`.
    Rejected,
    /// `readings.outcomes`.
    Outcomes,
    /// `alerts`.
    Alerts,
    /// `audit.events`.
    Audit,
}

impl Input {
    /// Every input.
    pub const ALL: [Input; 5] =
        [Input::Accepted, Input::Rejected, Input::Outcomes, Input::Alerts, Input::Audit];

    /// Its topic.
    pub const fn topic(self) -> Topic {
        match self {
            Input::Accepted => Topic::ReadingsAccepted,
            Input::Rejected => Topic::ReadingsRejected,
            Input::Outcomes => Topic::ReadingsOutcomes,
            Input::Alerts => Topic::Alerts,
            Input::Audit => Topic::AuditEvents,
        }
    }

    /// The input of a topic's full name.
    pub fn of(topics: &Topics, name: &str) -> Option<Input> {
        Input::ALL.into_iter().find(|input| topics.name(input.topic()) == name)
    }
}

/// Decoders for all inputs.
pub struct Decoders {
    accepted: Decoder<AcceptedReading>,
    rejected: Decoder<RejectedReading>,
    outcomes: Decoder<OutcomeTally>,
    alerts: Decoder<AlertEvent>,
    audit: Decoder<AuditEvent>,
}

impl Decoders {
    /// Decoders that ask the codec's schema registry where there is one.
    pub fn new(codec: &Codec) -> Self {
        Self {
            accepted: codec.decoder(),
            rejected: codec.decoder(),
            outcomes: codec.decoder(),
            alerts: codec.decoder(),
            audit: codec.decoder(),
        }
    }

    /// The row of a record; none for a tombstone, which tells the topic's compaction something and
    /// the store nothing.
    ///
    /// # Errors
    /// When the bytes are no record of the topic, or the schema registry cannot be asked now
    /// ([`DecodeError::is_retryable`]).
    pub fn decode(&self, input: Input, record: &Incoming) -> Result<Option<Row>, DecodeError> {
        let Some(bytes) = record.payload.as_deref() else {
            return Ok(None);
        };
        fn read<T: Record>(decoder: &Decoder<T>, bytes: &[u8]) -> Result<T, DecodeError> {
            decoder.decode(bytes)
        }
        Ok(Some(match input {
            Input::Accepted => Row::Reading(read(&self.accepted, bytes)?),
            Input::Rejected => Row::Rejected(read(&self.rejected, bytes)?),
            Input::Outcomes => Row::Tally(read(&self.outcomes, bytes)?),
            Input::Alerts => Row::Alert(read(&self.alerts, bytes)?),
            Input::Audit => Row::Audit(read(&self.audit, bytes)?),
        }))
    }
}

/// The place of a record.
pub fn place_of(record: &Incoming) -> Place {
    Place { partition: record.partition, offset: record.offset, timestamp_ms: record.timestamp_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_known_by_its_full_name_only() {
        let topics = Topics::with_prefix("t1.");
        for input in Input::ALL {
            assert_eq!(Input::of(&topics, &topics.name(input.topic())), Some(input));
        }
        assert_eq!(Input::of(&topics, "alerts"), None);
    }
}
