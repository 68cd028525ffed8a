//! Consuming in a group, with offsets committed by hand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::statistics::Statistics;
use rdkafka::{Offset, TopicPartitionList};

use crate::connection::KafkaArgs;
use crate::context::{self, Watch};
use crate::error::StreamError;
use crate::record::{Incoming, Names};

/// Which group consumes which topics.
#[derive(Debug, Clone)]
pub struct GroupArgs {
    /// The group's name.
    pub group: String,
    /// The topics.
    pub topics: Vec<String>,
    /// A name that outlives the process: a member that comes back under it within the session
    /// timeout (10 s) takes its partitions up again without a rebalance, even after `kill -9`.
    /// Without one, a member leaves the group when it ends.
    pub instance: Option<String>,
}

/// What a group brings.
#[derive(Debug)]
pub enum GroupEvent {
    /// These partitions are this member's from now on.
    Assigned(Vec<(String, i32)>),
    /// These are not any more: their offsets must not be committed.
    Revoked(Vec<(String, i32)>),
    /// A record.
    Record(Incoming),
}

/// Session timeout of group members. The smallest that brokers allow is 6 s.
pub(crate) const SESSION_TIMEOUT_MS: &str = "10000";

#[derive(Debug)]
pub(crate) enum Change {
    Assigned(Vec<(String, i32)>),
    Revoked(Vec<(String, i32)>),
}

#[derive(Clone, Default)]
pub(crate) struct GroupWatch {
    pub(crate) watch: Watch,
    pub(crate) changes: Arc<Mutex<VecDeque<Change>>>,
    /// Whether there are any: asked twice for each record, so without the lock.
    pub(crate) changed: Arc<AtomicBool>,
    /// Pause partitions as they are assigned, until the caller resumes them.
    pub(crate) assign_paused: bool,
}

impl ClientContext for GroupWatch {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        context::report(&error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        self.watch.note(statistics);
    }
}

pub(crate) fn places(list: &TopicPartitionList) -> Vec<(String, i32)> {
    list.elements().iter().map(|e| (e.topic().to_owned(), e.partition())).collect()
}

impl ConsumerContext for GroupWatch {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            self.push(Change::Revoked(places(list)));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            if self.assign_paused
                && let Err(error) = consumer.pause(list)
            {
                tracing::warn!(%error, "pausing newly assigned partitions");
            }
            self.push(Change::Assigned(places(list)));
        }
    }
}

impl GroupWatch {
    fn push(&self, change: Change) {
        let mut changes = self.changes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        changes.push_back(change);
        self.changed.store(true, Ordering::Release);
    }

    pub(crate) fn next_change(&self) -> Option<Change> {
        if !self.changed.load(Ordering::Acquire) {
            return None;
        }
        let mut changes = self.changes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let next = changes.pop_front();
        self.changed.store(!changes.is_empty(), Ordering::Release);
        next
    }
}

/// A member's client: created, not yet subscribed. The group's list of members tells its name.
pub(crate) fn member(
    kafka: &KafkaArgs,
    args: &GroupArgs,
    name: &str,
    watch: GroupWatch,
) -> Result<BaseConsumer<GroupWatch>, StreamError> {
    let mut config = kafka.consumer(&args.group, &args.group);
    config
        .set("client.id", name)
        .set("partition.assignment.strategy", "range")
        .set("session.timeout.ms", SESSION_TIMEOUT_MS)
        .set("heartbeat.interval.ms", "1000");
    if let Some(instance) = &args.instance {
        config.set("group.instance.id", format!("{}-{instance}", args.group));
    }
    config.create_with_context(watch).map_err(StreamError::while_doing("creating a group member"))
}

/// A member of a consumer group. Owned by one thread, which must poll at least every five minutes.
///
/// A client that has failed for good is made anew: its partitions are revoked, and it joins again.
/// That happens when its session was over while Kafka was away and its first word afterwards still
/// comes from the old session, or when another process has its instance name.
pub struct GroupConsumer {
    kafka: KafkaArgs,
    args: GroupArgs,
    consumer: BaseConsumer<GroupWatch>,
    watch: GroupWatch,
    names: Names,
    /// What was assigned and not revoked since.
    held: Vec<(String, i32)>,
    /// When the client was made.
    made: Instant,
}

/// Members are not made anew sooner than this after each other: two processes of one instance name
/// throw each other out.
const LEAST_LIFE: Duration = Duration::from_secs(1);

fn subscribed(
    kafka: &KafkaArgs,
    args: &GroupArgs,
) -> Result<(BaseConsumer<GroupWatch>, GroupWatch), StreamError> {
    let watch = GroupWatch::default();
    let consumer = member(kafka, args, &args.group, watch.clone())?;
    let topics: Vec<&str> = args.topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics).map_err(StreamError::while_doing("subscribing"))?;
    Ok((consumer, watch))
}

impl GroupConsumer {
    /// Joins the group.
    ///
    /// # Errors
    /// When a setting is refused. Kafka need not be reachable yet.
    pub fn new(kafka: &KafkaArgs, args: GroupArgs) -> Result<Self, StreamError> {
        let (consumer, watch) = subscribed(kafka, &args)?;
        let (names, held, made) = (Names::default(), Vec::new(), Instant::now());
        Ok(Self { kafka: kafka.clone(), args, consumer, watch, names, held, made })
    }

    /// Waits up to `timeout` for the next thing. Assignments and revocations come before records
    /// that follow them; after `Revoked` no record of those partitions comes until they are
    /// assigned again.
    ///
    /// # Errors
    /// When the client reports an error; most pass, see [`StreamError::is_retryable`].
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<GroupEvent>, StreamError> {
        if let Some(change) = self.watch.next_change() {
            return Ok(Some(self.noted(change)));
        }
        let message = self.consumer.poll(timeout);
        if let Some(change) = self.watch.next_change() {
            // A record that came out of the same poll was read after the change; it must not be
            // lost and must not overtake it: hand it back to the client.
            if let Some(Ok(message)) = message {
                let place = (message.topic().to_owned(), message.partition(), message.offset());
                drop(message);
                let _ = self.consumer.seek(
                    &place.0,
                    place.1,
                    Offset::Offset(place.2),
                    Duration::from_secs(5),
                );
            }
            return Ok(Some(self.noted(change)));
        }
        match message {
            Some(Ok(message)) => {
                let topic = self.names.of(message.topic());
                Ok(Some(GroupEvent::Record(Incoming::of(topic, &message))))
            }
            // The error itself may have come with a revocation, above.
            Some(Err(_)) | None if self.consumer.client().fatal_error().is_some() => {
                drop(message);
                self.join_again(timeout)
            }
            Some(Err(KafkaError::PartitionEOF(_))) | None => Ok(None),
            Some(Err(error)) => Err(StreamError::while_doing("consuming")(error)),
        }
    }

    /// Revokes everything and makes the client anew, but not too often.
    fn join_again(&mut self, timeout: Duration) -> Result<Option<GroupEvent>, StreamError> {
        if !self.held.is_empty() {
            return Ok(Some(GroupEvent::Revoked(std::mem::take(&mut self.held))));
        }
        let left = LEAST_LIFE.saturating_sub(self.made.elapsed());
        if !left.is_zero() {
            std::thread::sleep(left.min(timeout));
            return Ok(None);
        }
        tracing::warn!("the member of the group has failed for good and joins anew");
        (self.consumer, self.watch) = subscribed(&self.kafka, &self.args)?;
        self.made = Instant::now();
        Ok(None)
    }

    fn noted(&mut self, change: Change) -> GroupEvent {
        match change {
            Change::Assigned(list) => {
                self.held.extend(list.iter().cloned());
                GroupEvent::Assigned(list)
            }
            Change::Revoked(list) => {
                self.held.retain(|held| !list.contains(held));
                GroupEvent::Revoked(list)
            }
        }
    }

    /// Stops the flow of records; [`Self::poll`] must still be called.
    pub fn pause(&mut self) {
        self.for_assignment("pausing", |consumer, list| consumer.pause(list));
    }

    /// Lets records flow again.
    pub fn resume(&mut self) {
        self.for_assignment("resuming", |consumer, list| consumer.resume(list));
    }

    fn for_assignment(
        &self,
        doing: &'static str,
        act: impl Fn(&BaseConsumer<GroupWatch>, &TopicPartitionList) -> Result<(), KafkaError>,
    ) {
        let done = self.consumer.assignment().and_then(|list| act(&self.consumer, &list));
        if let Err(error) = done {
            tracing::warn!(%error, "{doing} partitions");
        }
    }

    /// Commits the next offset to read of each partition and waits for the answer.
    ///
    /// # Errors
    /// When the group does not take the commit: the partitions may belong to another member now.
    pub fn commit(&mut self, next_offsets: &[(String, i32, i64)]) -> Result<(), StreamError> {
        let mut list = TopicPartitionList::new();
        for (topic, partition, offset) in next_offsets {
            list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
                .map_err(StreamError::while_doing("committing offsets"))?;
        }
        self.consumer
            .commit(&list, CommitMode::Sync)
            .map_err(StreamError::while_doing("committing offsets"))
    }

    /// How many records of each topic and partition are still to be read.
    pub fn lag(&self) -> Vec<(String, i32, i64)> {
        self.watch.watch.lag()
    }
}
