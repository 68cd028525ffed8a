//! One life of the loop: a group member, a transactional producer, and the states of the partitions
//! it owns.

mod flow;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};

use super::consumed::Ends;
use super::left_open::Written;
use super::rebuild::{Counts, Job, Progress, Rebuilt};
use super::{LoopArgs, Observation, Outputs, Processed, Record, Task, now_ms};
use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;
use crate::group::{Change, GroupArgs, GroupWatch, let_go, member};

/// A transaction that its producer never ends is aborted by the broker after this long.
pub(super) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of records after which a batch takes no more.
const MOST_BYTES: usize = 32 << 20;

/// How long a turn waits for a first record.
const WAIT: Duration = Duration::from_millis(50);

/// How long a first record waits for those that were sent together with it. They come in over
/// several partitions; what comes after the transaction has begun waits for the next.
const GATHER: Duration = Duration::from_millis(3);

/// How often it is looked whether records are acknowledged.
const GLANCE: Duration = Duration::from_micros(250);

pub(super) fn run<T: Task>(
    kafka: &KafkaArgs,
    args: &LoopArgs,
    task: &mut T,
    stop: &dyn Fn() -> bool,
) -> Result<(), StreamError> {
    let watch = GroupWatch::pausing();
    let group = GroupArgs {
        group: args.group.clone(),
        topics: args.inputs.clone(),
        instance: args.instance.clone(),
    };
    // The producer first: it fences an earlier life of this instance and aborts what that left open.
    let producer = transactional_producer(kafka, args)?;
    let consumer = member(kafka, &group, &args.transactional_id(), watch.clone())?;
    let topics: Vec<&str> = args.inputs.iter().map(String::as_str).collect();
    consumer.subscribe(&topics).map_err(StreamError::while_doing("subscribing"))?;
    let (sender, progress) = channel();
    let mut session = Session {
        kafka,
        args,
        consumer: &consumer,
        producer: &producer,
        watch,
        partitions: HashMap::new(),
        sender,
        progress,
        cancelled: Arc::default(),
        counts: Arc::default(),
        told: Told::default(),
        interrupted: HashSet::new(),
        rest: Vec::new(),
        held: HashMap::new(),
        told_held: HashMap::new(),
        ends: Ends::of(kafka, &args.inputs[0])?,
        last_commit: Instant::now(),
        last_lag: Instant::now(),
    };
    let ended = session.turns(task, stop);
    session.cancelled.store(true, Ordering::Relaxed);
    drop(session);
    if ended.is_err() {
        let_go(consumer);
    }
    ended
}

fn transactional_producer(
    kafka: &KafkaArgs,
    args: &LoopArgs,
) -> Result<BaseProducer<Watch>, StreamError> {
    let producer: BaseProducer<Watch> = kafka
        .client(&args.group)
        .set("transactional.id", args.transactional_id())
        .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string())
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "1")
        // As long as the markers of one transaction are being written the next one is put off; the
        // client's own 100 ms would hold up everything in it.
        .set("retry.backoff.ms", "10")
        .set("compression.type", "lz4")
        .set("batch.size", "1000000")
        .set("queue.buffering.max.messages", "500000")
        .set("queue.buffering.max.kbytes", "262144")
        .set("message.max.bytes", "10485760")
        .set("delivery.report.only.error", "true")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a transactional producer"))?;
    producer
        .init_transactions(Duration::from_secs(30))
        .map_err(StreamError::while_doing("beginning with transactions"))?;
    Ok(producer)
}

/// Waits a moment for acknowledgements. Asleep: the client's poll spins through the last millisecond
/// of any wait.
pub(super) fn let_deliver(producer: &BaseProducer<Watch>) {
    std::thread::sleep(GLANCE);
    producer.poll(Duration::ZERO);
}

/// [`Counts`] as they were at one time.
#[derive(Default, PartialEq)]
struct Told {
    records: u64,
    passed: u64,
    total: u64,
}

/// Time passes this much behind the present: a record may have its time of receipt before it can be
/// read, and the brokers' clocks are not quite this one.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// Partitions on which time is to pass, up to a time.
struct Due {
    now: i64,
    partitions: Vec<i32>,
}

struct Live<S> {
    state: S,
    /// The next offset to process, for each input.
    positions: Vec<i64>,
}

struct Session<'a, S> {
    kafka: &'a KafkaArgs,
    args: &'a LoopArgs,
    consumer: &'a BaseConsumer<GroupWatch>,
    producer: &'a BaseProducer<Watch>,
    watch: GroupWatch,
    /// None while a partition's state is being rebuilt.
    partitions: HashMap<i32, Option<Live<S>>>,
    sender: Sender<(u64, Progress<S>)>,
    progress: Receiver<(u64, Progress<S>)>,
    cancelled: Arc<AtomicBool>,
    /// How far the rebuild is, and what the task was told of it.
    counts: Arc<Counts>,
    told: Told,
    /// Partitions of which polled records were dropped while they had no state.
    interrupted: HashSet<i32>,
    /// Polled, and not processed yet.
    rest: Vec<BorrowedMessage<'a>>,
    /// Partitions whose next record cannot be read, and when that is tried again.
    held: HashMap<i32, Instant>,
    /// Offsets of such records, told once each.
    told_held: HashMap<i32, i64>,
    ends: Ends,
    last_commit: Instant,
    last_lag: Instant,
}

pub(super) fn record_of<'m>(message: &'m BorrowedMessage<'_>) -> Record<'m> {
    Record {
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key(),
        payload: message.payload(),
    }
}

fn failed(doing: &'static str) -> impl FnOnce(KafkaError) -> StreamError {
    StreamError::while_doing(doing)
}

impl<'a, S: Send + 'static> Session<'a, S> {
    fn turns<T: Task<State = S>>(
        &mut self,
        task: &mut T,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), StreamError> {
        let mut generation = 0;
        while !stop() {
            task.observe(Observation::Turn);
            let batch = self.collect()?;
            let changed = self.follow_group(task, &mut generation)?;
            let batch = match changed || !self.held.is_empty() {
                true => self.without_interrupted(batch),
                false => batch,
            };
            self.install_rebuilt(task, generation)?;
            self.release_held()?;
            let due = self.due(task);
            if !batch.is_empty() || !due.partitions.is_empty() {
                self.transact(task, batch, &due)?;
            }
            if self.last_lag.elapsed() > Duration::from_secs(1) {
                self.last_lag = Instant::now();
                task.observe(Observation::Lag(&self.lag()));
            }
        }
        Ok(())
    }

    /// Polls until nothing more is there, the batch is full or the group changes. Full is also what
    /// has [`MOST_BYTES`]: as many large records as small ones fit in no memory, and what is made of
    /// them in no transaction's time.
    fn collect(&mut self) -> Result<Vec<BorrowedMessage<'a>>, StreamError> {
        let size = |message: &BorrowedMessage<'_>| message.payload_len() + message.key_len();
        let mut batch = std::mem::take(&mut self.rest);
        let mut bytes: usize = batch.iter().map(size).sum();
        let (mut wait, mut paced_until) = match batch.is_empty() {
            true => (WAIT, self.last_commit + self.args.pace),
            false => (Duration::ZERO, Instant::now()),
        };
        while batch.len() < self.args.most_records && bytes < MOST_BYTES {
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
        match self.watch.failure(self.consumer, &self.args.inputs[0]) {
            Some(why) => Err(StreamError::Thread(format!("the member of the group: {why}"))),
            None => Ok(batch),
        }
    }

    /// Takes in what the group has decided since the last turn. True when anything changed.
    fn follow_group<T: Task<State = S>>(
        &mut self,
        task: &mut T,
        generation: &mut u64,
    ) -> Result<bool, StreamError> {
        let mut changed = false;
        let driving = |list: Vec<(String, i32)>| -> Vec<i32> {
            let first = &self.args.inputs[0];
            list.into_iter().filter(|(topic, _)| topic == first).map(|(_, p)| p).collect()
        };
        while let Some(change) = self.watch.next_change() {
            changed = true;
            match change {
                Change::Revoked(list) => {
                    let partitions = driving(list);
                    *generation += 1;
                    self.cancelled.store(true, Ordering::Relaxed);
                    self.partitions.retain(|partition, _| !partitions.contains(partition));
                    self.held.retain(|partition, _| !partitions.contains(partition));
                    task.observe(Observation::Revoked(&partitions));
                }
                Change::Assigned(list) => {
                    let partitions = driving(list);
                    *generation += 1;
                    self.cancelled = Arc::default();
                    for partition in &partitions {
                        self.partitions.insert(*partition, None);
                    }
                    task.observe(Observation::Rebuilding(&partitions));
                    self.start_rebuild(task, &partitions, *generation)?;
                }
            }
        }
        Ok(changed)
    }

    fn start_rebuild<T: Task<State = S>>(
        &mut self,
        task: &T,
        partitions: &[i32],
        generation: u64,
    ) -> Result<(), StreamError> {
        if partitions.is_empty() {
            return Ok(());
        }
        self.counts = Arc::default();
        self.told = Told::default();
        let now = now_ms();
        let job = Job {
            kafka: self.kafka.clone(),
            args: self.args.clone(),
            folds: task.folds(now),
            partitions: partitions.to_vec(),
            builders: Mutex::new(partitions.iter().map(|p| (*p, task.builder(*p, now))).collect()),
            cancelled: self.cancelled.clone(),
            counts: self.counts.clone(),
            generation,
            progress: self.sender.clone(),
        };
        job.start()
    }

    fn install_rebuilt<T: Task<State = S>>(
        &mut self,
        task: &mut T,
        generation: u64,
    ) -> Result<(), StreamError> {
        self.tell_progress(task);
        while let Ok((of, step)) = self.progress.try_recv() {
            match step {
                _ if of != generation => {}
                Progress::Failed(error) => {
                    return Err(StreamError::Thread(format!("rebuilding a state failed: {error}")));
                }
                Progress::Rebuilt(Rebuilt { partition, state, positions, took }) => {
                    self.resume(partition, &positions)?;
                    self.partitions.insert(partition, Some(Live { state, positions }));
                    task.observe(Observation::Rebuilt { partition, took });
                }
            }
        }
        Ok(())
    }

    /// Tells how far the rebuild is, where that has changed.
    fn tell_progress<T: Task<State = S>>(&mut self, task: &mut T) {
        let now = Told {
            records: self.counts.records.load(Ordering::Relaxed),
            passed: self.counts.passed.load(Ordering::Relaxed),
            total: self.counts.total.load(Ordering::Relaxed),
        };
        if now != self.told {
            let records = now.records - self.told.records;
            task.observe(Observation::Folded { records, passed: now.passed, total: now.total });
            self.told = now;
        }
    }

    /// Partitions for which time alone gives something to do, and whose input is consumed to its
    /// end: what is still to be read may change what time would.
    fn due<T: Task<State = S>>(&mut self, task: &T) -> Due {
        let now = now_ms() - SETTLED_AFTER.as_millis() as i64;
        let mut partitions = Vec::new();
        for (partition, live) in &self.partitions {
            let Some(live) = live else { continue };
            if task.due(&live.state).is_some_and(|due| due <= now)
                && self.ends.is_consumed(*partition, live.positions[0])
            {
                partitions.push(*partition);
            }
        }
        Due { now, partitions }
    }

    fn transact<T: Task<State = S>>(
        &mut self,
        task: &mut T,
        mut batch: Vec<BorrowedMessage<'a>>,
        due: &Due,
    ) -> Result<(), StreamError> {
        let began = Instant::now();
        self.producer.begin_transaction().map_err(failed("beginning a transaction"))?;
        let processed =
            self.process(task, &batch, due).and_then(|records| self.commit().map(|()| records));
        let records = match processed {
            Ok(records) => records,
            Err(error) => {
                // The states have seen what was not committed: they go with the session.
                self.producer.abort_transaction(Duration::from_secs(10)).ok();
                return Err(error);
            }
        };
        self.rest = batch.split_off(records);
        self.last_commit = Instant::now();
        task.observe(Observation::Committed { records, took: began.elapsed() });
        Ok(())
    }

    /// Processes records until it has taken too long, and lets time pass. Returns with how many
    /// records it is done.
    fn process<T: Task<State = S>>(
        &mut self,
        task: &mut T,
        batch: &[BorrowedMessage<'a>],
        due: &Due,
    ) -> Result<usize, StreamError> {
        let task_failed = |error: super::TaskError| StreamError::Thread(error.to_string());
        let id = self.args.transactional_id();
        let mut out = Outputs { producer: self.producer, written: Written::by(&id) };
        let mut ranges: BTreeMap<i32, i64> = BTreeMap::new();
        let until = Instant::now() + self.args.longest;
        let mut records = 0;
        for message in batch {
            if records > 0 && Instant::now() > until {
                break;
            }
            records += 1;
            let partition = message.partition();
            if self.held.contains_key(&partition) {
                continue;
            }
            let input = self.input_of(message.topic());
            let Some(Some(live)) = self.partitions.get_mut(&partition) else {
                return Err(StreamError::Thread(
                    "a record of a partition without state".to_owned(),
                ));
            };
            if message.offset() < live.positions[input] {
                return Err(StreamError::Thread("a record came twice from the client".to_owned()));
            }
            let processed = task
                .process(&mut live.state, input, record_of(message), &mut out)
                .map_err(task_failed)?;
            if let Processed::NotYet(why) = processed {
                let (topic, offset) = (message.topic(), message.offset());
                if self.told_held.insert(partition, offset) != Some(offset) {
                    let what = "a record cannot be read now; its partition waits for it";
                    tracing::warn!(topic, partition, offset, error = why, "{what}");
                }
                self.hold(partition)?;
                continue;
            }
            if input == 0 {
                ranges.entry(partition).or_insert(live.positions[0]);
            }
            live.positions[input] = message.offset() + 1;
        }
        for partition in &due.partitions {
            if let Some(Some(live)) = self.partitions.get_mut(partition) {
                task.pass_time(*partition, &mut live.state, due.now, &mut out)
                    .map_err(task_failed)?;
            }
        }
        for (partition, from) in ranges {
            if let Some(Some(live)) = self.partitions.get_mut(&partition) {
                let range = from..live.positions[0];
                task.close(partition, &mut live.state, range, &mut out).map_err(task_failed)?;
            }
        }
        Ok(records)
    }

    fn input_of(&self, topic: &str) -> usize {
        self.args.inputs.iter().position(|input| input == topic).unwrap_or(0)
    }

    fn commit(&self) -> Result<(), StreamError> {
        let mut offsets = TopicPartitionList::new();
        for (partition, live) in &self.partitions {
            let Some(live) = live else { continue };
            for (input, position) in self.args.inputs.iter().zip(&live.positions) {
                offsets
                    .add_partition_offset(input, *partition, Offset::Offset(*position))
                    .map_err(failed("committing offsets"))?;
            }
        }
        let group = self
            .consumer
            .group_metadata()
            .ok_or_else(|| StreamError::Thread("the group's metadata is not known".to_owned()))?;
        // While the records are still on their way: offsets and records take about as long.
        self.producer
            .send_offsets_to_transaction(&offsets, &group, Timeout::Never)
            .map_err(failed("committing offsets in the transaction"))?;
        // The client's own flush waits in steps of 100 ms.
        while self.producer.in_flight_count() > 0 {
            let_deliver(self.producer);
        }
        self.producer
            .commit_transaction(Timeout::Never)
            .map_err(failed("committing the transaction"))
    }
}
