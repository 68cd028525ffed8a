//! What the processor counts.

use std::collections::BTreeSet;

use chassis::Metrics;
use chassis::metrics::{BATCH_SIZES, LATENCY_SECONDS};
use clinical::alert::Alert;
use clinical::silence::SilentGroup;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use schemas::OutcomeTally;
use schemas::clinical_silence::names_of;

use crate::left_out::LeftOut;

/// The processor's metrics. Counts of records are of committed transactions only.
pub struct ProcessorMetrics {
    readings: IntCounterVec,
    rejections: IntCounterVec,
    alerts: IntCounterVec,
    pub(crate) values_left_out: IntCounter,
    pub(crate) transaction_records: Histogram,
    pub(crate) transaction_seconds: Histogram,
    pub(crate) aborted: IntCounter,
    pub(crate) lag: IntGaugeVec,
    pub(crate) partitions: IntGaugeVec,
    pub(crate) rebuilt_records: IntCounter,
    pub(crate) rebuild_records: IntGaugeVec,
    pub(crate) rebuild_seconds: Histogram,
    pub(crate) alert_seconds: Histogram,
    pub(crate) patients: IntGauge,
    pub(crate) left_out: LeftOut,
    silent_groups: SilentGroups,
    pub(crate) unreadable_reports: IntGauge,
    pub(crate) groups_left_out: IntGauge,
}

/// Which groups of patients are silent. A group that is heard again has no series.
struct SilentGroups {
    patients: IntGaugeVec,
    since: IntGaugeVec,
    shown: BTreeSet<[String; 3]>,
}

impl SilentGroups {
    fn register(metrics: &Metrics) -> chassis::metrics::Registered<Self> {
        let labels = ["group", "name", "model"];
        Ok(Self {
            patients: metrics.gauges(
                "silent_patients",
                "Patients of a silent vendor, model or consortium who are not heard",
                &labels,
            )?,
            since: metrics.gauges(
                "silence_began_timestamp_seconds",
                "Since when the vendor, model or consortium has been silent",
                &labels,
            )?,
            shown: BTreeSet::new(),
        })
    }

    fn show(&mut self, groups: &[SilentGroup]) {
        let mut shown = BTreeSet::new();
        for silent in groups {
            let (kind, name, model) = names_of(&silent.group);
            let labels = [kind, name, model.unwrap_or_default()];
            self.patients.with_label_values(&labels).set(silent.patients.into());
            self.since.with_label_values(&labels).set(silent.since.seconds());
            shown.insert(labels.map(str::to_owned));
        }
        // Those that go on are never without a series: an alarm would end and begin anew.
        for labels in self.shown.difference(&shown) {
            let labels = labels.each_ref().map(String::as_str);
            let _ = self.patients.remove_label_values(&labels);
            let _ = self.since.remove_label_values(&labels);
        }
        self.shown = shown;
    }
}

impl ProcessorMetrics {
    pub(crate) fn register(metrics: &Metrics) -> anyhow::Result<Self> {
        Ok(Self {
            readings: metrics.counters(
                "readings_total",
                "Raw records by what became of them",
                &["outcome"],
            )?,
            rejections: metrics.counters(
                "rejections_total",
                "Rejected records by reason",
                &["reason"],
            )?,
            alerts: metrics.counters(
                "alerts_total",
                "Alert events by rule, severity and transition",
                &["rule", "severity", "transition"],
            )?,
            values_left_out: metrics.counter(
                "values_left_out_total",
                "Values of optional fields without which readings were taken because they cannot be true",
            )?,
            transaction_records: metrics.histogram(
                "transaction_records",
                "Records consumed in a transaction",
                BATCH_SIZES,
            )?,
            transaction_seconds: metrics.histogram(
                "transaction_seconds",
                "From a transaction's beginning to its commit",
                LATENCY_SECONDS,
            )?,
            aborted: metrics.counter("aborted_total", "Sessions ended by an error")?,
            lag: metrics.gauges(
                "lag_records",
                "Records of readings.raw still to be processed",
                &["partition"],
            )?,
            partitions: metrics.gauges(
                "partitions_count",
                "Partitions owned, by state: ready or rebuilding",
                &["state"],
            )?,
            rebuilt_records: metrics
                .counter("rebuilt_records_total", "Records replayed while rebuilding states")?,
            rebuild_records: metrics.gauges(
                "rebuild_records",
                "Records of the rebuild at hand or the last one: replayed, and in total, by offsets",
                &["state"],
            )?,
            rebuild_seconds: metrics.histogram(
                "rebuild_seconds",
                "How long the rebuild of a partition's state took",
                LATENCY_SECONDS,
            )?,
            alert_seconds: metrics.histogram(
                "alert_seconds",
                "From the receipt of the reading that changed an alert, or from when time was to \
                 change it, to the commit of the change",
                LATENCY_SECONDS,
            )?,
            patients: metrics.gauge("patients_count", "Patients remembered")?,
            left_out: LeftOut::register(metrics)?,
            silent_groups: SilentGroups::register(metrics)?,
            unreadable_reports: metrics.gauge(
                "silence_reports_unreadable_count",
                "Partitions whose newest report about silent groups cannot be read",
            )?,
            groups_left_out: metrics.gauge(
                "silence_groups_left_out_count",
                "Vendors, models and consortia of owned partitions that are not reported because there \
                 are too many",
            )?,
        })
    }

    /// Shows the groups that are silent now.
    pub(crate) fn show_silent(&mut self, groups: &[SilentGroup]) {
        self.silent_groups.show(groups);
    }

    pub(crate) fn count(&self, tally: &OutcomeTally) {
        for (outcome, records) in tally.counts() {
            self.readings.with_label_values(&[outcome]).inc_by(records.max(0) as u64);
        }
    }

    pub(crate) fn count_rejection(&self, reason: &str) {
        self.rejections.with_label_values(&[reason]).inc();
    }

    pub(crate) fn count_alert(&self, alert: &Alert) {
        let labels = [alert.rule.as_str(), alert.severity.as_str(), alert.transition.as_str()];
        self.alerts.with_label_values(&labels).inc();
    }
}

#[cfg(test)]
mod tests {
    use clinical::Timestamp;
    use clinical::silence::Group;

    use super::*;

    #[test]
    fn a_silent_group_has_a_series_until_it_is_heard_again() {
        let metrics = Metrics::for_service("processor");
        let mut shown = SilentGroups::register(&metrics).unwrap();
        let silent = |name: &str, patients| SilentGroup {
            group: Group::Vendor(name.into()),
            since: Timestamp::from_seconds(1_795_000_000),
            patients,
            members: 40,
            counted_at: Timestamp::from_seconds(1_795_003_600),
        };
        let mut show = |groups: &[SilentGroup]| {
            shown.show(groups);
            let text = String::from_utf8(metrics.text().unwrap()).unwrap();
            let series = text.lines().filter(|line| line.starts_with("mimamori_processor_silen"));
            series.map(str::to_owned).collect::<Vec<String>>()
        };
        let patients = |name: &str, number: u32| {
            format!(
                "mimamori_processor_silent_patients{{group=\"vendor\",model=\"\",name=\"{name}\"}} {number}"
            )
        };
        let both = show(&[silent("A", 38), silent("B", 12)]);
        assert!(both.contains(&patients("A", 38)) && both.contains(&patients("B", 12)), "{both:?}");
        assert!(both.iter().any(|line| line.ends_with(" 1795000000")), "{both:?}");
        let one = show(&[silent("B", 11)]);
        assert!(one.contains(&patients("B", 11)) && one.len() == 2, "{one:?}");
        assert!(show(&[]).is_empty());
    }
}
