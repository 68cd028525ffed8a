//! What a processor has published before it dies: the accepted readings and alerts of many
//! patients, written as it would have written them, without running it over all of them.

use std::time::Duration;

use anyhow::Context;
use clinical::alert::Alert;
use clinical::{Span, Timestamp};
use processor::Partition;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use schemas::codec::Record;
use schemas::codec::written_with;
use schemas::reading::{
    BloodPressure, DataInput, Device, Measurement, OriginOfTime, Reading, ReadingStatus, Source,
};
use schemas::records::StoredOutcome;
use schemas::topics::{Topic, Topics};
use schemas::{Acceptance, AcceptedEncoder, AcceptedReading, AlertEvent, Codec, Encoder, Origin};
use stream::partition_for_key;

use crate::held_back::is_full;
use crate::stage::{PARTITIONS, Stage};

/// One patient in so many has a severe pair of readings, and so an alert.
const ALERTED: u32 = 100;
/// The half day of that pair.
const SEVERE: i64 = 20;
/// Patients of a half day send within so long.
const SPREAD: Span = Span::from_hours(2);
/// As many records a transaction as the processor takes at most.
const TRANSACTION: usize = 20_000;
/// Steps through the patients of a half day in another order than they were made: a prime.
const STRIDE: u64 = 15_485_863;

const PATIENCE: Duration = Duration::from_secs(60);

/// Which schema accepted readings are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// The current one.
    Current,
    /// Of each patient, every other reading with the first that was published.
    Mixed,
}

/// Writes so many days of so many patients, blood pressure in the morning and in the evening, on as
/// many threads as there are cores. Returns how many records of accepted readings and alerts there are now.
///
/// # Errors
/// When Kafka refuses.
pub fn write(
    stage: &Stage,
    topics: &Topics,
    (patients, days): (u32, u32),
    versions: Versions,
) -> anyhow::Result<u64> {
    let servers = stage.bootstrap_servers();
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as i32;
    let records = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..threads)
            .map(|thread| {
                let servers = &servers;
                scope.spawn(move || {
                    let is_ours = |partition: i32| partition % threads == thread;
                    Writer::new(servers, topics, thread, versions)?.write(
                        patients,
                        days.into(),
                        is_ours,
                    )
                })
            })
            .collect();
        let mut records = 0;
        for writer in writers {
            records +=
                writer.join().map_err(|_| anyhow::anyhow!("a writing thread panicked"))??;
        }
        anyhow::Ok(records)
    })?;
    commit_offsets(&servers, topics)?;
    Ok(records)
}

/// As the processor's group has them when nothing is left to consume.
fn commit_offsets(servers: &str, topics: &Topics) -> anyhow::Result<()> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", format!("{}mimamori-processor", topics.prefix()))
        .create()?;
    let mut offsets = TopicPartitionList::new();
    for topic in [Topic::ReadingsRaw, Topic::CarePlans] {
        for partition in 0..PARTITIONS {
            offsets.add_partition_offset(&topics.name(topic), partition, Offset::Offset(0))?;
        }
    }
    consumer.commit(&offsets, CommitMode::Sync).context("the group's offsets are not committed")
}

struct Patient {
    number: u32,
    partition: i32,
}

struct Writer {
    producer: BaseProducer,
    accepted: String,
    alerts: String,
    accepted_encoder: AcceptedEncoder,
    alert_encoder: Encoder<AlertEvent>,
    /// Where alerts of the few that have any come from.
    watched: Vec<Partition>,
    versions: Versions,
    in_transaction: usize,
    records: u64,
}

impl Writer {
    fn new(
        servers: &str,
        topics: &Topics,
        thread: i32,
        versions: Versions,
    ) -> anyhow::Result<Self> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("transactional.id", format!("{}history-{thread}", topics.prefix()))
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("batch.size", "1000000")
            .set("queue.buffering.max.messages", "100000")
            .set("delivery.report.only.error", "true")
            .create()?;
        producer.init_transactions(PATIENCE)?;
        let codec = Codec::new(None)?;
        let (accepted, alerts) = (topics.name(Topic::ReadingsAccepted), topics.name(Topic::Alerts));
        let mut watched = Vec::new();
        watched.resize_with(PARTITIONS as usize, Partition::default);
        Ok(Self {
            accepted_encoder: AcceptedEncoder::new(&codec, &accepted)?,
            alert_encoder: codec.encoder(&alerts)?,
            producer,
            accepted,
            alerts,
            watched,
            versions,
            in_transaction: 0,
            records: 0,
        })
    }

    fn write(
        mut self,
        patients: u32,
        days: i64,
        is_ours: impl Fn(i32) -> bool,
    ) -> anyhow::Result<u64> {
        let ours: Vec<Patient> = (0..patients)
            .map(|number| {
                let partition = partition_for_key(key(number).as_bytes(), PARTITIONS);
                Patient { number, partition }
            })
            .filter(|patient| is_ours(patient.partition))
            .collect();
        if ours.is_empty() {
            return Ok(0);
        }
        let now = Timestamp::from_millis(chassis::now_ms());
        let start = now - Span::from_days(days);
        self.producer.begin_transaction()?;
        for half_day in 0..2 * days {
            for turn in 0..ours.len() {
                let patient = &ours[(turn as u64 * STRIDE % ours.len() as u64) as usize];
                let observed = start
                    + Span::from_hours(12 * half_day)
                    + Span::from_millis(SPREAD.millis() * turn as i64 / ours.len() as i64);
                self.reading(patient, half_day, observed)?;
            }
        }
        self.commit()?;
        Ok(self.records)
    }

    fn commit(&mut self) -> anyhow::Result<()> {
        // The client's own flush waits in steps of 100 ms.
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
        }
        self.in_transaction = 0;
        Ok(self.producer.commit_transaction(PATIENCE)?)
    }

    fn reading(
        &mut self,
        patient: &Patient,
        half_day: i64,
        observed: Timestamp,
    ) -> anyhow::Result<()> {
        let received = observed + Span::from_seconds(30);
        let wire = reading(patient.number, half_day, observed);
        let checked = wire.validate(received)?;
        let acceptance = Acceptance {
            outcome: StoredOutcome::New,
            reading_id: checked.written_id(checked.source.digest()),
            version: checked.version.bits() as i64,
            origin: Origin {
                partition: patient.partition,
                offset: self.records as i64,
                received_at: received.millis(),
            },
        };
        let mut bytes = self.accepted_encoder.encode(&wire, &acceptance)?;
        if self.versions == Versions::Mixed && half_day % 2 == 0 {
            bytes = written_with::<AcceptedReading>(&bytes, AcceptedReading::PUBLISHED[0])?;
        }
        let topic = self.accepted.clone();
        self.send(&topic, patient.partition, &acceptance.reading_id, &bytes, received)?;
        if is_alerted(patient.number) {
            let watched = &mut self.watched[patient.partition as usize];
            let mut changes = watched.advance(received);
            changes.extend(watched.apply(&checked, received).changes);
            for alert in changes {
                self.alert(patient.partition, &alert, received)?;
            }
        }
        Ok(())
    }

    fn alert(&mut self, partition: i32, alert: &Alert, at: Timestamp) -> anyhow::Result<()> {
        let bytes = self.alert_encoder.encode(&AlertEvent::from(alert))?;
        let topic = self.alerts.clone();
        self.send(&topic, partition, &alert.id.to_string(), &bytes, at)
    }

    fn send(
        &mut self,
        topic: &str,
        partition: i32,
        key: &str,
        payload: &[u8],
        at: Timestamp,
    ) -> anyhow::Result<()> {
        if self.in_transaction == TRANSACTION {
            self.commit()?;
            self.producer.begin_transaction()?;
        }
        let mut next = BaseRecord::to(topic)
            .partition(partition)
            .key(key)
            .payload(payload)
            .timestamp(at.millis());
        while let Err((error, refused)) = self.producer.send(next) {
            if !is_full(&error) {
                return Err(error).context("the history cannot be written to Kafka");
            }
            self.producer.poll(Duration::from_millis(5));
            next = refused;
        }
        self.in_transaction += 1;
        self.records += 1;
        Ok(())
    }
}

fn person(number: u32) -> (String, String) {
    (format!("AB{:04}", number % 1000), format!("P{number:07}"))
}

fn is_alerted(number: u32) -> bool {
    number.is_multiple_of(ALERTED)
}

fn key(number: u32) -> String {
    let (consortium, person) = person(number);
    format!("{consortium}/{person}")
}

fn reading(number: u32, half_day: i64, observed: Timestamp) -> Reading {
    let (consortium_id, person_id) = person(number);
    let swing = (half_day * 7 + i64::from(number) * 13) as i32 % 25;
    let is_severe = is_alerted(number) && (SEVERE..SEVERE + 2).contains(&half_day);
    Reading {
        consortium_id,
        person_id,
        observation_time: observed.millis(),
        utc_offset_minutes: 540,
        update_time: observed.millis() + 5000,
        source: Source::Device(Device {
            manufacturer: "OMRON".to_owned(),
            model_number: Some("HEM-7600T".to_owned()),
            serial: format!("{number:010}"),
        }),
        data_input: DataInput::Device,
        origin_of_time: Some(OriginOfTime::Device),
        status: ReadingStatus::Final,
        measurement: Measurement::BloodPressure(BloodPressure {
            systolic: if is_severe { 192 } else { 118 + swing },
            diastolic: 72 + swing / 3,
            pulse_rate: Some(60 + swing),
            measurement_position: None,
            irregular_pulse: Some(false),
        }),
        send_time: Some(observed.millis() + 20_000),
        vendor: Some("vendor-1".to_owned()),
    }
}
