//! Topics and brokers as they are: whether they are fit is for the caller to say.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::Backoff;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::connection::{ClientSettings, KafkaArgs};
use crate::context::Watch;
use crate::error::StreamError;
use crate::topics::partitions_of;

const PATIENCE: Duration = Duration::from_secs(10);

/// Topics as they are at the broker, by name: how many partitions, and the settings; none where this
/// client may not see them.
pub type FoundTopics = BTreeMap<String, (i32, Option<BTreeMap<String, String>>)>;

/// What the brokers say of topics, by name. Those that they do not have are left out. Blocks.
///
/// # Errors
/// When Kafka does not answer.
pub fn describe_topics(kafka: &KafkaArgs, names: &[String]) -> Result<FoundTopics, StreamError> {
    let consumer: BaseConsumer<Watch> = kafka
        .client("mimamori-topics")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a client"))?;
    let mut found = FoundTopics::new();
    for name in names {
        match partitions_of(&consumer, name) {
            Ok(partitions) => {
                found.insert(name.clone(), (partitions.len() as i32, None));
            }
            Err(StreamError::NoSuchTopic(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let asked: Vec<_> = found.keys().map(|name| ResourceSpecifier::Topic(name)).collect();
    let settings = describe(kafka, &asked)?;
    for ((_, undisclosed), settings) in found.values_mut().zip(settings) {
        *undisclosed = settings;
    }
    Ok(found)
}

/// A setting of each broker, by its number; none of those whose settings this client may not see.
/// Blocks.
///
/// # Errors
/// When Kafka does not answer.
pub fn broker_setting(kafka: &KafkaArgs, name: &str) -> Result<BTreeMap<i32, String>, StreamError> {
    let consumer: BaseConsumer<Watch> = kafka
        .client("mimamori-topics")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating a client"))?;
    let metadata = consumer
        .fetch_metadata(None, PATIENCE)
        .map_err(StreamError::while_doing("asking for the brokers"))?;
    let mut found = BTreeMap::new();
    for broker in metadata.brokers() {
        // One at a time: each broker answers for itself.
        let settings = describe(kafka, &[ResourceSpecifier::Broker(broker.id())])?;
        let value = settings.into_iter().flatten().find_map(|mut all| all.remove(name));
        found.extend(value.map(|value| (broker.id(), value)));
    }
    Ok(found)
}

/// The settings of each of these, in their order; none where this client may not see them.
fn describe(
    kafka: &KafkaArgs,
    asked: &[ResourceSpecifier<'_>],
) -> Result<Vec<Option<BTreeMap<String, String>>>, StreamError> {
    const DOING: &str = "asking for settings";
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let admin: AdminClient<Watch> = kafka
        .client("mimamori-topics")
        .create_with_context(Watch::default())
        .map_err(StreamError::while_doing("creating an admin client"))?;
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().map_err(StreamError::NoThread)?;
    let answers = runtime
        .block_on(admin.describe_configs(asked, &options))
        .map_err(StreamError::while_doing(DOING))?;
    answers
        .into_iter()
        .map(|answer| match answer {
            Ok(resource) => {
                let entries = resource.entries.into_iter();
                Ok(Some(entries.filter_map(|entry| Some((entry.name, entry.value?))).collect()))
            }
            Err(
                RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed,
            ) => Ok(None),
            Err(code) => Err(StreamError::while_doing(DOING)(KafkaError::AdminOp(code))),
        })
        .collect()
}

/// Waits until Kafka answers and has these topics, and checks them: `faults` says, in a sentence
/// each, what is wrong with them. Returns when they are fit, or when it is to stop. Blocks.
///
/// # Errors
/// [`StreamError::Unfit`] with all sentences, or when the client refuses its settings.
pub fn wait_until_fit(
    kafka: &KafkaArgs,
    names: &[String],
    faults: impl Fn(&FoundTopics) -> Vec<String>,
    stop: impl Fn() -> bool,
    waiting: impl Fn(&StreamError),
) -> Result<(), StreamError> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
    while !stop() {
        match describe_topics(kafka, names) {
            Ok(found) => {
                let faults = faults(&found);
                if !faults.is_empty() {
                    return Err(StreamError::Unfit(faults));
                }
                let Some(name) = names.iter().find(|name| !found.contains_key(*name)) else {
                    warn_of_what_is_undisclosed(&found);
                    return Ok(());
                };
                waiting(&StreamError::NoSuchTopic(name.clone()));
            }
            Err(error) if error.is_retryable() => waiting(&error),
            Err(error) => return Err(error),
        }
        backoff.sleep();
    }
    Ok(())
}

fn warn_of_what_is_undisclosed(found: &FoundTopics) {
    let undisclosed: Vec<_> = (found.iter())
        .filter(|(_, (_, settings))| settings.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    if !undisclosed.is_empty() {
        tracing::warn!(
            topics = undisclosed.join(", "),
            "the settings of topics cannot be checked: this user may not describe them (DescribeConfigs)"
        );
    }
}
