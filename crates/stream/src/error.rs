//! What can go wrong with Kafka.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use chassis::KafkaProperty;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::wire::WireError;

/// Kafka did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A setting that the client does not know or whose value it refuses: its name, where it may be
    /// shown.
    #[error(
        "the Kafka client does not know {}, or refuses its value; check MIMAMORI_KAFKA_PROPERTIES, \
         in which no value can hold a comma", property(.0.as_deref())
    )]
    Configuration(Option<String>),
    /// An operation failed.
    #[error("{doing} failed: {source}; check KAFKA_BOOTSTRAP_SERVERS and that the brokers run")]
    Kafka {
        /// What was being done.
        doing: &'static str,
        /// The client's error.
        source: KafkaError,
    },
    /// Nobody has said whether a transaction's offsets were taken.
    #[error(
        "for {} s nobody has answered for the offsets of a transaction; check that the brokers run, \
         the group's coordinator first", .within.as_secs()
    )]
    OffsetsUnanswered {
        /// For how long the answer was awaited.
        within: Duration,
    },
    /// A topic does not exist.
    #[error("topic {0} does not exist; create the topics with `mimamori topics create`")]
    NoSuchTopic(String),
    /// A broker could not be asked for its transactions, or refuses.
    #[error("asking for transactions failed: {0}")]
    Wire(#[from] WireError),
    /// Topics are not as they have to be: a sentence for each.
    #[error("{}; docs/operations.md says how topics have to be", .0.join("; "))]
    Unfit(Vec<String>),
    /// The brokers refuse to create a topic.
    #[error(
        "topic {topic} cannot be created: {source}; check its settings and the client's rights"
    )]
    TopicNotCreated {
        /// Its name.
        topic: String,
        /// Why.
        source: RDKafkaErrorCode,
    },
    /// A topic has records that do not come.
    #[error(
        "no record of {topic} has come for {} s although there are more; check that the brokers run, and \
         that no transaction is open", .silence.as_secs()
    )]
    Silent {
        /// Its name.
        topic: String,
        /// For how long nothing came.
        silence: Duration,
    },
    /// A thread could not be started.
    #[error("a thread cannot be started: {0}")]
    NoThread(#[source] io::Error),
    /// A thread has panicked.
    #[error("the {0} thread has panicked")]
    Panicked(&'static str),
    /// The member of the group gets nothing any more.
    #[error("the member of the group has failed: {0}")]
    Member(#[from] MemberError),
    /// A transaction that was left open is ended neither by its producer nor by the broker.
    #[error("a transaction stays open on partition {partition} of topic {topic}")]
    TransactionStaysOpen {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
    },
    /// A transaction is not ended, because its coordinator may be one that could not be asked: why not.
    #[error(
        "one broker does not say which transactions it coordinates ({0}), so this transaction may \
         be one that its producer still commits; see that every broker runs and that this user may \
         describe transactional ids, then try again"
    )]
    CoordinatorNotAsked(#[source] NotAsked),
    /// A state could not be rebuilt.
    #[error("rebuilding a state failed: {0}")]
    Rebuild(#[source] Box<StreamError>),
    /// The task of the loop could not go on.
    #[error("{0}")]
    Task(#[from] TaskError),
    /// A task that states are rebuilt for names an input of which the loop has no topic.
    #[error("the input {0} has no topic")]
    NoSuchInput(String),
    /// The client did what it never should.
    #[error("the Kafka client is at fault: {0}")]
    Client(#[from] ClientFault),
    /// Somebody else has ended the operation.
    #[error("the operation was cancelled")]
    Cancelled,
}

impl StreamError {
    pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(KafkaError) -> Self {
        move |source| match source {
            // Neither the value nor what the client says of it, which repeats it: a misspelt name
            // may be a password's, and what looks like a name may be half a password.
            KafkaError::ClientConfig(_, _, name, _) => {
                Self::Configuration(KafkaProperty::shown_name(&name).map(str::to_owned))
            }
            source => Self::Kafka { doing, source },
        }
    }

    /// Whether trying again may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Kafka { .. }
            | Self::OffsetsUnanswered { .. }
            | Self::Wire(_)
            | Self::NoSuchTopic(_)
            | Self::Silent { .. }
            | Self::Member(_)
            | Self::CoordinatorNotAsked(_)
            | Self::TransactionStaysOpen { .. } => true,
            Self::Rebuild(source) => source.is_retryable(),
            Self::Task(error) => error.is_retryable(),
            Self::Configuration(_)
            | Self::Unfit(_)
            | Self::TopicNotCreated { .. }
            | Self::NoThread(_)
            | Self::Panicked(_)
            | Self::NoSuchInput(_)
            | Self::Client(_)
            | Self::Cancelled => false,
        }
    }
}

fn property(name: Option<&str>) -> String {
    name.map_or_else(|| "a property".to_owned(), |name| format!("the property '{name}'"))
}

/// A broker that does not say which transactions it coordinates.
#[derive(Debug, Clone, thiserror::Error)]
#[error("broker {broker}: {source}")]
pub struct NotAsked {
    /// Its number.
    pub broker: i32,
    /// Why; one answer counts for every open transaction.
    pub source: Arc<WireError>,
}

impl PartialEq for NotAsked {
    /// Whether both are of the same answer.
    fn eq(&self, other: &Self) -> bool {
        self.broker == other.broker && Arc::ptr_eq(&self.source, &other.source)
    }
}

impl Eq for NotAsked {}

/// Why a member of a group gets nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Its client has failed for good.
    #[error("{reason} ({code})")]
    Fatal {
        /// The client's code.
        code: RDKafkaErrorCode,
        /// The client's explanation.
        reason: String,
    },
    /// The group gives it no partitions although Kafka answers.
    #[error("the group gives it no partitions although Kafka answers")]
    NoPartitions,
}

/// What the Kafka client never should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientFault {
    /// A record of a topic that was not subscribed to.
    #[error("a record of topic {0} came, which is no input")]
    ForeignTopic(String),
    /// A record of a partition whose state is not ready, although such partitions are paused.
    #[error("a record of partition {partition} came at offset {offset}, before its state is ready")]
    NotReady {
        /// Partition.
        partition: i32,
        /// Offset.
        offset: i64,
    },
    /// A record that has come before.
    #[error("the record of partition {partition} at offset {offset} came twice")]
    CameTwice {
        /// Partition.
        partition: i32,
        /// Offset.
        offset: i64,
    },
    /// No metadata of the group although the client is its member.
    #[error("it does not know the group's metadata")]
    NoGroupMetadata,
    /// A record was committed, and the client did not report where.
    #[error("it does not report where a committed record was written")]
    NoPosition,
}

/// The task cannot go on: the transaction is aborted, and the session begins anew.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The client refuses a record that the task writes.
    #[error("writing to topic {topic} failed: {source}")]
    Send {
        /// The record's topic.
        topic: String,
        /// The client's error.
        source: KafkaError,
    },
    /// A record that a state is rebuilt from is not readable now, and the state must not be without it.
    #[error("a state cannot be rebuilt without {topic} [{partition}] at offset {offset}: {source}")]
    Replay {
        /// The record's topic.
        topic: String,
        /// The record's partition.
        partition: i32,
        /// The record's offset.
        offset: i64,
        /// Why it is not readable.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Anything else that the task does.
    #[error("{doing} failed: {source}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl TaskError {
    /// Turns an error into the task's.
    pub fn while_doing<E: Into<Box<dyn Error + Send + Sync>>>(
        doing: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |error| Self::Failed { doing, source: error.into() }
    }

    /// Whether trying again may help. Of what the task itself does that is not known, and the loop
    /// tries it again with waits that grow.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Send { source, .. } => SendError::from(source.clone()).is_retryable(),
            Self::Replay { .. } | Self::Failed { .. } => true,
        }
    }
}

/// A record that did not reach Kafka, or of which it is not known whether it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The queue towards Kafka is full: nothing was sent.
    #[error("the queue towards Kafka is full")]
    QueueFull,
    /// Not acknowledged in time.
    #[error("Kafka did not acknowledge in time")]
    TimedOut,
    /// Kafka refuses the record (too large, no such topic, no right to write).
    #[error("Kafka refuses the record: {0}")]
    Refused(#[source] RDKafkaErrorCode),
    /// The producer was closed before Kafka acknowledged the record.
    #[error("Kafka did not take the record: the producer was closed")]
    Closed,
    /// Any other failure to deliver.
    #[error("Kafka did not take the record: {0}")]
    Failed(#[source] KafkaError),
}

impl SendError {
    /// Whether sending again may help.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

impl From<KafkaError> for SendError {
    fn from(error: KafkaError) -> Self {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code() {
            Some(Code::QueueFull) => Self::QueueFull,
            Some(Code::MessageTimedOut | Code::RequestTimedOut | Code::OperationTimedOut) => {
                Self::TimedOut
            }
            Some(
                code @ (Code::MessageSizeTooLarge
                | Code::InvalidMessage
                | Code::TopicAuthorizationFailed
                | Code::UnknownTopic
                | Code::UnknownTopicOrPartition
                | Code::UnknownPartition
                | Code::InvalidTopic),
            ) => Self::Refused(code),
            _ => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::KafkaArgs;

    use super::*;
    use crate::producer::Producer;

    fn refused(name: &str) -> String {
        let mut kafka = KafkaArgs::local("127.0.0.1:9");
        let value = "hunter2".to_owned().into();
        kafka.properties.kafka_properties.push(KafkaProperty { name: name.to_owned(), value });
        let refused = Producer::new(&kafka, "test").err().expect("no such property");
        format!("{refused} {refused:?}")
    }

    #[test]
    fn a_property_that_is_refused_is_named_and_its_value_never_shown() {
        for name in ["sasl.pasword", "security.protocol"] {
            let shown = refused(name);
            assert!(shown.contains(name) && !shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn half_a_password_that_looks_like_a_property_is_not_named() {
        for half in ["correct", "horse.battery", "sasl.Staple1"] {
            let shown = refused(half);
            assert!(!shown.contains(half) && !shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("know a property, or refuses its value"), "{shown}");
        }
    }

    #[test]
    fn what_failed_underneath_is_a_source_of_the_error() {
        let disk = io::Error::other("the disk is full");
        let task = TaskError::while_doing("keeping notes")(disk);
        let error = StreamError::Rebuild(Box::new(StreamError::from(task)));
        let mut sources = std::iter::successors(error.source(), |error| (*error).source());
        assert!(sources.any(|source| source.downcast_ref::<io::Error>().is_some()), "{error:?}");
        let shown = "rebuilding a state failed: keeping notes failed: the disk is full";
        assert_eq!(error.to_string(), shown);
    }

    #[test]
    fn trying_again_helps_where_what_failed_may_pass() {
        let of = |code| KafkaError::MessageProduction(code);
        let write =
            |code| StreamError::from(TaskError::Send { topic: "t".into(), source: of(code) });
        assert!(write(RDKafkaErrorCode::BrokerTransportFailure).is_retryable());
        assert!(!write(RDKafkaErrorCode::MessageSizeTooLarge).is_retryable());
        let rebuild = |error| StreamError::Rebuild(Box::new(error)).is_retryable();
        assert!(rebuild(StreamError::while_doing("reading")(KafkaError::NoMessageReceived)));
        assert!(!rebuild(StreamError::Configuration(None)));
        assert!(!StreamError::from(ClientFault::NoGroupMetadata).is_retryable());
    }
}
