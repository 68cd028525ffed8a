//! How many bytes of records may be in flight at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A limit on the bytes in flight; clones share it. What is in flight has [`Permit`]s, which give
/// back when they are dropped, so no path through the pipeline can forget to.
#[derive(Debug, Clone)]
pub struct MemoryLimit {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    in_flight: AtomicU64,
    most: u64,
}

impl MemoryLimit {
    /// A limit of so many bytes.
    pub fn new(most: u64) -> Self {
        Self { inner: Arc::new(Inner { in_flight: AtomicU64::new(0), most }) }
    }

    /// Takes bytes in flight. Never refuses, because the record is there already; whoever fetches
    /// records asks [`MemoryLimit::is_full`] first.
    pub fn acquire(&self, bytes: u64) -> Permit {
        self.inner.in_flight.fetch_add(bytes, Ordering::AcqRel);
        Permit { memory: self.clone(), bytes }
    }

    /// Bytes in flight.
    pub fn in_flight(&self) -> u64 {
        self.inner.in_flight.load(Ordering::Acquire)
    }

    /// Whether no more should be fetched.
    pub fn is_full(&self) -> bool {
        self.in_flight() >= self.inner.most
    }

    /// Whether fetching may go on after it stopped: below three quarters, so that it does not stop
    /// and go at every record.
    pub fn has_room_again(&self) -> bool {
        self.in_flight() < self.inner.most / 4 * 3
    }
}

/// A part of the memory limit, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    memory: MemoryLimit,
    bytes: u64,
}

impl Permit {
    /// Joins another part of the same limit to this one.
    pub fn absorb(&mut self, mut other: Permit) {
        debug_assert!(Arc::ptr_eq(&self.memory.inner, &other.memory.inner));
        self.bytes += std::mem::take(&mut other.bytes);
    }

    #[cfg(test)]
    fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.memory.inner.in_flight.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fetching_stops_when_full_and_goes_on_below_three_quarters() {
        let memory = MemoryLimit::new(100);
        let first = memory.acquire(60);
        assert!(!memory.is_full());
        let second = memory.acquire(60);
        assert!(memory.is_full());
        drop(first);
        assert!(!memory.is_full() && memory.has_room_again());
        drop(second);
        assert_eq!(memory.in_flight(), 0);
    }

    proptest! {
        #[test]
        fn whatever_is_joined_and_dropped_all_comes_back(
            parts in proptest::collection::vec((0u64..1000, 0usize..4), 0..50)
        ) {
            let memory = MemoryLimit::new(1000);
            let mut piles: Vec<Permit> = (0..4).map(|_| memory.acquire(0)).collect();
            let mut expected = 0;
            for (bytes, pile) in parts {
                piles[pile].absorb(memory.acquire(bytes));
                expected += bytes;
                prop_assert_eq!(memory.in_flight(), expected);
                if bytes % 7 == 0 {
                    expected -= piles[pile].bytes();
                    piles[pile] = memory.acquire(0);
                    prop_assert_eq!(memory.in_flight(), expected);
                }
            }
            drop(piles);
            prop_assert_eq!(memory.in_flight(), 0);
        }
    }
}
