//! Reading whole topics without a group: master lists, open alerts, what a tool wants to count.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chassis::Essential;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::{HeldBack, Watch};
use crate::error::StreamError;
pub use crate::record::Incoming;
use crate::topics::partitions_of;

const POLL: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(10);

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record.
    Beginning,
    /// With the next record to come.
    End,
    /// With the first record appended at or after a time, milliseconds since the epoch.
    Time(i64),
    /// With these offsets, by partition; with the oldest record of a partition that is not named.
    Offsets(HashMap<i32, i64>),
}

impl Start {
    /// The offset to begin with in a partition that holds those from `low` on, before `high`.
    pub(crate) fn offset(
        &self,
        consumer: &BaseConsumer<Watch>,
        (topic, partition): (&str, i32),
        (low, high): (i64, i64),
    ) -> Result<i64, StreamError> {
        Ok(match self {
            Self::Beginning => low,
            Self::End => high,
            Self::Time(time) => offset_at(consumer, topic, partition, *time)?.unwrap_or(high),
            Self::Offsets(offsets) => {
                offsets.get(&partition).map_or(low, |next| (*next).clamp(low, high))
            }
        })
    }
}

/// What following a topic brings.
#[derive(Debug)]
pub enum Followed {
    /// A record.
    Record(Incoming),
    /// Once: everything that was there when following began has been delivered.
    CaughtUp,
}

/// A follower's thread. It ends when `stop` says so, or with the handle. When it panics, the process ends:
/// what it has read would be shown on and on as if nothing had come since.
pub struct FollowHandle {
    thread: Option<JoinHandle<()>>,
    dropped: Arc<AtomicBool>,
    watch: Watch,
}

impl FollowHandle {
    /// Waits for the thread to end.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    /// A question for what open transactions hide, which outlives the handle.
    pub fn held_back(&self) -> impl Fn() -> Vec<HeldBack> + Send + use<> {
        let watch = self.watch.clone();
        move || watch.held_back()
    }

    /// How many records are still to be read, to the end of the log.
    pub fn lag(&self) -> i64 {
        self.watch.lag().iter().map(|(_, _, lag)| lag).sum()
    }
}

impl Drop for FollowHandle {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::Relaxed);
    }
}

/// Reads topics, every partition, and goes on following them, on a thread of its own, until `stop`
/// is true. Kafka may be away at any time, from the start on: the follower waits for it.
///
/// # Errors
/// When a setting is refused or the thread cannot be started.
pub fn follow(
    kafka: &KafkaArgs,
    topics: &[(&str, Start)],
    stop: impl Fn() -> bool + Send + 'static,
    mut handle: impl FnMut(Followed) + Send + 'static,
) -> Result<FollowHandle, StreamError> {
    let watch = Watch::default();
    let readers = topics
        .iter()
        .map(|(topic, start)| Reader::new(kafka, topic, start.clone(), &watch))
        .collect::<Result<Vec<_>, _>>()?;
    let dropped = Arc::new(AtomicBool::new(false));
    let dropped_here = dropped.clone();
    let thread = std::thread::Builder::new()
        .name("follow".to_owned())
        .spawn(move || {
            let _essential = Essential::to("following topics");
            let stop = || stop() || dropped_here.load(Ordering::Relaxed);
            deliver(readers, stop, &mut handle);
        })
        .map_err(StreamError::NoThread)?;
    Ok(FollowHandle { thread: Some(thread), dropped, watch })
}

/// One topic's consumer. A client of its own for each topic, because the client names only the
/// partition when it reports that the end is reached.
struct Reader {
    topic: Arc<str>,
    start: Start,
    consumer: BaseConsumer<Watch>,
    /// Where each partition ended when following began, as long as it was not reached. None before
    /// partitions are assigned.
    ends: Option<HashMap<i32, i64>>,
    /// When an error was last logged: while Kafka is away there are many.
    complained: Option<Instant>,
}

impl Reader {
    fn new(
        kafka: &KafkaArgs,
        topic: &str,
        start: Start,
        watch: &Watch,
    ) -> Result<Self, StreamError> {
        let consumer = kafka
            .consumer("mimamori-follow", "mimamori-follow")
            .set("enable.partition.eof", "true")
            .create_with_context(watch.clone())
            .map_err(StreamError::while_doing("creating a consumer"))?;
        Ok(Self { topic: topic.into(), start, consumer, ends: None, complained: None })
    }

    fn assign(&mut self) -> Result<(), StreamError> {
        let mut ends = HashMap::new();
        let mut assignment = TopicPartitionList::new();
        for partition in partitions_of(&self.consumer, &self.topic)? {
            let (low, high) = self
                .consumer
                .fetch_watermarks(&self.topic, partition, PATIENCE)
                .map_err(StreamError::while_doing("asking for a partition's offsets"))?;
            let place = (&*self.topic, partition);
            let from = self.start.offset(&self.consumer, place, (low, high))?;
            if from < high {
                ends.insert(partition, high);
            }
            assignment
                .add_partition_offset(&self.topic, partition, Offset::Offset(from))
                .map_err(StreamError::while_doing("assigning partitions"))?;
        }
        self.consumer
            .assign(&assignment)
            .map_err(StreamError::while_doing("assigning partitions"))?;
        self.ends = Some(ends);
        Ok(())
    }

    fn complain(&mut self, error: &dyn std::fmt::Display, doing: &str) {
        const PAUSE: Duration = Duration::from_secs(10);
        if self.complained.is_none_or(|at| at.elapsed() > PAUSE) {
            self.complained = Some(Instant::now());
            tracing::warn!(%error, kafka.topic = &*self.topic, "{doing}");
        }
    }

    fn is_caught_up(&self) -> bool {
        self.ends.as_ref().is_some_and(HashMap::is_empty)
    }

    /// Takes what comes within the time given; false when nothing came.
    fn poll(&mut self, timeout: Duration, handle: &mut impl FnMut(Followed)) -> bool {
        let Some(ends) = &mut self.ends else {
            if let Err(error) = self.assign() {
                self.complain(&error, "waiting for a topic to follow");
                self.consumer.poll(Duration::from_millis(500));
            }
            return false;
        };
        match self.consumer.poll(timeout) {
            Some(Ok(message)) => {
                let (partition, next) = (message.partition(), message.offset() + 1);
                if ends.get(&partition).is_some_and(|end| next >= *end) {
                    ends.remove(&partition);
                }
                handle(Followed::Record(Incoming::of(self.topic.clone(), &message)));
                true
            }
            // Where the last records are transaction markers or compacted away, only this says so.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ends.remove(&partition);
                true
            }
            Some(Err(error)) => {
                self.complain(&error, "following a topic; going on");
                false
            }
            None => false,
        }
    }
}

fn deliver(mut readers: Vec<Reader>, stop: impl Fn() -> bool, handle: &mut impl FnMut(Followed)) {
    let mut caught_up = false;
    while !stop() {
        let mut anything = false;
        for reader in &mut readers {
            while reader.poll(Duration::ZERO, handle) && !stop() {
                anything = true;
            }
        }
        if !caught_up && readers.iter().all(Reader::is_caught_up) {
            caught_up = true;
            handle(Followed::CaughtUp);
        }
        if !anything {
            let share = POLL / readers.len().max(1) as u32;
            for reader in &mut readers {
                reader.poll(share, handle);
            }
        }
    }
}

/// The offset of the first record appended at or after a time; none when there is no such record.
fn offset_at<C: rdkafka::consumer::ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    time_ms: i64,
) -> Result<Option<i64>, StreamError> {
    let mut asked = TopicPartitionList::new();
    asked
        .add_partition_offset(topic, partition, Offset::Offset(time_ms.max(0)))
        .map_err(StreamError::while_doing("asking for an offset by time"))?;
    let answer = consumer
        .offsets_for_times(asked, PATIENCE)
        .map_err(StreamError::while_doing("asking for an offset by time"))?;
    Ok(answer.elements().first().and_then(|element| match element.offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }))
}
