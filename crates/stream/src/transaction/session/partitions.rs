//! The partitions that a session owns, and their states.

use std::collections::HashMap;

use crate::transaction::inputs::Positions;

/// A state that is ready to process.
pub(super) struct Ready<S> {
    pub(super) state: S,
    pub(super) positions: Positions,
}

/// The partitions that are owned. Each is being rebuilt, or ready.
pub(super) struct Partitions<S>(HashMap<i32, Partition<S>>);

enum Partition<S> {
    Rebuilding,
    Ready(Ready<S>),
}

impl<S> Default for Partitions<S> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<S> Partitions<S> {
    /// Takes in partitions whose states are to be rebuilt.
    pub(super) fn assign(&mut self, assigned: &[i32]) {
        self.0.extend(assigned.iter().map(|partition| (*partition, Partition::Rebuilding)));
    }

    /// Gives partitions up, with their states.
    pub(super) fn revoke(&mut self, revoked: &[i32]) {
        self.0.retain(|partition, _| !revoked.contains(partition));
    }

    /// Takes in a state that was rebuilt.
    pub(super) fn install(&mut self, partition: i32, ready: Ready<S>) {
        self.0.insert(partition, Partition::Ready(ready));
    }

    pub(super) fn is_owned(&self, partition: i32) -> bool {
        self.0.contains_key(&partition)
    }

    pub(super) fn is_ready(&self, partition: i32) -> bool {
        self.ready(partition).is_some()
    }

    pub(super) fn ready(&self, partition: i32) -> Option<&Ready<S>> {
        self.0.get(&partition).and_then(Partition::ready)
    }

    pub(super) fn ready_mut(&mut self, partition: i32) -> Option<&mut Ready<S>> {
        match self.0.get_mut(&partition)? {
            Partition::Rebuilding => None,
            Partition::Ready(ready) => Some(ready),
        }
    }

    /// The partitions that are ready.
    pub(super) fn all_ready(&self) -> impl Iterator<Item = (i32, &Ready<S>)> {
        self.0.iter().filter_map(|(partition, owned)| Some((*partition, owned.ready()?)))
    }
}

impl<S> Partition<S> {
    fn ready(&self) -> Option<&Ready<S>> {
        match self {
            Self::Rebuilding => None,
            Self::Ready(ready) => Some(ready),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_owned_until_it_is_revoked_and_ready_once_it_is_rebuilt() {
        let mut partitions = Partitions::default();
        partitions.assign(&[1, 2]);
        assert!(partitions.is_owned(1) && !partitions.is_ready(1));
        assert_eq!(partitions.all_ready().count(), 0);

        partitions.install(1, Ready { state: "state of 1", positions: Positions::default() });
        assert_eq!(partitions.ready_mut(1).map(|ready| ready.state), Some("state of 1"));
        assert!(partitions.ready_mut(2).is_none() && partitions.ready_mut(3).is_none());
        assert_eq!(partitions.all_ready().map(|(partition, _)| partition).collect::<Vec<_>>(), [1]);

        partitions.assign(&[1]);
        assert!(!partitions.is_ready(1), "a state does not outlive its assignment");
        partitions.revoke(&[1]);
        assert!(!partitions.is_owned(1) && partitions.is_owned(2));
    }
}
