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
use rdkafka::types::RDKafkaErrorCode;

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
                if number < 0 || partition.consumer_lag < 0 {
                    continue;
                }
                // Transaction markers are never delivered: where the fetcher stands at the end and
                // nothing waits, nothing is left, whatever the difference of offsets.
                let is_at_end =
                    partition.next_offset >= partition.ls_offset && partition.fetchq_cnt == 0;
                let left = if is_at_end { 0 } else { partition.consumer_lag };
                lag.insert((name.clone(), number), left);
            }
        }
    }
}

/// Reports an error that no operation returns. The end of a partition is none.
pub(crate) fn report(error: &KafkaError, reason: &str) {
    if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
        tracing::info!(%error, "Kafka client: {reason}");
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
        report(&error, reason);
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
