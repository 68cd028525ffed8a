//! From the bytes of a topic's record to a row.

use schemas::topics::Topic;
use schemas::{
    AcceptedReading, AlertEvent, AuditEvent, AuditSet, Codec, DecodeError, Decoder, OutcomeTally,
    RejectedReading, Topics,
};
use stream::record::Incoming;

use crate::rows::{Place, Row};

/// The topics that are read, each once: its records and the row that one becomes.
macro_rules! inputs {
    ($($(#[$doc:meta])* $input:ident($field:ident) = $topic:ident: $record:ident => $row:ident),+ $(,)?) => {
        /// The topics that are read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Input {
            $($(#[$doc])* $input,)+
        }

        impl Input {
            /// Every input.
            pub const ALL: &[Input] = &[$(Input::$input),+];

            /// Its topic.
            pub const fn topic(self) -> Topic {
                match self {
                    $(Input::$input => Topic::$topic,)+
                }
            }
        }

        /// Decoders for all inputs.
        pub struct Decoders {
            $($field: Decoder<$record>,)+
        }

        impl Decoders {
            /// Decoders that ask the codec's schema registry where there is one.
            pub fn new(codec: &Codec) -> Self {
                Self { $($field: codec.decoder(),)+ }
            }

            fn row(&self, input: Input, bytes: &[u8]) -> Result<Row, DecodeError> {
                Ok(match input {
                    $(Input::$input => Row::$row(self.$field.decode(bytes)?),)+
                })
            }
        }
    };
}

inputs! {
    /// `readings.accepted`.
    Accepted(accepted) = ReadingsAccepted: AcceptedReading => Reading,
    /// `readings.rejected`.
    Rejected(rejected) = ReadingsRejected: RejectedReading => Rejected,
    /// `readings.outcomes`.
    Outcomes(outcomes) = ReadingsOutcomes: OutcomeTally => Tally,
    /// `alerts`.
    Alerts(alerts) = Alerts: AlertEvent => Alert,
    /// `audit.events`.
    Audit(audit) = AuditEvents: AuditEvent => Audit,
    /// `audit.sets`.
    AuditSets(audit_sets) = AuditSets: AuditSet => AuditSet,
}

impl Input {
    /// The input of a topic's full name.
    pub fn of(topics: &Topics, name: &str) -> Option<Input> {
        Input::ALL.iter().copied().find(|input| topics.name(input.topic()) == name)
    }
}

impl Decoders {
    /// The row of a record; none for a tombstone, which tells the topic's compaction something and
    /// the store nothing.
    ///
    /// # Errors
    /// When the bytes are no record of the topic, or the schema registry cannot be asked now
    /// ([`DecodeError::is_retryable`]).
    pub fn decode(&self, input: Input, record: &Incoming) -> Result<Option<Row>, DecodeError> {
        record.payload.as_deref().map(|bytes| self.row(input, bytes)).transpose()
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
            assert_eq!(Input::of(&topics, &topics.name(input.topic())), Some(*input));
        }
        assert_eq!(Input::of(&topics, "alerts"), None);
    }
}
