//! What the Kafka client tells besides records: logs, and how far behind a consumer is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::statistics::Statistics;

/// How many records of each topic and partition are still to be read, as the client last knew.
pub(crate) type Lag = Arc<Mutex<HashMap<(String, i32), i64>>>;

#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) lag: Lag,
}

impl Watch {
    pub(crate) fn lag(&self) -> Vec<(String, i32, i64)> {
        let lag = self.lag.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        lag.iter().map(|((topic, partition), lag)| (topic.clone(), *partition, *lag)).collect()
    }

    pub(crate) fn note(&self, statistics: Statistics) {
        let mut lag = self.lag.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        lag.clear();
        for (name, topic) in statistics.topics {
            for (number, partition) in topic.partitions {
                if number >= 0 && partition.consumer_lag >= 0 {
                    lag.insert((name.clone(), number), partition.consumer_lag);
                }
            }
        }
    }
}

pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::warn!(kafka.facility = facility, "Kafka client: {message}");
        }
        RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            tracing::info!(kafka.facility = facility, "Kafka client: {message}");
        }
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(kafka.facility = facility, "Kafka client: {message}");
        }
    }
}

impl ClientContext for Watch {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::info!(%error, "Kafka client: {reason}");
    }

    fn stats(&self, statistics: Statistics) {
        self.note(statistics);
    }
}

impl ConsumerContext for Watch {}

impl ProducerContext for Watch {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {
        // Of transactional producers only: a record that is not delivered fails the commit.
    }
}
