//! States belong to partitions that are owned: they go with the partition and with the session, and
//! nothing is answered from one that is not the partition's own.
//!
//! The client's mock of a cluster forgets the offsets that a transaction commits, so records come
//! again to whoever takes a partition over. That they do not is shown over a real Kafka.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use stream::transaction::{
    Builder, Inputs, LoopArgs, Observation, Outputs, Processed, Record, Replay, ReplayOf, Task,
    TaskError, run,
};
use stream::{KafkaArgs, StreamError};

const INPUT: &str = "input";
const REPLAYED: &str = "replayed";
const PARTITIONS: i32 = 4;
const PATIENCE: Duration = Duration::from_secs(60);
/// What a transaction may take, and what a record takes.
const LONGEST: Duration = Duration::from_millis(20);
const OF_A_RECORD: Duration = Duration::from_millis(8);

/// What the members of the group have done, together.
#[derive(Default)]
struct Seen {
    /// Member, partition and offset, of every record processed.
    processed: Vec<(u8, i32, i64)>,
    /// Who answers for which partition.
    ready: Vec<(u8, i32)>,
    /// Sessions that an error has ended.
    aborted: usize,
    /// Of those, by the error that the test wanted.
    failed_as_wanted: usize,
    /// Of those, because nobody has answered for the offsets.
    unanswered: usize,
    /// Records of each transaction.
    committed: Vec<usize>,
}

/// Why a record is not processed.
#[derive(Debug, thiserror::Error)]
#[error("as the test wanted")]
struct Wanted;

/// Whether it is the test's own error that ended a session, whatever the loop has made of it.
fn is_wanted(error: &StreamError) -> bool {
    match error {
        StreamError::Task(TaskError::Failed { source, .. }) => source.is::<Wanted>(),
        _ => false,
    }
}

/// States that exist, of all members.
#[derive(Default)]
struct Census(AtomicI64);

struct State {
    partition: i32,
    replayed: u64,
    census: Arc<Census>,
}

impl State {
    fn new(partition: i32, census: Arc<Census>) -> Self {
        census.0.fetch_add(1, Ordering::Relaxed);
        Self { partition, replayed: 0, census }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.census.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The one topic that states are rebuilt from.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Replayed;

/// The one input.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Input;

impl Builder for State {
    type Replay = Replayed;
    type State = State;

    fn replay(&mut self, Replayed: Replayed, record: Record<'_>) -> Result<(), TaskError> {
        assert_eq!(record.partition, self.partition);
        self.replayed += 1;
        Ok(())
    }

    fn finish(self, _: i64) -> State {
        self
    }
}

struct Member {
    number: u8,
    seen: Arc<Mutex<Seen>>,
    census: Arc<Census>,
    /// Fail at the next record.
    fail: Arc<AtomicBool>,
    /// Records of the first partition cannot be read for as long as this is true.
    unreadable: Arc<AtomicBool>,
}

impl Member {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

impl Task for Member {
    type Input = Input;
    type State = State;
    type Builder = State;

    fn inputs(&self) -> Inputs<Input> {
        Inputs::driven_by(Input, INPUT)
    }

    fn replays(&self, _: i64) -> Vec<ReplayOf<Self>> {
        vec![Replay::whole(Replayed, REPLAYED)]
    }

    fn builder(&self, partition: i32, _: i64) -> State {
        State::new(partition, self.census.clone())
    }

    fn process(
        &mut self,
        state: &mut State,
        Input: Input,
        record: Record<'_>,
        _: &mut Outputs<'_>,
    ) -> Result<Processed, TaskError> {
        assert_eq!(state.partition, record.partition);
        assert_eq!(state.replayed, 3, "the state of partition {} is not ready", state.partition);
        assert!(self.seen().ready.contains(&(self.number, record.partition)));
        if self.fail.swap(false, Ordering::Relaxed) {
            return Err(TaskError::while_doing("processing")(Wanted));
        }
        if record.partition == 0 && self.unreadable.load(Ordering::Relaxed) {
            return Ok(Processed::RetryLater(Wanted.into()));
        }
        std::thread::sleep(OF_A_RECORD);
        self.seen().processed.push((self.number, record.partition, record.offset));
        Ok(Processed::Handled)
    }

    fn due(&self, _: &State) -> Option<i64> {
        None
    }

    fn pass_time(
        &mut self,
        _: i32,
        _: &mut State,
        _: i64,
        _: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        Ok(())
    }

    fn close(
        &mut self,
        _: i32,
        _: &mut State,
        _: Range<i64>,
        _: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        Ok(())
    }

    fn observe(&mut self, observation: Observation<'_>) {
        let number = self.number;
        match observation {
            Observation::Ready { partition, .. } => self.seen().ready.push((number, partition)),
            Observation::Revoked(partitions) => {
                self.seen().ready.retain(|(of, p)| *of != number || !partitions.contains(p));
            }
            Observation::Aborted(error) => {
                let mut seen = self.seen();
                seen.failed_as_wanted += usize::from(is_wanted(error));
                seen.unanswered +=
                    usize::from(matches!(error, StreamError::OffsetsUnanswered { .. }));
                seen.aborted += 1;
                seen.ready.retain(|(of, _)| *of != number);
            }
            Observation::Committed { records, .. } => self.seen().committed.push(records),
            _ => {}
        }
    }
}

/// A member that runs.
struct Running {
    stop: Arc<AtomicBool>,
    fail: Arc<AtomicBool>,
    unreadable: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Running {
    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

struct Group {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
    seen: Arc<Mutex<Seen>>,
    census: Arc<Census>,
}

impl Group {
    /// Topics with three records to replay in each partition.
    fn new() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        for topic in [INPUT, REPLAYED] {
            cluster.create_topic(topic, PARTITIONS, 1).unwrap();
        }
        let servers = cluster.bootstrap_servers();
        let producer = ClientConfig::new().set("bootstrap.servers", servers).create().unwrap();
        let group = Self { cluster, producer, seen: Arc::default(), census: Arc::default() };
        (0..3).for_each(|_| group.write(REPLAYED));
        group
    }

    /// Writes a record to each partition.
    fn write(&self, topic: &str) {
        for partition in 0..PARTITIONS {
            let record = BaseRecord::<[u8], _>::to(topic).partition(partition).payload("x");
            self.producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        self.producer.flush(PATIENCE).unwrap();
    }

    fn join(&self, number: u8) -> Running {
        let stop: Arc<AtomicBool> = Arc::default();
        let fail: Arc<AtomicBool> = Arc::default();
        let unreadable: Arc<AtomicBool> = Arc::default();
        let mut member = Member {
            number,
            seen: self.seen.clone(),
            census: self.census.clone(),
            fail: fail.clone(),
            unreadable: unreadable.clone(),
        };
        let kafka = KafkaArgs::local(self.cluster.bootstrap_servers());
        let args = LoopArgs {
            group: "group".to_owned(),
            instance: None,
            process: number.to_string(),
            outputs: Vec::new(),
            most_records: 100,
            longest: LONGEST,
            pace: Duration::from_millis(5),
        };
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            run(&kafka, &args, &mut member, &|| stopped.load(Ordering::Relaxed)).unwrap();
        });
        Running { stop, fail, unreadable, thread }
    }

    fn states(&self) -> i64 {
        self.census.0.load(Ordering::Relaxed)
    }

    #[track_caller]
    fn eventually(&self, promise: &str, holds: impl Fn(&Seen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(&self.seen.lock().unwrap()) {
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {promise}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Partitions that a member answers for.
fn share(seen: &Seen, member: u8) -> usize {
    seen.ready.iter().filter(|(of, _)| *of == member).count()
}

const ALL: usize = PARTITIONS as usize;

/// Whether every partition's record at an offset was processed.
fn is_answered(seen: &Seen, offset: i64) -> bool {
    (0..PARTITIONS).all(|p| seen.processed.iter().any(|one| (one.1, one.2) == (p, offset)))
}

#[test]
fn a_revoked_partition_leaves_no_state_and_only_its_new_owner_answers() {
    let group = Group::new();
    let first = group.join(1);
    group.eventually("one member has all partitions", |seen| share(seen, 1) == ALL);
    group.write(INPUT);
    group.eventually("it answers for all", |seen| is_answered(seen, 0));

    let second = group.join(2);
    group.eventually("two members share the partitions", |seen| {
        seen.ready.len() == ALL && share(seen, 1) == ALL / 2
    });
    assert_eq!(group.states(), i64::from(PARTITIONS), "a state is kept that nobody owns");
    let owners = group.seen.lock().unwrap().ready.clone();
    group.write(INPUT);
    group.eventually("each answers for its own", |seen| is_answered(seen, 1));
    let newest = |(member, partition, offset): &(u8, i32, i64)| {
        *offset != 1 || owners.contains(&(*member, *partition))
    };
    let processed = group.seen.lock().unwrap().processed.clone();
    assert!(processed.iter().all(newest), "{processed:?} of {owners:?}");

    second.stop();
    group.eventually("the one that is left has all again", |seen| share(seen, 1) == ALL);
    group.eventually("the other's states are gone", |_| group.states() == i64::from(PARTITIONS));
    group.write(INPUT);
    group.eventually("and answers for all", |seen| is_answered(seen, 2));
    assert_eq!(group.seen.lock().unwrap().aborted, 0);
    first.stop();
    assert_eq!(group.states(), 0);
}

#[test]
fn a_failed_transaction_takes_its_states_with_it_and_its_records_come_again() {
    let group = Group::new();
    let member = group.join(1);
    group.eventually("it has all partitions", |seen| share(seen, 1) == ALL);
    member.fail.store(true, Ordering::Relaxed);
    group.write(INPUT);
    group.eventually("it has failed", |seen| seen.aborted == 1);
    assert_eq!(group.seen.lock().unwrap().failed_as_wanted, 1, "the error is not the task's own");
    group.eventually("it has all partitions again", |seen| share(seen, 1) == ALL);
    group.eventually("every record was processed in the end", |seen| is_answered(seen, 0));
    assert_eq!(group.states(), i64::from(PARTITIONS), "a state outlived its session");
    member.stop();
    assert_eq!(group.states(), 0);
}

/// Offsets of a partition in the order of their processing.
fn processed(seen: &Seen, partition: i32) -> Vec<i64> {
    seen.processed.iter().filter(|one| one.1 == partition).map(|one| one.2).collect()
}

#[test]
fn what_a_transaction_has_no_time_for_comes_in_the_next_and_nothing_twice() {
    let group = Group::new();
    (0..15).for_each(|_| group.write(INPUT));
    let member = group.join(1);
    group.eventually("every record was processed", |seen| is_answered(seen, 14));
    member.stop();
    let seen = group.seen.lock().unwrap();
    for partition in 0..PARTITIONS {
        assert_eq!(processed(&seen, partition), (0..15).collect::<Vec<i64>>());
    }
    assert_eq!(seen.committed.iter().sum::<usize>(), 15 * ALL);
    let most = LONGEST.as_millis().div_ceil(OF_A_RECORD.as_millis()) as usize;
    assert!(seen.committed.iter().all(|records| *records <= most), "{:?}", seen.committed);
}

#[test]
fn a_record_that_cannot_be_read_yet_pauses_its_partition_and_no_other() {
    let group = Group::new();
    let member = group.join(1);
    group.eventually("it has all partitions", |seen| share(seen, 1) == ALL);
    member.unreadable.store(true, Ordering::Relaxed);
    (0..5).for_each(|_| group.write(INPUT));
    let others =
        |seen: &Seen, offset| (1..PARTITIONS).all(|p| processed(seen, p).last() == Some(&offset));
    group.eventually("the others go on", |seen| others(seen, 4));
    group.write(INPUT);
    group.eventually("and on", |seen| others(seen, 5));
    assert_eq!(processed(&group.seen.lock().unwrap(), 0), Vec::<i64>::new());
    member.unreadable.store(false, Ordering::Relaxed);
    group.eventually("the first comes after them", |seen| processed(seen, 0).last() == Some(&5));
    member.stop();
    let seen = group.seen.lock().unwrap();
    for partition in 0..PARTITIONS {
        assert_eq!(processed(&seen, partition), (0..6).collect::<Vec<i64>>());
    }
    assert_eq!(seen.aborted, 0);
}

#[test]
fn offsets_for_which_nobody_answers_end_the_session_and_the_records_come_again() {
    let group = Group::new();
    let member = group.join(1);
    group.eventually("it has all partitions", |seen| share(seen, 1) == ALL);
    // The client waits for a broker to come or go then, and none does.
    let not_now = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS; 1000];
    group.cluster.request_errors(RDKafkaApiKey::FindCoordinator, &not_now);
    group.write(INPUT);
    group.eventually("it gives the transaction up", |seen| seen.aborted == 1);
    group.cluster.clear_request_errors(RDKafkaApiKey::FindCoordinator);
    assert_eq!(group.seen.lock().unwrap().unanswered, 1, "something else has ended the session");
    group.eventually("it has all partitions again", |seen| share(seen, 1) == ALL);
    group.eventually("a transaction with the records is committed", |seen| {
        seen.committed.iter().sum::<usize>() == ALL
    });
    assert_eq!(group.states(), i64::from(PARTITIONS), "a state outlived its session");
    member.stop();
}
