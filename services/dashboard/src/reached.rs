//! How far a topic has been applied: for answers that hold what was just written.

use std::collections::HashMap;

use stream::record::Position;
use tokio::sync::watch;

/// How far a topic has been applied.
#[derive(Debug)]
pub struct Reached {
    /// The offset that follows in each partition.
    next: watch::Sender<HashMap<i32, i64>>,
}

impl Default for Reached {
    fn default() -> Self {
        Self { next: watch::Sender::new(HashMap::new()) }
    }
}

impl Reached {
    /// The record at a place has been applied, and all before it in its partition.
    pub fn reached(&self, place: Position) {
        self.next.send_modify(|next| {
            next.insert(place.partition, place.offset + 1);
        });
    }

    /// Resolves when the record at a place has been applied.
    pub async fn wait_for(&self, place: Position) {
        let is_there = |next: &HashMap<i32, i64>| {
            next.get(&place.partition).is_some_and(|next| *next > place.offset)
        };
        // The sender lives as long as this.
        let _ = self.next.subscribe().wait_for(is_there).await;
    }

    /// The offset that follows in a partition; none where nothing was read of it.
    pub fn next_offset(&self, partition: i32) -> Option<i64> {
        self.next.borrow().get(&partition).copied()
    }
}
