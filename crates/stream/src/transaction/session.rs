//! One life of the loop: a group member, a transactional producer, and the states of the partitions
//! it owns.

mod flow;
mod intake;
mod partitions;
mod paused;
mod rebuilding;
mod transactions;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chassis::now_ms;
use rdkafka::consumer::Consumer;
use rdkafka::message::{BorrowedMessage, Message};

use self::flow::Flow;
use self::intake::Intake;
use self::partitions::{Partitions, Ready};
use self::paused::Paused;
use self::rebuilding::Rebuilding;
use self::transactions::Transactions;
pub use self::transactions::producer_settings;
use super::args::LoopArgs;
use super::consumed::Ends;
use super::inputs::{InputIndex, Inputs};
use super::rebuild::{Job, Rebuilt};
use super::task::{Observation, Processed, Record, Task};
use crate::connection::KafkaArgs;
use crate::context::HeldBack;
use crate::error::{ClientFault, StreamError};
use crate::group::{Change, GroupArgs, GroupWatch, end_client, member};

/// Time passes this much behind the present: a record may have its time of receipt before it can be
/// read, and the brokers' clocks are not quite this one.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// How often the task learns how much is still to be read.
const BETWEEN_LAGS: Duration = Duration::from_secs(1);

pub(super) fn run<T: Task>(
    kafka: &KafkaArgs,
    args: &LoopArgs,
    task: &mut T,
    stop: &dyn Fn() -> bool,
) -> Result<(), StreamError> {
    let inputs = task.inputs();
    let watch = GroupWatch::pausing();
    let group = GroupArgs {
        group: args.group.clone(),
        topics: inputs.topics().map(str::to_owned).collect(),
        instance: args.instance.clone(),
    };
    let id = args.transactional_id();
    // The producer first: it fences an earlier life of this instance and aborts what that left open.
    let transactions = Transactions::of(kafka, &args.group, &id)?;
    let consumer = member(kafka, &group, &id, watch.clone())?;
    let topics: Vec<&str> = inputs.topics().collect();
    consumer.subscribe(&topics).map_err(StreamError::while_doing("subscribing"))?;
    let mut session = Session {
        watch,
        partitions: Partitions::default(),
        paused: Paused::default(),
        rebuilding: Rebuilding::new(),
        flow: Flow::new(&consumer),
        intake: Intake::new(&consumer, args),
        ends: Ends::of(kafka, inputs.driving_topic())?,
        setup: Setup { kafka, args, task, inputs: &inputs, transactions: &transactions },
        last_lag: Instant::now(),
    };
    let ended = session.turns(stop);
    drop(session);
    if ended.is_err() {
        end_client(consumer);
    }
    ended
}

/// Partitions on which time is to pass, up to a time.
struct Due {
    now: i64,
    partitions: Vec<i32>,
}

/// What a session is begun with, and what outlives it.
struct Setup<'a, T: Task> {
    kafka: &'a KafkaArgs,
    args: &'a LoopArgs,
    task: &'a mut T,
    inputs: &'a Inputs<T::Input>,
    transactions: &'a Transactions,
}

struct Session<'a, T: Task> {
    setup: Setup<'a, T>,
    /// What the group has decided.
    watch: GroupWatch,
    partitions: Partitions<T::State>,
    paused: Paused,
    rebuilding: Rebuilding<T::State>,
    flow: Flow<'a>,
    intake: Intake<'a>,
    ends: Ends,
    last_lag: Instant,
}

impl<'a, T: Task> Session<'a, T> {
    fn turns(&mut self, stop: &dyn Fn() -> bool) -> Result<(), StreamError> {
        while !stop() {
            self.setup.task.observe(Observation::Turn);
            let batch = self.collect()?;
            let changed = self.follow_group()?;
            let batch = match changed || !self.paused.is_empty() {
                true => self.without_interrupted(batch),
                false => batch,
            };
            self.install_rebuilt()?;
            self.resume_paused()?;
            let due = self.due();
            if !batch.is_empty() || !due.partitions.is_empty() {
                self.transact(batch, &due)?;
            }
            if self.last_lag.elapsed() > BETWEEN_LAGS {
                self.last_lag = Instant::now();
                let lag = self.lag();
                self.setup.task.observe(Observation::Lag(&lag));
                let held_back = self.held_back();
                self.setup.task.observe(Observation::HeldBack(&held_back));
            }
        }
        Ok(())
    }

    fn collect(&mut self) -> Result<Vec<BorrowedMessage<'a>>, StreamError> {
        let batch = self.intake.collect();
        match self.watch.failure(self.flow.consumer(), self.setup.inputs.driving_topic()) {
            Some(failure) => Err(failure.into()),
            None => Ok(batch),
        }
    }

    /// Takes in what the group has decided since the last turn. True when anything changed.
    fn follow_group(&mut self) -> Result<bool, StreamError> {
        let driving = self.setup.inputs.driving_topic();
        let driving = |list: Vec<(String, i32)>| -> Vec<i32> {
            list.into_iter().filter(|(topic, _)| topic == driving).map(|(_, p)| p).collect()
        };
        let mut changed = false;
        while let Some(change) = self.watch.next_change() {
            changed = true;
            match change {
                Change::Revoked(list) => {
                    let revoked = driving(list);
                    self.rebuilding.cancel();
                    self.partitions.revoke(&revoked);
                    self.paused.revoke(&revoked);
                    self.setup.task.observe(Observation::Revoked(&revoked));
                }
                Change::Assigned(list) => {
                    let assigned = driving(list);
                    self.partitions.assign(&assigned);
                    self.setup.task.observe(Observation::Rebuilding(&assigned));
                    let link = self.rebuilding.begin();
                    if !assigned.is_empty() {
                        let with = (self.setup.kafka, self.setup.args);
                        Job::of(with, (&*self.setup.task, self.setup.inputs), &assigned, link)?
                            .start()?;
                    }
                }
            }
        }
        Ok(changed)
    }

    /// Drops records of partitions that were revoked, are rebuilt or paused, between being polled and
    /// now. They are read again, by whoever owns the partition then.
    fn without_interrupted(
        &mut self,
        mut batch: Vec<BorrowedMessage<'a>>,
    ) -> Vec<BorrowedMessage<'a>> {
        batch.retain(|message| {
            let partition = message.partition();
            let flows = self.partitions.is_ready(partition) && !self.paused.contains(partition);
            if !flows {
                self.flow.interrupt(partition);
            }
            flows
        });
        batch
    }

    fn install_rebuilt(&mut self) -> Result<(), StreamError> {
        if let Some(progress) = self.rebuilding.progress() {
            self.setup.task.observe(progress);
        }
        while let Some(rebuilt) = self.rebuilding.next() {
            let Rebuilt { partition, state, positions, took } = rebuilt?;
            self.flow.resume(partition, positions.by_topic(self.setup.inputs))?;
            self.partitions.install(partition, Ready { state, positions });
            self.setup.task.observe(Observation::Ready { partition, took });
        }
        Ok(())
    }

    /// Lets paused partitions flow again whose time has come.
    fn resume_paused(&mut self) -> Result<(), StreamError> {
        for partition in self.paused.take_due(Instant::now()) {
            if let Some(ready) = self.partitions.ready(partition) {
                self.flow.resume(partition, ready.positions.by_topic(self.setup.inputs))?;
            }
        }
        Ok(())
    }

    /// How much is still to be read of each partition that is owned. The client does not report it of
    /// those that are paused.
    fn lag(&self) -> Vec<(i32, i64)> {
        let known = (self.watch.watch.lag().into_iter())
            .filter(|(topic, partition, _)| {
                topic == self.setup.inputs.driving_topic()
                    && self.partitions.is_owned(*partition)
                    && !self.paused.contains(*partition)
            })
            .map(|(_, partition, lag)| (partition, lag));
        let paused = self.paused.partitions().filter_map(|partition| {
            let ready = self.partitions.ready(partition)?;
            Some((partition, self.ends.left(partition, ready.positions.driving())?))
        });
        known.chain(paused).collect()
    }

    /// What open transactions hide in partitions that are owned and flow.
    fn held_back(&self) -> Vec<HeldBack> {
        let mut all = self.watch.watch.held_back();
        all.retain(|held| {
            self.partitions.is_ready(held.partition) && !self.paused.contains(held.partition)
        });
        all
    }

    /// Partitions for which time alone gives something to do, and whose input is consumed to its
    /// end: what is still to be read may change what time would.
    fn due(&mut self) -> Due {
        let now = now_ms() - SETTLED_AFTER.as_millis() as i64;
        let mut partitions = Vec::new();
        for (partition, ready) in self.partitions.all_ready() {
            if self.setup.task.due(&ready.state).is_some_and(|due| due <= now)
                && self.ends.is_consumed(partition, ready.positions.driving())
            {
                partitions.push(partition);
            }
        }
        Due { now, partitions }
    }

    fn transact(
        &mut self,
        mut batch: Vec<BorrowedMessage<'a>>,
        due: &Due,
    ) -> Result<(), StreamError> {
        let began = Instant::now();
        self.setup.transactions.begin()?;
        let processed = self.process(&batch, due).and_then(|records| {
            self.commit()?;
            Ok(records)
        });
        let records = match processed {
            Ok(records) => records,
            Err(error) => {
                // The states have seen what was not committed: they go with the session.
                self.setup.transactions.abort();
                return Err(error);
            }
        };
        self.intake.committed(batch.split_off(records));
        self.setup.task.observe(Observation::Committed { records, took: began.elapsed() });
        Ok(())
    }

    /// Processes records until it has taken too long, and lets time pass. Returns with how many
    /// records it is done.
    fn process(&mut self, batch: &[BorrowedMessage<'a>], due: &Due) -> Result<usize, StreamError> {
        let mut out = self.setup.transactions.outputs();
        let mut began_at: BTreeMap<i32, i64> = BTreeMap::new();
        let until = Instant::now() + self.setup.args.longest;
        let mut records = 0;
        for message in batch {
            if records > 0 && Instant::now() > until {
                break;
            }
            records += 1;
            let (partition, offset) = (message.partition(), message.offset());
            if self.paused.contains(partition) {
                continue;
            }
            let Some((index, input)) = self.setup.inputs.of_topic(message.topic()) else {
                return Err(ClientFault::ForeignTopic(message.topic().to_owned()).into());
            };
            let Some(ready) = self.partitions.ready_mut(partition) else {
                return Err(ClientFault::NotReady { partition, offset }.into());
            };
            if offset < ready.positions.of(index) {
                return Err(ClientFault::CameTwice { partition, offset }.into());
            }
            let record = Record::from(message);
            match self.setup.task.process(&mut ready.state, input, record, &mut out)? {
                Processed::Handled => {}
                Processed::RetryLater(error) => {
                    if self.paused.pause(partition, offset, Instant::now()) {
                        let topic = message.topic();
                        let what = "a record cannot be read now; its partition waits for it";
                        tracing::warn!(topic, partition, offset, %error, "{what}");
                    }
                    self.flow.pause(partition, self.setup.inputs.topics())?;
                    continue;
                }
            }
            if index == InputIndex::DRIVING {
                began_at.entry(partition).or_insert(ready.positions.driving());
            }
            ready.positions.set(index, offset + 1);
        }
        for partition in &due.partitions {
            if let Some(ready) = self.partitions.ready_mut(*partition) {
                self.setup.task.pass_time(*partition, &mut ready.state, due.now, &mut out)?;
            }
        }
        for (partition, from) in began_at {
            if let Some(ready) = self.partitions.ready_mut(partition) {
                let range = from..ready.positions.driving();
                self.setup.task.close(partition, &mut ready.state, range, &mut out)?;
            }
        }
        Ok(records)
    }

    fn commit(&self) -> Result<(), StreamError> {
        let positions = self.partitions.all_ready().flat_map(|(partition, ready)| {
            let positions = ready.positions.by_topic(self.setup.inputs);
            positions.map(move |(topic, position)| (topic, partition, position))
        });
        self.setup.transactions.commit(self.flow.consumer(), positions)
    }
}
