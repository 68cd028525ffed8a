//! The processor over a deployment's raw readings, watched through the counts that it publishes.

use std::time::{Duration, Instant};

use anyhow::Context;
use clinical::rule_set::RuleSet;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schemas::topics::{Topic, Topics};
use schemas::{Codec, OutcomeTally, records};
use stream::KafkaArgs;
use stream::producer::{Outgoing, Producer};

use crate::effort;
use crate::held_back::HeldBack;
use crate::input::Input;
use crate::rate::Rate;
use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(180);
const DRAIN: Duration = Duration::from_secs(20);

/// What the processor did.
pub struct Processed {
    /// Records consumed and committed.
    pub rate: Rate,
    /// The topics it worked on.
    pub topics: Topics,
    /// Processor time that it took, starting included.
    pub effort: Duration,
    /// What became of them.
    pub outcomes: OutcomeTally,
    /// Readings in `readings.accepted`.
    pub stored: u64,
}

/// Runs the processor on a deployment of its own, with so many partitions, until every record is consumed and committed.
///
/// # Errors
/// When it ends before that, or takes unreasonably long.
pub fn run(stage: &Stage, input: &Input, name: &str, partitions: i32) -> anyhow::Result<Processed> {
    run_under(stage, input, (name, partitions), None)
}

/// The same under a rule set that is in force before the first record; none for the built-in one.
///
/// # Errors
/// As [`run`].
pub fn run_under(
    stage: &Stage,
    input: &Input,
    (name, partitions): (&str, i32),
    rule_set: Option<&RuleSet>,
) -> anyhow::Result<Processed> {
    let topics = stage.topics_of(format!("processing.{name}."), partitions)?;
    if let Some(rule_set) = rule_set {
        apply(stage, &topics, rule_set)?;
    }
    let raw = topics.name(Topic::ReadingsRaw);
    let held_back = HeldBack::write(&stage.bootstrap_servers(), &raw, input)?;
    let outcomes = follow(stage, &topics.name(Topic::ReadingsOutcomes), partitions)?;
    let decoder = Codec::new(None)?.decoder::<OutcomeTally>();
    let (mut process, _) = stage.service("processor", &topics, &[])?;
    let records = input.len() as i64;
    let mut sum = OutcomeTally::default();
    let deadline = Instant::now() + PATIENCE;
    let begun = held_back.release()?;
    while sum.records() < records {
        if let Some(status) = process.ended() {
            return Err(process.last_words(status).into());
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "the processor has not done {records} records within {PATIENCE:?}"
        );
        if let Some(message) = outcomes.poll(Duration::from_millis(50)) {
            let message = message.context("the processor's counts cannot be read")?;
            let tally = decoder.decode(message.payload().unwrap_or_default())?;
            sum.add_counts(&tally);
        }
    }
    let rate = Rate::since(begun, records as u64);
    let effort = effort::of_process(process.id());
    process.stop(DRAIN);
    anyhow::ensure!(sum.records() == records, "{} records are counted", sum.records());
    Ok(Processed { rate, topics, effort, outcomes: sum, stored: sum.stored() as u64 })
}

/// Writes a rule set as `mimamori rules apply` does, which refuses a time that is past.
///
/// # Errors
/// When it is not written.
pub fn apply(stage: &Stage, topics: &Topics, rule_set: &RuleSet) -> anyhow::Result<()> {
    let topic = topics.name(Topic::RuleSets);
    let record = records::RuleSet::of(rule_set, "load-tests", rule_set.effective_from());
    let payload = Codec::new(None)?.encoder(&topic)?.encode(&record)?;
    let producer = Producer::new(&KafkaArgs::local(stage.bootstrap_servers()), "load-tests")?;
    let record = Outgoing {
        topic: &topic,
        partition: None,
        key: Some(rule_set.name().as_bytes()),
        payload: Some(&payload),
    };
    stage.wait(producer.send(record))?;
    Ok(())
}

fn follow(stage: &Stage, topic: &str, partitions: i32) -> anyhow::Result<BaseConsumer> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", stage.bootstrap_servers())
        .set("group.id", "bench-watching")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "20")
        .create()?;
    let mut all = TopicPartitionList::new();
    for partition in 0..partitions {
        all.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&all)?;
    Ok(consumer)
}
