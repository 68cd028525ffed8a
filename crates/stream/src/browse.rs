//! Looking into topics: one record at its place, or everything up to the present end. For tools, which
//! read once and leave. Blocks the thread.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;
use crate::follow::Start;
use crate::record::{Incoming, Position};
use crate::topics::partitions_of;

const PATIENCE: Duration = Duration::from_secs(10);
/// Kafka counts as gone when nothing comes for so long although something is there.
const SILENCE: Duration = Duration::from_secs(30);

/// The record at a place; none where there is none (any more): beyond the end, no longer kept,
/// compacted away, or never committed.
///
/// # Errors
/// When Kafka does not answer or has no such topic or partition.
pub fn record_at(
    kafka: &KafkaArgs,
    topic: &str,
    place: Position,
) -> Result<Option<Incoming>, StreamError> {
    let consumer = consumer(kafka)?;
    if !partitions_of(&consumer, topic)?.contains(&place.partition) {
        return Ok(None);
    }
    let (low, high) = watermarks(&consumer, topic, place.partition)?;
    if !(low..high).contains(&place.offset) {
        return Ok(None);
    }
    let mut found = None;
    let ranges = HashMap::from([(place.partition, (place.offset, place.offset + 1))]);
    read(&consumer, topic, ranges, |record| {
        found = Some(record);
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// Reads a topic, or one partition of it, from a start to where it ends now, or until the handler
/// says that it is enough. Only what is committed; in order within each partition.
///
/// # Errors
/// When Kafka does not answer or has no such topic.
pub fn read_to_end(
    kafka: &KafkaArgs,
    topic: &str,
    partition: Option<i32>,
    start: Start,
    handle: impl FnMut(Incoming) -> ControlFlow<()>,
) -> Result<(), StreamError> {
    let consumer = consumer(kafka)?;
    let mut partitions = partitions_of(&consumer, topic)?;
    partitions.retain(|of| partition.is_none_or(|only| only == *of));
    let mut ranges = HashMap::new();
    for partition in partitions {
        let (low, high) = watermarks(&consumer, topic, partition)?;
        let from = start.offset(&consumer, (topic, partition), (low, high))?;
        if from < high {
            ranges.insert(partition, (from, high));
        }
    }
    read(&consumer, topic, ranges, handle)
}

fn consumer(kafka: &KafkaArgs) -> Result<BaseConsumer<Watch>, StreamError> {
    kafka
        .consumer("mimamori-browse", "mimamori-browse")
        .set("enable.partition.eof", "true")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a consumer"))
}

fn watermarks(
    consumer: &BaseConsumer<Watch>,
    topic: &str,
    partition: i32,
) -> Result<(i64, i64), StreamError> {
    consumer
        .fetch_watermarks(topic, partition, PATIENCE)
        .map_err(StreamError::while_doing("asking for a partition's offsets"))
}

/// Reads ranges of offsets, by partition.
fn read(
    consumer: &BaseConsumer<Watch>,
    topic: &str,
    mut ranges: HashMap<i32, (i64, i64)>,
    mut handle: impl FnMut(Incoming) -> ControlFlow<()>,
) -> Result<(), StreamError> {
    let doing = "assigning partitions";
    let mut assignment = TopicPartitionList::new();
    for (partition, (from, _)) in &ranges {
        assignment
            .add_partition_offset(topic, *partition, Offset::Offset(*from))
            .map_err(StreamError::while_doing(doing))?;
    }
    consumer.assign(&assignment).map_err(StreamError::while_doing(doing))?;
    let name: Arc<str> = topic.into();
    let mut heard = Instant::now();
    while !ranges.is_empty() {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                heard = Instant::now();
                let (partition, offset) = (message.partition(), message.offset());
                let Some((from, end)) = ranges.get(&partition).copied() else { continue };
                if offset + 1 >= end {
                    ranges.remove(&partition);
                }
                let wanted = (from..end).contains(&offset);
                if wanted && handle(Incoming::of(name.clone(), &message)).is_break() {
                    return Ok(());
                }
            }
            // Where the last records are transaction markers or compacted away, only this says so.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ranges.remove(&partition);
            }
            Some(Err(error)) if heard.elapsed() > SILENCE => {
                return Err(StreamError::while_doing("reading a topic")(error));
            }
            None if heard.elapsed() > SILENCE => {
                return Err(StreamError::Silent { topic: topic.to_owned(), silence: SILENCE });
            }
            _ => {}
        }
    }
    Ok(())
}
