//! The record of who looked at what, written before anything is shown.

use schemas::topics::Topic;
use schemas::{AuditEvent, AuditSet, Codec, Topics};
use stream::producer::Producer;

use crate::recorder::{Recorder, Recording};

/// Where accesses are recorded.
pub trait AuditLog: Send + Sync {
    /// Resolves when the record is safe.
    fn record(&self, event: AuditEvent) -> Recording<'_>;

    /// Resolves when the part of a set of patients is safe; accesses may refer to the set when all
    /// of its parts are.
    fn keep(&self, part: AuditSet) -> Recording<'_>;
}

/// Records accesses in the topic `audit.events`, and the sets that they refer to in `audit.sets`.
pub struct KafkaAuditLog {
    events: Recorder<AuditEvent>,
    sets: Recorder<AuditSet>,
}

impl KafkaAuditLog {
    /// A log that writes through the producer. Blocks where a schema registry is asked.
    ///
    /// # Errors
    /// When the schema registry does not take the schema.
    pub fn new(producer: Producer, codec: &Codec, topics: &Topics) -> anyhow::Result<Self> {
        let events = Recorder::new(producer.clone(), codec, topics, Topic::AuditEvents)?;
        let sets = Recorder::new(producer, codec, topics, Topic::AuditSets)?;
        Ok(Self { events, sets })
    }
}

impl AuditLog for KafkaAuditLog {
    fn record(&self, event: AuditEvent) -> Recording<'_> {
        Box::pin(async move { self.events.write(event.patient.as_deref(), &event).await })
    }

    fn keep(&self, part: AuditSet) -> Recording<'_> {
        let key = format!("{}/{}", part.patient_set, part.part);
        Box::pin(async move { self.sets.write(Some(&key), &part).await })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::recorder::NotRecorded;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Keeps records in memory, or fails.
    #[derive(Default)]
    pub(crate) struct MemoryAuditLog {
        pub(crate) events: Mutex<Vec<AuditEvent>>,
        pub(crate) sets: Mutex<Vec<AuditSet>>,
        pub(crate) broken: AtomicBool,
    }

    impl MemoryAuditLog {
        /// Action, patient and whether allowed, of every record.
        pub(crate) fn said(&self) -> Vec<(String, Option<String>, bool)> {
            let events = self.events.lock().unwrap();
            events
                .iter()
                .map(|event| (event.action.clone(), event.patient.clone(), event.allowed))
                .collect()
        }

        /// The patients of every access to several, with its action.
        pub(crate) fn listed(&self) -> Vec<(String, Vec<String>)> {
            let (events, sets) = (self.events.lock().unwrap(), self.sets.lock().unwrap());
            let listed = events.iter().filter_map(|event| {
                let id = event.patient_set.as_ref()?;
                let parts = sets.iter().filter(|part| part.patient_set == *id);
                let patients = parts.flat_map(|part| part.patients.clone()).collect();
                Some((event.action.clone(), patients))
            });
            listed.collect()
        }

        /// Every record.
        pub(crate) fn events(&self) -> Vec<AuditEvent> {
            self.events.lock().unwrap().clone()
        }

        fn works(&self) -> Result<(), NotRecorded> {
            match self.broken.load(Ordering::Relaxed) {
                true => Err(NotRecorded::failed(std::io::Error::other("out of order"))),
                false => Ok(()),
            }
        }
    }

    impl AuditLog for MemoryAuditLog {
        fn record(&self, event: AuditEvent) -> Recording<'_> {
            Box::pin(async move {
                self.works()?;
                self.events.lock().unwrap().push(event);
                Ok(())
            })
        }

        fn keep(&self, part: AuditSet) -> Recording<'_> {
            Box::pin(async move {
                self.works()?;
                self.sets.lock().unwrap().push(part);
                Ok(())
            })
        }
    }
}
