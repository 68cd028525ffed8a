//! The record of who looked at what, written before anything is shown.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context;
use schemas::topics::Topic;
use schemas::{AuditEvent, Codec, Encoder, Topics};
use stream::producer::{Outgoing, Producer};
use tokio::time::timeout;

/// How long a request waits for its record to be acknowledged.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// The access could not be recorded, and must not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an access cannot be recorded: {0}")]
pub struct NotRecorded(pub String);

/// Where accesses are recorded.
pub trait AuditLog: Send + Sync {
    /// Resolves when the record is safe.
    fn record(&self, event: AuditEvent) -> Recording<'_>;
}

/// A record on its way.
pub type Recording<'a> = Pin<Box<dyn Future<Output = Result<(), NotRecorded>> + Send + 'a>>;

/// Records accesses in the topic `audit.events`.
pub struct KafkaAuditLog {
    producer: Producer,
    encoder: Encoder<AuditEvent>,
    topic: String,
}

impl KafkaAuditLog {
    /// A log that writes through the producer. Blocks where a schema registry is asked.
    ///
    /// # Errors
    /// When the schema registry does not take the schema.
    pub fn new(producer: Producer, codec: &Codec, topics: &Topics) -> anyhow::Result<Self> {
        let topic = topics.name(Topic::AuditEvents);
        let encoder = codec.encoder(&topic).context("cannot prepare the record of accesses")?;
        Ok(Self { producer, encoder, topic })
    }

    async fn send(&self, event: AuditEvent) -> Result<(), NotRecorded> {
        let bytes = self.encoder.encode(&event).map_err(|error| NotRecorded(error.to_string()))?;
        let record = Outgoing {
            topic: &self.topic,
            partition: None,
            key: event.patient.as_deref().map(str::as_bytes),
            payload: Some(&bytes),
        };
        match timeout(DEADLINE, self.producer.send(record)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(NotRecorded(error.to_string())),
            Err(_) => Err(NotRecorded(format!("no acknowledgement in {} s", DEADLINE.as_secs()))),
        }
    }
}

impl AuditLog for KafkaAuditLog {
    fn record(&self, event: AuditEvent) -> Recording<'_> {
        Box::pin(self.send(event))
    }
}

/// Whose data an answer about several patients holds: their ids. Care teams change, so the number
/// alone would not say later who was seen.
pub(crate) fn named(patients: &BTreeSet<String>) -> String {
    patients.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Keeps records in memory, or fails.
    #[derive(Default)]
    pub(crate) struct MemoryAuditLog {
        pub(crate) events: Mutex<Vec<AuditEvent>>,
        pub(crate) broken: AtomicBool,
    }

    impl MemoryAuditLog {
        /// Action, patient and whether allowed, of every record.
        pub(crate) fn said(&self) -> Vec<(String, Option<String>, bool)> {
            let events = self.events.lock().unwrap();
            events
                .iter()
                .map(|event| (event.action.clone(), event.patient.clone(), event.allowed))
                .collect()
        }
    }

    impl AuditLog for MemoryAuditLog {
        fn record(&self, event: AuditEvent) -> Recording<'_> {
            Box::pin(async move {
                if self.broken.load(Ordering::Relaxed) {
                    return Err(NotRecorded("out of order".to_owned()));
                }
                self.events.lock().unwrap().push(event);
                Ok(())
            })
        }
    }
}
