//! What is to be sent, in the order in which it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use clinical::Timestamp;

use crate::transmission::Sending;

/// Sendings that wait for their time.
#[derive(Default)]
pub struct Timetable {
    waiting: BinaryHeap<Reverse<Queued>>,
    queued: u64,
}

/// Ordered by due time, then by the order of queueing, so that equal seeds give equal orders.
struct Queued {
    order: (Timestamp, u64),
    sending: Sending,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

impl Timetable {
    /// Queues sendings.
    pub fn extend(&mut self, sendings: impl IntoIterator<Item = Sending>) {
        for sending in sendings {
            self.queued += 1;
            let order = (sending.at, self.queued);
            self.waiting.push(Reverse(Queued { order, sending }));
        }
    }

    /// Takes what is due before a time, earliest first.
    pub fn due(&mut self, before: Timestamp) -> Vec<Sending> {
        let mut due = Vec::new();
        while self.waiting.peek().is_some_and(|Reverse(first)| first.order.0 < before) {
            due.extend(self.waiting.pop().map(|Reverse(queued)| queued.sending));
        }
        due
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
