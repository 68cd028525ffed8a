//! Whether an input is consumed to its end: only then may time pass for it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;

/// How long Kafka is asked for an answer. Without one nothing is known, and time does not pass.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks where a topic ends.
pub(super) struct Ends {
    topic: String,
    /// Sees everything that is written.
    written: BaseConsumer<Watch>,
    /// Sees what is decided, as the group's member does, and learns where that ends.
    decided: BaseConsumer<Watch>,
    /// Position and end of partitions between which nothing is left to be read.
    empty: HashMap<i32, (i64, i64)>,
}

impl Ends {
    pub(super) fn of(kafka: &KafkaArgs, topic: &str) -> Result<Self, StreamError> {
        let client = |isolation: &str| -> Result<BaseConsumer<Watch>, StreamError> {
            kafka
                .consumer("mimamori-ends", "mimamori-ends")
                .set("isolation.level", isolation)
                .set("enable.partition.eof", "true")
                .create_with_context(Watch::default())
                .map_err(StreamError::while_doing("creating a consumer"))
        };
        Ok(Self {
            topic: topic.to_owned(),
            written: client("read_uncommitted")?,
            decided: client("read_committed")?,
            empty: HashMap::new(),
        })
    }

    /// How much of a partition lies behind a position: records, and the marks of transactions.
    pub(super) fn left(&self, partition: i32, position: i64) -> Option<i64> {
        let (_, end) = self.written.fetch_watermarks(&self.topic, partition, PATIENCE).ok()?;
        Some((end - position).max(0))
    }

    /// Whether every record of a partition lies before a position. A transaction that is still open
    /// hides what was written behind its beginning, so while there is one the answer is no.
    pub(super) fn is_consumed(&mut self, partition: i32, position: i64) -> bool {
        let end = |of: &BaseConsumer<Watch>| {
            of.fetch_watermarks(&self.topic, partition, PATIENCE).map(|(_, end)| end)
        };
        // In this order: what is written in between must not count as decided.
        let Ok(written) = end(&self.written) else { return false };
        if position >= written {
            return true;
        }
        if self.empty.get(&partition) == Some(&(position, written)) {
            return true;
        }
        if !end(&self.decided).is_ok_and(|decided| decided >= written) {
            return false;
        }
        let is_empty = self.nothing_is_left(partition, position);
        if is_empty {
            self.empty.insert(partition, (position, written));
        }
        is_empty
    }

    /// The end lies further on, but markers and aborted records are never delivered: only reading
    /// shows whether anything else is there.
    fn nothing_is_left(&self, partition: i32, position: i64) -> bool {
        let mut from = TopicPartitionList::new();
        let from_position =
            from.add_partition_offset(&self.topic, partition, Offset::Offset(position));
        if from_position.and_then(|()| self.decided.assign(&from)).is_err() {
            return false;
        }
        let until = Instant::now() + PATIENCE;
        let mut is_empty = false;
        while Instant::now() < until {
            match self.decided.poll(Duration::from_millis(50)) {
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    is_empty = true;
                    break;
                }
                Some(Ok(_)) => break,
                Some(Err(_)) | None => {}
            }
        }
        // Events of this assignment that are still on their way go with it.
        self.decided.unassign().is_ok() && is_empty
    }
}
