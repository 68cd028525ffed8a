//! Consumed offsets on their way into a transaction, on a thread of its own.
//!
//! The client bounds every other operation of a transaction by the transaction's own timeout, and of
//! this one each request, but not the wait between them: where the question for the group's
//! coordinator is answered with an error while no broker comes or goes, librdkafka (2.12.1) asks
//! nobody again, and its caller waits for ever.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::Builder;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::util::Timeout;

use crate::connection::TRANSACTION_TIMEOUT;
use crate::context::Watch;
use crate::error::StreamError;

/// Sends offsets, and gives up where nobody answers for them. A thread that waits for ever keeps the
/// producer, which the next one with its id fences.
pub(super) struct Offsets {
    asked: Sender<(TopicPartitionList, ConsumerGroupMetadata)>,
    answers: Receiver<Result<(), KafkaError>>,
}

impl Offsets {
    pub(super) fn of(producer: Arc<BaseProducer<Watch>>) -> Result<Self, StreamError> {
        let (asked, questions) = channel();
        let (answer, answers) = channel();
        Builder::new()
            .name("offsets".to_owned())
            .spawn(move || {
                for (offsets, group) in questions {
                    let sent =
                        producer.send_offsets_to_transaction(&offsets, &group, Timeout::Never);
                    if answer.send(sent).is_err() {
                        break;
                    }
                }
            })
            .map_err(StreamError::NoThread)?;
        Ok(Self { asked, answers })
    }

    /// Adds the next offsets that a group's member is to process to the transaction that is open, and
    /// waits until Kafka has them.
    ///
    /// # Errors
    /// When Kafka refuses them, and when nobody has answered when the broker aborts the transaction.
    pub(super) fn send(
        &self,
        offsets: TopicPartitionList,
        group: ConsumerGroupMetadata,
    ) -> Result<(), StreamError> {
        let within = TRANSACTION_TIMEOUT;
        let panicked = StreamError::Panicked("offsets");
        if self.asked.send((offsets, group)).is_err() {
            return Err(panicked);
        }
        match self.answers.recv_timeout(within) {
            Ok(sent) => {
                sent.map_err(StreamError::while_doing("committing offsets in the transaction"))
            }
            Err(RecvTimeoutError::Timeout) => Err(StreamError::OffsetsUnanswered { within }),
            Err(RecvTimeoutError::Disconnected) => Err(panicked),
        }
    }
}
