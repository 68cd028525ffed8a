//! Which offsets may be committed.
//!
//! Every record of an assigned partition is *placed* into a batch, or *settled* when there is
//! nothing to keep of it. A batch becomes *safe* when each of its rows is in ClickHouse or written to the dead-letter topic
//! in Kafka. What may be committed of a partition is the first offset in a batch which
//! is not safe, or, when there is none, the offset after the last record seen.
//!
//! A partition that is revoked and assigned again gets a new [`Lease`]: what still happens to
//! batches of the old one can never move the new one's offsets.
//!
//! Pure: no threads, no clock, no Kafka.

use std::collections::BTreeMap;
use std::time::Instant;

/// One assignment of a partition to this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease(u32);

/// A batch that is being filled or stored. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(u64);

/// A topic's partition.
pub type Partition = (String, i32);

/// The record or batch is not the offset tracker's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OffsetTrackerError {
    /// The partition belongs to another member now: drop the record.
    #[error("the partition was revoked")]
    Revoked,
    /// An offset that was seen before in this assignment: drop the record.
    #[error("offset {offset} comes again, {next} was expected")]
    Repeated {
        /// The record's offset.
        offset: i64,
        /// The least offset that can come.
        next: i64,
    },
    /// A batch that is safe already or was never opened.
    #[error("no such batch is open")]
    NoSuchBatch,
}

/// An offset that may be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committable {
    /// Of which assignment.
    pub lease: Lease,
    /// Of which partition.
    pub partition: Partition,
    /// The next offset to read.
    pub next: i64,
}

#[derive(Debug)]
struct Leased {
    partition: Partition,
    /// The first record seen.
    first: Option<i64>,
    /// The offset after the last record seen.
    next: Option<i64>,
    committed: Option<i64>,
    /// First offset in each batch that is not safe.
    unsafe_from: BTreeMap<BatchId, i64>,
}

impl Leased {
    fn committable(&self) -> Option<i64> {
        let next = self.unsafe_from.values().min().copied().or(self.next)?;
        // At first, nothing before the first record seen is known to be worth a commit.
        let committed = self.committed.or(self.first)?;
        (next > committed).then_some(next)
    }
}

/// The offsets of one process.
#[derive(Debug, Default)]
pub struct OffsetTracker {
    leases: BTreeMap<Lease, Leased>,
    open: BTreeMap<BatchId, Instant>,
    next_lease: u32,
    next_batch: u64,
}

impl OffsetTracker {
    /// A partition is this process's from now on.
    pub fn assigned(&mut self, topic: &str, partition: i32) -> Lease {
        self.revoked(topic, partition);
        let lease = Lease(self.next_lease);
        self.next_lease += 1;
        self.leases.insert(
            lease,
            Leased {
                partition: (topic.to_owned(), partition),
                first: None,
                next: None,
                committed: None,
                unsafe_from: BTreeMap::new(),
            },
        );
        lease
    }

    /// A partition is not this process's any more.
    pub fn revoked(&mut self, topic: &str, partition: i32) {
        self.leases.retain(|_, leased| leased.partition != (topic.to_owned(), partition));
    }

    /// Begins a batch.
    pub fn open(&mut self, now: Instant) -> BatchId {
        let batch = BatchId(self.next_batch);
        self.next_batch += 1;
        self.open.insert(batch, now);
        batch
    }

    /// A record goes into a batch.
    ///
    /// # Errors
    /// When the record is to be dropped, or the batch is none.
    pub fn placed(
        &mut self,
        lease: Lease,
        offset: i64,
        batch: BatchId,
    ) -> Result<(), OffsetTrackerError> {
        if !self.open.contains_key(&batch) {
            return Err(OffsetTrackerError::NoSuchBatch);
        }
        let leased = self.seen(lease, offset)?;
        leased.unsafe_from.entry(batch).or_insert(offset);
        Ok(())
    }

    /// There is nothing to keep of a record.
    ///
    /// # Errors
    /// When the record is to be dropped.
    pub fn settled(&mut self, lease: Lease, offset: i64) -> Result<(), OffsetTrackerError> {
        self.seen(lease, offset).map(|_| ())
    }

    fn seen(&mut self, lease: Lease, offset: i64) -> Result<&mut Leased, OffsetTrackerError> {
        let leased = self.leases.get_mut(&lease).ok_or(OffsetTrackerError::Revoked)?;
        if let Some(next) = leased.next
            && offset < next
        {
            return Err(OffsetTrackerError::Repeated { offset, next });
        }
        leased.first.get_or_insert(offset);
        leased.next = Some(offset + 1);
        Ok(leased)
    }

    /// Every row of a batch is safe; nothing can be placed into it any more.
    ///
    /// # Errors
    /// When there is no such batch.
    pub fn safe(&mut self, batch: BatchId) -> Result<(), OffsetTrackerError> {
        self.open.remove(&batch).ok_or(OffsetTrackerError::NoSuchBatch)?;
        for leased in self.leases.values_mut() {
            leased.unsafe_from.remove(&batch);
        }
        Ok(())
    }

    /// What may be committed and is not.
    pub fn committable(&self) -> Vec<Committable> {
        self.leases
            .iter()
            .filter_map(|(lease, leased)| {
                Some(Committable {
                    lease: *lease,
                    partition: leased.partition.clone(),
                    next: leased.committable()?,
                })
            })
            .collect()
    }

    /// These were committed.
    pub fn committed(&mut self, done: &[Committable]) {
        for committable in done {
            if let Some(leased) = self.leases.get_mut(&committable.lease) {
                leased.committed = leased.committed.max(Some(committable.next));
            }
        }
    }

    /// When the oldest batch that is not safe was opened.
    pub fn oldest_open(&self) -> Option<Instant> {
        self.open.values().min().copied()
    }
}

#[cfg(test)]
#[path = "offset_tracker_tests.rs"]
mod tests;
