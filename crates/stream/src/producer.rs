//! Producing outside transactions: a record counts as sent when every in-sync replica has it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context;
use crate::error::{SendError, StreamError};
pub use crate::record::{Outgoing, Position};

struct Reports;

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        context::report(&error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<oneshot::Sender<Result<Position, SendError>>>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiting: Self::DeliveryOpaque) {
        let report = match result {
            Ok(message) => {
                Ok(Position { partition: message.partition(), offset: message.offset() })
            }
            Err((error, _)) => Err(SendError::from(error.clone())),
        };
        // Whoever waited may have given up; the record is sent all the same.
        let _ = waiting.send(report);
    }
}

/// An idempotent producer with acks=all and Java's partitioner. Cloning shares it.
///
/// A client that has failed for good (it and a broker disagree about what was written) is replaced:
/// what was on its way fails, what follows goes on.
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    config: ClientConfig,
    client: RwLock<Arc<ThreadedProducer<Reports>>>,
}

fn made(config: &ClientConfig) -> Result<Arc<ThreadedProducer<Reports>>, StreamError> {
    config
        .create_with_context(Reports)
        .map(Arc::new)
        .map_err(StreamError::while_doing("creating a producer"))
}

/// A record on its way: resolves when Kafka has acknowledged or refused it.
#[derive(Debug)]
pub struct Delivery(oneshot::Receiver<Result<Position, SendError>>);

impl Future for Delivery {
    type Output = Result<Position, SendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|report| report.unwrap_or(Err(SendError::Closed)))
    }
}

impl Producer {
    /// A producer. Kafka need not be reachable yet.
    ///
    /// # Errors
    /// When a setting is refused.
    pub fn new(kafka: &KafkaArgs, client_id: &str) -> Result<Self, StreamError> {
        let mut config = kafka.client(client_id);
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "2")
            .set("compression.type", "lz4")
            .set("delivery.timeout.ms", "30000")
            .set("queue.buffering.max.messages", "200000")
            .set("queue.buffering.max.kbytes", "262144")
            .set("message.max.bytes", "10485760");
        let client = RwLock::new(made(&config)?);
        Ok(Self { shared: Arc::new(Shared { config, client }) })
    }

    fn client(&self) -> RwLockReadGuard<'_, Arc<ThreadedProducer<Reports>>> {
        self.shared.client.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a new client in the place of one that has failed for good.
    fn replace(&self, failed: &Arc<ThreadedProducer<Reports>>) {
        let mut client = self.shared.client.write().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&client, failed) {
            return;
        }
        match made(&self.shared.config) {
            Ok(new) => {
                tracing::warn!("the Kafka producer has failed for good and is replaced");
                let old = std::mem::replace(&mut *client, new);
                // Ending it takes a while, which nobody here has.
                std::thread::spawn(move || drop(old));
            }
            Err(error) => tracing::error!(%error, "the Kafka producer cannot be replaced"),
        }
    }

    /// Queues a record. Records of one partition are written in the order of these calls.
    ///
    /// # Errors
    /// [`SendError::QueueFull`] at once under back-pressure; [`SendError::Refused`] for a record that
    /// can never be sent.
    pub fn enqueue(&self, record: Outgoing<'_>) -> Result<Delivery, SendError> {
        let (report, waiting) = oneshot::channel();
        let mut message: BaseRecord<'_, [u8], [u8], _> =
            BaseRecord::with_opaque_to(record.topic, Box::new(report));
        message.key = record.key;
        message.payload = record.payload;
        message.partition = record.partition;
        let client = self.client();
        let Err((error, _)) = client.send(message) else { return Ok(Delivery(waiting)) };
        if client.client().fatal_error().is_some() {
            let failed = Arc::clone(&client);
            drop(client);
            self.replace(&failed);
        }
        Err(error.into())
    }

    /// Sends a record and waits for Kafka's answer (at most 30 s).
    ///
    /// # Errors
    /// When the record is not acknowledged by all in-sync replicas.
    pub async fn send(&self, record: Outgoing<'_>) -> Result<Position, SendError> {
        self.enqueue(record)?.await
    }

    /// Sends records and waits for Kafka's answer to each. Where the queue has no room for another,
    /// the first of those on their way is waited for.
    ///
    /// # Errors
    /// When a record is not acknowledged by all in-sync replicas; those after it may be written.
    pub async fn send_all<'r>(
        &self,
        records: impl IntoIterator<Item = Outgoing<'r>>,
    ) -> Result<(), SendError> {
        let mut on_their_way = VecDeque::new();
        for record in records {
            loop {
                match self.enqueue(record) {
                    Ok(delivery) => break on_their_way.push_back(delivery),
                    Err(SendError::QueueFull) => {
                        on_their_way.pop_front().ok_or(SendError::QueueFull)?.await?;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        for delivery in on_their_way {
            delivery.await?;
        }
        Ok(())
    }

    /// How many records wait for an answer.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.client().in_flight_count()).unwrap_or(0)
    }

    /// Waits until every record has its answer. Blocks the thread.
    ///
    /// # Errors
    /// When that takes longer than `timeout`.
    pub fn flush(&self, timeout: Duration) -> Result<(), StreamError> {
        let client = Arc::clone(&self.client());
        client.flush(timeout).map_err(StreamError::while_doing("flushing the producer"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rdkafka::mocking::MockCluster;
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

    use super::*;

    /// Waits for a future on this thread.
    fn wait_for<F: Future>(future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let begun = Instant::now();
        loop {
            match future.as_mut().poll(&mut context) {
                Poll::Ready(output) => return output,
                Poll::Pending => assert!(begun.elapsed() < Duration::from_secs(30)),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn more_records_than_the_queue_holds_are_all_sent() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 1, 1).unwrap();
        let kafka = KafkaArgs::local(cluster.bootstrap_servers());
        let mut config = kafka.client("test");
        config.set("queue.buffering.max.messages", "10");
        let client = RwLock::new(made(&config).unwrap());
        let producer = Producer { shared: Arc::new(Shared { config, client }) };
        let record = Outgoing { topic: "t", partition: None, key: None, payload: Some(b"value") };
        wait_for(producer.send_all(std::iter::repeat_n(record, 100))).unwrap();
        let next = wait_for(producer.send(record)).unwrap();
        assert_eq!(next.offset, 100);
    }

    #[test]
    fn a_client_that_has_failed_for_good_is_replaced() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 1, 1).unwrap();
        let kafka = KafkaArgs::local(cluster.bootstrap_servers());
        let producer = Producer::new(&kafka, "test").unwrap();
        let send = || {
            let payload = Some(&b"value"[..]);
            wait_for(producer.send(Outgoing { topic: "t", partition: None, key: None, payload }))
        };
        send().unwrap();
        let desynchronized = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER];
        cluster.request_errors(RDKafkaApiKey::Produce, &desynchronized);
        send().unwrap_err();
        // This one learns of it; those that follow have a new client.
        assert!(send().unwrap_err().is_retryable());
        send().unwrap();
    }
}
