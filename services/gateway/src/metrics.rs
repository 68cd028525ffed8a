//! What is counted and timed.

use axum::http::StatusCode;
use chassis::metrics::{LATENCY_SECONDS, Metrics, Registered};
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge};

use crate::error_response::ProblemCode;
use crate::exchange::{Rule, WarningRule, Warnings};

/// The gateway's metrics.
#[derive(Debug, Clone)]
pub(crate) struct GatewayMetrics {
    requests: IntCounterVec,
    readings: IntCounterVec,
    warnings: IntCounterVec,
    pub(crate) request_duration: Histogram,
    pub(crate) acknowledgement: Histogram,
    pub(crate) in_flight: IntGauge,
    pub(crate) audit_failures: IntCounter,
    pub(crate) registry_lag: IntGauge,
    unregistered: IntCounterVec,
    receipts: IntCounterVec,
    pub(crate) receipt_duration: Histogram,
}

impl GatewayMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Registered<Self> {
        let metrics = Self {
            requests: metrics.counters(
                "requests_total",
                "Requests by HTTP status, and by the problem that they are answered with",
                &["status", "problem"],
            )?,
            readings: metrics.counters(
                "readings_total",
                "Readings by what they were answered; rejected ones by the first rule they break, and \
                 those not stored by the rule for which they were not sent on, if any",
                &["outcome", "rule"],
            )?,
            warnings: metrics.counters(
                "warnings_total",
                "What was taken with a warning, by the warning's rule",
                &["rule"],
            )?,
            request_duration: metrics.histogram(
                "request_duration_seconds",
                "From a request's headers to its answer",
                LATENCY_SECONDS,
            )?,
            acknowledgement: metrics.histogram(
                "acknowledgement_duration_seconds",
                "From queueing a request's readings to the last acknowledgement by Kafka",
                LATENCY_SECONDS,
            )?,
            in_flight: metrics.gauge("requests_in_flight", "Requests in work")?,
            audit_failures: metrics
                .counter("audit_failures_total", "Audit records that did not reach Kafka")?,
            registry_lag: metrics
                .gauge("registry_lag_records", "Records of the master lists not read yet")?,
            unregistered: metrics.counters(
                "unregistered_readings_total",
                "Readings of patients who are in no list or whom nobody follows, and of consortia \
                 without an entry",
                &["what"],
            )?,
            receipts: metrics.counters(
                "receipts_total",
                "Requests for receipts by HTTP status",
                &["status"],
            )?,
            receipt_duration: metrics.histogram(
                "receipt_duration_seconds",
                "From a request for a receipt to its answer",
                LATENCY_SECONDS,
            )?,
        };
        // Series that exist from the start can be alerted on.
        for outcome in ["accepted", "not_stored"] {
            metrics.readings.with_label_values(&[outcome, ""]);
        }
        metrics.readings.with_label_values(&["not_stored", Rule::TimeZone.as_str()]);
        for rule in WarningRule::ALL {
            metrics.warnings.with_label_values(&[rule.as_str()]);
        }
        for what in ["patient", "consortium"] {
            metrics.unregistered.with_label_values(&[what]);
        }
        metrics.receipts.with_label_values(&[StatusCode::SERVICE_UNAVAILABLE.as_str()]);
        for rule in Rule::ALL.into_iter().filter(|rule| *rule != Rule::TimeZone) {
            metrics.readings.with_label_values(&["rejected", rule.as_str()]);
        }
        Ok(metrics)
    }

    pub(crate) fn answered(&self, status: StatusCode, problem: Option<ProblemCode>) {
        let problem = problem.map_or("", |ProblemCode(code)| code);
        self.requests.with_label_values(&[status.as_str(), problem]).inc();
    }

    pub(crate) fn unregistered(&self, what: &str, readings: usize) {
        self.unregistered.with_label_values(&[what]).inc_by(readings as u64);
    }

    pub(crate) fn receipt_answered(&self, status: StatusCode) {
        self.receipts.with_label_values(&[status.as_str()]).inc();
    }

    pub(crate) fn rejected(&self, rule: Rule, readings: usize) {
        self.readings.with_label_values(&["rejected", rule.as_str()]).inc_by(readings as u64);
    }

    /// Readings that were not sent to Kafka, for a reason that is not their sender's.
    pub(crate) fn not_stored(&self, rule: Rule, readings: usize) {
        self.readings.with_label_values(&["not_stored", rule.as_str()]).inc_by(readings as u64);
    }

    /// Readings that were sent to Kafka, by whether it has acknowledged them.
    pub(crate) fn published(&self, accepted: usize, not_acknowledged: usize) {
        self.readings.with_label_values(&["accepted", ""]).inc_by(accepted as u64);
        self.readings.with_label_values(&["not_stored", ""]).inc_by(not_acknowledged as u64);
    }

    pub(crate) fn warned(&self, warnings: &Warnings) {
        for (rule, count) in warnings.of_rules() {
            self.warnings.with_label_values(&[rule.as_str()]).inc_by(count as u64);
        }
    }
}
