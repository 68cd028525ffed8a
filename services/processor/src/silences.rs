//! What all partitions have counted, kept current from the topic `silences`, which every processor
//! reads whole.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chassis::{KafkaArgs, Shutdown};
use clinical::silence::Report;
use schemas::topics::Topic;
use schemas::{Codec, Decoder, records};
use stream::StreamError;
use stream::follow::FollowHandle;
use stream::record::Incoming;

use crate::followed::{decoded, read_and_follow};
use crate::metrics::LeftOut;

/// The newest report of each partition.
pub type Reports = BTreeMap<i32, Arc<Report>>;

/// The reports as the topic says now.
#[derive(Default, Clone)]
pub struct FollowedReports(Arc<RwLock<Arc<Reports>>>);

impl FollowedReports {
    /// All of them. The same pointer as before where nothing has changed.
    pub fn current(&self) -> Arc<Reports> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in what a partition has counted, or that nothing is known of it.
    pub fn apply(&self, partition: i32, report: Option<Report>) {
        let mut reports = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changed = Arc::make_mut(&mut reports);
        match report {
            Some(report) => changed.insert(partition, Arc::new(report)),
            None => changed.remove(&partition),
        };
    }

    /// Follows the topic on a thread of its own, and returns when all that was there has been read, or
    /// when stopped.
    pub(crate) fn follow(
        &self,
        (kafka, topic): (&KafkaArgs, &str),
        codec: &Codec,
        left_out: LeftOut,
        stop: &Shutdown,
        waiting: impl Fn(),
    ) -> Result<FollowHandle, StreamError> {
        let reports = self.clone();
        let reader = Reader { decoder: codec.decoder(), left_out, stop: stop.clone() };
        let take = move |record: &Incoming| reader.read(record, &reports);
        read_and_follow((kafka, topic), stop, waiting, take)
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
        let Some(bytes) = &record.payload else { return reports.apply(record.partition, None) };
        let report = match decoded(&self.decoder, bytes, Topic::Silences, &self.stop) {
            None => return,
            Some(decoded) => decoded.map_err(anyhow::Error::from).and_then(|it| Ok(it.report()?)),
        };
        let report = report.map_err(|error| self.left_out.count_report(record, error)).ok();
        reports.apply(record.partition, report);
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
