//! The rebuild at hand, as the session sees it: what it has made, how far it is, and its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::error::StreamError;
use crate::transaction::rebuild::{Counts, Link, Rebuilt};
use crate::transaction::task::Observation;

type Outcome<S> = Result<Rebuilt<S>, StreamError>;

/// The rebuild at hand. It is cancelled when partitions are revoked and when the session ends.
pub(super) struct Rebuilding<S> {
    /// Each change of the assignment is another one; results of earlier ones are void.
    generation: u64,
    sender: Sender<(u64, Outcome<S>)>,
    results: Receiver<(u64, Outcome<S>)>,
    cancelled: Arc<AtomicBool>,
    counts: Arc<Counts>,
    reported: Reported,
}

/// [`Counts`] as they were reported to the task.
#[derive(Default, PartialEq)]
struct Reported {
    records: u64,
    passed: u64,
    total: u64,
}

impl<S> Rebuilding<S> {
    pub(super) fn new() -> Self {
        let (sender, results) = channel();
        let (cancelled, counts) = Default::default();
        Self { generation: 0, sender, results, cancelled, counts, reported: Reported::default() }
    }

    /// Cancels the rebuild at hand.
    pub(super) fn cancel(&mut self) {
        self.generation += 1;
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Begins another rebuild, in place of the one at hand.
    pub(super) fn begin(&mut self) -> Link<S> {
        self.cancel();
        self.cancelled = Arc::default();
        self.counts = Arc::default();
        self.reported = Reported::default();
        Link {
            generation: self.generation,
            results: self.sender.clone(),
            counts: self.counts.clone(),
            cancelled: self.cancelled.clone(),
        }
    }

    /// The next state that is rebuilt, or why the rebuild has failed; none when there is nothing new.
    pub(super) fn next(&mut self) -> Option<Outcome<S>> {
        let current = |(of, outcome)| (of == self.generation).then_some(outcome);
        self.results.try_iter().find_map(current)
    }

    /// How far the rebuild is, if that has changed.
    pub(super) fn progress(&mut self) -> Option<Observation<'static>> {
        let now = Reported {
            records: self.counts.records.load(Ordering::Relaxed),
            passed: self.counts.passed.load(Ordering::Relaxed),
            total: self.counts.total.load(Ordering::Relaxed),
        };
        if now == self.reported {
            return None;
        }
        let records = now.records - self.reported.records;
        let (passed, total) = (now.passed, now.total);
        self.reported = now;
        Some(Observation::Replayed { records, passed, total })
    }
}

impl<S> Drop for Rebuilding<S> {
    fn drop(&mut self) {
        self.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send<S>(link: &Link<S>, outcome: Outcome<S>) {
        link.results.send((link.generation, outcome)).unwrap();
    }

    #[test]
    fn what_comes_of_a_rebuild_that_was_cancelled_is_void() {
        let mut rebuilding = Rebuilding::<()>::new();
        let first = rebuilding.begin();
        send(&first, Err(StreamError::Panicked("rebuilding")));
        assert!(matches!(rebuilding.next(), Some(Err(StreamError::Panicked(_)))));
        let second = rebuilding.begin();
        assert!(first.cancelled.load(Ordering::Relaxed));
        send(&first, Err(StreamError::Cancelled));
        assert!(rebuilding.next().is_none());
        send(&first, Err(StreamError::Cancelled));
        send(&second, Err(StreamError::Panicked("rebuilding")));
        assert!(matches!(rebuilding.next(), Some(Err(StreamError::Panicked(_)))));
        drop(rebuilding);
        assert!(second.cancelled.load(Ordering::Relaxed));
    }

    #[test]
    fn progress_is_reported_when_it_has_changed_with_the_records_since_the_last_report() {
        let mut rebuilding = Rebuilding::<()>::new();
        let link = rebuilding.begin();
        assert!(rebuilding.progress().is_none());
        for (more, expected) in [(5, 5), (2, 2)] {
            link.counts.records.fetch_add(more, Ordering::Relaxed);
            let Some(Observation::Replayed { records, .. }) = rebuilding.progress() else {
                panic!("{more} records are not reported");
            };
            assert_eq!(records, expected);
            assert!(rebuilding.progress().is_none());
        }
    }
}
