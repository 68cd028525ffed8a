//! Rebuilding the states of assigned partitions from Kafka alone, on a thread of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::{Builder, Fold, FoldFrom, now_ms};
use crate::connection::KafkaArgs;
use crate::context::Watch;
use crate::error::StreamError;
use crate::follow::offset_at;

const PATIENCE: Duration = Duration::from_secs(10);

/// What comes from the rebuilding thread.
pub(super) enum Progress<S> {
    Folded(u64),
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

pub(super) struct Job<B: Builder> {
    pub(super) kafka: KafkaArgs,
    pub(super) group: String,
    pub(super) inputs: Vec<String>,
    pub(super) folds: Vec<Fold>,
    pub(super) builders: Vec<(i32, B)>,
    pub(super) cancelled: Arc<AtomicBool>,
}

impl<B: Builder + 'static> Job<B>
where
    B::State: Send,
{
    /// Runs on a thread of its own.
    pub(super) fn start(self, progress: Sender<Progress<B::State>>) -> Result<(), StreamError> {
        std::thread::Builder::new()
            .name("rebuild".to_owned())
            .spawn(move || {
                let cancelled = self.cancelled.clone();
                if let Err(error) = self.run(&progress)
                    && !cancelled.load(Ordering::Relaxed)
                {
                    let _ = progress.send(Progress::Failed(error.to_string()));
                }
            })
            .map(|_| ())
            .map_err(|error| StreamError::Thread(format!("a thread cannot be started: {error}")))
    }

    fn run(mut self, progress: &Sender<Progress<B::State>>) -> Result<(), StreamError> {
        let began = Instant::now();
        let partitions: Vec<i32> = self.builders.iter().map(|(partition, _)| *partition).collect();
        let positions = self.positions(&partitions)?;
        self.wait_for_open_transactions(&partitions)?;
        for index in 0..self.folds.len() {
            self.fold(index, &positions, progress)?;
        }
        for (partition, builder) in self.builders {
            let rebuilt = Rebuilt {
                partition,
                state: builder.finish(now_ms()),
                positions: positions[&partition].clone(),
                took: began.elapsed(),
            };
            // The session has ended when nobody listens.
            let _ = progress.send(Progress::Rebuilt(rebuilt));
        }
        Ok(())
    }

    /// Where the group has consumed each input. Waits for open transactions of an earlier owner to
    /// be decided, which the client does for consumers that read what is committed.
    fn positions(&self, partitions: &[i32]) -> Result<HashMap<i32, Vec<i64>>, StreamError> {
        let doing = "asking for the group's offsets";
        let consumer: BaseConsumer<Watch> = self
            .kafka
            .consumer("mimamori-rebuild", &self.group)
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a consumer"))?;
        let mut asked = TopicPartitionList::new();
        for input in &self.inputs {
            for partition in partitions {
                asked.add_partition(input, *partition);
            }
        }
        // An open transaction is decided within its timeout at the latest.
        let answer = consumer
            .committed_offsets(asked, super::session::TRANSACTION_TIMEOUT + PATIENCE)
            .map_err(StreamError::while_doing(doing))?;
        let mut positions = HashMap::new();
        for partition in partitions {
            let of_inputs = self.inputs.iter().map(|input| {
                let found = answer.find_partition(input, *partition);
                match found.map(|element| element.offset()) {
                    Some(Offset::Offset(offset)) => Ok(offset),
                    _ => consumer
                        .fetch_watermarks(input, *partition, PATIENCE)
                        .map(|(low, _)| low)
                        .map_err(StreamError::while_doing(doing)),
                }
            });
            positions.insert(*partition, of_inputs.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(positions)
    }

    /// Waits until no transaction is open on what is folded. One that an earlier owner left open
    /// hides everything behind it, also what a later owner has committed, until the broker ends it.
    fn wait_for_open_transactions(&self, partitions: &[i32]) -> Result<(), StreamError> {
        let doing = "asking for a partition's end";
        let consumer = |isolation: &str| -> Result<BaseConsumer<Watch>, StreamError> {
            self.kafka
                .consumer("mimamori-rebuild", &self.group)
                .set("isolation.level", isolation)
                .create_with_context(Watch::default())
                .map_err(StreamError::while_doing("creating a consumer"))
        };
        let (all, decided) = (consumer("read_uncommitted")?, consumer("read_committed")?);
        let end = |of: &BaseConsumer<Watch>, topic: &str, partition| {
            of.fetch_watermarks(topic, partition, PATIENCE)
                .map(|(_, end)| end)
                .map_err(StreamError::while_doing(doing))
        };
        let deadline = Instant::now() + super::session::TRANSACTION_TIMEOUT + 2 * PATIENCE;
        for fold in &self.folds {
            for partition in partitions {
                let written = end(&all, &fold.topic, *partition)?;
                while end(&decided, &fold.topic, *partition)? < written {
                    if self.cancelled.load(Ordering::Relaxed) || Instant::now() > deadline {
                        return Err(StreamError::Thread(format!(
                            "a transaction stays open on {}",
                            fold.topic
                        )));
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        }
        Ok(())
    }

    fn fold(
        &mut self,
        index: usize,
        positions: &HashMap<i32, Vec<i64>>,
        progress: &Sender<Progress<B::State>>,
    ) -> Result<(), StreamError> {
        let fold = self.folds[index].clone();
        let consumer: BaseConsumer<Watch> = self
            .kafka
            .consumer("mimamori-rebuild", &self.group)
            .set("enable.partition.eof", "true")
            .create_with_context(Watch::default())
            .map_err(StreamError::while_doing("creating a consumer"))?;
        let input = self.inputs.iter().position(|input| *input == fold.topic);
        let mut ends = HashMap::new();
        let mut assignment = TopicPartitionList::new();
        for (partition, _) in &self.builders {
            let (low, high) = consumer
                .fetch_watermarks(&fold.topic, *partition, PATIENCE)
                .map_err(StreamError::while_doing("asking for a partition's offsets"))?;
            let (from, end) = match (fold.from, input) {
                (FoldFrom::Time(time), _) => {
                    (offset_at(&consumer, &fold.topic, *partition, time)?.unwrap_or(high), high)
                }
                (FoldFrom::Consumed, Some(input)) => (low, positions[partition][input].min(high)),
                _ => (low, high),
            };
            if from < end {
                ends.insert(*partition, end);
                assignment
                    .add_partition_offset(&fold.topic, *partition, Offset::Offset(from))
                    .map_err(StreamError::while_doing("assigning partitions"))?;
            }
        }
        if ends.is_empty() {
            return Ok(());
        }
        consumer.assign(&assignment).map_err(StreamError::while_doing("assigning partitions"))?;
        let mut folded = 0;
        while !ends.is_empty() {
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(StreamError::Thread("the rebuild was cancelled".to_owned()));
            }
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    let partition = message.partition();
                    let Some(end) = ends.get(&partition) else { continue };
                    if message.offset() < *end {
                        self.take(index, &message)?;
                        folded += 1;
                        if folded % 10_000 == 0 {
                            let _ = progress.send(Progress::Folded(10_000));
                        }
                    }
                    if message.offset() + 1 >= *end {
                        ends.remove(&partition);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    ends.remove(&partition);
                }
                Some(Err(error)) => tracing::warn!(%error, "rebuilding; going on"),
                None => {}
            }
        }
        let _ = progress.send(Progress::Folded(folded % 10_000));
        Ok(())
    }

    fn take(
        &mut self,
        index: usize,
        message: &rdkafka::message::BorrowedMessage<'_>,
    ) -> Result<(), StreamError> {
        let partition = message.partition();
        let builder = self.builders.iter_mut().find(|(of, _)| *of == partition);
        let Some((_, builder)) = builder else { return Ok(()) };
        builder
            .fold(index, super::session::record_of(message))
            .map_err(|error| StreamError::Thread(format!("rebuilding a state: {error}")))
    }
}
