//! The flow of the partitions' records: held up, let go, and how much is still to come.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::{Live, Session, failed};
use crate::error::StreamError;

/// How long a partition is held up whose next record cannot be read, until that is tried again.
const HELD: Duration = Duration::from_secs(1);

impl<'a, S: Send + 'static> Session<'a, S> {
    /// How much is still to be read of each partition that is owned. The client does not say it of
    /// those that are held up.
    pub(super) fn lag(&self) -> Vec<(i32, i64)> {
        let known = (self.watch.watch.lag().into_iter())
            .filter(|(topic, partition, _)| {
                *topic == self.args.inputs[0]
                    && self.partitions.contains_key(partition)
                    && !self.held.contains_key(partition)
            })
            .map(|(_, partition, lag)| (partition, lag));
        let held = self.held.keys().filter_map(|partition| {
            let Some(Some(live)) = self.partitions.get(partition) else { return None };
            Some((*partition, self.ends.left(*partition, live.positions[0])?))
        });
        known.chain(held).collect()
    }

    /// Drops records of partitions that were revoked, are paused for a rebuild or held up, between
    /// being polled and now. They are read again, by whoever owns the partition then.
    pub(super) fn without_interrupted(
        &mut self,
        mut batch: Vec<BorrowedMessage<'a>>,
    ) -> Vec<BorrowedMessage<'a>> {
        batch.retain(|message| {
            let partition = message.partition();
            let is_live = self.partitions.get(&partition).is_some_and(Option::is_some)
                && !self.held.contains_key(&partition);
            if !is_live {
                self.interrupted.insert(partition);
            }
            is_live
        });
        batch
    }

    /// Lets a partition flow from its position.
    pub(super) fn resume(&mut self, partition: i32, positions: &[i64]) -> Result<(), StreamError> {
        let mut list = TopicPartitionList::new();
        for (input, position) in self.args.inputs.iter().zip(positions) {
            list.add_partition_offset(input, partition, Offset::Offset(*position))
                .map_err(failed("resuming a partition"))?;
        }
        if self.interrupted.remove(&partition) {
            let sought = self
                .consumer
                .seek_partitions(list.clone(), Duration::from_secs(10))
                .map_err(failed("seeking a partition's position"))?;
            for element in sought.elements() {
                element.error().map_err(failed("seeking a partition's position"))?;
            }
        }
        self.consumer.resume(&list).map_err(failed("resuming a partition"))
    }

    /// Stops the flow of a partition at its position, for a while.
    pub(super) fn hold(&mut self, partition: i32) -> Result<(), StreamError> {
        let mut list = TopicPartitionList::new();
        for input in &self.args.inputs {
            list.add_partition(input, partition);
        }
        self.consumer.pause(&list).map_err(failed("pausing a partition"))?;
        self.interrupted.insert(partition);
        self.held.insert(partition, Instant::now() + HELD);
        Ok(())
    }

    /// Lets held partitions flow again whose time has come.
    pub(super) fn release_held(&mut self) -> Result<(), StreamError> {
        let now = Instant::now();
        let due = |(partition, at): (&i32, &Instant)| (*at <= now).then_some(*partition);
        for partition in self.held.iter().filter_map(due).collect::<Vec<_>>() {
            self.held.remove(&partition);
            if let Some(Some(Live { positions, .. })) = self.partitions.get(&partition) {
                let positions = positions.clone();
                self.resume(partition, &positions)?;
            }
        }
        Ok(())
    }
}
