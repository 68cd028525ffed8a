//! The notifier's metrics, `mimamori_notifier_…`.

use chassis::Metrics;
use chassis::metrics::Registered;
use prometheus::{Histogram, IntCounterVec, IntGauge};

/// From a step's being decided to its delivery, seconds.
const DELIVERY_SECONDS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0];

/// The metrics; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct NotifierMetrics {
    /// 1 where this instance sends, 0 where it stands by.
    pub(crate) active: IntGauge,
    /// Messages by channel and result: delivered, failed (an attempt) or gave_up.
    pub(crate) messages: IntCounterVec,
    /// How long deliveries take.
    pub(crate) delivery_seconds: Histogram,
    /// Open urgent alerts that nobody sees to.
    pub(crate) unattended: IntGauge,
    /// Of these, those of which nobody could be notified.
    pub(crate) undelivered: IntGauge,
    /// Of these, those of which the whole list was due some time ago.
    pub(crate) overdue: IntGauge,
    /// Teams with nobody on call.
    pub(crate) teams_without_on_call: IntGauge,
    /// Entries of on-call lists that cannot be used.
    pub(crate) unusable_entries: IntGauge,
    /// Records that cannot be read, by topic.
    pub(crate) unreadable_records: IntCounterVec,
}

impl NotifierMetrics {
    /// # Errors
    /// When a name is taken.
    pub(crate) fn new(metrics: &Metrics) -> Registered<Self> {
        Ok(Self {
            active: metrics.gauge("active", "1 where this instance sends, 0 where it stands by")?,
            messages: metrics.counters(
                "messages_total",
                "Messages by channel and result: delivered, failed (an attempt of several) or gave_up",
                &["channel", "result"],
            )?,
            delivery_seconds: metrics.histogram(
                "delivery_seconds",
                "From an attempt's begin to the receiver's taking the message",
                DELIVERY_SECONDS,
            )?,
            unattended: metrics.gauge(
                "unattended_urgent_alerts",
                "Open urgent alerts that nobody has acknowledged, closed or put off",
            )?,
            undelivered: metrics.gauge(
                "undelivered_urgent_alerts",
                "Open urgent alerts that nobody sees to and of which nobody could be notified",
            )?,
            overdue: metrics.gauge(
                "overdue_urgent_alerts",
                "Open urgent alerts that nobody sees to some time after the last of the on-call list was due",
            )?,
            teams_without_on_call: metrics.gauge(
                "teams_without_on_call",
                "Care teams of patients without an on-call list, their own or their consortium's",
            )?,
            unusable_entries: metrics.gauge(
                "unusable_on_call_entries",
                "Entries of on-call lists that cannot be used",
            )?,
            unreadable_records: metrics.counters(
                "unreadable_records_total",
                "Records that were skipped because they cannot be read, by topic",
                &["topic"],
            )?,
        })
    }
}
