//! The flow of the partitions' records from the group member: paused and resumed, partition by
//! partition.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use crate::error::StreamError;
use crate::group::GroupWatch;

/// How long the client may take to seek.
const PATIENCE: Duration = Duration::from_secs(10);

/// The group member as the source of records.
pub(super) struct Flow<'a> {
    consumer: &'a BaseConsumer<GroupWatch>,
    /// Partitions of which polled records were dropped: the client is ahead of their position.
    interrupted: HashSet<i32>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(consumer: &'a BaseConsumer<GroupWatch>) -> Self {
        Self { consumer, interrupted: HashSet::new() }
    }

    pub(super) fn consumer(&self) -> &'a BaseConsumer<GroupWatch> {
        self.consumer
    }

    /// Notes that a record of a partition was polled and dropped.
    pub(super) fn interrupt(&mut self, partition: i32) {
        self.interrupted.insert(partition);
    }

    /// Stops the flow of a partition of topics. What was polled of it is dropped.
    pub(super) fn pause<'t>(
        &mut self,
        partition: i32,
        topics: impl Iterator<Item = &'t str>,
    ) -> Result<(), StreamError> {
        let mut list = TopicPartitionList::new();
        for topic in topics {
            list.add_partition(topic, partition);
        }
        self.consumer.pause(&list).map_err(StreamError::while_doing("pausing a partition"))?;
        self.interrupt(partition);
        Ok(())
    }

    /// Lets a partition of topics flow, each from its position.
    pub(super) fn resume<'t>(
        &mut self,
        partition: i32,
        positions: impl Iterator<Item = (&'t str, i64)>,
    ) -> Result<(), StreamError> {
        let mut list = TopicPartitionList::new();
        for (topic, position) in positions {
            list.add_partition_offset(topic, partition, Offset::Offset(position))
                .map_err(StreamError::while_doing("resuming a partition"))?;
        }
        if self.interrupted.remove(&partition) {
            let sought = self
                .consumer
                .seek_partitions(list.clone(), PATIENCE)
                .map_err(StreamError::while_doing("seeking a partition's position"))?;
            for element in sought.elements() {
                element
                    .error()
                    .map_err(StreamError::while_doing("seeking a partition's position"))?;
            }
        }
        self.consumer.resume(&list).map_err(StreamError::while_doing("resuming a partition"))
    }
}
