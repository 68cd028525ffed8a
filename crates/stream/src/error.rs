//! What can go wrong with Kafka.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Kafka did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A setting, by its name, that the client does not know or whose value it refuses.
    #[error(
        "the Kafka client does not know the property '{0}', or refuses its value; check MIMAMORI_KAFKA_PROPERTIES"
    )]
    Configuration(String),
    /// An operation failed.
    #[error("{doing} failed: {source}; check KAFKA_BOOTSTRAP_SERVERS and that the brokers run")]
    Kafka {
        /// What was being done.
        doing: &'static str,
        /// The client's error.
        source: KafkaError,
    },
    /// A topic does not exist.
    #[error("topic {0} does not exist; create the topics with `mimamori topics create`")]
    NoSuchTopic(String),
    /// A thread could not be started or has panicked.
    #[error("{0}")]
    Thread(String),
}

impl StreamError {
    pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(KafkaError) -> Self {
        move |source| match source {
            // Neither the value nor what the client says of it, which repeats it: a misspelt name
            // may be a password's.
            KafkaError::ClientConfig(_, _, name, _) => Self::Configuration(name),
            source => Self::Kafka { doing, source },
        }
    }

    /// Whether trying again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Kafka { .. } | Self::NoSuchTopic(_))
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
    Refused(String),
    /// Any other failure to deliver.
    #[error("Kafka did not take the record: {0}")]
    Failed(String),
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
            ) => Self::Refused(code.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::{KafkaArgs, KafkaProperty};

    use crate::producer::Producer;

    #[test]
    fn a_property_that_is_refused_is_named_and_its_value_never_shown() {
        for name in ["sasl.pasword", "security.protocol"] {
            let mut kafka = KafkaArgs::local("127.0.0.1:9");
            let value = "hunter2".to_owned().into();
            kafka.properties.kafka_properties.push(KafkaProperty { name: name.to_owned(), value });
            let refused = Producer::new(&kafka, "test").err().expect("no such property");
            let shown = format!("{refused} {refused:?}");
            assert!(shown.contains(name) && !shown.contains("hunter2"), "{shown}");
        }
    }
}
