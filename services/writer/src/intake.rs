//! The thread that polls Kafka, and commits. It never waits for anything but Kafka.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use chassis::{Heartbeat, Shutdown};
use schemas::Topics;
use stream::StreamError;
use stream::group::{GroupConsumer, GroupEvent};
use stream::hanging::Hanging;
use stream::record::Incoming;

use crate::aggregator::Leading;
use crate::batcher::Received;
use crate::decode::Input;
use crate::memory_limit::{MemoryLimit, Permit};
use crate::metrics::WriterMetrics;
use crate::offset_tracker::Lease;
use crate::table_writer::SharedOffsets;
use crate::troubles::Troubles;

/// Longest wait for a record, and with it for noticing that there is memory again.
const POLL: Duration = Duration::from_millis(50);
/// Records are handed on in chunks, because handing on one costs as much as handing on many.
const CHUNK_RECORDS: usize = 512;
/// Records taken between two looks at everything else.
const BURST: usize = 64;
/// Longest time that a record waits for its chunk to fill.
const CHUNK_AGE: Duration = Duration::from_millis(5);
const COMMIT_EVERY: Duration = Duration::from_millis(250);
const MEASURE_EVERY: Duration = Duration::from_secs(2);
/// Time without another error after which trouble with Kafka counts as over.
const SILENCE: Duration = Duration::from_secs(10);
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
    pub offsets: SharedOffsets,
    /// What may be in flight.
    pub memory: MemoryLimit,
    /// Metrics.
    pub metrics: WriterMetrics,
    /// Troubles with Kafka.
    pub troubles: Troubles,
    /// This loop's pulse.
    pub heartbeat: Heartbeat,
    /// What open transactions hide from the store.
    pub hanging: Hanging,
    /// The end.
    pub shutdown: Shutdown,
    /// How long storing what is in flight may take after the end was requested.
    pub drain: Duration,
    /// Whether this writer keeps the aggregates, which its partitions decide.
    pub leading: Leading,
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

    /// How many records of each topic are still to be read. A topic of which no partition is left
    /// counts as read: another writer says the rest, and alarms count both.
    fn lag(&self, left: &[(String, i32, i64)]) -> impl Iterator<Item = (&str, i64)> {
        self.topics.iter().map(|assigned| {
            let records = left.iter().filter_map(|(topic, partition, records)| {
                let is_ours = **topic == *assigned.topic && assigned.leases.contains_key(partition);
                is_ours.then_some((*records).max(0))
            });
            (&*assigned.topic, records.sum())
        })
    }
}

/// What the loop carries from turn to turn.
struct State {
    assignment: Assignment,
    chunk: Vec<Received>,
    chunk_begun: Instant,
    committed: Instant,
    measured: Instant,
    paused: bool,
    /// When consuming failed last, if that is not over.
    in_trouble: Option<Instant>,
    /// Since when the end is requested.
    draining: Option<Instant>,
}

impl State {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            assignment: Assignment::default(),
            chunk: Vec::with_capacity(CHUNK_RECORDS),
            chunk_begun: now,
            committed: now,
            measured: now,
            paused: false,
            in_trouble: None,
            draining: None,
        }
    }
}

impl Intake {
    /// Polls until the end is requested and what is in flight is safe, or the time for that is over:
    /// then the rest is read again by whoever comes next.
    ///
    /// # Errors
    /// When Kafka refuses for good.
    pub fn run(mut self) -> Result<(), StreamError> {
        let mut at = State::new();
        loop {
            self.heartbeat.beat();
            if self.is_drained(&mut at) {
                break;
            }
            self.pause_or_resume(&mut at);
            // A burst without looking at the clock: asking for the time costs as much as a record.
            for turn in 0..BURST {
                let wait = match turn {
                    0 if at.chunk.is_empty() => POLL,
                    0 => CHUNK_AGE,
                    _ => Duration::ZERO,
                };
                match self.consumer.poll(wait) {
                    Ok(Some(event)) => self.handle(event, &mut at),
                    Ok(None) => break,
                    Err(error) if error.is_retryable() => {
                        at.in_trouble = Some(Instant::now());
                        if self.troubles.begin(PART, &error.to_string()) {
                            tracing::warn!("consuming: {error}");
                        }
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            let now = Instant::now();
            if at.chunk.len() >= CHUNK_RECORDS || now.duration_since(at.chunk_begun) >= CHUNK_AGE {
                self.hand_on(&mut at.chunk);
            }
            if now.duration_since(at.committed) >= COMMIT_EVERY {
                at.committed = now;
                self.commit();
            }
            if now.duration_since(at.measured) >= MEASURE_EVERY {
                at.measured = now;
                self.measure(&at.assignment);
                // Where no record comes, silence is the sign that it is over.
                if at.in_trouble.is_some_and(|since| now.duration_since(since) >= SILENCE) {
                    at.in_trouble = None;
                    self.troubles.over(PART);
                }
            }
        }
        self.commit();
        self.heartbeat.retire();
        // Dropping the consumer leaves the group.
        Ok(())
    }

    /// Once the end is requested: takes in nothing more, and says whether it is time to go.
    fn is_drained(&mut self, at: &mut State) -> bool {
        if at.draining.is_none() && self.shutdown.is_requested() {
            at.draining = Some(Instant::now());
            self.consumer.pause();
            self.hand_on(&mut at.chunk);
            // Closing it tells the batcher to cut what it holds.
            self.records = None;
        }
        let Some(since) = at.draining else {
            return false;
        };
        let in_flight = self.memory.in_flight();
        let overdue = since.elapsed() >= self.drain;
        if overdue && in_flight > 0 {
            tracing::warn!(
                bytes = in_flight,
                "not everything in flight could be stored in time; it will be read again"
            );
        }
        overdue || in_flight == 0
    }

    fn handle(&mut self, event: GroupEvent, at: &mut State) {
        match event {
            GroupEvent::Record(record) => {
                if at.in_trouble.take().is_some() {
                    self.troubles.over(PART);
                }
                if at.draining.is_none()
                    && let Some((input, lease)) = at.assignment.find(&record)
                {
                    if at.chunk.is_empty() {
                        at.chunk_begun = Instant::now();
                    }
                    let permit = self.permit(&record);
                    at.chunk.push(Received { input, lease, record, permit });
                }
            }
            GroupEvent::Assigned(partitions) => {
                at.in_trouble = None;
                self.troubles.over(PART);
                for (topic, partition) in &partitions {
                    if let Some(input) = Input::of(&self.topics, topic) {
                        let lease =
                            self.offsets.with(|offsets| offsets.assigned(topic, *partition));
                        at.assignment.add(topic, input, *partition, lease);
                        self.leading.assigned(input, *partition);
                    }
                }
                tracing::info!(partitions = partitions.len(), "partitions assigned");
                if at.paused || at.draining.is_some() {
                    self.consumer.pause();
                }
            }
            GroupEvent::Revoked(partitions) => {
                for (topic, partition) in &partitions {
                    self.offsets.with(|offsets| offsets.revoked(topic, *partition));
                    at.assignment.remove(topic, *partition);
                    if let Some(input) = Input::of(&self.topics, topic) {
                        self.leading.revoked(input, *partition);
                    }
                }
                tracing::info!(partitions = partitions.len(), "partitions revoked");
            }
        }
    }

    fn pause_or_resume(&mut self, at: &mut State) {
        if at.draining.is_some() || at.paused == self.should_pause(at.paused) {
            return;
        }
        at.paused = !at.paused;
        if at.paused {
            self.metrics.paused();
            self.consumer.pause();
        } else {
            self.consumer.resume();
        }
    }

    fn should_pause(&self, paused: bool) -> bool {
        if paused { !self.memory.has_room_again() } else { self.memory.is_full() }
    }

    fn permit(&self, record: &Incoming) -> Permit {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len) as u64;
        self.memory.acquire(length(&record.key) + length(&record.payload) + RECORD_OVERHEAD)
    }

    fn hand_on(&self, chunk: &mut Vec<Received>) {
        if let Some(records) = self.records.as_ref().filter(|_| !chunk.is_empty()) {
            let full = std::mem::replace(chunk, Vec::with_capacity(CHUNK_RECORDS));
            if records.send(full).is_err() {
                // The batcher has panicked: without it nothing moves, so let the process be
                // restarted; nothing that it had is committed.
                self.shutdown.trigger();
            }
        }
    }

    fn commit(&mut self) {
        let ready = self.offsets.with(|offsets| offsets.committable());
        if ready.is_empty() {
            return;
        }
        let offsets: Vec<(String, i32, i64)> =
            ready.iter().map(|c| (c.partition.0.clone(), c.partition.1, c.next)).collect();
        match self.consumer.commit(&offsets) {
            Ok(()) => {
                self.offsets.with(|offsets| offsets.committed(&ready));
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

    fn measure(&self, assignment: &Assignment) {
        for (topic, records) in assignment.lag(&self.consumer.lag()) {
            self.metrics.lag(topic, records);
        }
        self.hanging.observe(&self.consumer.held_back());
        let oldest = self.offsets.with(|offsets| offsets.oldest_open());
        self.metrics.in_flight(self.memory.in_flight(), oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offset_tracker::OffsetTracker;

    #[test]
    fn partitions_that_another_writer_has_are_not_counted_as_waiting() {
        let mut tracker = OffsetTracker::default();
        let mut assignment = Assignment::default();
        let mut add = |assignment: &mut Assignment, topic, input, partition| {
            assignment.add(topic, input, partition, tracker.assigned(topic, partition));
        };
        add(&mut assignment, "alerts", Input::Alerts, 0);
        add(&mut assignment, "alerts", Input::Alerts, 1);
        add(&mut assignment, "audit.events", Input::Audit, 0);
        // What the client counted stays for a while where the partition is another's.
        let left = [("alerts", 0, 5), ("alerts", 1, -1), ("alerts", 2, 40), ("audit.events", 0, 7)]
            .map(|(topic, partition, records)| (topic.to_owned(), partition, records));
        let waiting = |assignment: &Assignment| -> Vec<(String, i64)> {
            assignment.lag(&left).map(|(topic, records)| (topic.to_owned(), records)).collect()
        };
        assert_eq!(waiting(&assignment), [("alerts".into(), 5), ("audit.events".into(), 7)]);
        assignment.remove("audit.events", 0);
        assert_eq!(waiting(&assignment), [("alerts".into(), 5), ("audit.events".into(), 0)]);
    }
}
