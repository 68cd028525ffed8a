//! What all partitions have counted, kept current from the topic `silences`, which every processor
//! reads whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::Timestamp;
use clinical::silence::{Limits, Report};
use schemas::records;
use stream::record::Incoming;

use crate::followed::{Followed, Reader, Records};
use crate::left_out::What;

/// The newest report of each partition that can be read, and whose newest one cannot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reports {
    newest: BTreeMap<i32, Arc<Report>>,
    /// When the newest report was written of those partitions whose newest one cannot be read.
    unreadable: BTreeMap<i32, Timestamp>,
}

impl Reports {
    /// The newest report of each partition that can be read.
    pub fn iter(&self) -> impl Iterator<Item = &Report> + Clone {
        self.newest.values().map(|report| &**report)
    }

    /// Those of other partitions than one.
    pub(crate) fn of_others(&self, number: i32) -> impl Iterator<Item = &Report> + Clone {
        let others = self.newest.iter().filter(move |(partition, _)| **partition != number);
        others.map(|(_, report)| &**report)
    }

    /// Whether at a time another partition than one has counted, and nobody can read what: its newest
    /// report would still be used if it could be read.
    pub(crate) fn is_unsure(&self, number: i32, at: Timestamp, limits: &Limits) -> bool {
        let mut others = self.unreadable.iter().filter(|(partition, _)| **partition != number);
        others.any(|(_, written)| at <= *written + limits.valid_for())
    }

    /// Of how many partitions the newest report cannot be read.
    pub(crate) fn unreadable(&self) -> usize {
        self.unreadable.len()
    }
}

/// The reports as the topic says now.
pub type FollowedReports = Followed<Reports>;

impl FollowedReports {
    /// Takes in what a partition has counted, or that it has counted nothing.
    pub fn apply(&self, partition: i32, report: Option<Report>) {
        self.change(|reports| {
            reports.unreadable.remove(&partition);
            match report {
                Some(report) => reports.newest.insert(partition, Arc::new(report)),
                None => reports.newest.remove(&partition),
            };
        });
    }

    /// Takes in that a partition has counted, and that the report which was written then cannot be read.
    /// What it said before is known still.
    pub fn apply_unreadable(&self, partition: i32, written: Timestamp) {
        self.change(|reports| {
            reports.unreadable.insert(partition, written);
        });
    }
}

/// Takes in the reports of silent groups.
pub(crate) struct SilenceReports(pub(crate) Records<records::SilenceReport>);

impl Reader for SilenceReports {
    type List = Reports;

    /// Of a report that cannot be read it is not known what the partition has counted.
    fn read(&mut self, record: &Incoming, reports: &FollowedReports) {
        let Some(bytes) = &record.payload else { return reports.apply(record.partition, None) };
        let report = match self.0.decoded(bytes) {
            None => return,
            Some(decoded) => decoded.map_err(anyhow::Error::from).and_then(|it| Ok(it.report()?)),
        };
        match report {
            Ok(report) => reports.apply(record.partition, Some(report)),
            Err(error) => {
                self.0.left_out.count(What::Report, record, error);
                let written = Timestamp::from_millis(record.timestamp_ms);
                reports.apply_unreadable(record.partition, written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::{Metrics, Shutdown};
    use clinical::Span;
    use schemas::Codec;
    use schemas::topics::Topic;

    use super::*;
    use crate::left_out::LeftOut;

    #[test]
    fn a_report_that_cannot_be_read_leaves_its_partition_unknown_and_is_counted() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder("silences").unwrap();
        let metrics = Metrics::for_service("processor");
        let left_out = LeftOut::register(&metrics).unwrap();
        let stop = Shutdown::new();
        let mut reader = SilenceReports(Records::of(Topic::Silences, &codec, left_out, &stop));
        let reports = FollowedReports::default();
        let at = |hours: i64| Timestamp::from_seconds(1_795_000_000) + Span::from_hours(hours);
        let record = |partition, payload: &[u8], hours| Incoming {
            topic: "silences".into(),
            partition,
            offset: 0,
            timestamp_ms: at(hours).millis(),
            key: None,
            payload: Some(payload.to_vec()),
        };
        let report = Report { counted_at: at(0), ..Report::default() };
        let mut says = |partition, hours| {
            let bytes = encoder.encode(&records::SilenceReport::of(partition, &report)).unwrap();
            reader.read(&record(partition, &bytes, hours), &reports);
        };
        says(3, 0);
        says(4, 0);
        let limits = Limits { every: Span::from_hours(1), ..Limits::default() };
        let is_unsure = |number, hours| reports.current().is_unsure(number, at(hours), &limits);
        assert!(!is_unsure(4, 0));
        reader.read(&record(3, b"no framing", 1), &reports);
        assert!(is_unsure(4, 1) && is_unsure(4, 3), "as long as it would be used");
        assert!(!is_unsure(4, 4), "and no longer: such a partition stands still");
        assert!(!is_unsure(3, 1), "a partition knows its own");
        assert_eq!((reports.current().unreadable(), reports.current().iter().count()), (1, 2));
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        assert!(text.contains("left_out_total{topic=\"silences\"} 1"), "{text}");
        let bytes = encoder.encode(&records::SilenceReport::of(3, &report)).unwrap();
        reader.read(&record(3, &bytes, 2), &reports);
        assert!(!is_unsure(4, 2) && reports.current().unreadable() == 0);
    }
}
