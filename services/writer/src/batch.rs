//! Batches of rows of one table, and when they are cut.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stream::record::Incoming;
use xxhash_rust::xxh3::Xxh3Default;

use crate::columns::{RowBinary, Shape, Unfit};
use crate::memory_limit::Permit;
use crate::offset_tracker::BatchId;
use crate::rows::{Place, Row};
use crate::tables::Table;

/// When a batch is cut.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// At this many rows.
    pub rows: usize,
    /// At this many bytes of rows.
    pub bytes: usize,
    /// This long after its first row, if nothing else of its table is being stored: while the store
    /// is busy, batches rather grow than queue.
    pub age: Duration,
}

impl Limits {
    /// Whether a batch of this size is full.
    pub fn is_full(&self, rows: usize, bytes: usize) -> bool {
        rows >= self.rows || bytes >= self.bytes
    }
}

/// A batch that is being filled.
#[derive(Debug)]
pub struct OpenBatch {
    id: BatchId,
    table: Table,
    shape: Arc<Shape>,
    opened: Instant,
    rows: RowBinary,
    records: Vec<Stored>,
    permit: Permit,
}

/// The record that a row came of, kept whole until the row is safe, and where its row ends.
#[derive(Debug)]
struct Stored {
    record: Incoming,
    end: usize,
}

impl OpenBatch {
    /// A batch without rows.
    pub fn new(
        id: BatchId,
        table: Table,
        shape: Arc<Shape>,
        permit: Permit,
        opened: Instant,
    ) -> Self {
        let rows = RowBinary::default();
        Self { id, table, shape, opened, rows, records: Vec::new(), permit }
    }

    /// The batch's id.
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// Writes a record's row, without keeping the record yet.
    ///
    /// # Errors
    /// When the row does not fit its table; the batch is as before.
    pub fn write(&mut self, row: &Row, place: Place) -> Result<(), Unfit> {
        let before = self.rows.size();
        row.walk(place, &mut self.rows).inspect_err(|_| self.rows.truncate(before))
    }

    /// Keeps the record whose row was written last.
    pub fn keep(&mut self, record: Incoming, permit: Permit) {
        self.records.push(Stored { record, end: self.rows.size() });
        self.permit.absorb(permit);
    }

    /// Forgets the row that was written last and is not kept.
    pub fn forget(&mut self) {
        self.rows.truncate(self.records.last().map_or(0, |stored| stored.end));
    }

    /// Whether it is full.
    pub fn is_full(&self, limits: &Limits) -> bool {
        limits.is_full(self.records.len(), self.rows.size())
    }

    /// Whether its first row has waited long enough.
    pub fn is_old(&self, limits: &Limits, now: Instant) -> bool {
        now.saturating_duration_since(self.opened) >= limits.age
    }

    /// When it is old.
    pub fn due(&self, limits: &Limits) -> Instant {
        self.opened + limits.age
    }

    /// Ends it.
    pub fn cut(self) -> Batch {
        Batch {
            id: self.id,
            table: self.table,
            shape: self.shape,
            rows: Bytes::from(self.rows.into_bytes()),
            records: self.records,
            _permit: self.permit,
        }
    }
}

/// A batch on its way to the store.
#[derive(Debug)]
pub struct Batch {
    id: BatchId,
    table: Table,
    shape: Arc<Shape>,
    rows: Bytes,
    records: Vec<Stored>,
    /// Given back to the memory limit when the batch is dropped.
    _permit: Permit,
}

impl Batch {
    /// Its id.
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// Its table.
    pub fn table(&self) -> Table {
        self.table
    }

    /// The columns of its rows.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The bytes of some of its rows; shared, not copied.
    pub fn rows(&self, range: &Range<usize>) -> Bytes {
        let end = |rows: usize| rows.checked_sub(1).map_or(0, |last| self.records[last].end);
        self.rows.slice(end(range.start)..end(range.end))
    }

    /// The record of a row.
    pub fn record(&self, row: usize) -> &Incoming {
        &self.records[row].record
    }
}

/// The deduplication token of rows of a table: a digest of exactly those rows.
///
/// ClickHouse drops an insert whose token it has seen in the table's last 10,000 blocks, so an
/// insert that succeeded without our hearing of it (a timeout, a broken connection) and is tried
/// again is stored once. The rows carry partition and offset of their origin, so the same ranges of
/// a topic give the same token, after a restart as well when the batches are cut alike; and a token
/// can never stand for other rows, as one made of the ranges alone could after an upgrade that
/// writes rows differently. One insert holds rows of all partitions: a token for each partition
/// would need an insert for each. Batches that are cut differently on replay have other tokens;
/// their rows merge away by the tables' keys.
pub fn deduplication_token(table: Table, rows: &[u8]) -> String {
    let mut digest = Xxh3Default::new();
    digest.update(table.name().as_bytes());
    digest.update(&[0]);
    digest.update(rows);
    format!("{:032x}", digest.digest128())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_limit::MemoryLimit;
    use crate::offset_tracker::OffsetTracker;
    use crate::rows::samples::{place, weight};

    fn record(offset: i64) -> Incoming {
        Incoming {
            topic: "readings.accepted".into(),
            partition: 3,
            offset,
            timestamp_ms: 0,
            key: None,
            payload: Some(vec![offset as u8]),
        }
    }

    fn open(memory: &MemoryLimit) -> OpenBatch {
        let id = OffsetTracker::default().open(Instant::now());
        let table = Table::Readings(clinical::Kind::WeighingScale);
        let shape = Row::Reading(weight(60.0)).shape(place(0)).unwrap();
        OpenBatch::new(id, table, Arc::new(shape), memory.acquire(0), Instant::now())
    }

    #[test]
    fn the_rows_of_any_range_are_those_rows_alone() {
        let memory = MemoryLimit::new(1000);
        let mut batch = open(&memory);
        for (offset, kilograms) in [(0, 60.0), (1, 61.0), (2, 62.0)] {
            batch.write(&Row::Reading(weight(kilograms)), place(offset)).unwrap();
            batch.keep(record(offset), memory.acquire(10));
        }
        let batch = batch.cut();
        assert_eq!(batch.len(), 3);
        assert_eq!(memory.in_flight(), 30);
        let all = batch.rows(&(0..3));
        let parts = [batch.rows(&(0..1)), batch.rows(&(1..3))].concat();
        assert_eq!(all, parts);
        assert_eq!(batch.rows(&(1..1)).len(), 0);
        assert_eq!(batch.record(2).offset, 2);
        drop(batch);
        assert_eq!(memory.in_flight(), 0);
    }

    #[test]
    fn a_row_that_does_not_fit_or_is_not_kept_leaves_no_trace() {
        let memory = MemoryLimit::new(1000);
        let mut batch = open(&memory);
        batch.write(&Row::Reading(weight(60.0)), place(0)).unwrap();
        batch.keep(record(0), memory.acquire(1));
        let mut unfit = weight(61.0);
        unfit.reading.update_time = i64::MIN;
        assert!(batch.write(&Row::Reading(unfit), place(1)).is_err());
        batch.write(&Row::Reading(weight(62.0)), place(2)).unwrap();
        batch.forget();
        let alone = batch.rows.size();
        assert_eq!(batch.cut().rows(&(0..1)).len(), alone);
    }

    #[test]
    fn a_batch_is_cut_by_rows_bytes_or_age() {
        let limits = Limits { rows: 10, bytes: 1000, age: Duration::from_millis(500) };
        assert!(!limits.is_full(9, 999));
        assert!(limits.is_full(10, 0));
        assert!(limits.is_full(1, 1000));
        let batch = open(&MemoryLimit::new(1));
        assert!(!batch.is_old(&limits, batch.opened + Duration::from_millis(499)));
        assert!(batch.is_old(&limits, batch.opened + Duration::from_millis(500)));
    }

    #[test]
    fn a_token_stands_for_its_rows_in_its_table_and_for_nothing_else() {
        let token = deduplication_token(Table::Alerts, b"rows");
        assert_eq!(token, deduplication_token(Table::Alerts, b"rows"));
        assert_ne!(token, deduplication_token(Table::AuditEvents, b"rows"));
        assert_ne!(token, deduplication_token(Table::Alerts, b"row"));
        assert_eq!(token.len(), 32);
    }
}
