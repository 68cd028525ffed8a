//! The dashboard's metrics, `mimamori_dashboard_…`.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chassis::Metrics;
use chassis::metrics::{LATENCY_SECONDS, Registered};
use clinical::Timestamp;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::registry::Sizes;

/// Upper bounds for the delay of alerts, seconds.
const ALERT_DELAY_SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// The dashboard's metrics; clones share them.
#[derive(Debug, Clone)]
pub struct DashboardMetrics {
    /// HTTP requests.
    pub(crate) requests: IntCounterVec,
    request_seconds: HistogramVec,
    /// Live streams that are open.
    pub stream_subscribers: IntGauge,
    /// Live streams that were ended because their reader was too slow.
    pub lagged_subscribers: IntCounter,
    /// From an alert's change to its being sent to the live streams.
    pub alert_delay_seconds: Histogram,
    /// Open alerts.
    pub open_alerts: IntGauge,
    /// Open alerts of patients whom nobody follows.
    pub unfollowed_alerts: IntGauge,
    /// Accepted readings of patients whom nobody follows.
    pub unfollowed_readings: IntCounter,
    waiting_patients: IntGauge,
    waiting_seconds: IntGauge,
    registry_entries: IntGaugeVec,
    /// Records that could not be read, by topic.
    pub unreadable_records: IntCounterVec,
    /// Care plans that no rule can follow.
    pub unusable_plans: IntCounter,
    /// Accesses refused because they could not be recorded.
    pub unrecorded_accesses: IntCounter,
    /// Sign-ins by result.
    pub sign_ins: IntCounterVec,
    /// Logouts that the provider has told of, by result.
    pub provider_logouts: IntCounterVec,
    /// Queries to ClickHouse by read model and result.
    pub queries: IntCounterVec,
    /// How long queries to ClickHouse take, by read model.
    pub query_seconds: HistogramVec,
}

impl DashboardMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// When a name is taken.
    pub fn new(metrics: &Metrics) -> Registered<Self> {
        Ok(Self {
            requests: metrics.counters(
                "requests_total",
                "HTTP requests by route, method and status",
                &["route", "method", "status"],
            )?,
            request_seconds: metrics.histograms(
                "request_seconds",
                "Time to the first byte of an answer, by route",
                LATENCY_SECONDS,
                &["route"],
            )?,
            stream_subscribers: metrics
                .gauge("stream_subscribers", "Open streams of live alerts")?,
            lagged_subscribers: metrics.counter(
                "lagged_subscribers_total",
                "Streams of live alerts ended because their reader was too slow",
            )?,
            alert_delay_seconds: metrics.histogram(
                "alert_delay_seconds",
                "From an alert's change to its being sent to the live streams",
                ALERT_DELAY_SECONDS,
            )?,
            open_alerts: metrics.gauge("open_alerts", "Open alerts of all patients")?,
            unfollowed_alerts: metrics
                .gauge("unfollowed_alerts", "Open alerts of patients whom nobody follows")?,
            unfollowed_readings: metrics.counter(
                "unfollowed_readings_total",
                "Accepted readings of patients who are in no list or whom nobody follows",
            )?,
            waiting_patients: metrics.gauge(
                "waiting_patients",
                "Patients of whom accepted readings are not in the store yet",
            )?,
            waiting_seconds: metrics.gauge(
                "waiting_seconds",
                "How long the oldest accepted reading has waited for the store",
            )?,
            registry_entries: metrics.gauges(
                "registry_entries",
                "Entries of the master lists in memory",
                &["list"],
            )?,
            unreadable_records: metrics.counters(
                "unreadable_records_total",
                "Kafka records that were skipped because they cannot be read",
                &["topic"],
            )?,
            unusable_plans: metrics.counter(
                "unusable_plans_total",
                "Care plans that no rule can follow; charts show the limits of the rule set instead",
            )?,
            unrecorded_accesses: metrics.counter(
                "unrecorded_accesses_total",
                "Accesses refused because they could not be recorded",
            )?,
            sign_ins: metrics.counters("sign_ins_total", "Sign-ins by result", &["result"])?,
            provider_logouts: metrics.counters(
                "provider_logouts_total",
                "Logouts that the OpenID provider has told of, by result",
                &["result"],
            )?,
            queries: metrics.counters(
                "queries_total",
                "Queries to ClickHouse by read model and result",
                &["read_model", "result"],
            )?,
            query_seconds: metrics.histograms(
                "query_seconds",
                "Duration of queries to ClickHouse by read model",
                LATENCY_SECONDS,
                &["read_model"],
            )?,
        })
    }

    /// Shows of how many patients readings wait for the store, and since when the longest.
    pub fn show_waiting(&self, (patients, since): (usize, Option<Timestamp>), now: Timestamp) {
        self.waiting_patients.set(i64::try_from(patients).unwrap_or(i64::MAX));
        self.waiting_seconds.set(since.map_or(0, |since| (now - since).millis().max(0) / 1000));
    }

    /// Shows how long the master lists are.
    pub fn show_registry(&self, sizes: Sizes) {
        let show = |list: &str, length: usize| {
            let length = i64::try_from(length).unwrap_or(i64::MAX);
            self.registry_entries.with_label_values(&[list]).set(length);
        };
        show("participants", sizes.participants);
        show("practitioners", sizes.practitioners);
        show("care_teams", sizes.care_teams);
    }
}

/// Counts and times a request, under its route's template: ids never become labels.
pub async fn observe(
    State(metrics): State<DashboardMetrics>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "DELETE") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let started = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("pages", MatchedPath::as_str);
    metrics.request_seconds.with_label_values(&[route]).observe(started.elapsed().as_secs_f64());
    metrics.requests.with_label_values(&[route, &method, response.status().as_str()]).inc();
    response
}
