//! How many requests are in work at a time: of all vendors together, and of one, so that one that sends
//! more than it should costs itself and not its neighbours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests in work. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    most_of_a_vendor: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_vendor: HashMap<String, usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    vendor_id: String,
}

impl Places {
    /// So many places, of which one vendor has so many at most.
    pub(crate) fn new(most: usize, most_of_a_vendor: usize) -> Self {
        Self(Arc::new(Shared { most, most_of_a_vendor, taken: Mutex::default() }))
    }

    /// A place for a vendor, where there is one.
    pub(crate) fn take(&self, vendor_id: &str) -> Option<Place> {
        let mut taken = self.taken();
        let of_vendor = taken.by_vendor.get(vendor_id).copied().unwrap_or(0);
        if taken.all >= self.0.most || of_vendor >= self.0.most_of_a_vendor {
            return None;
        }
        taken.all += 1;
        taken.by_vendor.insert(vendor_id.to_owned(), of_vendor + 1);
        Some(Place { places: self.clone(), vendor_id: vendor_id.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(of_vendor) = taken.by_vendor.get_mut(&self.vendor_id) {
            *of_vendor -= 1;
            if *of_vendor == 0 {
                taken.by_vendor.remove(&self.vendor_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_vendor_leaves_places_to_the_others_and_gives_its_own_back() {
        let places = Places::new(4, 2);
        let own: Vec<Place> = (0..2).filter_map(|_| places.take("acme")).collect();
        assert_eq!(own.len(), 2);
        assert!(places.take("acme").is_none());
        let others = (places.take("other"), places.take("third"));
        assert!(others.0.is_some() && others.1.is_some());
        assert!(places.take("fourth").is_none());
        drop(own);
        assert!(places.take("acme").is_some());
        drop(others);
        assert_eq!(places.taken().all, 0);
        assert!(places.taken().by_vendor.is_empty());
    }
}
