//! What all partitions have counted, kept current from the topic `silences`, which every processor
//! reads whole.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::{Backoff, KafkaArgs, Shutdown};
use clinical::silence::Report;
use schemas::topics::Topic;
use schemas::{Codec, Decoder, records};
use stream::StreamError;
use stream::follow::{FollowHandle, Followed, Start, follow};
use stream::record::Incoming;

use crate::metrics::LeftOut;

/// How often it is looked whether the topic has been read.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The newest report of each partition.
pub type Reports = BTreeMap<i32, Arc<Report>>;

/// The reports as the topic says now.
#[derive(Default, Clone)]
pub struct FollowedReports(Arc<Shared>);

#[derive(Default)]
struct Shared {
    reports: RwLock<Arc<Reports>>,
    is_caught_up: AtomicBool,
}

impl FollowedReports {
    /// All of them. The same pointer as before where nothing has changed.
    pub fn current(&self) -> Arc<Reports> {
        self.0.reports.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in what a partition has counted, or that nothing is known of it.
    pub fn apply(&self, partition: i32, report: Option<Report>) {
        let mut reports = self.0.reports.write().unwrap_or_else(PoisonError::into_inner);
        let changed = Arc::make_mut(&mut reports);
        match report {
            Some(report) => changed.insert(partition, Arc::new(report)),
            None => changed.remove(&partition),
        };
    }

    /// Follows the topic on a thread of its own, and returns when all that was there has been read, or
    /// when stopped. Nothing may be judged before: of who is not counted a group may seem to be silent.
    pub(crate) fn follow(
        &self,
        (kafka, topic): (&KafkaArgs, &str),
        codec: &Codec,
        left_out: LeftOut,
        stop: &Shutdown,
        waiting: impl Fn(),
    ) -> Result<FollowHandle, StreamError> {
        let (reports, stopping) = (self.clone(), stop.clone());
        let reader = Reader { decoder: codec.decoder(), left_out, stop: stop.clone() };
        let handle = move |event| match event {
            Followed::CaughtUp => reports.0.is_caught_up.store(true, Ordering::Release),
            Followed::Record(record) => reader.read(&record, &reports),
        };
        let followed = [(topic, Start::Beginning)];
        let following = follow(kafka, &followed, move || stopping.is_requested(), handle)?;
        while !self.0.is_caught_up.load(Ordering::Acquire) && !stop.is_requested() {
            waiting();
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Ok(following)
    }
}

struct Reader {
    decoder: Decoder<records::SilenceReport>,
    left_out: LeftOut,
    stop: Shutdown,
}

impl Reader {
    /// A report that cannot be read is none: the partition counts as one that says nothing.
    fn read(&self, record: &Incoming, reports: &FollowedReports) {
        let report = match &record.payload {
            Some(bytes) => match self.report(bytes) {
                Ok(report) => report,
                Err(error) => {
                    self.left_out.count_report(record, error);
                    None
                }
            },
            None => None,
        };
        reports.apply(record.partition, report);
    }

    /// None when stopped while the schema registry does not answer.
    fn report(&self, bytes: &[u8]) -> anyhow::Result<Option<Report>> {
        let mut backoff = Backoff::default();
        loop {
            match self.decoder.decode(bytes) {
                Ok(record) => return Ok(Some(record.report()?)),
                Err(error) if !error.is_retryable() => return Err(error.into()),
                Err(_) if self.stop.is_requested() => return Ok(None),
                Err(error) => {
                    tracing::warn!(topic = %Topic::Silences, %error, "waiting for the schema registry");
                    backoff.sleep();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::Metrics;
    use clinical::Timestamp;

    use super::*;

    #[test]
    fn a_report_that_cannot_be_read_leaves_nothing_known_of_its_partition() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder("silences").unwrap();
        let left_out = LeftOut::register(&Metrics::for_service("processor")).unwrap();
        let reader = Reader { decoder: codec.decoder(), left_out, stop: Shutdown::new() };
        let reports = FollowedReports::default();
        let record = |partition, payload: &[u8]| Incoming {
            topic: "silences".into(),
            partition,
            offset: 0,
            timestamp_ms: 0,
            key: None,
            payload: Some(payload.to_vec()),
        };
        let report = Report { counted_at: Timestamp::from_millis(5), ..Report::default() };
        for partition in [3, 4] {
            let bytes = encoder.encode(&records::SilenceReport::of(partition, &report)).unwrap();
            reader.read(&record(partition, &bytes), &reports);
        }
        assert_eq!(*reports.current()[&3], report);
        reader.read(&record(3, b"no framing"), &reports);
        assert_eq!(reports.current().keys().collect::<Vec<_>>(), [&4]);
    }
}
