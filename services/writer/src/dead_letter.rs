//! The dead-letter topic: records that cannot be stored, whole, with the reason, acknowledged by
//! Kafka before their offset is committed.

use std::fmt;

use chassis::Backoff;
use schemas::records::{Origin, RejectedReading};
use schemas::{Codec, Encoder, Topics};
use stream::producer::{Outgoing, Producer};
use stream::record::Incoming;

use crate::rows::Row;
use crate::troubles::Troubles;

/// Why a record is a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadLetterReason {
    /// Its bytes are no record of its topic.
    Undecodable,
    /// ClickHouse, or a column's range, refuses its row.
    StoreRefused,
}

impl DeadLetterReason {
    /// The code in `RejectedReading::reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            DeadLetterReason::Undecodable => "undecodable",
            DeadLetterReason::StoreRefused => "store_refused",
        }
    }
}

/// The place of a record that became a dead letter: how `RejectedReading::detail` begins, before a
/// colon and what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace<'a> {
    /// The topic's full name.
    pub topic: &'a str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

impl fmt::Display for RecordPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, partition, offset } = self;
        write!(f, "{topic}, partition {partition}, offset {offset}")
    }
}

impl<'a> RecordPlace<'a> {
    /// The place with which the detail of a dead letter begins; none in a detail of another writer.
    pub fn of_detail(detail: &'a str) -> Option<Self> {
        let (place, _problem) = detail.split_once(": ")?;
        let (topic, numbers) = place.split_once(", partition ")?;
        let (partition, offset) = numbers.split_once(", offset ")?;
        Some(Self { topic, partition: partition.parse().ok()?, offset: offset.parse().ok()? })
    }
}

/// Bytes of a record that are kept of it, half a mebibyte below what the topic takes. Everything
/// that the processor writes is smaller, so what it has written is kept whole.
const MOST_BYTES: usize = 3 << 19;

/// The record for `store.dead_letters` of a record that cannot be stored.
///
/// `bytes` and `key` are the record's own, as it stood in its topic. `origin` is the raw reading's
/// where the record names it (accepted and rejected readings), so that a reconciliation of
/// `readings.raw` can count it, and the record's own place otherwise. `detail` names the record's
/// [`RecordPlace`] and what is wrong with it.
pub fn envelope(
    record: &Incoming,
    row: Option<&Row>,
    reason: DeadLetterReason,
    problem: &str,
) -> RejectedReading {
    let (origin, patient) = match row {
        Some(Row::Reading(accepted)) => (Some(accepted.origin), Some(accepted.reading.key())),
        Some(Row::Rejected(rejected)) => (Some(rejected.origin), rejected.patient.clone()),
        Some(Row::Alert(alert)) => (None, Some(alert.patient.clone())),
        Some(Row::Audit(event)) => (None, event.patient.clone()),
        Some(Row::Tally(_) | Row::AuditSet(_)) | None => (None, None),
    };
    let own_place = Origin {
        partition: record.partition,
        offset: record.offset,
        received_at: record.timestamp_ms,
    };
    let place =
        RecordPlace { topic: &record.topic, partition: record.partition, offset: record.offset };
    let value = record.payload.as_deref().unwrap_or_default();
    let origin = origin.unwrap_or(own_place);
    RejectedReading {
        reason: reason.as_str().to_owned(),
        detail: format!("{place}: {problem}"),
        patient,
        ..RejectedReading::holding(value, record.key.as_deref(), MOST_BYTES, origin)
    }
}

/// Takes records that cannot be stored.
pub trait DeadLetters: Send + Sync + 'static {
    /// Returns when the record is safe.
    fn write(&self, record: &RejectedReading) -> impl Future<Output = ()> + Send;
}

/// The topic `store.dead_letters`.
pub struct DeadLetterTopic {
    producer: Producer,
    encoder: Encoder<RejectedReading>,
    topic: String,
    troubles: Troubles,
}

impl DeadLetterTopic {
    /// The topic of a deployment. With a schema registry this asks it, and blocks.
    ///
    /// # Errors
    /// When the schema registry does not answer or refuses the schema.
    pub fn new(
        producer: Producer,
        codec: &Codec,
        topics: &Topics,
        troubles: Troubles,
    ) -> Result<Self, schemas::codec::RegistryError> {
        let topic = topics.name(schemas::topics::Topic::StoreDeadLetters);
        let encoder = codec.encoder(&topic)?;
        Ok(Self { producer, encoder, topic, troubles })
    }
}

const PART: &str = "store.dead_letters";

impl DeadLetters for DeadLetterTopic {
    async fn write(&self, record: &RejectedReading) {
        let mut backoff = Backoff::default();
        loop {
            // Every form of the record can be encoded; should that ever fail, the record waits here
            // and the service says so, rather than to be lost.
            let problem = match self.encoder.encode(record) {
                Err(error) => error.to_string(),
                Ok(payload) => {
                    let outgoing = Outgoing {
                        topic: &self.topic,
                        partition: None,
                        key: record.key.as_deref(),
                        payload: Some(&payload),
                    };
                    match self.producer.send(outgoing).await {
                        Ok(_) => {
                            self.troubles.over(PART);
                            return;
                        }
                        Err(error) => error.to_string(),
                    }
                }
            };
            if self.troubles.begin(PART, &problem) {
                tracing::warn!(topic = self.topic, "cannot write a dead letter yet: {problem}");
            }
            backoff.wait().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_place_of_a_record_is_read_back_from_the_detail(
            topic in "[a-zA-Z0-9._-]{1,249}",
            partition: i32,
            offset: i64,
            problem: String,
        ) {
            let place = RecordPlace { topic: &topic, partition, offset };
            let detail = format!("{place}: {problem}");
            prop_assert_eq!(RecordPlace::of_detail(&detail), Some(place));
        }
    }

    #[test]
    fn a_detail_of_another_form_names_no_place() {
        for detail in ["", "alerts", "alerts, partition 3: x", "alerts, partition 3, offset x: y"] {
            assert_eq!(RecordPlace::of_detail(detail), None, "{detail}");
        }
    }
}
