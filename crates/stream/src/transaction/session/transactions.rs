//! The transactions of a session.

mod offsets;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, Producer, PurgeConfig};
use rdkafka::util::Timeout;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use self::offsets::Offsets;
use crate::connection::{ClientSettings, KafkaArgs, TRANSACTION_TIMEOUT};
use crate::context::Watch;
use crate::error::{ClientFault, StreamError};
use crate::group::GroupWatch;
use crate::transaction::outputs::{Outputs, flush};

/// How long Kafka may take to abort what an earlier life has left open.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the abort of a transaction is waited for.
const ABORTED_WITHIN: Duration = Duration::from_secs(10);

/// The settings of a transactional producer.
pub fn producer_settings(kafka: &KafkaArgs, client_id: &str, id: &str) -> ClientConfig {
    let mut config = kafka.client(client_id);
    config
        .set("transactional.id", id)
        .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string())
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "1")
        // As long as the markers of one transaction are being written the next one is put off; the
        // client's own 100 ms would hold up everything in it.
        .set("retry.backoff.ms", "10")
        .set("compression.type", "lz4")
        .set("batch.size", "1000000")
        .set("queue.buffering.max.messages", "500000")
        .set("queue.buffering.max.kbytes", "262144")
        .set("message.max.bytes", "10485760")
        .set("delivery.report.only.error", "true");
    config
}

/// A transactional producer.
pub(super) struct Transactions {
    producer: Arc<BaseProducer<Watch>>,
    id: String,
    offsets: Offsets,
}

impl Transactions {
    /// Fences the earlier producer with this transactional id, and aborts what it left open.
    pub(super) fn of(kafka: &KafkaArgs, client_id: &str, id: &str) -> Result<Self, StreamError> {
        let producer: BaseProducer<Watch> = producer_settings(kafka, client_id, id)
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a transactional producer"))?;
        producer
            .init_transactions(PATIENCE)
            .map_err(StreamError::while_doing("beginning with transactions"))?;
        let producer = Arc::new(producer);
        Ok(Self { offsets: Offsets::of(producer.clone())?, producer, id: id.to_owned() })
    }

    pub(super) fn begin(&self) -> Result<(), StreamError> {
        self.producer
            .begin_transaction()
            .map_err(StreamError::while_doing("beginning a transaction"))
    }

    /// Where the task writes, into the transaction that has just begun.
    pub(super) fn outputs(&self) -> Outputs<'_> {
        Outputs::new(&self.producer, &self.id)
    }

    /// Aborts the transaction at hand. Where that fails, the next one to begin with this id does so.
    pub(super) fn abort(&self) {
        self.producer.abort_transaction(ABORTED_WITHIN).ok();
    }

    /// Gives back the memory of records that are not sent: the producer may never be closed.
    fn forget_records(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        self.producer.poll(Duration::ZERO);
    }

    /// Commits what was written together with the next offsets that the group's member is to process.
    pub(super) fn commit<'t>(
        &self,
        member: &BaseConsumer<GroupWatch>,
        positions: impl Iterator<Item = (&'t str, i32, i64)>,
    ) -> Result<(), StreamError> {
        let mut offsets = TopicPartitionList::new();
        for (topic, partition, position) in positions {
            offsets
                .add_partition_offset(topic, partition, Offset::Offset(position))
                .map_err(StreamError::while_doing("committing offsets"))?;
        }
        let group = member.group_metadata().ok_or(ClientFault::NoGroupMetadata)?;
        // While the records are still on their way: offsets and records take about as long.
        self.offsets.send(offsets, group).inspect_err(|error| {
            if matches!(error, StreamError::OffsetsUnanswered { .. }) {
                self.forget_records();
            }
        })?;
        flush(&self.producer);
        self.producer
            .commit_transaction(Timeout::Never)
            .map_err(StreamError::while_doing("committing the transaction"))
    }
}
