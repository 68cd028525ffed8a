//! The versions of a consortium's readings, as far as whoever puts a time zone right has to look at them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use clinical::{ReadingId, Version};
use schemas::Reading;

/// A version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Current {
    pub(super) reading: Reading,
    pub(super) version: Version,
    /// When it was received, milliseconds since the epoch.
    pub(super) received: i64,
}

/// The versions of a consortium's readings, as far as they are to be looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Readings {
    /// The current ones.
    pub(super) current: BTreeMap<ReadingId, Current>,
    /// Of those that are not, the greatest of each offset but that of the current one: in a series another
    /// measurement's, whose wrong or right instant is the current one's.
    pub(super) others: BTreeMap<(ReadingId, i32), Current>,
}

impl Readings {
    pub(super) fn len(&self) -> usize {
        self.current.len()
    }

    /// Takes a version; of several the greatest is current.
    pub(super) fn take(&mut self, id: ReadingId, version: Current) {
        let known = match self.current.entry(id.clone()) {
            Entry::Vacant(free) => {
                free.insert(version);
                return;
            }
            Entry::Occupied(known) => known.into_mut(),
        };
        let mut older = version;
        if known.version < older.version {
            std::mem::swap(known, &mut older);
        }
        let [current, offset] = [&*known, &older].map(|it| it.reading.utc_offset_minutes);
        if offset != current {
            let is_greater = |other: &Current| other.version < older.version;
            if self.others.get(&(id.clone(), offset)).is_none_or(is_greater) {
                self.others.insert((id.clone(), offset), older);
            }
        }
        self.others.remove(&(id, current));
    }
}
