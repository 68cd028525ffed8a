//! The memory that requests may take together, and each request's share of it. A share is asked for
//! before the memory is taken, so a body that becomes larger than it looks is refused in time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The memory that all requests in work may take together. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    taken: AtomicUsize,
    /// What several requests of one vendor may take together.
    limit_of_a_vendor: usize,
    /// As many as there are vendors in the master lists.
    by_vendor: Mutex<HashMap<String, Arc<AtomicUsize>>>,
}

/// What a request wants more has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// Other requests have it now.
    #[error("other requests have the memory; send the request again")]
    Now,
    /// The request would have no room if it were alone.
    #[error("a request may take at most {limit} bytes of memory; send several requests")]
    Ever {
        /// What all requests may take together, in bytes.
        limit: usize,
    },
}

impl Memory {
    /// Of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Inner {
            limit,
            taken: AtomicUsize::new(0),
            limit_of_a_vendor: most_of_a_vendor(limit),
            by_vendor: Mutex::default(),
        }))
    }

    /// The share of a new request, which has taken nothing yet.
    pub fn share(&self) -> Share {
        Share { memory: self.clone(), bytes: 0, of_vendor: Arc::default() }
    }

    /// The share of a new request of a vendor: with its other requests it leaves a part to the others.
    /// One request alone may take what there is.
    pub(crate) fn share_of(&self, vendor_id: &str) -> Share {
        let mut by_vendor = self.0.by_vendor.lock().unwrap_or_else(PoisonError::into_inner);
        let of_vendor = match by_vendor.get(vendor_id) {
            Some(known) => known.clone(),
            None => by_vendor.entry(vendor_id.to_owned()).or_default().clone(),
        };
        Share { memory: self.clone(), bytes: 0, of_vendor }
    }

    /// How many bytes are taken.
    pub fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Relaxed)
    }
}

/// What one request has taken, in bytes. It is given back when the share is dropped.
#[derive(Debug)]
pub struct Share {
    memory: Memory,
    bytes: usize,
    /// What all requests of the same vendor have taken.
    of_vendor: Arc<AtomicUsize>,
}

impl Share {
    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes so many bytes more.
    ///
    /// # Errors
    /// [`NoRoom`]; then nothing more is taken.
    pub fn take(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let Inner { limit, taken, limit_of_a_vendor, .. } = &*self.memory.0;
        let own = self.bytes.saturating_add(bytes);
        if own > *limit {
            return Err(NoRoom::Ever { limit: *limit });
        }
        let of_vendor = |taken: usize| {
            let is_alone = taken == self.bytes;
            let more = taken.checked_add(bytes)?;
            (is_alone || more <= *limit_of_a_vendor).then_some(more)
        };
        let of_all = |taken: usize| taken.checked_add(bytes).filter(|taken| taken <= limit);
        add(&self.of_vendor, of_vendor)?;
        if let Err(no_room) = add(taken, of_all) {
            self.of_vendor.fetch_sub(bytes, Ordering::Relaxed);
            return Err(no_room);
        }
        self.bytes = own;
        Ok(())
    }

    /// Makes room in a list for at least `more` values, so that it grows by halves.
    ///
    /// # Errors
    /// [`NoRoom`]; then the list is as it was.
    pub(crate) fn reserve<T>(&mut self, list: &mut Vec<T>, more: usize) -> Result<(), NoRoom> {
        if list.capacity() - list.len() >= more {
            return Ok(());
        }
        let more = more.max(list.len() / 2);
        let longer = list.len() + more - list.capacity();
        self.take(longer.saturating_mul(size_of::<T>()))?;
        list.reserve_exact(more);
        Ok(())
    }

    /// Gives so many bytes back.
    pub(crate) fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.memory.0.taken.fetch_sub(bytes, Ordering::Relaxed);
        self.of_vendor.fetch_sub(bytes, Ordering::Relaxed);
        self.bytes -= bytes;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

/// Three quarters: what one vendor may have of places and memory while others may need them too. Ours.
pub(crate) fn most_of_a_vendor(all: usize) -> usize {
    all - all / 4
}

fn add(taken: &AtomicUsize, more: impl FnMut(usize) -> Option<usize>) -> Result<(), NoRoom> {
    let added = taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    added.map(drop).map_err(|_full| NoRoom::Now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_vendor_leave_a_part_to_the_others_and_one_alone_may_take_all() {
        let memory = Memory::new(100);
        let (mut one, mut other) = (memory.share_of("acme"), memory.share_of("acme"));
        assert_eq!(one.take(60), Ok(()));
        assert_eq!(other.take(16), Err(NoRoom::Now));
        assert_eq!(other.take(15), Ok(()));
        assert_eq!(memory.share_of("other").take(25), Ok(()));
        drop(one);
        assert_eq!(other.take(85), Ok(()), "nothing else of it is in work");
        assert_eq!(memory.share_of("other").take(1), Err(NoRoom::Now));
        drop(other);
        assert_eq!(memory.taken(), 0);
        assert_eq!(memory.share_of("acme").take(100), Ok(()));
    }

    #[test]
    fn what_has_no_room_now_has_it_when_the_others_are_done() {
        let memory = Memory::new(100);
        let (mut one, mut other) = (memory.share(), memory.share());
        assert_eq!(one.take(60), Ok(()));
        assert_eq!(other.take(41), Err(NoRoom::Now));
        assert_eq!(other.take(40), Ok(()));
        assert_eq!((memory.taken(), other.bytes()), (100, 40));
        one.give_back(10);
        assert_eq!(other.take(10), Ok(()));
        drop(one);
        assert_eq!(memory.taken(), 50);
        assert_eq!(other.take(51), Err(NoRoom::Ever { limit: 100 }));
        assert_eq!(other.take(usize::MAX), Err(NoRoom::Ever { limit: 100 }));
        drop(other);
        assert_eq!(memory.taken(), 0);
    }

    #[test]
    fn a_list_takes_what_it_allocates_and_never_twice_what_it_holds() {
        let memory = Memory::new(usize::MAX);
        let mut share = memory.share();
        let mut list: Vec<u64> = Vec::new();
        for number in 0..10_000 {
            share.reserve(&mut list, 1).unwrap();
            list.push(number);
            assert_eq!(share.bytes(), list.capacity() * 8);
            assert!(list.capacity() <= list.len().max(2) * 3 / 2, "{}", list.capacity());
        }
    }

    #[test]
    fn a_list_without_room_stays_as_it_is() {
        let mut share = Memory::new(100).share();
        let mut list = vec![1_u8];
        assert_eq!(share.reserve(&mut list, 200), Err(NoRoom::Ever { limit: 100 }));
        assert_eq!((list.capacity(), share.bytes()), (1, 0));
    }
}
