//! Refused attempts, on record.
//!
//! An attempt to write for a consortium without the right to is always recorded. Attempts without a
//! valid credential can be made by anyone at any rate, so they are recorded at most once a second,
//! each record saying how many there were since the one before it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::IntCounter;
use schemas::{AuditEvent, Encoder};

use crate::publish::Publish;

/// Time between two records of attempts without a valid credential.
const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) struct AuditTrail {
    publish: Arc<dyn Publish>,
    topic: String,
    encoder: Encoder<AuditEvent>,
    failures: IntCounter,
    unauthenticated: Mutex<Sampled>,
}

#[derive(Debug, Default)]
struct Sampled {
    last: Option<Instant>,
    left_out: u64,
}

impl Sampled {
    /// How many attempts a record made now stands for; none when it is too early for one.
    fn attempt(&mut self, now: Instant) -> Option<u64> {
        let too_early = self.last.is_some_and(|last| now.duration_since(last) < INTERVAL);
        if too_early {
            self.left_out += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.left_out) + 1)
    }
}

impl AuditTrail {
    pub(crate) fn new(
        publish: Arc<dyn Publish>,
        topic: String,
        encoder: Encoder<AuditEvent>,
        failures: IntCounter,
    ) -> Self {
        Self { publish, topic, encoder, failures, unauthenticated: Mutex::default() }
    }

    /// A request without a valid credential was refused.
    pub(crate) fn unauthenticated(&self) {
        let attempts = self
            .unauthenticated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .attempt(Instant::now());
        if let Some(attempts) = attempts {
            self.record(AuditEvent {
                actor: "unknown".to_owned(),
                role: "none".to_owned(),
                consortium: None,
                detail: format!("no valid credential; attempts since the last record: {attempts}"),
                ..refused()
            });
        }
    }

    /// A vendor was refused because of a consortium it may not write for.
    pub(crate) fn wrong_consortium(&self, vendor_id: &str, consortium_id: &str) {
        self.record(AuditEvent {
            actor: vendor_id.to_owned(),
            role: "vendor".to_owned(),
            consortium: Some(consortium_id.to_owned()),
            detail: "the vendor may not write for this consortium".to_owned(),
            ..refused()
        });
    }

    /// Queues a record; the answer to the sender does not wait for it.
    fn record(&self, event: AuditEvent) {
        let failures = self.failures.clone();
        let failed = move |error: &dyn std::fmt::Display| {
            failures.inc();
            tracing::error!(%error, "an audit record did not reach Kafka");
        };
        let queued = match self.encoder.encode(&event) {
            Ok(payload) => self.publish.enqueue(&self.topic, None, &payload),
            Err(error) => return failed(&error),
        };
        match queued {
            Ok(acknowledgement) => {
                tokio::spawn(async move {
                    if let Err(error) = acknowledgement.await {
                        failed(&error);
                    }
                });
            }
            Err(error) => failed(&error),
        }
    }
}

fn refused() -> AuditEvent {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    AuditEvent {
        at: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        service: "gateway".to_owned(),
        actor: String::new(),
        role: String::new(),
        action: "write_readings".to_owned(),
        patient: None,
        consortium: None,
        allowed: false,
        detail: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_attempts_makes_one_record_a_second_that_counts_them_all() {
        let mut sampled = Sampled::default();
        let start = Instant::now();
        assert_eq!(sampled.attempt(start), Some(1));
        for _ in 0..1000 {
            assert_eq!(sampled.attempt(start + INTERVAL / 2), None);
        }
        assert_eq!(sampled.attempt(start + INTERVAL), Some(1001));
    }
}
