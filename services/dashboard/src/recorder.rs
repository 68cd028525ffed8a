//! Writes records to a topic and waits until they are safe.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use schemas::codec::Record;
use schemas::topics::Topic;
use schemas::{Codec, Encoder, Topics};
use stream::producer::{Outgoing, Producer};
use stream::record::Position;
use tokio::time::timeout;

/// How long a request waits for its record to be acknowledged.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// A record is not known to be safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotRecorded {
    /// What was to record it failed.
    #[error("not recorded: {0}")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
    /// It took longer than it may.
    #[error("not recorded: not done in {} s", .0.as_secs())]
    Late(Duration),
    /// Kafka has it, and this instance does not show it yet.
    #[error("not recorded: the instance has not read it")]
    NotRead,
}

impl NotRecorded {
    /// Because of an error.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(Arc::from(error.into()))
    }
}

/// A record on its way.
pub type Recording<'a> = Pin<Box<dyn Future<Output = Result<(), NotRecorded>> + Send + 'a>>;

/// Writes records to one topic.
pub struct Recorder<T: Record> {
    producer: Producer,
    encoder: Encoder<T>,
    topic: String,
}

impl<T: Record> Recorder<T> {
    /// A recorder that writes through the producer. Blocks where a schema registry is asked.
    ///
    /// # Errors
    /// When the schema registry does not take the schema.
    pub fn new(
        producer: Producer,
        codec: &Codec,
        topics: &Topics,
        topic: Topic,
    ) -> anyhow::Result<Self> {
        let topic = topics.name(topic);
        let encoder =
            codec.encoder(&topic).with_context(|| format!("cannot prepare records of {topic}"))?;
        Ok(Self { producer, encoder, topic })
    }

    /// Writes a record; it is safe when this resolves.
    ///
    /// # Errors
    /// When Kafka does not acknowledge it within [`DEADLINE`]. It may be there all the same.
    pub async fn write(&self, key: Option<&str>, record: &T) -> Result<(), NotRecorded> {
        self.placed(key, record).await.map(|_| ())
    }

    /// As [`Self::write`]; says where the record is.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn placed(&self, key: Option<&str>, record: &T) -> Result<Position, NotRecorded> {
        let bytes = self.encoder.encode(record).map_err(NotRecorded::failed)?;
        let record = Outgoing {
            topic: &self.topic,
            partition: None,
            key: key.map(str::as_bytes),
            payload: Some(&bytes),
        };
        match timeout(DEADLINE, self.producer.send(record)).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(error)) => Err(NotRecorded::failed(error)),
            Err(_) => Err(NotRecorded::Late(DEADLINE)),
        }
    }
}
