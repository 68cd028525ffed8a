//! The way into Kafka, behind a seam so that tests can make it slow, full or gone.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use stream::SendError;
use stream::producer::{Outgoing, Producer};
use tokio::time::{Instant, timeout_at};

/// Resolves when Kafka has acknowledged a record with all in-sync replicas, or has not.
pub(crate) type Acknowledgement = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// Takes records in their order.
pub(crate) trait Publish: Send + Sync + 'static {
    /// Queues a record at once or refuses it at once.
    fn enqueue(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        payload: &[u8],
    ) -> Result<Acknowledgement, SendError>;
}

impl Publish for Producer {
    fn enqueue(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        payload: &[u8],
    ) -> Result<Acknowledgement, SendError> {
        let record = Outgoing { topic, partition: None, key, payload: Some(payload) };
        let delivery = Producer::enqueue(self, record)?;
        Ok(Box::pin(async move { delivery.await.map(|_position| ()) }))
    }
}

/// A record on its way to `readings.raw`.
#[derive(Debug)]
pub(crate) struct Outbound {
    /// The patient.
    pub(crate) key: String,
    /// The encoded reading.
    pub(crate) payload: Vec<u8>,
}

/// What became of records.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// For each record, in order, whether Kafka has acknowledged it.
    pub(crate) acknowledged: Vec<bool>,
    /// The first reason why a record was not acknowledged.
    pub(crate) failure: Option<SendError>,
}

/// Sends records in their order and waits for every acknowledgement until `patience` is over.
///
/// Once a record is refused no later one is queued: a patient's readings must not overtake each
/// other, and a full queue is to empty.
pub(crate) async fn deliver(
    publish: &dyn Publish,
    topic: &str,
    records: &[Outbound],
    patience: Duration,
) -> Delivered {
    /// Queueing is quick but never waits; other tasks get their turn now and then.
    const BETWEEN_TURNS: usize = 512;
    let deadline = Instant::now() + patience;
    let mut failure = None;
    let mut on_the_way = Vec::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        match publish.enqueue(topic, Some(record.key.as_bytes()), &record.payload) {
            Ok(acknowledgement) => on_the_way.push(acknowledgement),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
        if index % BETWEEN_TURNS == BETWEEN_TURNS - 1 {
            tokio::task::yield_now().await;
        }
    }
    let mut acknowledged = vec![false; records.len()];
    for (done, acknowledgement) in acknowledged.iter_mut().zip(on_the_way) {
        // After the deadline this still notices acknowledgements that are already there.
        match timeout_at(deadline, acknowledgement).await {
            Ok(Ok(())) => *done = true,
            Ok(Err(error)) => {
                failure.get_or_insert(error);
            }
            Err(_elapsed) => {
                failure.get_or_insert(SendError::TimedOut);
            }
        }
    }
    Delivered { acknowledged, failure }
}
