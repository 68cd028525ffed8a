//! Producing outside transactions: a record counts as sent when every in-sync replica has it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

use crate::connection::KafkaArgs;
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
#[derive(Clone)]
pub struct Producer {
    inner: ThreadedProducer<Reports>,
}

/// A record on its way: resolves when Kafka has acknowledged or refused it.
#[derive(Debug)]
pub struct Delivery(oneshot::Receiver<Result<Position, SendError>>);

impl Future for Delivery {
    type Output = Result<Position, SendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|report| {
            report.unwrap_or_else(|_| Err(SendError::Failed("the producer was closed".to_owned())))
        })
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
        let inner = config
            .create_with_context(Reports)
            .map_err(StreamError::while_doing("creating a producer"))?;
        Ok(Self { inner })
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
        match self.inner.send(message) {
            Ok(()) => Ok(Delivery(waiting)),
            Err((error, _)) => Err(error.into()),
        }
    }

    /// Sends a record and waits for Kafka's answer (at most 30 s).
    ///
    /// # Errors
    /// When the record is not acknowledged by all in-sync replicas.
    pub async fn send(&self, record: Outgoing<'_>) -> Result<Position, SendError> {
        self.enqueue(record)?.await
    }

    /// How many records wait for an answer.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.inner.in_flight_count()).unwrap_or(0)
    }

    /// Waits until every record has its answer. Blocks the thread.
    ///
    /// # Errors
    /// When that takes longer than `timeout`.
    pub fn flush(&self, timeout: Duration) -> Result<(), StreamError> {
        self.inner.flush(timeout).map_err(StreamError::while_doing("flushing the producer"))
    }
}
