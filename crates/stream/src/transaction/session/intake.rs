//! Collecting the records of a transaction.

use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use rdkafka::message::BorrowedMessage;

use crate::group::GroupWatch;
use crate::transaction::args::LoopArgs;

/// Bytes of records after which a batch takes no more.
const MOST_BYTES: usize = 32 << 20;

/// How long a turn waits for a first record.
const WAIT: Duration = Duration::from_millis(50);

/// How long a first record waits for those that were sent together with it. They come in over
/// several partitions; what comes after the transaction has begun waits for the next.
const GATHER: Duration = Duration::from_millis(3);

/// Polls records into batches.
pub(super) struct Intake<'a> {
    consumer: &'a BaseConsumer<GroupWatch>,
    most_records: usize,
    pace: Duration,
    /// Polled, and not processed yet.
    rest: Vec<BorrowedMessage<'a>>,
    last_commit: Instant,
}

impl<'a> Intake<'a> {
    pub(super) fn new(consumer: &'a BaseConsumer<GroupWatch>, args: &LoopArgs) -> Self {
        let (most_records, pace) = (args.most_records, args.pace);
        Self { consumer, most_records, pace, rest: Vec::new(), last_commit: Instant::now() }
    }

    /// Notes that a transaction was committed, and which records of its batch it has left for the
    /// next one.
    pub(super) fn committed(&mut self, rest: Vec<BorrowedMessage<'a>>) {
        self.rest = rest;
        self.last_commit = Instant::now();
    }

    /// Polls until nothing more is there, the batch is full or the group changes. Full is also what
    /// has [`MOST_BYTES`]: as many large records as small ones fit in no memory, and what is made of
    /// them in no transaction's time.
    pub(super) fn collect(&mut self) -> Vec<BorrowedMessage<'a>> {
        let size = |message: &BorrowedMessage<'_>| message.payload_len() + message.key_len();
        let mut batch = std::mem::take(&mut self.rest);
        let mut bytes: usize = batch.iter().map(size).sum();
        let (mut wait, mut paced_until) = match batch.is_empty() {
            true => (WAIT, self.last_commit + self.pace),
            false => (Duration::ZERO, Instant::now()),
        };
        while batch.len() < self.most_records && bytes < MOST_BYTES {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => {
                    if batch.is_empty() {
                        paced_until = paced_until.max(Instant::now() + GATHER);
                    }
                    bytes += size(&message);
                    batch.push(message);
                    wait = Duration::ZERO;
                }
                None => {
                    let left = paced_until.saturating_duration_since(Instant::now());
                    if batch.is_empty() || left.is_zero() {
                        break;
                    }
                    // In whole milliseconds: the client spins through the rest of one.
                    wait = Duration::from_millis(left.as_millis() as u64);
                    if wait.is_zero() {
                        std::thread::sleep(left);
                    }
                }
                Some(Err(error)) => {
                    tracing::info!(%error, "consuming; going on");
                    break;
                }
            }
        }
        batch
    }
}
