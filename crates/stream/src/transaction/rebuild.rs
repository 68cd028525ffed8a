//! Rebuilding the states of assigned partitions from Kafka alone, on threads of their own: one
//! partition after another on each, so that a thread works in the memory of one state.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::offsets::{Asking, Wanted};
use super::session::{TRANSACTION_TIMEOUT, record_of};
use super::{Builder, Fold, FoldFrom, LoopArgs, left_open, now_ms};
use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;

/// Beyond the time after which Kafka ends an open transaction by itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// Progress is told, and the end of the session noticed, after so many records.
const STEP: u64 = 4096;

/// What comes from the rebuilding threads.
pub(super) enum Progress<S> {
    Rebuilt(Rebuilt<S>),
    Failed(String),
}

pub(super) struct Rebuilt<S> {
    pub(super) partition: i32,
    pub(super) state: S,
    /// The next offset to process, for each input.
    pub(super) positions: Vec<i64>,
    pub(super) took: Duration,
}

/// How far a rebuild is.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Records folded.
    pub(super) records: AtomicU64,
    /// Offsets passed.
    pub(super) passed: AtomicU64,
    /// Offsets to pass, as soon as they are known.
    pub(super) total: AtomicU64,
}

pub(super) struct Job<B: Builder> {
    pub(super) kafka: KafkaArgs,
    pub(super) args: LoopArgs,
    pub(super) folds: Vec<Fold>,
    pub(super) partitions: Vec<i32>,
    /// Of partitions that no thread has begun with.
    pub(super) builders: Mutex<Vec<(i32, B)>>,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) counts: Arc<Counts>,
    /// Goes with everything that is told.
    pub(super) generation: u64,
    pub(super) progress: Sender<(u64, Progress<B::State>)>,
}

/// What is to be folded for a partition, and where processing goes on then.
#[derive(Default)]
struct Plan {
    /// Offsets of each fold.
    spans: Vec<Range<i64>>,
    /// The next offset to process, for each input.
    positions: Vec<i64>,
    /// Whether a transaction is open before the end of a span.
    is_hidden: bool,
}

impl<B: Builder + 'static> Job<B>
where
    B::State: Send,
{
    /// Runs on threads of its own.
    pub(super) fn start(self) -> Result<(), StreamError> {
        std::thread::Builder::new()
            .name("rebuild".to_owned())
            .spawn(move || {
                let (cancelled, progress) = (self.cancelled.clone(), self.progress.clone());
                let generation = self.generation;
                if let Err(error) = self.run()
                    && !cancelled.load(Ordering::Relaxed)
                {
                    let _ = progress.send((generation, Progress::Failed(error.to_string())));
                }
            })
            .map(|_| ())
            .map_err(|error| StreamError::Thread(format!("a thread cannot be started: {error}")))
    }

    fn run(&self) -> Result<(), StreamError> {
        let began = Instant::now();
        left_open::end(&self.kafka, &self.args, &self.partitions, &self.cancelled)?;
        let plans = self.plan()?;
        let length = |span: &Range<i64>| (span.end - span.start) as u64;
        let total = plans.values().flat_map(|plan| &plan.spans).map(length).sum();
        self.counts.total.store(total, Ordering::Relaxed);
        // Taken from the end: what has to wait comes last.
        self.waiting().sort_by_key(|(partition, _)| !plans[partition].is_hidden);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(self.partitions.len());
        std::thread::scope(|scope| {
            let folding: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| self.work(&plans, began))).collect();
            let mut ended = Ok(());
            for thread in folding {
                let panicked = || StreamError::Thread("a rebuilding thread panicked".to_owned());
                ended = ended.and(thread.join().unwrap_or_else(|_| Err(panicked())));
            }
            ended
        })
    }

    /// Takes partitions that wait for it, until there are none.
    fn work(&self, plans: &HashMap<i32, Plan>, began: Instant) -> Result<(), StreamError> {
        // One client for each topic: that a partition has ended is told without the topic's name.
        let mut consumers: Vec<Option<BaseConsumer<Watch>>> = Vec::new();
        consumers.resize_with(self.folds.len(), || None);
        loop {
            let Some((partition, mut builder)) = self.waiting().pop() else { return Ok(()) };
            let plan = &plans[&partition];
            if plan.is_hidden {
                self.wait_for_open_transactions(partition, plan)?;
            }
            for (index, span) in plan.spans.iter().enumerate() {
                if span.is_empty() {
                    continue;
                }
                let consumer = match &mut consumers[index] {
                    Some(consumer) => consumer,
                    none => none.insert(self.consumer()?),
                };
                self.fold(consumer, partition, index, span, &mut builder)?;
            }
            let rebuilt = Rebuilt {
                partition,
                state: builder.finish(now_ms()),
                positions: plan.positions.clone(),
                took: began.elapsed(),
            };
            // The session has ended when nobody listens.
            let _ = self.progress.send((self.generation, Progress::Rebuilt(rebuilt)));
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(i32, B)>> {
        self.builders.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn consumer(&self) -> Result<BaseConsumer<Watch>, StreamError> {
        self.kafka
            .consumer("mimamori-rebuild", &self.args.group)
            .set("enable.partition.eof", "true")
            // A fold is faster than fetching: a longer queue would only take memory.
            .set("queued.min.messages", "20000")
            .set("statistics.interval.ms", "0")
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a consumer"))
    }

    fn plan(&self) -> Result<HashMap<i32, Plan>, StreamError> {
        let partitions = &self.partitions;
        let decided = Asking::new(&self.kafka, &self.args.group, "read_committed")?;
        let all = Asking::new(&self.kafka, &self.args.group, "read_uncommitted")?;
        let mut plans: HashMap<i32, Plan> =
            partitions.iter().map(|partition| (*partition, Plan::default())).collect();
        for input in &self.args.inputs {
            let mut positions = all.offsets(input, partitions, Wanted::First)?;
            // An open transaction is decided within its timeout at the latest.
            positions.extend(decided.consumed(
                input,
                partitions,
                TRANSACTION_TIMEOUT + PATIENCE,
            )?);
            for (partition, plan) in &mut plans {
                plan.positions.push(positions.get(partition).copied().unwrap_or(0));
            }
        }
        for fold in &self.folds {
            let wanted = match fold.from {
                FoldFrom::Time(time) => Wanted::Since(time),
                FoldFrom::Beginning | FoldFrom::Consumed => Wanted::First,
            };
            let starts = all.offsets(&fold.topic, partitions, wanted)?;
            let ends = all.offsets(&fold.topic, partitions, Wanted::Next)?;
            let readable = decided.offsets(&fold.topic, partitions, Wanted::Next)?;
            let input = self.args.inputs.iter().position(|input| *input == fold.topic);
            for (partition, plan) in &mut plans {
                let written = ends.get(partition).copied().unwrap_or(0);
                let end = match (fold.from, input) {
                    (FoldFrom::Consumed, Some(input)) => written.min(plan.positions[input]),
                    _ => written,
                };
                let start = starts.get(partition).copied().unwrap_or(end);
                plan.spans.push(start.min(end)..end);
                plan.is_hidden |= readable.get(partition).is_none_or(|readable| *readable < end);
            }
        }
        Ok(plans)
    }

    /// Waits until no transaction is open on what is folded of a partition. One that was left open
    /// and could not be ended hides everything behind it, also what a later owner has committed,
    /// until the broker ends it.
    fn wait_for_open_transactions(&self, partition: i32, plan: &Plan) -> Result<(), StreamError> {
        let decided = Asking::new(&self.kafka, &self.args.group, "read_committed")?;
        let deadline = Instant::now() + TRANSACTION_TIMEOUT + PATIENCE;
        for (fold, span) in self.folds.iter().zip(&plan.spans) {
            let topic = &fold.topic;
            let mut is_told = false;
            while decided.offsets(topic, &[partition], Wanted::Next)?.get(&partition)
                < Some(&span.end)
            {
                if self.cancelled.load(Ordering::Relaxed) || Instant::now() > deadline {
                    return Err(StreamError::Thread(format!(
                        "a transaction stays open on {topic}"
                    )));
                }
                if !is_told {
                    is_told = true;
                    tracing::info!(topic, partition, "waiting for a transaction left open to end");
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    fn fold(
        &self,
        consumer: &BaseConsumer<Watch>,
        partition: i32,
        index: usize,
        span: &Range<i64>,
        builder: &mut B,
    ) -> Result<(), StreamError> {
        let mut assignment = TopicPartitionList::new();
        assignment
            .add_partition_offset(&self.folds[index].topic, partition, Offset::Offset(span.start))
            .and_then(|()| consumer.assign(&assignment))
            .map_err(StreamError::while_doing("assigning a partition"))?;
        let (mut next, mut counted) = (span.start, span.start);
        let mut records = 0;
        let mut wait = Duration::ZERO;
        while next < span.end {
            match consumer.poll(wait) {
                Some(Ok(message)) if message.partition() != partition => {}
                Some(Ok(message)) => {
                    wait = Duration::ZERO;
                    next = message.offset() + 1;
                    if next <= span.end {
                        builder.fold(index, record_of(&message)).map_err(|error| {
                            StreamError::Thread(format!("rebuilding a state: {error}"))
                        })?;
                        records += 1;
                    }
                }
                Some(Err(KafkaError::PartitionEOF(of))) if of == partition => next = span.end,
                Some(Err(KafkaError::PartitionEOF(_))) => {}
                Some(Err(error)) => tracing::warn!(%error, "rebuilding; going on"),
                None => wait = Duration::from_millis(100),
            }
            let is_idle = !wait.is_zero();
            if records >= STEP || is_idle || next >= span.end {
                let passed = next.min(span.end) - counted;
                counted += passed;
                self.counts.passed.fetch_add(passed as u64, Ordering::Relaxed);
                self.counts.records.fetch_add(std::mem::take(&mut records), Ordering::Relaxed);
                if self.cancelled.load(Ordering::Relaxed) {
                    return Err(StreamError::Thread("the rebuild was cancelled".to_owned()));
                }
            }
        }
        Ok(())
    }
}
