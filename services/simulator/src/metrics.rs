//! What is counted.

use chassis::metrics::{LATENCY_SECONDS, Metrics, Registered};
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge};

/// The simulator's metrics.
#[derive(Debug, Clone)]
pub(crate) struct SimulatorMetrics {
    pub(crate) sent: IntCounterVec,
    pub(crate) answers: IntCounterVec,
    pub(crate) rejected: IntCounterVec,
    pub(crate) disagreements: IntCounter,
    pub(crate) unsent: IntCounterVec,
    pub(crate) on_the_way: IntGauge,
    pub(crate) request_duration: Histogram,
}

impl SimulatorMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Registered<Self> {
        Ok(Self {
            sent: metrics.counters(
                "sent_total",
                "Readings and garbage that were acknowledged, by route and reason",
                &["route", "reason"],
            )?,
            answers: metrics.counters(
                "http_answers_total",
                "Answers of the gateway by status; 'none' where there was no answer",
                &["status"],
            )?,
            rejected: metrics.counters(
                "rejected_total",
                "Sends that have to be rejected, by route and reason",
                &["route", "reason"],
            )?,
            disagreements: metrics.counter(
                "disagreements_total",
                "Documents of which the gateway rejected more or fewer readings than it had to",
            )?,
            unsent: metrics.counters(
                "unsent_total",
                "Readings that were given up: refused as a whole, or cut off by the end",
                &["route"],
            )?,
            on_the_way: metrics.gauge("on_the_way_readings", "Readings on their way")?,
            request_duration: metrics.histogram(
                "http_request_duration_seconds",
                "From sending a document to the gateway's answer",
                LATENCY_SECONDS,
            )?,
        })
    }
}
