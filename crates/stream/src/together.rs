//! Writing records together or not at all, once: for tools. What a service does so all day is
//! [`crate::transaction`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context;
use crate::error::{ClientFault, StreamError};
use crate::record::{Outgoing, Position};

/// How long Kafka may take for a step.
const PATIENCE: Duration = Duration::from_secs(30);
/// Readers of a partition wait behind an open transaction. One that its process never ends, because
/// it was killed, holds them up for so long (or until the next process begins under the same id).
const LONGEST_OPEN: &str = "10000";

/// A producer that writes in transactions, for as long as no other one is made under its id.
pub struct Together {
    producer: BaseProducer<Places>,
}

/// Where records of the transaction at hand were written.
#[derive(Default)]
struct Places(Mutex<Vec<Option<Position>>>);

impl Places {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<Option<Position>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Places {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        context::report(&error, reason);
    }
}

impl ProducerContext for Places {
    type DeliveryOpaque = Box<usize>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Box<usize>) {
        // A record that is not delivered fails the commit.
        if let Ok(message) = result {
            let place = Position { partition: message.partition(), offset: message.offset() };
            self.with(|places| {
                if let Some(slot) = places.get_mut(*number) {
                    *slot = Some(place);
                }
            });
        }
    }
}

impl Together {
    /// A producer under a transactional id. From now on no earlier one of the same id can write:
    /// what it has not committed is void. So what this process reads after this call holds what all
    /// earlier ones have written, and what two of them do is done one after the other.
    ///
    /// # Errors
    /// When a setting is refused or Kafka does not answer.
    pub fn new(kafka: &KafkaArgs, id: &str) -> Result<Self, StreamError> {
        let producer: BaseProducer<Places> = kafka
            .client(id)
            .set("transactional.id", id)
            .set("transaction.timeout.ms", LONGEST_OPEN)
            .set("acks", "all")
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            .set("message.max.bytes", "11534336")
            .create_with_context(Places::default())
            .map_err(StreamError::while_doing("creating a transactional producer"))?;
        producer
            .init_transactions(PATIENCE)
            .map_err(StreamError::while_doing("beginning with transactions"))?;
        Ok(Self { producer })
    }

    /// Writes records in one transaction and says where each stands.
    ///
    /// # Errors
    /// When the records are not committed, with one exception: an error while committing leaves it
    /// open, and only reading shows whether they are.
    pub fn write(&self, records: &[Outgoing<'_>]) -> Result<Vec<Position>, StreamError> {
        self.producer.context().with(|places| *places = vec![None; records.len()]);
        self.producer
            .begin_transaction()
            .map_err(StreamError::while_doing("beginning a transaction"))?;
        let written = self.enqueue(records).and_then(|()| {
            // The client's own flush waits in steps of 100 ms.
            while self.producer.in_flight_count() > 0 {
                self.producer.poll(Duration::from_millis(1));
            }
            self.producer
                .commit_transaction(PATIENCE)
                .map_err(StreamError::while_doing("committing the transaction"))
        });
        if let Err(error) = written {
            // Where it fails too, the broker ends the transaction after its timeout.
            let _ = self.producer.abort_transaction(PATIENCE);
            return Err(error);
        }
        let places = self.producer.context().with(std::mem::take);
        let known = |place: Option<Position>| place.ok_or(ClientFault::NoPosition.into());
        places.into_iter().map(known).collect()
    }

    fn enqueue(&self, records: &[Outgoing<'_>]) -> Result<(), StreamError> {
        for (number, record) in records.iter().enumerate() {
            let mut message: BaseRecord<'_, [u8], [u8], Box<usize>> =
                BaseRecord::with_opaque_to(record.topic, Box::new(number));
            message.key = record.key;
            message.payload = record.payload;
            message.partition = record.partition;
            self.producer
                .send(message)
                .map_err(|(error, _)| StreamError::while_doing("writing a record")(error))?;
        }
        Ok(())
    }
}
