//! What the writer counts and measures.

use std::time::{Duration, Instant};

use chassis::Metrics;
use chassis::metrics::{BATCH_SIZES, LATENCY_SECONDS, Registered};
use prometheus::core::{AtomicF64, GenericGauge};
use prometheus::{Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec};

use crate::faults::Fault;
use crate::tables::Table;

const BATCH_BYTES: &[f64] = &[
    1_000.0,
    10_000.0,
    100_000.0,
    1_000_000.0,
    4_000_000.0,
    8_000_000.0,
    16_000_000.0,
    32_000_000.0,
    64_000_000.0,
];

/// The writer's metrics; clones share them.
#[derive(Clone)]
pub struct WriterMetrics {
    rows: IntCounterVec,
    batch_rows: HistogramVec,
    batch_bytes: Histogram,
    insert_seconds: HistogramVec,
    retries: IntCounterVec,
    dead_letters: IntCounterVec,
    lag: IntGaugeVec,
    oldest_unsaved: GenericGauge<AtomicF64>,
    in_flight: Gauge,
    paused: IntCounter,
    aggregates_behind: Gauge,
    aggregated_hours: IntCounter,
}

impl WriterMetrics {
    /// Registers them.
    ///
    /// # Errors
    /// When they are registered already.
    pub fn register(metrics: &Metrics) -> Registered<Self> {
        let gauge = |name: &str, help: &str| -> Registered<Gauge> {
            let gauge = Gauge::new(format!("mimamori_writer_{name}"), help)?;
            metrics.registry().register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        Ok(Self {
            rows: metrics.counters("rows_total", "Rows inserted, by table", &["table"])?,
            batch_rows: metrics.histograms(
                "batch_rows",
                "Rows in a batch, by table",
                BATCH_SIZES,
                &["table"],
            )?,
            batch_bytes: metrics.histogram("batch_bytes", "Bytes in a batch", BATCH_BYTES)?,
            insert_seconds: metrics.histograms(
                "insert_seconds",
                "How long inserts take that succeed, by table",
                LATENCY_SECONDS,
                &["table"],
            )?,
            retries: metrics.counters(
                "retries_total",
                "Inserts that failed and are tried again, by what the failure means",
                &["fault"],
            )?,
            dead_letters: metrics.counters(
                "dead_letters_total",
                "Records written to the dead-letter topic, by reason",
                &["reason"],
            )?,
            lag: metrics.gauges(
                "lag_records",
                "Records of a topic that are not read yet",
                &["topic"],
            )?,
            oldest_unsaved: gauge(
                "oldest_unsaved_seconds",
                "How long the oldest record in flight has waited to be stored",
            )?,
            in_flight: gauge(
                "in_flight_bytes",
                "Bytes of records that are read and not stored yet",
            )?,
            paused: metrics.counter(
                "pauses_total",
                "Times that reading was paused because too much was in flight",
            )?,
            aggregates_behind: gauge(
                "aggregates_behind_seconds",
                "How long ago the inserts began that are in the aggregates of hours; 0 of a writer that does not keep them",
            )?,
            aggregated_hours: metrics.counter(
                "aggregated_hours_total",
                "Hours of a patient and kind that were computed",
            )?,
        })
    }

    pub(crate) fn inserted(&self, table: Table, rows: usize, bytes: usize, took: Duration) {
        let label = [table.name()];
        self.rows.with_label_values(&label).inc_by(rows as u64);
        self.batch_rows.with_label_values(&label).observe(rows as f64);
        self.batch_bytes.observe(bytes as f64);
        self.insert_seconds.with_label_values(&label).observe(took.as_secs_f64());
    }

    pub(crate) fn retried(&self, fault: Fault) {
        self.retries.with_label_values(&[fault.as_str()]).inc();
    }

    #[cfg(test)]
    pub(crate) fn retries(&self, fault: Fault) -> u64 {
        self.retries.with_label_values(&[fault.as_str()]).get()
    }

    pub(crate) fn dead_letter(&self, reason: &str) {
        self.dead_letters.with_label_values(&[reason]).inc();
    }

    pub(crate) fn lag(&self, topic: &str, records: i64) {
        self.lag.with_label_values(&[topic]).set(records);
    }

    pub(crate) fn in_flight(&self, bytes: u64, oldest: Option<Instant>) {
        self.in_flight.set(bytes as f64);
        self.oldest_unsaved.set(oldest.map_or(0.0, |since| since.elapsed().as_secs_f64()));
    }

    pub(crate) fn aggregates_behind(&self, behind: Duration) {
        self.aggregates_behind.set(behind.as_secs_f64());
    }

    #[cfg(test)]
    pub(crate) fn behind_seconds(&self) -> f64 {
        self.aggregates_behind.get()
    }

    pub(crate) fn aggregated(&self, hours: usize) {
        self.aggregated_hours.inc_by(hours as u64);
    }

    pub(crate) fn paused(&self) {
        self.paused.inc();
    }
}
