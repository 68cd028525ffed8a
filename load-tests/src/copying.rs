//! The processor's peer: a bare librdkafka loop that copies raw readings to another topic, with
//! the processor's client settings, transactions of the same size, and offsets in them.

use std::time::{Duration, Instant};

use anyhow::Context;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};
use stream::group::{self, GroupArgs};
use stream::topics::TopicSpec;
use stream::{KafkaArgs, transaction};

use crate::held_back::{HeldBack, is_full};
use crate::input::Input;
use crate::rate::Rate;
use crate::stage::{PARTITIONS, Stage};

// The processor's defaults.
const MOST_RECORDS: usize = 20_000;
const PACE: Duration = Duration::from_millis(20);
const WAIT: Duration = Duration::from_millis(50);

const PATIENCE: Duration = Duration::from_secs(120);

/// Copies raw readings and returns how fast.
///
/// # Errors
/// When Kafka fails, or it takes unreasonably long.
pub fn run(stage: &Stage, input: &Input, round: usize) -> anyhow::Result<Rate> {
    let [from, to] = ["from", "to"].map(|end| format!("copying{round}.{end}"));
    stage.create(&[&from, &to].map(|name| TopicSpec {
        name: name.clone(),
        partitions: PARTITIONS,
        settings: vec![("cleanup.policy".to_owned(), "delete".to_owned())],
        replication: None,
    }))?;
    let servers = stage.bootstrap_servers();
    let held_back = HeldBack::write(&servers, &from, input)?;
    let group = format!("copying{round}");
    let kafka = KafkaArgs::local(&servers);
    let producer = producer(&kafka, &group)?;
    let consumer = consumer(&kafka, &group)?;
    consumer.subscribe(&[&from])?;
    let deadline = Instant::now() + PATIENCE;
    while consumer.assignment()?.count() == 0 {
        anyhow::ensure!(Instant::now() < deadline, "nothing is assigned within {PATIENCE:?}");
        if let Some(message) = consumer.poll(WAIT) {
            anyhow::bail!("{:?} came before it was committed", message?.offset());
        }
    }

    let begun = held_back.release()?;
    let mut copied = 0;
    let mut positions = [None; PARTITIONS as usize];
    let mut last_commit = Instant::now();
    while copied < input.len() {
        anyhow::ensure!(Instant::now() < deadline, "copying takes longer than {PATIENCE:?}");
        let batch = collect(&consumer, last_commit + PACE)?;
        if batch.is_empty() {
            continue;
        }
        producer.begin_transaction()?;
        for message in &batch {
            send(&producer, &to, message)?;
            positions[message.partition() as usize] = Some(message.offset() + 1);
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, position) in positions.iter().enumerate() {
            if let Some(position) = position {
                let position = Offset::Offset(*position);
                offsets.add_partition_offset(&from, partition as i32, position)?;
            }
        }
        let member = consumer.group_metadata().context("the group's metadata is not known")?;
        producer.send_offsets_to_transaction(&offsets, &member, Timeout::Never)?;
        while producer.in_flight_count() > 0 {
            let_deliver(&producer);
        }
        producer.commit_transaction(Timeout::Never)?;
        last_commit = Instant::now();
        copied += batch.len();
    }
    Ok(Rate::since(begun, copied as u64))
}

fn collect<'c>(
    consumer: &'c BaseConsumer,
    paced_until: Instant,
) -> anyhow::Result<Vec<BorrowedMessage<'c>>> {
    let mut batch = Vec::new();
    let mut wait = WAIT;
    while batch.len() < MOST_RECORDS {
        match consumer.poll(wait) {
            Some(message) => {
                batch.push(message?);
                wait = Duration::ZERO;
            }
            None => {
                let left = paced_until.saturating_duration_since(Instant::now());
                if batch.is_empty() || left.is_zero() {
                    break;
                }
                wait = Duration::from_millis(left.as_millis() as u64);
                if wait.is_zero() {
                    std::thread::sleep(left);
                }
            }
        }
    }
    Ok(batch)
}

fn send(producer: &BaseProducer, to: &str, message: &BorrowedMessage<'_>) -> anyhow::Result<()> {
    let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(to).partition(message.partition());
    record.key = message.key();
    record.payload = message.payload();
    while let Err((error, refused)) = producer.send(record) {
        if !is_full(&error) {
            return Err(error).context("a copy cannot be written");
        }
        let_deliver(producer);
        record = refused;
    }
    Ok(())
}

fn let_deliver(producer: &BaseProducer) {
    std::thread::sleep(Duration::from_micros(250));
    producer.poll(Duration::ZERO);
}

fn consumer(kafka: &KafkaArgs, group: &str) -> anyhow::Result<BaseConsumer> {
    let args = GroupArgs { group: group.to_owned(), topics: Vec::new(), instance: None };
    Ok(group::member_settings(kafka, &args, group).create()?)
}

fn producer(kafka: &KafkaArgs, group: &str) -> anyhow::Result<BaseProducer> {
    let producer: BaseProducer = transaction::producer_settings(kafka, group, group).create()?;
    producer.init_transactions(Duration::from_secs(30))?;
    Ok(producer)
}
