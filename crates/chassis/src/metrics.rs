//! Prometheus metrics under one naming rule: `mimamori_<service>_<noun>_<unit>`.

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result, TextEncoder,
};

/// Bucket bounds for latencies from half a millisecond to ten seconds.
pub const LATENCY_SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Bucket bounds for counts from one to a million, such as rows in a batch.
pub const BATCH_SIZES: &[f64] = &[
    1.0,
    10.0,
    100.0,
    500.0,
    1_000.0,
    5_000.0,
    10_000.0,
    50_000.0,
    100_000.0,
    500_000.0,
    1_000_000.0,
];

/// The metrics of one service; clones share them. Names are given without the prefix:
/// `counter("readings_total", …)` of the gateway is `mimamori_gateway_readings_total`. Labels
/// come from small closed sets and never hold patient data.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    prefix: String,
}

/// What registering a metric answers; it fails only for a malformed or repeated name.
pub type Registered<T> = Result<T>;

impl Metrics {
    /// An empty registry for the service.
    #[must_use]
    pub fn for_service(service: &str) -> Self {
        Self {
            registry: Registry::new(),
            prefix: format!("mimamori_{}", service.replace('-', "_")),
        }
    }

    /// The registry beneath, for collectors of other kinds.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A counter; its name ends in `_total`.
    ///
    /// # Errors
    /// When the name is malformed or taken.
    pub fn counter(&self, name: &str, help: &str) -> Registered<IntCounter> {
        self.register(IntCounter::with_opts(self.options(name, help))?)
    }

    /// Counters distinguished by labels; the name ends in `_total`.
    ///
    /// # Errors
    /// When a name is malformed or taken.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Registered<IntCounterVec> {
        self.register(IntCounterVec::new(self.options(name, help), labels)?)
    }

    /// A gauge.
    ///
    /// # Errors
    /// When the name is malformed or taken.
    pub fn gauge(&self, name: &str, help: &str) -> Registered<IntGauge> {
        self.register(IntGauge::with_opts(self.options(name, help))?)
    }

    /// Gauges distinguished by labels.
    ///
    /// # Errors
    /// When a name is malformed or taken.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Registered<IntGaugeVec> {
        self.register(IntGaugeVec::new(self.options(name, help), labels)?)
    }

    /// A histogram with the given upper bounds of its buckets, such as [`LATENCY_SECONDS`].
    ///
    /// # Errors
    /// When the name is malformed or taken, or the bounds do not ascend.
    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Registered<Histogram> {
        self.register(Histogram::with_opts(self.histogram_options(name, help, buckets))?)
    }

    /// Histograms distinguished by labels.
    ///
    /// # Errors
    /// When a name is malformed or taken, or the bounds do not ascend.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> Registered<HistogramVec> {
        let options = self.histogram_options(name, help, buckets);
        self.register(HistogramVec::new(options, labels)?)
    }

    /// All metrics in Prometheus's text form.
    ///
    /// # Errors
    /// When a collector outside this module reports something that has no text form.
    pub fn text(&self) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    fn options(&self, name: &str, help: &str) -> Opts {
        Opts::new(format!("{}_{name}", self.prefix), help)
    }

    fn histogram_options(&self, name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
        HistogramOpts::new(format!("{}_{name}", self.prefix), help).buckets(buckets.to_vec())
    }

    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> Result<C> {
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_platform_and_the_service() {
        let metrics = Metrics::for_service("local-clickhouse");
        let outcomes = metrics
            .counters("readings_total", "Readings by outcome", &["outcome"])
            .expect("a good name");
        outcomes.with_label_values(&["accepted"]).inc_by(2);
        let text = String::from_utf8(metrics.text().expect("text")).expect("UTF-8");
        assert!(
            text.contains("mimamori_local_clickhouse_readings_total{outcome=\"accepted\"} 2"),
            "{text}"
        );
    }

    #[test]
    fn a_name_that_is_taken_is_refused() {
        let metrics = Metrics::for_service("gateway");
        metrics.counter("requests_total", "Requests").expect("free");
        assert!(metrics.counter("requests_total", "Requests").is_err());
    }
}
