//! Where a task writes: into the transaction at hand.

use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;

use super::left_open::Written;
use crate::context::Watch;
use crate::error::TaskError;
use crate::record::Outgoing;

/// How often the client is asked whether records are acknowledged.
const BETWEEN_LOOKS: Duration = Duration::from_micros(250);

/// Where the task writes: into the transaction.
pub struct Outputs<'a> {
    producer: &'a BaseProducer<Watch>,
    written: Written<'a>,
}

impl<'a> Outputs<'a> {
    /// Of a transaction that has just begun.
    pub(super) fn new(producer: &'a BaseProducer<Watch>, transactional_id: &'a str) -> Self {
        Self { producer, written: Written::by(transactional_id) }
    }

    /// Writes a record. Waits while the queue is full.
    ///
    /// # Errors
    /// When the client refuses the record.
    pub fn send(&mut self, record: Outgoing<'_>) -> Result<(), TaskError> {
        let mut message: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(record.topic);
        message.key = record.key;
        message.payload = record.payload;
        message.partition = record.partition;
        message.headers =
            record.partition.and_then(|partition| self.written.headers(record.topic, partition));
        loop {
            match self.producer.send(message) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                    message = refused;
                    wait_for_acknowledgements(self.producer);
                }
                Err((source, _)) => {
                    return Err(TaskError::Send { topic: record.topic.to_owned(), source });
                }
            }
        }
    }
}

/// Waits until every record is acknowledged or has failed. The client's own flush waits in steps of
/// 100 ms.
pub(super) fn flush(producer: &BaseProducer<Watch>) {
    while producer.in_flight_count() > 0 {
        wait_for_acknowledgements(producer);
    }
}

/// Waits a moment for acknowledgements. Asleep: the client's poll spins through the last millisecond
/// of any wait.
fn wait_for_acknowledgements(producer: &BaseProducer<Watch>) {
    std::thread::sleep(BETWEEN_LOOKS);
    producer.poll(Duration::ZERO);
}
