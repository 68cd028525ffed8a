//! What the processor counts.

use std::collections::BTreeSet;

use chassis::Metrics;
use chassis::metrics::{BATCH_SIZES, LATENCY_SECONDS};
use clinical::alert::Alert;
use clinical::silence::SilentGroup;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use schemas::OutcomeTally;
use schemas::clinical_plan::Faults;
use schemas::clinical_silence::names_of;
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
    silent_groups: SilentGroups,
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

    /// A report about silent groups that cannot be read.
    pub(crate) fn count_report(&self, record: &Incoming, error: impl std::fmt::Display) {
        let topic = Topic::Silences;
        self.records.with_label_values(&[topic.base_name()]).inc();
        tracing::error!(
            kafka.topic = topic.base_name(),
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            %error,
            "a report about silent groups is left out; its partition counts as one that says nothing"
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
            silent_groups: SilentGroups::register(metrics)?,
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
