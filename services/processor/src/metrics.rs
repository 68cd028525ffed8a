//! What the processor counts.

use chassis::Metrics;
use chassis::metrics::{BATCH_SIZES, LATENCY_SECONDS};
use clinical::alert::Alert;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use schemas::OutcomeTally;
use schemas::clinical_plan::Faults;
use schemas::topics::Topic;
use stream::record::Incoming;
use stream::transaction::Record;

use crate::rebuild::Replayed;

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
}

/// Counts what rules have to do without. Clones share the counters.
#[derive(Clone)]
pub struct LeftOut {
    records: IntCounterVec,
    plans: IntCounter,
    rule_sets: IntCounter,
}

impl LeftOut {
    /// The counters, at nothing.
    ///
    /// # Errors
    /// When the names are taken.
    pub fn register(metrics: &Metrics) -> chassis::metrics::Registered<Self> {
        let records = metrics.counters(
            "left_out_total",
            "Records that have no part in a patient's state because they cannot be read",
            &["topic"],
        )?;
        // Only a series that is there from the start is seen to grow.
        for replayed in Replayed::ALL {
            records.with_label_values(&[replayed.topic().base_name()]);
        }
        records.with_label_values(&[Topic::RegistryDevices.base_name()]);
        Ok(Self {
            records,
            plans: metrics.counter(
                "unusable_plans_total",
                "Care plans that no rule can follow; the defaults of the rule set hold instead",
            )?,
            rule_sets: metrics.counter(
                "unusable_rule_sets_total",
                "Rule sets that cannot be read or followed; those before them stay in force",
            )?,
        })
    }

    /// A record that cannot be read, or whose content cannot be restored.
    pub(crate) fn count_record(
        &self,
        topic: Topic,
        record: &Record<'_>,
        error: impl std::fmt::Display,
    ) {
        self.records.with_label_values(&[topic.base_name()]).inc();
        tracing::error!(
            kafka.topic = topic.base_name(),
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            %error,
            "a record is left out of its patient's state"
        );
    }

    /// A rule set that cannot be read, or asks for what no rule can do.
    pub(crate) fn count_rule_set(&self, record: &Incoming, error: impl std::fmt::Display) {
        self.rule_sets.inc();
        tracing::error!(
            kafka.topic = Topic::RuleSets.base_name(),
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            %error,
            "a rule set is not usable; those before it stay in force. `mimamori rules check` says why"
        );
    }

    /// An entry of the list of devices that cannot be read.
    pub(crate) fn count_device(&self, record: &Incoming, error: impl std::fmt::Display) {
        self.records.with_label_values(&[Topic::RegistryDevices.base_name()]).inc();
        tracing::error!(
            kafka.topic = Topic::RegistryDevices.base_name(),
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            %error,
            "an entry of the list of devices cannot be read: its product is not trusted"
        );
    }

    /// A care plan that asks for what no rule can do.
    pub(crate) fn count_plan(&self, record: &Record<'_>, error: &Faults) {
        self.plans.inc();
        tracing::warn!(
            kafka.topic = Topic::CarePlans.base_name(),
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            %error,
            "a care plan is not usable; the defaults of the rule set hold"
        );
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
        })
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
