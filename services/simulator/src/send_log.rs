//! The send log: what is on its way, what was acknowledged, and what the oracle gets.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use clinical::Timestamp;
use schemas::Reading;

use crate::metrics::SimulatorMetrics;
use crate::oracle::{Expected, Oracle, validated};
use crate::transmission::{Payload, Route, Sending};

/// Shared by all senders of one run.
pub(crate) struct SendLog {
    pub(crate) metrics: SimulatorMetrics,
    oracle: Option<Mutex<Oracle>>,
    on_the_way: AtomicU64,
    acknowledged: AtomicU64,
}

/// The present.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(chassis::now_ms())
}

impl SendLog {
    pub(crate) fn new(metrics: SimulatorMetrics, with_oracle: bool) -> Self {
        Self {
            metrics,
            oracle: with_oracle.then(|| Mutex::new(Oracle::new())),
            on_the_way: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
        }
    }

    /// So many are handed over to the senders.
    pub(crate) fn handed_over(&self, count: u64) {
        self.on_the_way.fetch_add(count, Ordering::AcqRel);
        self.show();
    }

    /// Gateway or Kafka acknowledged it, or the gateway rejected it as it has to.
    pub(crate) fn acknowledged(&self, sending: &Sending) {
        let via = sending.via;
        self.metrics.sent.with_label_values(&[via.as_str(), sending.reason.as_str()]).inc();
        let expected = match &sending.payload {
            Payload::Reading(reading) => self.note(reading, via),
            Payload::Bytes { .. } => {
                if let Some(oracle) = &self.oracle {
                    lock(oracle).note_garbage();
                }
                Expected::Rejected(schemas::RejectionReason::Undecodable.as_str())
            }
        };
        if let Expected::Rejected(reason) = expected {
            self.metrics.rejected.with_label_values(&[via.as_str(), reason]).inc();
        }
        self.acknowledged.fetch_add(1, Ordering::AcqRel);
        self.settled();
    }

    fn note(&self, reading: &Reading, via: Route) -> Expected {
        match &self.oracle {
            Some(oracle) => lock(oracle).note_sent(reading, via, now()),
            None => match validated(reading, now()) {
                Ok(_) => Expected::Stored,
                Err(rejection) => Expected::Rejected(rejection.reason.as_str()),
            },
        }
    }

    /// It was given up. `maybe_sent`: it may have arrived all the same.
    pub(crate) fn given_up(&self, sending: &Sending, maybe_sent: bool) {
        self.metrics.unsent.with_label_values(&[sending.via.as_str()]).inc();
        if let (Some(oracle), Payload::Reading(reading), true) =
            (&self.oracle, &sending.payload, maybe_sent)
        {
            lock(oracle).note_uncertain(reading, now());
        }
        self.settled();
    }

    fn settled(&self) {
        self.on_the_way.fetch_sub(1, Ordering::AcqRel);
        self.show();
    }

    fn show(&self) {
        let count = i64::try_from(self.on_the_way()).unwrap_or(i64::MAX);
        self.metrics.on_the_way.set(count);
    }

    pub(crate) fn on_the_way(&self) -> u64 {
        self.on_the_way.load(Ordering::Acquire)
    }

    pub(crate) fn acknowledged_count(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    /// Writes what the store must hold; a reader never sees half a file.
    pub(crate) fn write_oracle(&self, path: &Path) -> anyhow::Result<()> {
        let Some(oracle) = &self.oracle else { return Ok(()) };
        let partial = path.with_added_extension("partial");
        let write = || -> std::io::Result<()> {
            let mut out = BufWriter::new(File::create(&partial)?);
            lock(oracle).dump(&mut out)?;
            out.flush()?;
            drop(out);
            std::fs::rename(&partial, path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A panic of one sender must not silence the others: the oracle is right after each note.
fn lock(oracle: &Mutex<Oracle>) -> std::sync::MutexGuard<'_, Oracle> {
    oracle.lock().unwrap_or_else(PoisonError::into_inner)
}
