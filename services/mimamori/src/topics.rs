//! `mimamori topics`: creating the topics of a deployment.

use chassis::{DeploymentArgs, KafkaArgs};
use clap::Subcommand;
use schemas::topics::{Topic, Topics};
use stream::topics::{TopicSpec, create_topics};

/// What to do with topics.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Creates the topics that do not exist; those that do are left as they are
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
    /// Partitions of the topics that are partitioned by patient. It cannot be changed later
    /// without moving patients between partitions
    #[arg(long, env = "MIMAMORI_PARTITIONS", default_value_t = 12)]
    pub partitions: i32,
    /// Copies of each partition; the brokers' default where none is given
    #[arg(long, env = "MIMAMORI_REPLICATION")]
    pub replication: Option<i32>,
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
    let all = all(&topics, args.partitions, args.replication);
    create_topics(&args.kafka, &all).await?;
    println!("{} topics exist", all.len());
    Ok(())
}
