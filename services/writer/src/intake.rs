//! The thread that polls Kafka, and commits. It never waits for anything but Kafka.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use chassis::{Heartbeat, Shutdown};
use schemas::Topics;
use stream::StreamError;
use stream::group::{GroupConsumer, GroupEvent};
use stream::record::Incoming;

use crate::assembly::Received;
use crate::budget::{Budget, Hold};
use crate::decode::Input;
use crate::lane::SharedLedger;
use crate::ledger::Lease;
use crate::metrics::WriterMetrics;
use crate::troubles::Troubles;

/// Longest wait for a record, and with it for noticing that the budget has room again.
const POLL: Duration = Duration::from_millis(50);
/// Records are handed on in chunks, because handing on one costs as much as handing on many.
const CHUNK_RECORDS: usize = 512;
/// Longest time that a record waits for its chunk to fill.
const CHUNK_AGE: Duration = Duration::from_millis(5);
const COMMIT_EVERY: Duration = Duration::from_millis(250);
const MEASURE_EVERY: Duration = Duration::from_secs(2);
/// What a record costs besides its bytes.
const RECORD_OVERHEAD: u64 = 160;

const PART: &str = "consuming";
const COMMITTING: &str = "committing";

/// Polls and commits.
pub struct Intake {
    /// The member of the group.
    pub consumer: GroupConsumer,
    /// The deployment's topics.
    pub topics: Topics,
    /// Where records go. Closed to say that no more will come.
    pub records: Option<Sender<Vec<Received>>>,
    /// Offsets.
    pub ledger: SharedLedger,
    /// What may be in hand.
    pub budget: Budget,
    /// Metrics.
    pub metrics: WriterMetrics,
    /// Troubles with Kafka.
    pub troubles: Troubles,
    /// This loop's pulse.
    pub heartbeat: Heartbeat,
    /// The end.
    pub shutdown: Shutdown,
    /// How long storing what is in hand may take after the end was requested.
    pub drain: Duration,
}

/// Partitions held, by topic.
#[derive(Default)]
struct Assignment {
    topics: Vec<Assigned>,
}

struct Assigned {
    topic: Arc<str>,
    input: Input,
    leases: HashMap<i32, Lease>,
}

impl Assignment {
    fn find(&self, record: &Incoming) -> Option<(Input, Lease)> {
        let of = |assigned: &&Assigned| *assigned.topic == *record.topic;
        let assigned = self.topics.iter().find(of)?;
        Some((assigned.input, *assigned.leases.get(&record.partition)?))
    }

    fn add(&mut self, topic: &str, input: Input, partition: i32, lease: Lease) {
        let known = self.topics.iter_mut().find(|assigned| &*assigned.topic == topic);
        match known {
            Some(assigned) => {
                assigned.leases.insert(partition, lease);
            }
            None => self.topics.push(Assigned {
                topic: topic.into(),
                input,
                leases: HashMap::from([(partition, lease)]),
            }),
        }
    }

    fn remove(&mut self, topic: &str, partition: i32) {
        for assigned in self.topics.iter_mut().filter(|assigned| &*assigned.topic == topic) {
            assigned.leases.remove(&partition);
        }
    }
}

impl Intake {
    /// Polls until the end is requested and what is in hand is safe, or the time for that is over:
    /// then the rest is read again by whoever comes next.
    ///
    /// # Errors
    /// When Kafka refuses for good.
    pub fn run(mut self) -> Result<(), StreamError> {
        let mut assignment = Assignment::default();
        let mut chunk: Vec<Received> = Vec::with_capacity(CHUNK_RECORDS);
        let mut chunk_begun = Instant::now();
        let (mut committed, mut measured) = (Instant::now(), Instant::now());
        let mut paused = false;
        let mut draining: Option<Instant> = None;
        loop {
            self.heartbeat.beat();
            if draining.is_none() && self.shutdown.is_requested() {
                draining = Some(Instant::now());
                self.consumer.pause();
                // Closing it tells the assembly to cut what it holds.
                self.hand_on(&mut chunk);
                self.records = None;
            }
            if let Some(since) = draining {
                if self.budget.held() == 0 {
                    break;
                }
                if since.elapsed() >= self.drain {
                    tracing::warn!(
                        bytes = self.budget.held(),
                        "not everything in hand could be stored in time; it will be read again"
                    );
                    break;
                }
            } else if paused != self.should_pause(paused) {
                paused = !paused;
                if paused {
                    self.metrics.paused();
                    self.consumer.pause();
                } else {
                    self.consumer.resume();
                }
            }

            let wait = if chunk.is_empty() { POLL } else { CHUNK_AGE };
            match self.consumer.poll(wait) {
                Ok(Some(GroupEvent::Record(record))) => {
                    self.works();
                    if draining.is_none()
                        && let Some((input, lease)) = assignment.find(&record)
                    {
                        if chunk.is_empty() {
                            chunk_begun = Instant::now();
                        }
                        let hold = self.hold(&record);
                        chunk.push(Received { input, lease, record, hold });
                    }
                }
                Ok(Some(GroupEvent::Assigned(partitions))) => {
                    self.works();
                    for (topic, partition) in &partitions {
                        if let Some(input) = Input::of(&self.topics, topic) {
                            let lease = self.ledger.with(|l| l.assigned(topic, *partition));
                            assignment.add(topic, input, *partition, lease);
                        }
                    }
                    tracing::info!(partitions = partitions.len(), "partitions assigned");
                    if paused || draining.is_some() {
                        self.consumer.pause();
                    }
                }
                Ok(Some(GroupEvent::Revoked(partitions))) => {
                    for (topic, partition) in &partitions {
                        self.ledger.with(|ledger| ledger.revoked(topic, *partition));
                        assignment.remove(topic, *partition);
                    }
                    tracing::info!(partitions = partitions.len(), "partitions revoked");
                }
                Ok(None) => {}
                Err(error) if error.is_retryable() => {
                    if self.troubles.begin(PART, &error.to_string()) {
                        tracing::warn!("consuming: {error}");
                    }
                }
                Err(error) => return Err(error),
            }

            let due = chunk.len() >= CHUNK_RECORDS || chunk_begun.elapsed() >= CHUNK_AGE;
            if !chunk.is_empty() && due {
                self.hand_on(&mut chunk);
            }
            if committed.elapsed() >= COMMIT_EVERY {
                committed = Instant::now();
                self.commit();
            }
            if measured.elapsed() >= MEASURE_EVERY {
                measured = Instant::now();
                self.measure();
            }
        }
        self.commit();
        self.heartbeat.retire();
        // Dropping the consumer leaves the group.
        Ok(())
    }

    fn should_pause(&self, paused: bool) -> bool {
        if paused { !self.budget.has_room_again() } else { self.budget.is_full() }
    }

    fn hold(&self, record: &Incoming) -> Hold {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len) as u64;
        self.budget.hold(length(&record.key) + length(&record.payload) + RECORD_OVERHEAD)
    }

    fn hand_on(&self, chunk: &mut Vec<Received>) {
        if let Some(records) = &self.records {
            let full = std::mem::replace(chunk, Vec::with_capacity(CHUNK_RECORDS));
            if records.send(full).is_err() {
                // The assembly has panicked: without it nothing moves, so let the process be
                // restarted; nothing that it held is committed.
                self.shutdown.trigger();
            }
        }
    }

    fn works(&self) {
        self.troubles.over(PART);
    }

    fn commit(&mut self) {
        let ready = self.ledger.with(|ledger| ledger.committable());
        if ready.is_empty() {
            return;
        }
        let offsets: Vec<(String, i32, i64)> =
            ready.iter().map(|c| (c.partition.0.clone(), c.partition.1, c.next)).collect();
        match self.consumer.commit(&offsets) {
            Ok(()) => {
                self.ledger.with(|ledger| ledger.committed(&ready));
                self.troubles.over(COMMITTING);
            }
            Err(error) => {
                // Between two assignments this is normal; what is still ours is tried again.
                if self.troubles.begin(COMMITTING, &error.to_string()) {
                    tracing::warn!("offsets are not committed yet: {error}");
                }
            }
        }
    }

    fn measure(&self) {
        let mut lag: HashMap<String, i64> = HashMap::new();
        for (topic, _, records) in self.consumer.lag() {
            *lag.entry(topic).or_default() += records.max(0);
        }
        for (topic, records) in lag {
            self.metrics.lag(&topic, records);
        }
        let oldest = self.ledger.with(|ledger| ledger.oldest_open());
        self.metrics.in_hand(self.budget.held(), oldest);
    }
}
