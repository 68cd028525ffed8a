//! Consuming in a group, with offsets committed by hand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::statistics::Statistics;
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::{self, HeldBack, Watch};
use crate::error::{MemberError, StreamError};
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
    assign_paused: bool,
    waiting: Arc<Mutex<Waiting>>,
}

/// How long a member waits for the group to assign partitions, twice, while Kafka answers. Healthy
/// members take part in a rebalance within seconds; a client has been seen that never joined again
/// after Kafka had stood still, and reported nothing.
const UNASSIGNED_AFTER: Duration = Duration::from_secs(20);
/// How long Kafka may take to show that it answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// A member's wait for the group.
struct Waiting {
    /// Since when; none while the group has assigned the partitions.
    since: Option<Instant>,
    /// Whether Kafka has answered when it was asked the last time.
    answered: bool,
    patience: Duration,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { since: Some(Instant::now()), answered: false, patience: UNASSIGNED_AFTER }
    }
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

fn partitions(list: &TopicPartitionList) -> Vec<(String, i32)> {
    list.elements().iter().map(|e| (e.topic().to_owned(), e.partition())).collect()
}

impl ConsumerContext for GroupWatch {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            self.push(Change::Revoked(partitions(list)));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            if self.assign_paused
                && let Err(error) = consumer.pause(list)
            {
                tracing::warn!(%error, "pausing newly assigned partitions");
            }
            self.push(Change::Assigned(partitions(list)));
        }
    }
}

impl GroupWatch {
    /// Of a member whose partitions are paused as they are assigned.
    pub(crate) fn pausing() -> Self {
        Self { assign_paused: true, ..Self::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a member has failed for good: nothing comes from its client any more. None while it works.
    pub(crate) fn failure(
        &self,
        consumer: &BaseConsumer<Self>,
        topic: &str,
    ) -> Option<MemberError> {
        if let Some((code, reason)) = consumer.client().fatal_error() {
            return Some(MemberError::Fatal { code, reason });
        }
        let patience = self.waiting().patience;
        if self.waiting().since.is_none_or(|since| since.elapsed() < patience) {
            return None;
        }
        let answers = consumer.fetch_watermarks(topic, 0, ANSWERS_WITHIN).is_ok();
        let mut waiting = self.waiting();
        if answers && waiting.answered {
            return Some(MemberError::NoPartitions);
        }
        if waiting.since.is_some() {
            waiting.since = Some(Instant::now());
            waiting.answered = answers;
        }
        None
    }

    fn push(&self, change: Change) {
        let mut waiting = self.waiting();
        match change {
            Change::Revoked(_) => {
                waiting.since = Some(Instant::now());
                waiting.answered = false;
            }
            Change::Assigned(_) => waiting.since = None,
        }
        drop(waiting);
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

/// The settings of a member's client. `name` is what the group's list of members calls it.
pub fn member_settings(kafka: &KafkaArgs, args: &GroupArgs, name: &str) -> ClientConfig {
    let mut config = kafka.consumer(&args.group, &args.group);
    config
        .set("client.id", name)
        .set("partition.assignment.strategy", "range")
        .set("session.timeout.ms", SESSION_TIMEOUT_MS)
        .set("heartbeat.interval.ms", "1000");
    if let Some(instance) = &args.instance {
        config.set("group.instance.id", format!("{}-{instance}", args.group));
    }
    config
}

/// A member's client: created, not yet subscribed.
pub(crate) fn member(
    kafka: &KafkaArgs,
    args: &GroupArgs,
    name: &str,
    watch: GroupWatch,
) -> Result<BaseConsumer<GroupWatch>, StreamError> {
    member_settings(kafka, args, name)
        .create_with_context(watch)
        .map_err(StreamError::while_doing("creating a group member"))
}

/// A member of a consumer group. Owned by one thread, which must poll at least every five minutes.
///
/// A client that has failed for good is made anew: its partitions are revoked, and it joins again.
/// That happens when its session was over while Kafka was away and its first word afterwards still
/// comes from the old session, when another process has its instance name, or when the group gives it
/// no partitions for long although Kafka answers.
pub struct GroupConsumer {
    kafka: KafkaArgs,
    args: GroupArgs,
    consumer: BaseConsumer<GroupWatch>,
    watch: GroupWatch,
    names: Names,
    /// The partitions that were assigned and not revoked since.
    assigned: Vec<(String, i32)>,
    /// When the client was created.
    created: Instant,
}

/// Members are not made anew sooner than this after each other: two processes of one instance name
/// throw each other out.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
/// How long the end of a client that has failed is waited for.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

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

/// Ends a client that may have failed. The wait for its end is limited; then it goes on by itself.
pub(crate) fn end_client(consumer: BaseConsumer<GroupWatch>) {
    let (ended, wait) = channel();
    std::thread::spawn(move || {
        drop(consumer);
        let _ = ended.send(());
    });
    if wait.recv_timeout(ENDS_WITHIN).is_err() {
        tracing::warn!("a client that has failed does not end; going on without it");
    }
}

impl GroupConsumer {
    /// Joins the group.
    ///
    /// # Errors
    /// When a setting is refused. Kafka need not be reachable yet.
    pub fn new(kafka: &KafkaArgs, args: GroupArgs) -> Result<Self, StreamError> {
        let (consumer, watch) = subscribed(kafka, &args)?;
        let (names, assigned, created) = (Names::default(), Vec::new(), Instant::now());
        Ok(Self { kafka: kafka.clone(), args, consumer, watch, names, assigned, created })
    }

    /// Waits up to `timeout` for the next thing. Assignments and revocations come before records
    /// that follow them; after `Revoked` no record of those partitions comes until they are
    /// assigned again.
    ///
    /// # Errors
    /// When the client reports an error; most pass, see [`StreamError::is_retryable`].
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<GroupEvent>, StreamError> {
        if let Some(change) = self.watch.next_change() {
            return Ok(Some(self.note(change)));
        }
        let message = self.consumer.poll(timeout);
        if let Some(change) = self.watch.next_change() {
            // A record that came out of the same poll was read after the change; it must not be
            // lost and must not overtake it: hand it back to the client.
            if let Some(Ok(message)) = message {
                let (topic, partition, offset) =
                    (message.topic().to_owned(), message.partition(), message.offset());
                drop(message);
                let _ = self.consumer.seek(
                    &topic,
                    partition,
                    Offset::Offset(offset),
                    Duration::from_secs(5),
                );
            }
            return Ok(Some(self.note(change)));
        }
        match message {
            Some(Ok(message)) => {
                let topic = self.names.of(message.topic());
                Ok(Some(GroupEvent::Record(Incoming::of(topic, &message))))
            }
            // The error itself may have come with a revocation, above.
            other => {
                let error = other.and_then(Result::err);
                if let Some(failure) = self.watch.failure(&self.consumer, &self.args.topics[0]) {
                    return self.join_again(timeout, &failure);
                }
                match error {
                    None | Some(KafkaError::PartitionEOF(_)) => Ok(None),
                    Some(error) => Err(StreamError::while_doing("consuming")(error)),
                }
            }
        }
    }

    /// Revokes everything and makes the client anew, but not too often.
    fn join_again(
        &mut self,
        timeout: Duration,
        failure: &MemberError,
    ) -> Result<Option<GroupEvent>, StreamError> {
        if !self.assigned.is_empty() {
            return Ok(Some(GroupEvent::Revoked(std::mem::take(&mut self.assigned))));
        }
        let left = SHORTEST_LIFE.saturating_sub(self.created.elapsed());
        if !left.is_zero() {
            std::thread::sleep(left.min(timeout));
            return Ok(None);
        }
        tracing::warn!(%failure, "the member of the group has failed for good and joins anew");
        let (new, watch) = subscribed(&self.kafka, &self.args)?;
        end_client(std::mem::replace(&mut self.consumer, new));
        self.watch = watch;
        self.created = Instant::now();
        Ok(None)
    }

    fn note(&mut self, change: Change) -> GroupEvent {
        match change {
            Change::Assigned(list) => {
                self.assigned.extend(list.iter().cloned());
                GroupEvent::Assigned(list)
            }
            Change::Revoked(list) => {
                self.assigned.retain(|partition| !list.contains(partition));
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

    /// What open transactions hide.
    pub fn held_back(&self) -> Vec<HeldBack> {
        self.watch.watch.held_back()
    }

    /// How many records of each topic and partition are still to be read, to the end of the log.
    pub fn lag(&self) -> Vec<(String, i32, i64)> {
        self.watch.watch.lag()
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

    use super::*;

    #[test]
    fn a_member_without_partitions_is_made_anew_as_soon_as_kafka_answers() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 1, 1).unwrap();
        let not_now = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS; 1000];
        cluster.request_errors(RDKafkaApiKey::JoinGroup, &not_now);
        let kafka = KafkaArgs::local(cluster.bootstrap_servers());
        let args =
            GroupArgs { group: "g".to_owned(), topics: vec!["t".to_owned()], instance: None };
        let mut member = GroupConsumer::new(&kafka, args).unwrap();
        member.watch.waiting().patience = Duration::from_millis(300);
        let (first, deadline) = (member.created, Instant::now() + Duration::from_secs(60));
        let next = |member: &mut GroupConsumer| {
            assert!(Instant::now() < deadline);
            member.poll(Duration::from_millis(20)).unwrap_or(None)
        };
        while member.created == first {
            assert!(next(&mut member).is_none(), "the group gives it nothing");
        }
        cluster.clear_request_errors(RDKafkaApiKey::JoinGroup);
        loop {
            if let Some(event) = next(&mut member) {
                assert!(matches!(event, GroupEvent::Assigned(_)), "{event:?}");
                break;
            }
        }
        member.watch.waiting().patience = Duration::ZERO;
        let anew = member.created;
        (0..50).for_each(|_| assert!(next(&mut member).is_none()));
        assert_eq!(member.created, anew, "a member with partitions waits for nothing");
    }
}
