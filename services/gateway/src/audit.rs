//! Refused attempts and accesses to receipts, on record.
//!
//! An attempt to write for a consortium without the right to is always recorded. Attempts without a
//! valid credential can be made by anyone at any rate, so they are recorded at most once a second,
//! each record saying how many there were since the one before it. The last ones are recorded too:
//! a second after the record before, or when the gateway ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clinical::PatientId;
use prometheus::IntCounter;
use schemas::{AuditEvent, Encoder};
use tokio::time::{Instant, sleep_until, timeout};

use crate::publish::Publish;

/// Time between two records of attempts without a valid credential.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long an access to a receipt may take to be recorded.
const RECORDED_WITHIN: Duration = Duration::from_secs(5);

/// Cloning shares it.
#[derive(Clone)]
pub(crate) struct AuditTrail(Arc<Shared>);

struct Shared {
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

/// What an attempt calls for.
#[derive(Debug, PartialEq, Eq)]
enum Attempt {
    /// A record, which stands for so many attempts.
    Record(u64),
    /// It is the first that has no record yet: what there is by then is due at this time.
    RecordAt(Instant),
    /// Nothing: it is among those that will be recorded.
    Counted,
}

impl Sampled {
    fn attempt(&mut self, now: Instant) -> Attempt {
        self.left_out += 1;
        match self.too_early_until(now) {
            None => Attempt::Record(self.take(now)),
            Some(due) if self.left_out == 1 => Attempt::RecordAt(due),
            Some(_) => Attempt::Counted,
        }
    }

    /// How many attempts a record made now stands for, where there are any and it is not too early.
    fn due(&mut self, now: Instant) -> Option<u64> {
        (self.left_out > 0 && self.too_early_until(now).is_none()).then(|| self.take(now))
    }

    fn too_early_until(&self, now: Instant) -> Option<Instant> {
        self.last.map(|last| last + INTERVAL).filter(|due| now < *due)
    }

    fn take(&mut self, now: Instant) -> u64 {
        self.last = Some(now);
        std::mem::take(&mut self.left_out)
    }
}

impl AuditTrail {
    pub(crate) fn new(
        publish: Arc<dyn Publish>,
        topic: String,
        encoder: Encoder<AuditEvent>,
        failures: IntCounter,
    ) -> Self {
        let unauthenticated = Mutex::default();
        Self(Arc::new(Shared { publish, topic, encoder, failures, unauthenticated }))
    }

    /// A request without a valid credential was refused.
    pub(crate) fn unauthenticated(&self) {
        let attempt = self.sampled().attempt(Instant::now());
        match attempt {
            Attempt::Record(attempts) => self.record_unauthenticated(attempts),
            Attempt::RecordAt(due) => {
                let trail = self.clone();
                tokio::spawn(async move {
                    sleep_until(due).await;
                    let attempts = trail.sampled().due(Instant::now());
                    if let Some(attempts) = attempts {
                        trail.record_unauthenticated(attempts);
                    }
                });
            }
            Attempt::Counted => {}
        }
    }

    /// Records the attempts that have no record yet: there will be no later one.
    pub(crate) fn finish(&self) {
        let attempts = self.sampled().take(Instant::now());
        if attempts > 0 {
            self.record_unauthenticated(attempts);
        }
    }

    fn sampled(&self) -> MutexGuard<'_, Sampled> {
        self.0.unauthenticated.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record_unauthenticated(&self, attempts: u64) {
        self.record(AuditEvent {
            actor: "unknown".to_owned(),
            role: "none".to_owned(),
            consortium: None,
            detail: format!("no valid credential; attempts since the last record: {attempts}"),
            ..refused()
        });
    }

    /// A vendor was refused because of a consortium it may not write for, and of so many others.
    pub(crate) fn wrong_consortium(&self, vendor_id: &str, consortium_id: &str, others: usize) {
        let mut detail = "the vendor may not write for this consortium".to_owned();
        if others > 0 {
            detail.push_str(&format!(", nor for {others} others of the request"));
        }
        self.record(AuditEvent {
            actor: vendor_id.to_owned(),
            role: "vendor".to_owned(),
            consortium: Some(consortium_id.to_owned()),
            detail,
            ..refused()
        });
    }

    /// Records that a vendor is shown a receipt, or refused one: what is answered waits for it.
    ///
    /// # Errors
    /// When Kafka has not acknowledged the record in time.
    pub(crate) async fn receipt(&self, access: Receipt<'_>) -> Result<(), NotRecorded> {
        let event = AuditEvent {
            actor: access.vendor_id.to_owned(),
            role: "vendor".to_owned(),
            action: access.action.to_owned(),
            patient: access.patient.map(|patient| patient.as_str().to_owned()),
            consortium: access.patient.map(|patient| patient.consortium().to_owned()),
            allowed: access.allowed,
            detail: access.detail.to_owned(),
            ..refused()
        };
        let failed = |error: &dyn std::fmt::Display| {
            self.0.failures.inc();
            tracing::error!(%error, "an access to a receipt is not recorded; it is refused");
            NotRecorded
        };
        let payload = self.0.encoder.encode(&event).map_err(|error| failed(&error))?;
        let key = event.patient.as_deref().map(str::as_bytes);
        let queued = self.0.publish.enqueue(&self.0.topic, key, &payload);
        let acknowledgement = queued.map_err(|error| failed(&error))?;
        match timeout(RECORDED_WITHIN, acknowledgement).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(&error)),
            Err(elapsed) => Err(failed(&elapsed)),
        }
    }

    /// Queues a record; the answer to the sender does not wait for it.
    fn record(&self, event: AuditEvent) {
        let failures = self.0.failures.clone();
        let failed = move |error: &dyn std::fmt::Display| {
            failures.inc();
            tracing::error!(%error, "an audit record did not reach Kafka");
        };
        let queued = match self.0.encoder.encode(&event) {
            Ok(payload) => self.0.publish.enqueue(&self.0.topic, None, &payload),
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

/// An access to receipts.
#[derive(Debug)]
pub(crate) struct Receipt<'a> {
    vendor_id: &'a str,
    action: &'static str,
    patient: Option<&'a PatientId>,
    allowed: bool,
    detail: &'a str,
}

impl<'a> Receipt<'a> {
    /// To that of a reading.
    pub(crate) fn of_patient(
        vendor_id: &'a str,
        patient: &'a PatientId,
        allowed: bool,
        detail: &'a str,
    ) -> Self {
        Self { vendor_id, action: "read_receipt", patient: Some(patient), allowed, detail }
    }

    /// To a page of deliveries.
    pub(crate) fn of_list(vendor_id: &'a str, detail: &'a str) -> Self {
        Self { vendor_id, action: "list_deliveries", patient: None, allowed: true, detail }
    }
}

/// An access is not on record.
#[derive(Debug)]
pub(crate) struct NotRecorded;

fn refused() -> AuditEvent {
    AuditEvent {
        at: chassis::now_ms(),
        service: "gateway".to_owned(),
        actor: String::new(),
        role: String::new(),
        action: "write_readings".to_owned(),
        patient: None,
        consortium: None,
        allowed: false,
        detail: String::new(),
        session: None,
        patient_set: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_attempts_makes_one_record_a_second_that_counts_them_all() {
        let mut sampled = Sampled::default();
        let start = Instant::now();
        assert_eq!(sampled.attempt(start), Attempt::Record(1));
        let due = start + INTERVAL;
        assert_eq!(sampled.attempt(start + INTERVAL / 2), Attempt::RecordAt(due));
        for _ in 1..1000 {
            assert_eq!(sampled.attempt(start + INTERVAL / 2), Attempt::Counted);
        }
        assert_eq!(sampled.attempt(due), Attempt::Record(1001));
        assert_eq!(sampled.due(due), None);
    }

    #[test]
    fn the_last_attempts_of_a_flood_are_due_a_second_after_the_record_before() {
        let mut sampled = Sampled::default();
        let start = Instant::now();
        sampled.attempt(start);
        sampled.attempt(start);
        sampled.attempt(start);
        assert_eq!(sampled.due(start + INTERVAL / 2), None);
        assert_eq!(sampled.due(start + INTERVAL), Some(2));
        assert_eq!(sampled.due(start + INTERVAL), None);
        assert_eq!(sampled.attempt(start + INTERVAL), Attempt::RecordAt(start + INTERVAL * 2));
    }
}
