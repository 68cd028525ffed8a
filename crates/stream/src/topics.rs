//! Topics: creating them, and asking how many partitions they have.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;

const PATIENCE: Duration = Duration::from_secs(10);

/// A topic to be created.
#[derive(Debug, Clone)]
pub struct TopicSpec {
    /// Name.
    pub name: String,
    /// Number of partitions.
    pub partitions: i32,
    /// Settings at the broker.
    pub settings: Vec<(String, String)>,
    /// Copies; the broker's default where none is given.
    pub replication: Option<i32>,
}

/// Creates the topics that do not exist; those that do are left as they are.
///
/// # Errors
/// When Kafka does not answer or refuses a topic.
pub async fn create_topics(kafka: &KafkaArgs, topics: &[TopicSpec]) -> Result<(), StreamError> {
    let admin: AdminClient<Watch> = kafka
        .client("mimamori-topics")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating an admin client"))?;
    let new: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|topic| {
            let replication = TopicReplication::Fixed(topic.replication.unwrap_or(-1));
            topic.settings.iter().fold(
                NewTopic::new(&topic.name, topic.partitions, replication),
                |new, (name, value)| new.set(name, value),
            )
        })
        .collect();
    let options =
        AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
    let answers = admin
        .create_topics(&new, &options)
        .await
        .map_err(StreamError::while_doing("creating topics"))?;
    for answer in answers {
        match answer {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, source)) => return Err(StreamError::TopicNotCreated { topic, source }),
        }
    }
    Ok(())
}

/// How many partitions a topic has. Blocks for at most ten seconds.
///
/// # Errors
/// When Kafka does not answer or has no such topic.
pub fn partition_count(kafka: &KafkaArgs, topic: &str) -> Result<i32, StreamError> {
    let consumer: BaseConsumer<Watch> = kafka
        .client("mimamori-topics")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a client"))?;
    partitions_of(&consumer, topic).map(|partitions| partitions.len() as i32)
}

pub(crate) fn partitions_of<C: rdkafka::consumer::ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
) -> Result<Vec<i32>, StreamError> {
    let metadata = consumer
        .fetch_metadata(Some(topic), PATIENCE)
        .map_err(StreamError::while_doing("asking for a topic's partitions"))?;
    let partitions: Vec<i32> = metadata
        .topics()
        .iter()
        .filter(|found| found.name() == topic && found.error().is_none())
        .flat_map(|found| found.partitions().iter().map(|partition| partition.id()))
        .collect();
    if partitions.is_empty() {
        return Err(StreamError::NoSuchTopic(topic.to_owned()));
    }
    Ok(partitions)
}

/// First and next offset of a partition. Blocks for at most ten seconds.
///
/// # Errors
/// When Kafka does not answer or has no such partition.
pub fn offsets(kafka: &KafkaArgs, topic: &str, partition: i32) -> Result<(i64, i64), StreamError> {
    let consumer: BaseConsumer<Watch> = kafka
        .client("mimamori-topics")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a client"))?;
    consumer
        .fetch_watermarks(topic, partition, PATIENCE)
        .map_err(StreamError::while_doing("asking for a partition's offsets"))
}

/// Where a partition begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionOffsets {
    /// Partition.
    pub partition: i32,
    /// Its first offset.
    pub first: i64,
    /// The offset after the last one that a transaction has decided.
    pub next: i64,
}

/// First and next offset of each partition of a topic. Blocks for at most ten seconds a partition.
///
/// # Errors
/// When Kafka does not answer or has no such topic.
pub fn all_offsets(kafka: &KafkaArgs, topic: &str) -> Result<Vec<PartitionOffsets>, StreamError> {
    let consumer: BaseConsumer<Watch> = kafka
        .client("mimamori-topics")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a client"))?;
    partitions_of(&consumer, topic)?
        .into_iter()
        .map(|partition| {
            let (first, next) = consumer
                .fetch_watermarks(topic, partition, PATIENCE)
                .map_err(StreamError::while_doing("asking for a partition's offsets"))?;
            Ok(PartitionOffsets { partition, first, next })
        })
        .collect()
}

/// The offset that a group will consume next, of each partition of topics; none where it never
/// committed one. Blocks for at most ten seconds a topic.
///
/// # Errors
/// When Kafka does not answer or lacks a topic.
pub fn committed_offsets(
    kafka: &KafkaArgs,
    group: &str,
    topics: &[&str],
) -> Result<Vec<(String, i32, Option<i64>)>, StreamError> {
    let mut committed = Vec::new();
    for topic in topics {
        let progress = GroupProgress::new(kafka, group, topic)?.ask()?;
        committed
            .extend(progress.into_iter().map(|(of, offset)| ((*topic).to_owned(), of, offset)));
    }
    Ok(committed)
}

/// How far a group has come with a topic, asked over one client as often as is wanted.
pub struct GroupProgress {
    consumer: BaseConsumer<Watch>,
    topic: String,
}

impl GroupProgress {
    /// Of a group with a topic. Kafka need not be reachable yet, and the group is not joined.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn new(kafka: &KafkaArgs, group: &str, topic: &str) -> Result<Self, StreamError> {
        let consumer = kafka
            .consumer("mimamori-topics", group)
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a client"))?;
        Ok(Self { consumer, topic: topic.to_owned() })
    }

    /// The offset that the group will consume next, of each partition; none where it never committed
    /// one. Blocks for at most ten seconds.
    ///
    /// # Errors
    /// When Kafka does not answer, lacks the topic, or does not let the group be described.
    pub fn ask(&self) -> Result<Vec<(i32, Option<i64>)>, StreamError> {
        let mut asked = TopicPartitionList::new();
        for partition in partitions_of(&self.consumer, &self.topic)? {
            asked.add_partition(&self.topic, partition);
        }
        let answer = self
            .consumer
            .committed_offsets(asked, PATIENCE)
            .map_err(StreamError::while_doing("asking for a group's offsets"))?;
        let offset = |offset| match offset {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        Ok(answer.elements().iter().map(|of| (of.partition(), offset(of.offset()))).collect())
    }
}

/// Whether a broker answers a question for its topics within a second. Blocks the thread.
pub fn is_answering(kafka: &KafkaArgs) -> bool {
    let consumer: Result<BaseConsumer<Watch>, _> =
        kafka.client("mimamori-topics").create_with_context(Watch::default());
    consumer.is_ok_and(|consumer| {
        consumer.fetch_metadata(None, Duration::from_secs(1)).is_ok_and(|m| !m.brokers().is_empty())
    })
}
