//! What the Kafka client reports besides records: logs, and how far behind a consumer is.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
                // Transaction markers are never delivered: where the fetcher is at the end and its
                // queue is empty, nothing is left, whatever the difference of offsets.
                let is_at_end =
                    partition.next_offset >= partition.ls_offset && partition.fetchq_cnt == 0;
                let left = if is_at_end { 0 } else { partition.consumer_lag };
                lag.insert((name.clone(), number), left);
            }
        }
    }
}

/// What the client logs many times a second while Kafka is away is logged once in this time.
const BETWEEN_REPORTS: Duration = Duration::from_secs(10);
/// Sorts of messages remembered; the brokers' names are part of them.
const MOST_SORTS: usize = 256;

/// Sorts of messages that were logged lately, and how often each came since.
#[derive(Default)]
struct Reported(HashMap<String, (Instant, u64)>);

impl Reported {
    /// Whether a message of a sort is to be logged now: with how many of them were suppressed since the
    /// last one that was.
    fn again(&mut self, sort: &str, now: Instant) -> Option<u64> {
        if let Some((reported, suppressed)) = self.0.get_mut(sort) {
            if now.duration_since(*reported) < BETWEEN_REPORTS {
                *suppressed += 1;
                return None;
            }
            *reported = now;
            return Some(std::mem::take(suppressed));
        }
        if self.0.len() >= MOST_SORTS {
            self.0.clear();
        }
        self.0.insert(sort.to_owned(), (now, 0));
        Some(0)
    }
}

fn again(sort: &str) -> Option<u64> {
    static REPORTED: LazyLock<Mutex<Reported>> = LazyLock::new(Mutex::default);
    REPORTED.lock().unwrap_or_else(PoisonError::into_inner).again(sort, Instant::now())
}

/// Reports an error that no operation returns. The end of a partition is none.
pub(crate) fn report(error: &KafkaError, reason: &str) {
    if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF)
        && let Some(suppressed) = again(&error.to_string())
    {
        tracing::info!(%error, suppressed, "Kafka client: {reason}");
    }
}

/// The sort of a line of the client's log: what it is about and of which broker, `[thrd:…]`.
fn sort_of(facility: &str, message: &str) -> String {
    let broker = message.find("]: ").map_or("", |end| &message[..end]);
    format!("{facility} {broker}")
}

pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            if let Some(suppressed) = again(&sort_of(facility, message)) {
                tracing::warn!(kafka.facility = facility, suppressed, "Kafka client: {message}");
            }
        }
        RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            if let Some(suppressed) = again(&sort_of(facility, message)) {
                tracing::info!(kafka.facility = facility, suppressed, "Kafka client: {message}");
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_repeats_is_logged_now_and_then_with_how_often_it_came() {
        let mut reported = Reported::default();
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(reported.again("FAIL [thrd:a", at(0)), Some(0));
        assert_eq!(reported.again("FAIL [thrd:b", at(1)), Some(0), "another broker");
        assert_eq!(reported.again("FAIL [thrd:a", at(1)), None);
        assert_eq!(reported.again("FAIL [thrd:a", at(9)), None);
        assert_eq!(reported.again("FAIL [thrd:a", at(10)), Some(2));
        assert_eq!(reported.again("FAIL [thrd:a", at(21)), Some(0));
        (0..10_000)
            .for_each(|number| assert!(reported.again(&number.to_string(), at(22)).is_some()));
        assert!(reported.0.len() <= MOST_SORTS);
    }

    #[test]
    fn a_sort_is_a_facility_and_a_broker_whatever_the_rest_says() {
        let of = |text| sort_of("FAIL", text);
        let refused =
            "[thrd:k1:9092/1]: k1:9092/1: Connect failed: refused (after 1ms in state UP)";
        let later = "[thrd:k1:9092/1]: k1:9092/1: Connect failed: refused (after 7ms in state UP)";
        assert_eq!(of(refused), of(later));
        assert_ne!(of(refused), of("[thrd:k2:9092/2]: k2:9092/2: Connect failed"));
        assert_eq!(of("no broker"), "FAIL ");
    }
}
