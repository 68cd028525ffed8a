//! What the Kafka client reports besides records: logs, and how far behind a consumer is.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaErrorCode;

/// Records that a transaction which nobody ends hides from those who read what is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// The first offset that cannot be read: the transaction's first record.
    pub offset: i64,
    /// How many records lie from there to the end of the log, those of the transaction among them.
    pub records: i64,
    /// Since when the reader stands there, as far as this client has seen it.
    pub since: Instant,
}

/// What is still to be read of a partition, as the client last knew.
#[derive(Debug, Clone, Copy)]
struct Left {
    /// Records up to the end of the log, whether or not they can be read yet.
    records: i64,
    /// Where the reader stands before an open transaction, since when, and how many records from there
    /// to the end of the log.
    held_back: Option<(i64, Instant, i64)>,
}

#[derive(Clone, Default)]
pub(crate) struct Watch {
    left: Arc<Mutex<HashMap<(String, i32), Left>>>,
}

/// A partition's offsets as the client reports them; negative where it does not know.
#[derive(Debug, Clone, Copy)]
struct Offsets {
    /// The next one to be fetched.
    next: i64,
    /// The first one that cannot be read: the last stable offset.
    readable: i64,
    /// The end of the log: the high watermark.
    end: i64,
    /// Records fetched and not yet taken.
    queued: i64,
    /// Records up to what can be read, by the client's own count.
    lag: i64,
}

impl Left {
    /// None where the client knows nothing of the partition.
    fn of(offsets: Offsets, before: Option<Self>, now: Instant) -> Option<Self> {
        // A client that has been given no record yet, as one that was started before an open
        // transaction, has no count of its own.
        let lag = match offsets {
            Offsets { lag, .. } if lag >= 0 => lag,
            Offsets { next, readable, queued, .. } if next >= 0 && readable >= 0 => {
                (readable - next).max(0) + queued
            }
            _ => return None,
        };
        // Transaction markers are never delivered: where the fetcher is at the end and its queue is
        // empty, nothing is left, whatever the difference of offsets.
        let is_at_end = offsets.next >= offsets.readable && offsets.queued == 0;
        let readable = if is_at_end { 0 } else { lag };
        let hidden = match offsets.readable >= 0 {
            true => (offsets.end - offsets.readable).max(0),
            false => 0,
        };
        // Who has not read to there yet does not know whether the transaction still is open.
        let held_back = (is_at_end && hidden > 0).then(|| {
            let earlier = before.and_then(|left| left.held_back);
            let since = match earlier {
                Some((offset, since, _)) if offset == offsets.readable => since,
                _ => now,
            };
            (offsets.readable, since, hidden)
        });
        Some(Self { records: readable + hidden, held_back })
    }
}

impl Watch {
    fn left(&self) -> MutexGuard<'_, HashMap<(String, i32), Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many records of each topic and partition are still to be read, to the end of the log.
    pub(crate) fn lag(&self) -> Vec<(String, i32, i64)> {
        let left = self.left();
        left.iter().map(|((topic, number), left)| (topic.clone(), *number, left.records)).collect()
    }

    /// What open transactions hide, in the order of topics and partitions.
    pub(crate) fn held_back(&self) -> Vec<HeldBack> {
        let mut all: Vec<_> = (self.left().iter())
            .filter_map(|((topic, partition), left)| {
                let (offset, since, records) = left.held_back?;
                let (topic, partition) = (topic.clone(), *partition);
                Some(HeldBack { topic, partition, offset, records, since })
            })
            .collect();
        all.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
        all
    }

    pub(crate) fn note(&self, statistics: Statistics) {
        let now = Instant::now();
        let mut left = self.left();
        let before = std::mem::take(&mut *left);
        for (name, topic) in statistics.topics {
            for (number, partition) in topic.partitions {
                if number < 0 {
                    continue;
                }
                let offsets = Offsets {
                    next: partition.next_offset,
                    readable: partition.ls_offset,
                    end: partition.hi_offset,
                    queued: partition.fetchq_cnt,
                    lag: partition.consumer_lag,
                };
                let place = (name.clone(), number);
                if let Some(known) = Left::of(offsets, before.get(&place).copied(), now) {
                    left.insert(place, known);
                }
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

    fn left(next: i64, readable: i64, end: i64, before: Option<Left>, now: Instant) -> Left {
        let lag = (readable - next).max(0);
        Left::of(Offsets { next, readable, end, queued: 0, lag }, before, now).expect("it is known")
    }

    #[test]
    fn what_an_open_transaction_hides_is_still_to_be_read_and_as_old_as_the_wait() {
        let begun = Instant::now();
        let later = begun + Duration::from_secs(60);
        let first = left(100, 100, 130, None, begun);
        assert_eq!((first.records, first.held_back), (30, Some((100, begun, 30))));
        let second = left(100, 100, 500, Some(first), later);
        assert_eq!((second.records, second.held_back), (400, Some((100, begun, 400))));
        let moved = left(250, 250, 500, Some(second), later);
        assert_eq!(moved.held_back, Some((250, later, 250)), "another transaction");
        let ended = left(500, 500, 500, Some(moved), later);
        assert_eq!((ended.records, ended.held_back), (0, None));
    }

    #[test]
    fn who_has_not_read_to_an_open_transaction_is_behind_and_not_held_back() {
        let behind = left(40, 100, 130, None, Instant::now());
        assert_eq!((behind.records, behind.held_back), (90, None));
        let queued = Offsets { next: 100, readable: 100, end: 130, queued: 5, lag: 5 };
        let queued = Left::of(queued, None, Instant::now()).expect("it is known");
        assert_eq!((queued.records, queued.held_back), (35, None));
        let given_none = Offsets { next: 0, readable: 0, end: 6, queued: 0, lag: -1 };
        let given_none = Left::of(given_none, None, Instant::now()).expect("it is known");
        assert_eq!((given_none.records, given_none.held_back.map(|(at, ..)| at)), (6, Some(0)));
        let unknown = Offsets { next: -1001, readable: -1001, end: -1001, queued: 0, lag: -1 };
        assert!(Left::of(unknown, None, Instant::now()).is_none());
    }

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
