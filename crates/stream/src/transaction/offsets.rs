//! Offsets of many partitions in one question to each broker.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;

const PATIENCE: Duration = Duration::from_secs(10);

/// Which offset of a partition is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That of its oldest record.
    First,
    /// That after its last record; for a client that reads what is committed, after the last one
    /// that no open transaction stands before.
    Next,
    /// That of the first record appended at or after a time, ms since the epoch.
    Since(i64),
}

/// Answers of one client.
pub(super) struct OffsetClient {
    consumer: BaseConsumer<Watch>,
}

impl OffsetClient {
    pub(super) fn new(
        kafka: &KafkaArgs,
        group: &str,
        isolation: &str,
    ) -> Result<Self, StreamError> {
        let consumer = kafka
            .consumer("mimamori-rebuild", group)
            .set("isolation.level", isolation)
            .set("statistics.interval.ms", "0")
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a consumer"))?;
        Ok(Self { consumer })
    }

    pub(super) fn consumer(&self) -> &BaseConsumer<Watch> {
        &self.consumer
    }

    /// Offsets of a topic's partitions; a partition is left out where there is no such offset.
    pub(super) fn offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        wanted: Wanted,
    ) -> Result<HashMap<i32, i64>, StreamError> {
        let wanted = match wanted {
            Wanted::First => Offset::Beginning,
            Wanted::Next => Offset::End,
            Wanted::Since(time) => Offset::Offset(time.max(0)),
        };
        let mut asked = TopicPartitionList::new();
        for partition in partitions {
            asked.add_partition_offset(topic, *partition, wanted).map_err(failed)?;
        }
        let answer = self.consumer.offsets_for_times(asked, PATIENCE).map_err(failed)?;
        known(&answer)
    }

    /// Where the group has consumed a topic's partitions; one is left out where it never has. Waits
    /// for open transactions of an earlier owner to be decided, which the client does when it reads
    /// what is committed.
    pub(super) fn consumed(
        &self,
        topic: &str,
        partitions: &[i32],
        patience: Duration,
    ) -> Result<HashMap<i32, i64>, StreamError> {
        let mut asked = TopicPartitionList::new();
        for partition in partitions {
            asked.add_partition(topic, *partition);
        }
        known(&self.consumer.committed_offsets(asked, patience).map_err(failed)?)
    }
}

fn failed(error: KafkaError) -> StreamError {
    StreamError::while_doing("asking for offsets")(error)
}

fn known(answer: &TopicPartitionList) -> Result<HashMap<i32, i64>, StreamError> {
    let mut offsets = HashMap::new();
    for element in answer.elements() {
        element.error().map_err(failed)?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert(element.partition(), offset);
        }
    }
    Ok(offsets)
}
