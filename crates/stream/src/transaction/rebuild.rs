//! Rebuilding the states of assigned partitions from Kafka alone, on threads of their own: one
//! partition after another on each, so that a thread works in the memory of one state.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chassis::now_ms;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::args::LoopArgs;
use super::inputs::{InputIndex, Inputs, Positions, ReplaySource};
use super::left_open;
use super::offsets::{OffsetClient, Wanted};
use super::task::{Builder, Record, ReplayOf, Task};
use crate::batch::Waiting;
use crate::connection::{ClientSettings, KafkaArgs, TRANSACTION_TIMEOUT};
use crate::context::Watch;
use crate::error::StreamError;

/// Beyond the time after which Kafka ends an open transaction by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// A state that was rebuilt.
pub(super) struct Rebuilt<S> {
    pub(super) partition: i32,
    pub(super) state: S,
    pub(super) positions: Positions,
    /// From the beginning of the rebuild of all partitions that were assigned together.
    pub(super) took: Duration,
}

/// How far a rebuild is.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Records replayed.
    pub(super) records: AtomicU64,
    /// Offsets passed.
    pub(super) passed: AtomicU64,
    /// Offsets to pass, as soon as they are known.
    pub(super) total: AtomicU64,
}

/// How the rebuilding threads and the session speak with each other.
pub(super) struct Link<S> {
    /// Which rebuild of the session this is; goes with every result.
    pub(super) generation: u64,
    pub(super) results: Sender<(u64, Result<Rebuilt<S>, StreamError>)>,
    pub(super) counts: Arc<Counts>,
    /// The session has ended, or the partitions were revoked.
    pub(super) cancelled: Arc<AtomicBool>,
}

impl<S> Link<S> {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn report(&self, result: Result<Rebuilt<S>, StreamError>) {
        // The session has ended when nobody listens.
        let _ = self.results.send((self.generation, result));
    }
}

/// A topic that is replayed.
struct Replayed<R> {
    /// What the task calls it.
    name: R,
    topic: String,
    from: Wanted,
    /// The input that ends it: it is replayed to where the group has consumed that. None: to its end.
    until: Option<InputIndex>,
}

pub(super) struct Job<B: Builder> {
    kafka: KafkaArgs,
    args: LoopArgs,
    /// The inputs with their topics.
    inputs: Vec<(InputIndex, String)>,
    replays: Vec<Replayed<B::Replay>>,
    partitions: Vec<i32>,
    /// Of partitions that no thread has begun with.
    builders: Mutex<Vec<(i32, B)>>,
    link: Link<B::State>,
}

/// What is to be replayed for a partition, and where processing goes on then.
struct Plan<'j, R> {
    /// Each replayed topic with its offsets, in the order in which they are replayed.
    spans: Vec<(&'j Replayed<R>, Range<i64>)>,
    positions: Positions,
    /// Whether a transaction is open before the end of a span.
    has_open_transaction: bool,
}

impl<R> Default for Plan<'_, R> {
    fn default() -> Self {
        Self { spans: Vec::new(), positions: Positions::default(), has_open_transaction: false }
    }
}

/// The plans of partitions.
type Plans<'j, R> = HashMap<i32, Plan<'j, R>>;

impl<B: Builder + 'static> Job<B>
where
    B::State: Send,
{
    /// The rebuild of a task's partitions, as of the present.
    ///
    /// # Errors
    /// [`StreamError::NoSuchInput`] when a replay names one.
    pub(super) fn of<T: Task<State = B::State, Builder = B>>(
        (kafka, args): (&KafkaArgs, &LoopArgs),
        (task, inputs): (&T, &Inputs<T::Input>),
        partitions: &[i32],
        link: Link<B::State>,
    ) -> Result<Self, StreamError> {
        let now = now_ms();
        let replayed = |replay: ReplayOf<T>| -> Result<_, StreamError> {
            match replay.source {
                ReplaySource::Topic { topic, since_ms } => {
                    let from = since_ms.map_or(Wanted::First, Wanted::Since);
                    Ok(Replayed { name: replay.name, topic, from, until: None })
                }
                ReplaySource::Consumed(input) => {
                    let none = || StreamError::NoSuchInput(format!("{input:?}"));
                    let (index, topic) = inputs.find(input).ok_or_else(none)?;
                    let (topic, from) = (topic.to_owned(), Wanted::First);
                    Ok(Replayed { name: replay.name, topic, from, until: Some(index) })
                }
            }
        };
        Ok(Self {
            kafka: kafka.clone(),
            args: args.clone(),
            inputs: inputs.indexed().map(|(input, topic)| (input, topic.to_owned())).collect(),
            replays: task.replays(now).into_iter().map(replayed).collect::<Result<_, _>>()?,
            partitions: partitions.to_vec(),
            builders: Mutex::new(partitions.iter().map(|p| (*p, task.builder(*p, now))).collect()),
            link,
        })
    }

    /// Runs on threads of its own.
    pub(super) fn start(self) -> Result<(), StreamError> {
        std::thread::Builder::new()
            .name("rebuild".to_owned())
            .spawn(move || {
                if let Err(error) = self.run()
                    && !self.link.is_cancelled()
                {
                    self.link.report(Err(StreamError::Rebuild(Box::new(error))));
                }
            })
            .map(|_| ())
            .map_err(StreamError::NoThread)
    }

    fn run(&self) -> Result<(), StreamError> {
        let began = Instant::now();
        left_open::end(&self.kafka, &self.args, &self.partitions, &self.link.cancelled)?;
        let plans = self.plan()?;
        let length = |(_, span): &(_, Range<i64>)| (span.end - span.start) as u64;
        let total = plans.values().flat_map(|plan| &plan.spans).map(length).sum();
        self.link.counts.total.store(total, Ordering::Relaxed);
        // Taken from the end: partitions that have to wait come last.
        self.waiting().sort_by_key(|(partition, _)| !plans[partition].has_open_transaction);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(self.partitions.len());
        std::thread::scope(|scope| {
            let replaying: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| self.work(&plans, began))).collect();
            let mut ended = Ok(());
            for thread in replaying {
                let panicked = |_| Err(StreamError::Panicked("rebuilding"));
                ended = ended.and(thread.join().unwrap_or_else(panicked));
            }
            ended
        })
    }

    /// Takes partitions that wait for it, until there are none.
    fn work(&self, plans: &Plans<'_, B::Replay>, began: Instant) -> Result<(), StreamError> {
        // One client for each topic: the client reports the end of a partition without its topic.
        let mut consumers: HashMap<&str, BaseConsumer<Watch>> = HashMap::new();
        loop {
            let Some((partition, mut builder)) = self.waiting().pop() else { return Ok(()) };
            let plan = &plans[&partition];
            if plan.has_open_transaction {
                self.wait_for_open_transactions(partition, plan)?;
            }
            for (replay, span) in &plan.spans {
                if span.is_empty() {
                    continue;
                }
                let consumer = match consumers.entry(&replay.topic) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(none) => none.insert(self.consumer()?),
                };
                self.replay(consumer, partition, (replay, span), &mut builder)?;
            }
            self.link.report(Ok(Rebuilt {
                partition,
                state: builder.finish(now_ms()),
                positions: plan.positions.clone(),
                took: began.elapsed(),
            }));
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(i32, B)>> {
        self.builders.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn consumer(&self) -> Result<BaseConsumer<Watch>, StreamError> {
        self.kafka
            .consumer("mimamori-rebuild", &self.args.group)
            .set("enable.partition.eof", "true")
            // Replaying is faster than fetching: a longer queue would only take memory.
            .set("queued.min.messages", "20000")
            .set("statistics.interval.ms", "0")
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a consumer"))
    }

    fn plan(&self) -> Result<Plans<'_, B::Replay>, StreamError> {
        let partitions = &self.partitions;
        let decided = OffsetClient::new(&self.kafka, &self.args.group, "read_committed")?;
        let all = OffsetClient::new(&self.kafka, &self.args.group, "read_uncommitted")?;
        let mut plans: Plans<'_, B::Replay> =
            partitions.iter().map(|partition| (*partition, Plan::default())).collect();
        for (input, topic) in &self.inputs {
            let mut positions = all.offsets(topic, partitions, Wanted::First)?;
            // An open transaction is decided within its timeout at the latest.
            positions.extend(decided.consumed(
                topic,
                partitions,
                TRANSACTION_TIMEOUT + PATIENCE,
            )?);
            for (partition, plan) in &mut plans {
                plan.positions.set(*input, positions.get(partition).copied().unwrap_or(0));
            }
        }
        for replay in &self.replays {
            let starts = all.offsets(&replay.topic, partitions, replay.from)?;
            let ends = all.offsets(&replay.topic, partitions, Wanted::Next)?;
            let readable = decided.offsets(&replay.topic, partitions, Wanted::Next)?;
            for (partition, plan) in &mut plans {
                let written = ends.get(partition).copied().unwrap_or(0);
                let consumed = replay.until.map(|input| plan.positions.of(input));
                let end = consumed.map_or(written, |consumed| written.min(consumed));
                let start = starts.get(partition).copied().unwrap_or(end);
                plan.spans.push((replay, start.min(end)..end));
                plan.has_open_transaction |=
                    readable.get(partition).is_none_or(|readable| *readable < end);
            }
        }
        Ok(plans)
    }

    /// Waits until no transaction is open on what is replayed of a partition. One that was left open
    /// and could not be ended hides everything behind it, also what a later owner has committed,
    /// until the broker ends it.
    fn wait_for_open_transactions(
        &self,
        partition: i32,
        plan: &Plan<'_, B::Replay>,
    ) -> Result<(), StreamError> {
        let decided = OffsetClient::new(&self.kafka, &self.args.group, "read_committed")?;
        let deadline = Instant::now() + TRANSACTION_TIMEOUT + PATIENCE;
        for (replay, span) in &plan.spans {
            let topic = &replay.topic;
            let mut is_reported = false;
            while decided.offsets(topic, &[partition], Wanted::Next)?.get(&partition)
                < Some(&span.end)
            {
                if self.link.is_cancelled() {
                    return Err(StreamError::Cancelled);
                }
                if Instant::now() > deadline {
                    let topic = topic.clone();
                    return Err(StreamError::TransactionStaysOpen { topic, partition });
                }
                if !is_reported {
                    is_reported = true;
                    tracing::info!(topic, partition, "waiting for a transaction left open to end");
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    fn replay(
        &self,
        consumer: &BaseConsumer<Watch>,
        partition: i32,
        (replay, span): (&Replayed<B::Replay>, &Range<i64>),
        builder: &mut B,
    ) -> Result<(), StreamError> {
        let mut assignment = TopicPartitionList::new();
        assignment
            .add_partition_offset(&replay.topic, partition, Offset::Offset(span.start))
            .and_then(|()| consumer.assign(&assignment))
            .map_err(StreamError::while_doing("assigning a partition"))?;
        let counts = &self.link.counts;
        let mut waiting = Waiting::of(consumer).expect("a consumer of a group has a queue");
        let mut reached = Reached { partition, next: span.start, end: span.end };
        let mut counted = span.start;
        while !reached.is_end() {
            let (mut records, mut is_idle) = (0, true);
            let mut replay = |taken: Result<Record<'_>, KafkaError>| match reached.by(taken) {
                Some(record) => {
                    records += 1;
                    builder.replay(replay.name, record)
                }
                None => Ok(()),
            };
            for taken in waiting.take() {
                is_idle = false;
                replay(taken.record())?;
            }
            // What waits is waited for by the client, which also says what has happened to it meanwhile.
            if is_idle && let Some(polled) = consumer.poll(Duration::from_millis(100)) {
                replay(polled.as_ref().map(Record::from).map_err(Clone::clone))?;
            }
            let passed = reached.next.min(span.end) - counted;
            counted += passed;
            counts.passed.fetch_add(passed as u64, Ordering::Relaxed);
            counts.records.fetch_add(records, Ordering::Relaxed);
            if self.link.is_cancelled() {
                return Err(StreamError::Cancelled);
            }
        }
        Ok(())
    }
}

/// How far a partition of a topic is replayed.
struct Reached {
    partition: i32,
    /// The offset of the next record.
    next: i64,
    /// The offset before which replaying ends.
    end: i64,
}

impl Reached {
    fn is_end(&self) -> bool {
        self.next >= self.end
    }

    /// The record that was taken, where it is one to replay.
    fn by<'r>(&mut self, taken: Result<Record<'r>, KafkaError>) -> Option<Record<'r>> {
        match taken {
            // What was assigned before may still come.
            Ok(record) if record.partition != self.partition || self.is_end() => None,
            Ok(record) => {
                self.next = record.offset + 1;
                (self.next <= self.end).then_some(record)
            }
            Err(KafkaError::PartitionEOF(partition)) => {
                if partition == self.partition {
                    self.next = self.end;
                }
                None
            }
            Err(error) => {
                tracing::warn!(%error, "rebuilding; going on");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(partition: i32, offset: i64) -> Result<Record<'static>, KafkaError> {
        Ok(Record { partition, offset, timestamp_ms: 0, key: None, payload: None })
    }

    #[test]
    fn of_what_is_taken_the_span_of_the_partition_is_replayed_and_nothing_beyond_it() {
        let mut reached = Reached { partition: 3, next: 10, end: 13 };
        assert!(reached.by(record(3, 10)).is_some());
        assert!(reached.by(record(2, 11)).is_none(), "of the partition before");
        assert!(reached.by(Err(KafkaError::PartitionEOF(2))).is_none());
        assert_eq!((reached.next, reached.is_end()), (11, false));
        assert!(reached.by(record(3, 12)).is_some(), "11 is a transaction's marker");
        assert!(reached.is_end());
        assert!(reached.by(record(3, 13)).is_none());
        assert_eq!(reached.next, 13, "what was taken beyond the end is not passed");
    }

    #[test]
    fn where_the_span_ends_in_markers_the_end_of_the_partition_or_a_record_behind_ends_it() {
        let begun = || Reached { partition: 3, next: 11, end: 13 };
        let mut reached = begun();
        assert!(reached.by(record(3, 14)).is_none());
        assert!(reached.is_end());
        let mut reached = begun();
        assert!(reached.by(Err(KafkaError::PartitionEOF(3))).is_none());
        assert!(reached.is_end());
    }
}
