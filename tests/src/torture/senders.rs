//! Devices and vendors: they send in order, and again until it is acknowledged.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::Duration;

use clinical::Timestamp;
use schemas::Reading;
use schemas::topics::Topic;
use simulator::transmission::{Payload, Route, Sending};
use stream::producer::{Outgoing, Producer};
use stream::{SendError, partition_for_key};

use super::delays::Delays;
use crate::readings::{document, now};
use crate::registered::TOKEN;
use crate::run::run;
use crate::stack::{PARTITIONS, Stack};
use crate::verdict::{Certainty, Sent};

/// Senders of each route; a patient has always the same.
const SENDERS: usize = 4;
/// Readings of a document, and records on their way to Kafka, of one sender.
const AT_ONCE: usize = 40;
const BEFORE_TRYING_AGAIN: Duration = Duration::from_millis(200);
/// One record in so many is written to a wrong partition, as by a vendor with another partitioner.
const MISROUTED: u64 = 100;

/// Everybody who sends.
pub(super) struct Senders<'a> {
    stack: &'a Stack,
    http: [Queue; SENDERS],
    kafka: [Queue; SENDERS],
    sent: Mutex<Sent>,
    delays: &'a Delays,
    /// No more will be taken.
    over: AtomicBool,
    /// The run has failed: everybody ends at once.
    given_up: AtomicBool,
    /// Decides who sends what, and what goes to a wrong partition.
    seed: u64,
    /// How many sendings each patient has had.
    numbers: Mutex<HashMap<String, u64>>,
}

/// What one sender has to send; the first ones may be on their way.
#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Queued>>,
    filled: Condvar,
}

/// What is sent to the wrong partition goes there however often it is tried.
#[derive(Clone)]
struct Queued {
    sending: Sending,
    is_misrouted: bool,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Queued>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Senders<'a> {
    pub(super) fn new(seed: u64, stack: &'a Stack, delays: &'a Delays) -> Self {
        Self {
            stack,
            http: Default::default(),
            kafka: Default::default(),
            sent: Mutex::default(),
            delays,
            over: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            seed,
            numbers: Mutex::default(),
        }
    }

    pub(super) fn start<'s>(&'s self, scope: &'s Scope<'s, '_>) {
        for queue in &self.http {
            scope.spawn(|| self.send_all(queue, |batch| self.by_http(batch)));
        }
        for queue in &self.kafka {
            let mut producer = None;
            scope.spawn(move || self.send_all(queue, |batch| self.by_kafka(&mut producer, batch)));
        }
    }

    /// Takes what is due.
    pub(super) fn take(&self, due: Vec<Sending>) {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        for sending in due {
            let key = key_of(&sending);
            let queues = if sending.via == Route::Http { &self.http } else { &self.kafka };
            let queue = &queues[draw(self.seed, &key, 0) as usize % SENDERS];
            let number = numbers.entry(key.clone()).or_default();
            *number += 1;
            let is_misrouted = draw(self.seed, &key, *number).is_multiple_of(MISROUTED);
            queue.waiting().push_back(Queued { sending, is_misrouted });
            queue.filled.notify_one();
        }
    }

    /// Nothing more is to be taken: the senders end when all is sent.
    pub(super) fn finish(&self) {
        self.over.store(true, Ordering::Release);
    }

    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    /// When the oldest was due of what is not acknowledged.
    pub(super) fn oldest_waiting(&self) -> Option<Timestamp> {
        let queues = self.http.iter().chain(&self.kafka);
        queues.filter_map(|queue| Some(queue.waiting().front()?.sending.at)).min()
    }

    pub(super) fn into_sent(self) -> Sent {
        self.sent.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn send_all(&self, queue: &Queue, mut send: impl FnMut(&[Queued]) -> usize) {
        loop {
            let mut waiting = queue.waiting();
            while waiting.is_empty() {
                if self.over.load(Ordering::Acquire) || self.given_up.load(Ordering::Acquire) {
                    return;
                }
                let (back, _) = queue
                    .filled
                    .wait_timeout(waiting, Duration::from_millis(100))
                    .unwrap_or_else(PoisonError::into_inner);
                waiting = back;
            }
            let first = consortium_of(&waiting[0].sending).to_owned();
            let goes_along = |s: &Sending| s.via == Route::Kafka || consortium_of(s) == first;
            let batch: Vec<Queued> = waiting
                .iter()
                .take(AT_ONCE)
                .take_while(|queued| goes_along(&queued.sending))
                .cloned()
                .collect();
            drop(waiting);
            let done = send(&batch);
            queue.waiting().drain(..done);
            if done < batch.len() {
                if self.given_up.load(Ordering::Acquire) {
                    return;
                }
                std::thread::sleep(BEFORE_TRYING_AGAIN);
            }
        }
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn acknowledge(&self, sending: &Sending) {
        if let Payload::Reading(reading) = &sending.payload {
            self.delays.acknowledged(reading, sending.at, now());
        }
    }

    /// Sends a document. How many of its readings have their answer: all or none.
    fn by_http(&self, batch: &[Queued]) -> usize {
        let batch = batch.iter().map(|queued| &queued.sending);
        let readings: Vec<Reading> = batch.clone().filter_map(reading_of).cloned().collect();
        let is_answered = match self.stack.try_post(Some(TOKEN), document(&readings)) {
            Ok(answer) => {
                let status = answer.status;
                assert!(matches!(status, 202 | 422 | 503), "{status}: {}", answer.body);
                if status == 503 {
                    assert!(answer.retry_after.is_some(), "503 without Retry-After");
                }
                status != 503
            }
            // The gateway is away.
            Err(_) => false,
        };
        let certainty = if is_answered { Certainty::Acknowledged } else { Certainty::Unknown };
        let mut sent = self.sent();
        readings.iter().for_each(|reading| sent.by_http(reading, certainty, now()));
        drop(sent);
        if !is_answered {
            return 0;
        }
        batch.clone().for_each(|sending| self.acknowledge(sending));
        batch.len()
    }

    /// Writes records. How many of the first ones were acknowledged without a gap: those behind a
    /// lost one are written again too, so that the order stays.
    fn by_kafka(&self, producer: &mut Option<Producer>, batch: &[Queued]) -> usize {
        let client = producer
            .get_or_insert_with(|| Producer::new(&self.stack.kafka, "vendor").unwrap())
            .clone();
        let topic = self.stack.topics.name(Topic::ReadingsRaw);
        let on_their_way: Vec<_> = batch
            .iter()
            .map(|queued| {
                let bytes = self.bytes_of(&queued.sending);
                let key = key_of(&queued.sending);
                let partition = queued.is_misrouted.then(|| wrong_partition(&key));
                let (key, payload) = (Some(key.as_bytes()), Some(&bytes[..]));
                let delivery = client.enqueue(Outgoing { topic: &topic, partition, key, payload });
                (delivery, bytes)
            })
            .collect();
        let mut in_order = None;
        let on_their_way = on_their_way.into_iter().zip(batch);
        for (number, ((delivery, bytes), Queued { sending, .. })) in on_their_way.enumerate() {
            let answer = delivery.and_then(|delivery| run().wait_for(delivery));
            match &answer {
                Ok(_) => self.note(sending, &bytes, Certainty::Acknowledged),
                Err(SendError::QueueFull) => {}
                Err(_) => self.note(sending, &bytes, Certainty::Unknown),
            }
            if answer.is_err() {
                in_order.get_or_insert(number);
                // A vendor's program would be started again.
                *producer = None;
            } else if in_order.is_none() {
                self.acknowledge(sending);
            }
        }
        in_order.unwrap_or(batch.len())
    }

    fn note(&self, sending: &Sending, bytes: &[u8], certainty: Certainty) {
        match &sending.payload {
            Payload::Reading(reading) => self.sent().by_kafka(reading, bytes, certainty, now()),
            Payload::Bytes { .. } => self.sent().garbage(bytes, certainty, now()),
        }
    }

    fn bytes_of(&self, sending: &Sending) -> Vec<u8> {
        match &sending.payload {
            Payload::Reading(reading) => self.stack.encoded(reading),
            Payload::Bytes { bytes, .. } => bytes.clone(),
        }
    }
}

fn wrong_partition(key: &str) -> i32 {
    (partition_for_key(key.as_bytes(), PARTITIONS) + 1) % PARTITIONS
}

/// A number by chance, the same for the same seed, patient and number of a sending. FNV-1a, and the
/// end of splitmix64 over it.
fn draw(seed: u64, key: &str, number: u64) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = [&seed.to_le_bytes(), &number.to_le_bytes(), key.as_bytes()].concat();
    let hash =
        bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

fn reading_of(sending: &Sending) -> Option<&Reading> {
    match &sending.payload {
        Payload::Reading(reading) => Some(reading),
        Payload::Bytes { .. } => None,
    }
}

fn key_of(sending: &Sending) -> String {
    match &sending.payload {
        Payload::Reading(reading) => reading.key(),
        Payload::Bytes { key, .. } => key.clone(),
    }
}

fn consortium_of(sending: &Sending) -> &str {
    reading_of(sending).map_or("", |reading| &reading.consortium_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_who_sends_and_what_goes_to_a_wrong_partition() {
        let draws = |seed| -> Vec<u64> {
            let of = |patient: u64| (0..500).map(move |number| (patient, number));
            let draw = |(patient, number)| draw(seed, &format!("TST001/S{patient:04}"), number);
            (0..20).flat_map(of).map(draw).collect()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        let misrouted = draws(1).iter().filter(|draw| draw.is_multiple_of(MISROUTED)).count();
        assert!((60..140).contains(&misrouted), "{misrouted} of 10000");
        let mut queues = [0; SENDERS];
        draws(1).iter().for_each(|draw| queues[*draw as usize % SENDERS] += 1);
        assert!(queues.iter().all(|sendings| *sendings > 2_000), "{queues:?}");
    }
}
