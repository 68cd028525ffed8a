//! `mimamori topics`: creating the topics of a deployment, and checking those that are there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chassis::{DeploymentArgs, KafkaArgs, PartitionsArgs};
use clap::Subcommand;
use schemas::topics::{FoundTopics, Topic, Topics};
use stream::TRANSACTION_TIMEOUT;
use stream::fitness::{broker_setting, describe_topics, wait_until_fit};
use stream::topics::{TopicSpec, create_topics};

/// What to do with topics.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Creates the topics that do not exist. Those that do are left as they are; where they are not
    /// as they have to be, nothing is created
    Create(CreateArgs),
}

/// Arguments of `mimamori topics create`.
#[derive(Debug, Clone, clap::Args)]
pub struct CreateArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub kafka: KafkaArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub deployment: DeploymentArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at its type")]
    pub partitioned: PartitionsArgs,
    /// Copies of each partition; the brokers' default where none is given
    #[arg(long, env = "MIMAMORI_REPLICATION")]
    pub replication: Option<i32>,
    /// Milliseconds for which a vendor's transaction may be left open at most, and hide from everybody
    /// what comes after it: the brokers' transaction.max.timeout.ms may not be longer
    #[arg(long, env = "MIMAMORI_LONGEST_TRANSACTION_MS", default_value_t = 60_000)]
    pub longest_transaction_ms: u64,
}

/// Every topic of a deployment.
pub fn all(topics: &Topics, partitions: i32, replication: Option<i32>) -> Vec<TopicSpec> {
    Topic::ALL
        .into_iter()
        .map(|topic| TopicSpec {
            name: topics.name(topic),
            partitions: if topic.is_partitioned_by_patient() { partitions } else { 1 },
            settings: topic
                .settings()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            replication,
        })
        .collect()
}

pub(crate) async fn run(command: TopicsCommand) -> anyhow::Result<()> {
    let TopicsCommand::Create(args) = command;
    let topics = Topics::with_prefix(args.deployment.topic_prefix);
    let kafka = args.kafka.clone();
    let names = topics.names(&Topic::ALL);
    let (found, limits) = tokio::task::spawn_blocking(move || {
        let found = describe_topics(&kafka, &names)?;
        Ok::<_, stream::StreamError>((found, broker_setting(&kafka, MAX_TIMEOUT)?))
    })
    .await??;
    let mut faults = topics.faults(&Topic::ALL, &found);
    faults.extend(other_number(&topics, &found, args.partitioned.partitions));
    faults.extend(broker_faults(&limits, args.longest_transaction_ms));
    if !faults.is_empty() {
        let all = faults.join("\n  ");
        bail!("nothing is created, for what is there is not fit:\n  {all}");
    }
    for what in undisclosed(&found, &limits) {
        eprintln!(
            "warning: {what} cannot be checked: this user may not describe it (DescribeConfigs)"
        );
    }
    let all = all(&topics, args.partitioned.partitions, args.replication);
    create_topics(&args.kafka, &all).await.context("creating the topics")?;
    // What was made just before need not have been seen above, and is left as it is.
    let (kafka, partitions) = (args.kafka, args.partitioned.partitions);
    tokio::task::spawn_blocking(move || wait_until_seen(&kafka, &topics, partitions)).await??;
    println!("{} topics exist", all.len());
    Ok(())
}

/// Waits until Kafka shows all topics, and checks them once more.
fn wait_until_seen(kafka: &KafkaArgs, topics: &Topics, partitions: i32) -> anyhow::Result<()> {
    let begun = Instant::now();
    let is_over = || begun.elapsed() > SEEN_WITHIN;
    let faults = |found: &FoundTopics| {
        let mut faults = topics.faults(&Topic::ALL, found);
        faults.extend(other_number(topics, found, partitions));
        faults
    };
    wait_until_fit(kafka, &topics.names(&Topic::ALL), faults, is_over, |_| ())
        .context("what is there is not fit")?;
    if is_over() {
        bail!(
            "Kafka does not show all topics after {} s; run topics create again",
            SEEN_WITHIN.as_secs()
        );
    }
    Ok(())
}

/// Brokers show a topic a moment after it was created.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

/// The brokers' setting of how long a transaction may be left open.
const MAX_TIMEOUT: &str = "transaction.max.timeout.ms";

/// What is there with another number of partitions than was asked for.
fn other_number(topics: &Topics, found: &FoundTopics, partitions: i32) -> Option<String> {
    let name = topics.name(Topic::ReadingsRaw);
    let (there, _) = found.get(&name)?;
    (*there != partitions).then(|| {
        format!(
            "topic {name} is not fit: it has {there} partitions, and {partitions} are asked for with \
             --partitions or MIMAMORI_PARTITIONS"
        )
    })
}

/// What is wrong with the brokers, by their setting of how long a transaction may be left open.
fn broker_faults(limits: &BTreeMap<i32, String>, longest_ms: u64) -> Vec<String> {
    let own = TRANSACTION_TIMEOUT.as_millis() as u64;
    limits
        .iter()
        .filter_map(|(broker, value)| {
            let found: u64 = value.parse().ok()?;
            if found < own {
                Some(format!(
                    "broker {broker} is not fit: {MAX_TIMEOUT} is {found} and has to be at least \
                     {own}, or it refuses the processor's transactions"
                ))
            } else if found > longest_ms {
                Some(format!(
                    "broker {broker} is not fit: {MAX_TIMEOUT} is {found} and may be at most \
                     {longest_ms}, or a sender that leaves a transaction open hides the readings of \
                     others for so long; where it cannot be changed, allow it with \
                     --longest-transaction-ms or MIMAMORI_LONGEST_TRANSACTION_MS"
                ))
            } else {
                None
            }
        })
        .collect()
}

/// What this user may not see.
fn undisclosed(found: &FoundTopics, limits: &BTreeMap<i32, String>) -> Vec<String> {
    let topics = found.iter().filter(|(_, (_, settings))| settings.is_none());
    let brokers = limits.is_empty().then(|| format!("the brokers' {MAX_TIMEOUT}"));
    topics.map(|(name, _)| format!("topic {name}")).chain(brokers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_leaves_transactions_open_for_too_long_or_refuses_ours_is_named() {
        let limits = |ms: &str| BTreeMap::from([(1, "60000".to_owned()), (2, ms.to_owned())]);
        assert!(broker_faults(&limits("30000"), 60_000).is_empty());
        let [short] = &broker_faults(&limits("29999"), 60_000)[..] else { panic!("one") };
        assert!(short.starts_with("broker 2") && short.contains("at least 30000"), "{short}");
        let [long] = &broker_faults(&limits("900000"), 60_000)[..] else { panic!("one") };
        assert!(long.starts_with("broker 2") && long.contains("at most 60000"), "{long}");
        assert!(broker_faults(&limits("900000"), 900_000).is_empty());
    }

    #[test]
    fn another_number_of_partitions_than_there_is_is_refused() {
        let topics = Topics::with_prefix("demo.");
        let found = FoundTopics::from([("demo.readings.raw".to_owned(), (1, None))]);
        assert!(other_number(&topics, &found, 1).is_none());
        let fault = other_number(&topics, &found, 12).expect("a fault");
        assert!(fault.contains("it has 1 partitions") && fault.contains("12"), "{fault}");
        assert!(other_number(&topics, &FoundTopics::new(), 12).is_none());
    }

    #[test]
    fn what_may_not_be_seen_is_named_and_refuses_nothing() {
        let found = FoundTopics::from([("readings.raw".to_owned(), (12, None))]);
        let said = undisclosed(&found, &BTreeMap::new());
        assert_eq!(said, ["topic readings.raw", "the brokers' transaction.max.timeout.ms"]);
        assert!(broker_faults(&BTreeMap::new(), 60_000).is_empty());
    }
}
