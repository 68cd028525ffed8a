//! How many bytes of records may be in hand at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A limit on the bytes in hand; clones share it. What is in hand is held by [`Hold`]s, which give
/// back when they are dropped, so no path through the pipeline can forget to.
#[derive(Debug, Clone)]
pub struct Budget {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    held: AtomicU64,
    most: u64,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(most: u64) -> Self {
        Self { inner: Arc::new(Inner { held: AtomicU64::new(0), most }) }
    }

    /// Takes bytes in hand. Never refuses, because the record is there already; whoever fetches
    /// records asks [`Budget::is_full`] first.
    pub fn hold(&self, bytes: u64) -> Hold {
        self.inner.held.fetch_add(bytes, Ordering::AcqRel);
        Hold { budget: self.clone(), bytes }
    }

    /// Bytes in hand.
    pub fn held(&self) -> u64 {
        self.inner.held.load(Ordering::Acquire)
    }

    /// Whether no more should be fetched.
    pub fn is_full(&self) -> bool {
        self.held() >= self.inner.most
    }

    /// Whether fetching may go on after it stopped: below three quarters, so that it does not stop
    /// and go at every record.
    pub fn has_room_again(&self) -> bool {
        self.held() < self.inner.most / 4 * 3
    }
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub struct Hold {
    budget: Budget,
    bytes: u64,
}

impl Hold {
    /// Joins another part of the same budget to this one.
    pub fn absorb(&mut self, mut other: Hold) {
        debug_assert!(Arc::ptr_eq(&self.budget.inner, &other.budget.inner));
        self.bytes += std::mem::take(&mut other.bytes);
    }

    #[cfg(test)]
    fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.budget.inner.held.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fetching_stops_when_full_and_goes_on_below_three_quarters() {
        let budget = Budget::new(100);
        let first = budget.hold(60);
        assert!(!budget.is_full());
        let second = budget.hold(60);
        assert!(budget.is_full());
        drop(first);
        assert!(!budget.is_full() && budget.has_room_again());
        drop(second);
        assert_eq!(budget.held(), 0);
    }

    proptest! {
        #[test]
        fn whatever_is_joined_and_dropped_all_comes_back(
            parts in proptest::collection::vec((0u64..1000, 0usize..4), 0..50)
        ) {
            let budget = Budget::new(1000);
            let mut piles: Vec<Hold> = (0..4).map(|_| budget.hold(0)).collect();
            let mut expected = 0;
            for (bytes, pile) in parts {
                piles[pile].absorb(budget.hold(bytes));
                expected += bytes;
                prop_assert_eq!(budget.held(), expected);
                if bytes % 7 == 0 {
                    expected -= piles[pile].bytes();
                    piles[pile] = budget.hold(0);
                    prop_assert_eq!(budget.held(), expected);
                }
            }
            drop(piles);
            prop_assert_eq!(budget.held(), 0);
        }
    }
}
