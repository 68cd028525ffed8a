//! A Kafka that can be slow, full or forbidding, and remembers what it acknowledged.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use schemas::{AuditEvent, Codec, Decoder, Reading, Record};
use stream::SendError;

use crate::publish::{Acknowledgement, Publish};

#[derive(Debug)]
pub(super) struct FakeKafka {
    /// How many more records are queued before the queue is full.
    pub(super) room: AtomicUsize,
    /// How many of the queued records are acknowledged; the others wait for ever.
    pub(super) acknowledged: AtomicUsize,
    records: Mutex<Vec<Queued>>,
}

/// Topic, key and payload.
type Queued = (String, Option<Vec<u8>>, Vec<u8>);

impl FakeKafka {
    pub(super) fn new() -> Self {
        Self {
            room: AtomicUsize::new(usize::MAX),
            acknowledged: AtomicUsize::new(usize::MAX),
            records: Mutex::default(),
        }
    }

    pub(super) fn readings(&self) -> Vec<Reading> {
        self.decoded("readings.raw", &Codec::default().decoder())
    }

    pub(super) fn audits(&self) -> Vec<AuditEvent> {
        self.decoded("audit.events", &Codec::default().decoder())
    }

    /// The keys of `readings.raw`, in order.
    pub(super) fn keys(&self) -> Vec<String> {
        let records = self.records.lock().unwrap();
        let keys = records.iter().filter(|(topic, ..)| topic == "readings.raw");
        keys.map(|(_, key, _)| String::from_utf8(key.clone().unwrap()).unwrap()).collect()
    }

    fn decoded<T: Record>(&self, topic: &str, decoder: &Decoder<T>) -> Vec<T> {
        let records = self.records.lock().unwrap();
        let of_topic = records.iter().filter(|(name, ..)| name == topic);
        of_topic.map(|(.., payload)| decoder.decode(payload).unwrap()).collect()
    }
}

fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

impl Publish for FakeKafka {
    fn enqueue(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        payload: &[u8],
    ) -> Result<Acknowledgement, SendError> {
        if !take_one(&self.room) {
            return Err(SendError::QueueFull);
        }
        if !take_one(&self.acknowledged) {
            return Ok(Box::pin(std::future::pending()));
        }
        let record = (topic.to_owned(), key.map(<[u8]>::to_vec), payload.to_vec());
        self.records.lock().unwrap().push(record);
        Ok(Box::pin(async { Ok(()) }))
    }
}
