//! What the loop runs: a task, which has a state for each partition.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use rdkafka::message::{BorrowedMessage, Message};

use super::inputs::{Inputs, Replay};
use super::outputs::Outputs;
use crate::context::HeldBack;
use crate::error::{StreamError, TaskError};

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

impl<'m> From<&'m BorrowedMessage<'_>> for Record<'m> {
    fn from(message: &'m BorrowedMessage<'_>) -> Self {
        Self {
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
            key: message.key(),
            payload: message.payload(),
        }
    }
}

/// What has become of a record.
#[derive(Debug)]
pub enum Processed {
    /// It is done with.
    Handled,
    /// It cannot be read now, for this reason: it comes again, and what follows it in its partition
    /// comes after it. It has changed nothing, but time may have passed up to it.
    RetryLater(Box<dyn Error + Send + Sync>),
}

/// Makes the state of one partition from the records of the replayed topics.
pub trait Builder: Send {
    /// What the task calls the topics that are replayed.
    type Replay: Copy + Debug + Send + Sync + 'static;
    /// The state.
    type State;

    /// Takes a record of a replayed topic, in order within that topic.
    ///
    /// # Errors
    /// When the record cannot be read now; the rebuild begins anew.
    fn replay(&mut self, from: Self::Replay, record: Record<'_>) -> Result<(), TaskError>;

    /// The state, ready to process.
    fn finish(self, now_ms: i64) -> Self::State;
}

/// A topic that the states of a task are rebuilt from.
pub type ReplayOf<T> = Replay<<<T as Task>::Builder as Builder>::Replay, <T as Task>::Input>;

/// What the loop runs.
pub trait Task {
    /// What the task calls its inputs.
    type Input: Copy + PartialEq + Debug;
    /// State of one partition.
    type State: Send + 'static;
    /// Makes it.
    type Builder: Builder<State = Self::State> + 'static;

    /// The input topics. They are the same whenever they are asked for.
    fn inputs(&self) -> Inputs<Self::Input>;

    /// What a partition's state is rebuilt from.
    fn replays(&self, now_ms: i64) -> Vec<ReplayOf<Self>>
    where
        Self: Sized;

    /// A builder for a partition, whose state is rebuilt from the replays of the same `now_ms`.
    fn builder(&self, partition: i32, now_ms: i64) -> Self::Builder;

    /// Processes a record of an input.
    ///
    /// # Errors
    /// When nothing can be processed now.
    fn process(
        &mut self,
        state: &mut Self::State,
        input: Self::Input,
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

    /// Closes a partition's part of a transaction: `range` are the offsets of the driving input that
    /// it covers.
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

/// What the loop reports to its task.
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
    /// The session was ended by this error: what was not committed is void, states are rebuilt.
    Aborted(&'a StreamError),
    /// Partitions were assigned; their states are being rebuilt.
    Rebuilding(&'a [i32]),
    /// The rebuild goes on.
    Replayed {
        /// Records replayed since the last observation of this kind.
        records: u64,
        /// Offsets passed, of all partitions that are rebuilt together.
        passed: u64,
        /// Offsets to pass: records, and the markers of transactions among them.
        total: u64,
    },
    /// The state of a partition is rebuilt and ready to process.
    Ready {
        /// Which.
        partition: i32,
        /// How long the rebuild took.
        took: Duration,
    },
    /// Partitions were revoked.
    Revoked(&'a [i32]),
    /// Records still to be read, to the end of the log, of each partition of the driving input.
    Lag(&'a [(i32, i64)]),
    /// What open transactions hide in partitions of the inputs that are owned; it comes with the lag.
    HeldBack(&'a [HeldBack]),
}
