//! From input to output, exactly once: a loop that consumes in a group, keeps a state for each
//! partition, and commits outputs and consumed offsets in one Kafka transaction.
//!
//! A turn of the loop collects records, begins a transaction, lets the [`Task`] process them, and
//! commits. Nothing is polled inside a transaction, so a rebalance never finds one open. What is not
//! processed after a while waits for the next one: no input can make a transaction last until the
//! broker aborts it. A record that cannot be read now holds up its partition and no other. States are
//! rebuilt from Kafka when partitions are assigned, on threads of their own, while the partitions
//! are paused; nothing is answered for a partition before its state is whole. Any error that leaves
//! it open whether a transaction was committed ends the session: clients and states are made anew.

mod consumed;
mod left_open;
mod offsets;
mod rebuild;
mod session;

use std::time::Duration;

use chassis::Backoff;

use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord};
use rdkafka::types::RDKafkaErrorCode;

use crate::connection::KafkaArgs;
use crate::context::Watch;
use crate::error::StreamError;
use crate::record::Outgoing;

/// How the loop runs.
#[derive(Debug, Clone)]
pub struct LoopArgs {
    /// The consumer group; the transactional id begins with it too.
    pub group: String,
    /// A name that outlives the process, see [`crate::group::GroupArgs::instance`].
    pub instance: Option<String>,
    /// Makes the transactional id unique where there is no instance name.
    pub process: String,
    /// Input topics with equal numbers of partitions: partition *n* of all of them is consumed by
    /// one member. The first one drives the loop.
    pub inputs: Vec<String>,
    /// Output topics of as many partitions: into partition *n* of each only the owner of *n* writes.
    pub outputs: Vec<String>,
    /// A transaction takes at most this many records.
    pub most_records: usize,
    /// A transaction takes no further record after so long; well below the 30 s after which the broker
    /// aborts it.
    pub longest: Duration,
    /// Transactions are at least this far apart, so that light load does not cost a commit a record.
    pub pace: Duration,
}

impl LoopArgs {
    fn transactional_id(&self) -> String {
        self.transactional_id_of(self.instance.as_deref().unwrap_or(&self.process))
    }

    fn transactional_id_of(&self, member: &str) -> String {
        format!("{}-{member}", self.group)
    }
}

/// A record as the loop lends it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Partition, of every topic the loop knows.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// The record's time, milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Key.
    pub key: Option<&'a [u8]>,
    /// Value; none is a tombstone.
    pub payload: Option<&'a [u8]>,
}

/// From where a topic is folded when a state is rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldFrom {
    /// From its oldest record to its end.
    Beginning,
    /// From the first record appended at or after a time (ms since the epoch) to its end.
    Time(i64),
    /// An input: from its oldest record to where the group has consumed it.
    Consumed,
}

/// A topic that a state is rebuilt from.
#[derive(Debug, Clone)]
pub struct Fold {
    /// Its name.
    pub topic: String,
    /// From where.
    pub from: FoldFrom,
}

/// The task cannot go on; the transaction is aborted and the session begins anew.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TaskError(pub String);

/// What has become of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed {
    /// It is done with.
    Taken,
    /// It cannot be read now, for this reason: it comes again, and what stands behind it in its
    /// partition after it. It has changed nothing, but time may have passed up to it.
    NotYet(String),
}

/// Makes the state of one partition.
pub trait Builder: Send {
    /// The state.
    type State;

    /// Takes a record of the fold with an index in [`Task::folds`], in order within that topic.
    ///
    /// # Errors
    /// When the record cannot be read now; the rebuild begins anew.
    fn fold(&mut self, fold: usize, record: Record<'_>) -> Result<(), TaskError>;

    /// The whole state.
    fn finish(self, now_ms: i64) -> Self::State;
}

/// What the loop runs.
pub trait Task {
    /// State of one partition.
    type State: Send + 'static;
    /// Makes it.
    type Builder: Builder<State = Self::State> + 'static;

    /// What a partition's state is rebuilt from.
    fn folds(&self, now_ms: i64) -> Vec<Fold>;

    /// A builder for a partition, whose state is rebuilt from the folds of the same `now_ms`.
    fn builder(&self, partition: i32, now_ms: i64) -> Self::Builder;

    /// Processes a record of the input with an index in [`LoopArgs::inputs`].
    ///
    /// # Errors
    /// When nothing can be processed now.
    fn process(
        &mut self,
        state: &mut Self::State,
        input: usize,
        record: Record<'_>,
        out: &mut Outputs<'_>,
    ) -> Result<Processed, TaskError>;

    /// When time alone gives the partition something to do, milliseconds since the epoch.
    fn due(&self, state: &Self::State) -> Option<i64>;

    /// Lets time pass on a partition whose input is consumed to its end.
    ///
    /// # Errors
    /// When that cannot be done now.
    fn pass_time(
        &mut self,
        partition: i32,
        state: &mut Self::State,
        now_ms: i64,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError>;

    /// Closes a partition's part of a transaction: `from` to `next` is the range of offsets of the
    /// first input that it covers.
    ///
    /// # Errors
    /// When that cannot be done now.
    fn close(
        &mut self,
        partition: i32,
        state: &mut Self::State,
        range: std::ops::Range<i64>,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError>;

    /// Learns what the loop does.
    fn observe(&mut self, observation: Observation<'_>);
}

/// What the loop tells its task.
#[derive(Debug)]
pub enum Observation<'a> {
    /// Another turn: the loop lives.
    Turn,
    /// A transaction was committed.
    Committed {
        /// Records consumed in it.
        records: usize,
        /// From its beginning to its commit.
        took: Duration,
    },
    /// The session has ended by an error: what was not committed is void, states are rebuilt.
    Aborted,
    /// Partitions are ours now; their states are being rebuilt.
    Rebuilding(&'a [i32]),
    /// The rebuild goes on.
    Folded {
        /// Records folded since the last observation of this kind.
        records: u64,
        /// Offsets passed, of all partitions that are rebuilt together.
        passed: u64,
        /// Offsets to pass: records, and the marks of transactions among them.
        total: u64,
    },
    /// A partition's state is whole.
    Rebuilt {
        /// Which.
        partition: i32,
        /// How long the rebuild took.
        took: Duration,
    },
    /// Partitions are not ours any more.
    Revoked(&'a [i32]),
    /// Records still to be read, of each partition of the first input.
    Lag(&'a [(i32, i64)]),
}

/// Where the task writes: into the transaction.
pub struct Outputs<'a> {
    producer: &'a BaseProducer<Watch>,
    written: left_open::Written<'a>,
}

impl Outputs<'_> {
    /// Writes a record. Waits while the queue is full.
    ///
    /// # Errors
    /// When the client refuses the record.
    pub fn send(&mut self, record: Outgoing<'_>) -> Result<(), TaskError> {
        let mut message: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(record.topic);
        message.key = record.key;
        message.payload = record.payload;
        message.partition = record.partition;
        message.headers =
            record.partition.and_then(|partition| self.written.headers(record.topic, partition));
        loop {
            match self.producer.send(message) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                    message = refused;
                    session::let_deliver(self.producer);
                }
                Err((error, _)) => {
                    return Err(TaskError(format!("writing to {}: {error}", record.topic)));
                }
            }
        }
    }
}

/// Runs the loop until `stop` is true: then the transaction at hand is committed and the group left.
///
/// # Errors
/// Only when a setting is refused; everything that can pass is waited for.
pub fn run<T: Task>(
    kafka: &KafkaArgs,
    args: &LoopArgs,
    task: &mut T,
    stop: &dyn Fn() -> bool,
) -> Result<(), StreamError> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    while !stop() {
        let began = std::time::Instant::now();
        match session::run(kafka, args, task, stop) {
            Ok(()) => return Ok(()),
            Err(error @ StreamError::Configuration(_)) => return Err(error),
            Err(error) => {
                task.observe(Observation::Aborted);
                tracing::warn!(%error, "the session ends and begins anew");
            }
        }
        if began.elapsed() > Duration::from_secs(60) {
            backoff.reset();
        }
        let until = std::time::Instant::now() + backoff.next_wait();
        while std::time::Instant::now() < until && !stop() {
            std::thread::sleep(Duration::from_millis(20));
            task.observe(Observation::Turn);
        }
    }
    Ok(())
}

/// The present, milliseconds since the epoch.
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
