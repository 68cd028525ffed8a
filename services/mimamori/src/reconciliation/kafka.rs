//! Reading every topic that is reconciled, into one [`PartitionRecords`] a partition.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use schemas::topics::{Topic, Topics};
use schemas::{AcceptedReading, AlertEvent, Codec, Decoder, OutcomeTally, Record, RejectedReading};
use stream::KafkaArgs;
use stream::follow::{FollowHandle, Followed, Incoming, Start, follow};
use stream::topics::{all_offsets, committed_offsets};
use writer::{DeadLetterReason, RecordPlace};

use super::partition::{PartitionRecords, WriterAt};
use crate::source::Source;

/// Kafka counts as gone when nothing comes for so long although something is there.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was read of all partitions, which are read on and on as long as this lives.
pub(super) struct Reading {
    kafka: KafkaArgs,
    topics: Topics,
    shared: Arc<Shared>,
    followers: Vec<FollowHandle>,
}

#[derive(Default)]
struct Shared {
    partitions: BTreeMap<i32, Mutex<PartitionRecords>>,
    records: AtomicU64,
    caught_up: AtomicUsize,
    trouble: Mutex<Option<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reading {
    /// Begins to read. Blocks, for at most ten seconds a partition when Kafka does not answer.
    ///
    /// # Errors
    /// When Kafka does not answer or lacks a topic.
    pub fn begin(source: &Source) -> anyhow::Result<Self> {
        let (kafka, topics, codec) = (&source.kafka, source.topics(), source.codec()?);
        let mut partitions: BTreeMap<i32, PartitionRecords> = BTreeMap::new();
        for found in all_offsets(kafka, &topics.name(Topic::ReadingsRaw))? {
            partitions.insert(found.partition, PartitionRecords::beginning_at(found.first));
        }
        for topic in [Topic::ReadingsOutcomes, Topic::ReadingsAccepted, Topic::ReadingsRejected] {
            for found in all_offsets(kafka, &topics.name(topic))? {
                let Some(records) = partitions.get_mut(&found.partition) else { continue };
                let is_trimmed = found.first > 0;
                match topic {
                    Topic::ReadingsOutcomes => records.tallies.is_trimmed = is_trimmed,
                    Topic::ReadingsAccepted => records.accepted.is_trimmed = is_trimmed,
                    _ => records.rejected.is_trimmed = is_trimmed,
                }
            }
        }
        let partitions =
            partitions.into_iter().map(|(partition, records)| (partition, Mutex::new(records)));
        let shared = Arc::new(Shared { partitions: partitions.collect(), ..Shared::default() });
        let mut reading = Self { kafka: kafka.clone(), topics, shared, followers: Vec::new() };
        reading.read_on(&codec)?;
        Ok(reading)
    }

    fn read_on(&mut self, codec: &Codec) -> anyhow::Result<()> {
        self.follow(Topic::ReadingsRaw, |shared, record| {
            if let Some(mut records) = shared.records(record.partition) {
                records.raw(record.offset);
            }
        })?;
        let decoder = codec.decoder::<AcceptedReading>();
        self.follow(Topic::ReadingsAccepted, move |shared, record| {
            let accepted = shared.decode(&decoder, record);
            let Some(mut records) = shared.records(record.partition) else { return };
            match accepted {
                Some(accepted) if accepted.origin.partition == record.partition => {
                    records.accept(record.offset, &accepted);
                }
                Some(_) => records.accepted.elsewhere += 1,
                None => records.accepted.unreadable += 1,
            }
        })?;
        let decoder = codec.decoder::<RejectedReading>();
        self.follow(Topic::ReadingsRejected, move |shared, record| {
            let rejected = shared.decode(&decoder, record);
            let Some(mut records) = shared.records(record.partition) else { return };
            match rejected {
                Some(rejected) if rejected.origin.partition == record.partition => {
                    records.reject(record.offset, rejected.origin.offset);
                }
                Some(_) => records.rejected.elsewhere += 1,
                None => records.rejected.unreadable += 1,
            }
        })?;
        let decoder = codec.decoder::<OutcomeTally>();
        self.follow(Topic::ReadingsOutcomes, move |shared, record| {
            let tally = shared.decode(&decoder, record);
            let partition = tally.as_ref().map_or(record.partition, |tally| tally.partition);
            let Some(mut records) = shared.records(partition) else { return };
            match tally {
                Some(tally) => records.tally(tally),
                None => records.tallies.unreadable += 1,
            }
        })?;
        let decoder = codec.decoder::<AlertEvent>();
        self.follow(Topic::Alerts, move |shared, record| {
            // A tombstone is the topic's own matter.
            let Some(state) = &record.payload else { return };
            let Some(alert) = shared.decode(&decoder, record) else { return };
            if let Some(mut records) = shared.records(record.partition) {
                records.alerts.note(record.offset, alert.alert_id.as_bytes(), state);
            }
        })?;
        let decoder = codec.decoder::<RejectedReading>();
        let accepted = self.topics.name(Topic::ReadingsAccepted);
        let rejected = self.topics.name(Topic::ReadingsRejected);
        let alerts = self.topics.name(Topic::Alerts);
        self.follow(Topic::StoreDeadLetters, move |shared, record| {
            let Some(letter) = shared.decode(&decoder, record) else { return };
            let Some(place) = RecordPlace::of_detail(&letter.detail) else { return };
            let Some(mut records) = shared.records(letter.origin.partition) else { return };
            // Of bytes that are no record the origin is their own place, not the raw record's.
            let has_origin = letter.reason == DeadLetterReason::StoreRefused.as_str();
            if place.topic == alerts {
                records.alerts.dead_letter(letter.origin.offset);
            } else if has_origin && (place.topic == accepted || place.topic == rejected) {
                records.dead_letter(letter.origin.offset);
            }
        })
    }

    fn follow(
        &mut self,
        topic: Topic,
        take: impl Fn(&Shared, &Incoming) + Send + 'static,
    ) -> anyhow::Result<()> {
        let name = self.topics.name(topic);
        let shared = self.shared.clone();
        let handle = move |followed| match followed {
            Followed::Record(record) => {
                take(&shared, &record);
                shared.records.fetch_add(1, Ordering::Relaxed);
            }
            Followed::CaughtUp => {
                shared.caught_up.fetch_add(1, Ordering::Release);
            }
        };
        // One follower a topic: which end is reached is then certain.
        self.followers.push(follow(&self.kafka, &[(&name, Start::Beginning)], || false, handle)?);
        Ok(())
    }

    /// How many records were read.
    pub fn records(&self) -> u64 {
        self.shared.records.load(Ordering::Relaxed)
    }

    /// Waits until everything that was there at the beginning is read.
    ///
    /// # Errors
    /// When Kafka or the schema registry stops answering.
    pub async fn caught_up(&self, progress: impl Fn(u64)) -> anyhow::Result<()> {
        let (mut records, mut since) = (0, Instant::now());
        while self.shared.caught_up.load(Ordering::Acquire) < self.followers.len() {
            self.check()?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now = self.records();
            if now > records {
                (records, since) = (now, Instant::now());
            }
            anyhow::ensure!(
                since.elapsed() < PATIENCE,
                "Kafka has sent nothing for {} s; check that the brokers run, and try again",
                PATIENCE.as_secs()
            );
            progress(records);
        }
        self.check()
    }

    /// # Errors
    /// When something was met that makes what was read incomplete.
    pub fn check(&self) -> anyhow::Result<()> {
        match &*locked(&self.shared.trouble) {
            Some(trouble) => anyhow::bail!("{trouble}; try again when it answers"),
            None => Ok(()),
        }
    }

    /// Does something with each partition's records.
    pub fn partitions<T>(&self, mut what: impl FnMut(i32, &mut PartitionRecords) -> T) -> Vec<T> {
        let partitions = self.shared.partitions.iter();
        partitions.map(|(partition, records)| what(*partition, &mut locked(records))).collect()
    }

    /// How far the writer has consumed each partition. Blocks.
    ///
    /// # Errors
    /// When Kafka does not answer.
    pub fn writer_at(&self) -> anyhow::Result<BTreeMap<i32, WriterAt>> {
        let [accepted, rejected, alerts] =
            [Topic::ReadingsAccepted, Topic::ReadingsRejected, Topic::Alerts]
                .map(|topic| self.topics.name(topic));
        let group = self.topics.writer_group();
        let mut at: BTreeMap<i32, WriterAt> = BTreeMap::new();
        let committed = committed_offsets(&self.kafka, &group, &[&accepted, &rejected, &alerts])
            .context("how far the writer has come is not known")?;
        for (topic, partition, offset) in committed {
            let at = at.entry(partition).or_default();
            if topic == accepted {
                at.accepted = offset;
            } else if topic == rejected {
                at.rejected = offset;
            } else {
                at.alerts = offset;
            }
        }
        Ok(at)
    }
}

impl Shared {
    /// The records of a partition; none for one that was added since reading began.
    fn records(&self, partition: i32) -> Option<MutexGuard<'_, PartitionRecords>> {
        self.partitions.get(&partition).map(locked)
    }

    /// A record's value; none when it is not readable.
    fn decode<T: Record>(&self, decoder: &Decoder<T>, record: &Incoming) -> Option<T> {
        match decoder.decode(record.payload.as_deref().unwrap_or_default()) {
            Ok(value) => Some(value),
            Err(error) => {
                if error.is_retryable() {
                    locked(&self.trouble).get_or_insert_with(|| error.to_string());
                }
                None
            }
        }
    }
}
