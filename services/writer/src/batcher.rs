//! The thread that decodes records and sorts their rows into batches, one open batch a table.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use chassis::Backoff;
use schemas::records::RejectedReading;
use schemas::{DecodeError, decoded_when_possible};
use stream::record::Incoming;
use tokio::sync::mpsc::UnboundedSender;

use crate::batch::{Batch, Limits, OpenBatch};
use crate::columns::{Shape, Unfit};
use crate::dead_letter::{DeadLetterReason, envelope};
use crate::decode::{Decoders, Input, place_of};
use crate::memory_limit::{MemoryLimit, Permit};
use crate::offset_tracker::{BatchId, Lease, OffsetTrackerError};
use crate::rows::{Place, Row};
use crate::table_writer::{Queued, SharedOffsets};
use crate::tables::Table;
use crate::troubles::Troubles;

/// A record in flight.
#[derive(Debug)]
pub struct Received {
    /// From which input.
    pub input: Input,
    /// Under which assignment.
    pub lease: Lease,
    /// The record.
    pub record: Incoming,
    /// Its part of the memory limit.
    pub permit: Permit,
}

/// A record that cannot become a row, on its way to `store.dead_letters`. It counts as a batch of its
/// own.
#[derive(Debug)]
pub struct DeadLetter {
    /// The batch that is safe when the record is.
    pub batch: BatchId,
    /// What is written.
    pub envelope: RejectedReading,
    /// Its part of the memory limit.
    pub permit: Permit,
}

/// Where batches go.
pub struct Outlets {
    /// One for each table, by [`Table::index`].
    pub table_writers: Vec<(UnboundedSender<Batch>, Queued)>,
    /// For records that cannot become rows.
    pub dead_letters: UnboundedSender<DeadLetter>,
}

/// Decodes and sorts.
pub struct Batcher {
    limits: Limits,
    decoders: Arc<Decoders>,
    offsets: SharedOffsets,
    memory: MemoryLimit,
    outlets: Outlets,
    /// Troubles with the schema registry.
    troubles: Troubles,
    open: BTreeMap<Table, OpenBatch>,
    shapes: BTreeMap<Table, Arc<Shape>>,
}

const PART: &str = "decoding";

/// How often open batches are looked at while records come without a pause.
const GLANCE: Duration = Duration::from_millis(20);

impl Batcher {
    /// A batcher without batches.
    pub fn new(
        limits: Limits,
        decoders: Arc<Decoders>,
        offsets: SharedOffsets,
        memory: MemoryLimit,
        outlets: Outlets,
        troubles: Troubles,
    ) -> Self {
        troubles.over(PART);
        let (open, shapes) = Default::default();
        Self { limits, decoders, offsets, memory, outlets, troubles, open, shapes }
    }

    /// Works until no more records can come, then cuts what is open.
    pub fn run(mut self, records: Receiver<Vec<Received>>) {
        let mut glanced = Instant::now();
        loop {
            match records.recv_timeout(self.wait(Instant::now())) {
                Ok(chunk) => {
                    for received in chunk {
                        self.take(received);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            if now.duration_since(glanced) >= GLANCE {
                glanced = now;
                self.cut_old(now);
            }
        }
        for table in Table::all() {
            self.cut(table);
        }
    }

    /// How long nothing needs doing if no record comes.
    fn wait(&self, now: Instant) -> Duration {
        let due = self.open.values().map(|batch| batch.due(&self.limits)).min();
        let wait = due.map_or(Duration::from_secs(1), |due| due.saturating_duration_since(now));
        wait.max(GLANCE)
    }

    /// Places one record.
    pub fn take(&mut self, received: Received) {
        let Received { input, lease, record, permit } = received;
        match self.decode(input, &record) {
            Ok(Some(row)) => self.place(lease, record, &row, permit),
            Ok(None) => {
                let settled = self.offsets.with(|offsets| offsets.settled(lease, record.offset));
                note_drop(settled);
            }
            Err(problem) => {
                let envelope = envelope(&record, None, DeadLetterReason::Undecodable, &problem);
                self.dead_letter(lease, record.offset, envelope, permit);
            }
        }
    }

    /// Decodes, and waits for a schema registry that does not answer. The thread waits for as long as the
    /// process lives: nothing that comes after the record may be committed before.
    fn decode(&self, input: Input, record: &Incoming) -> Result<Option<Row>, String> {
        let mut backoff = Backoff::default();
        let mut waited = false;
        let wait = |error: &DecodeError| {
            if self.troubles.begin(PART, &error.to_string()) {
                tracing::warn!("decoding waits: {error}");
            }
            waited = true;
            backoff.sleep();
            Ok::<(), Infallible>(())
        };
        let Ok(decoded) = decoded_when_possible(|| self.decoders.decode(input, record), wait);
        if waited {
            self.troubles.over(PART);
        }
        decoded.map_err(|error| error.to_string())
    }

    fn place(&mut self, lease: Lease, record: Incoming, row: &Row, permit: Permit) {
        let table = row.table();
        let place = place_of(&record);
        let written = match self.open.entry(table) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(none) => shape(&mut self.shapes, table, row, place).map(|shape| {
                let now = Instant::now();
                let id = self.offsets.with(|offsets| offsets.open(now));
                none.insert(OpenBatch::new(id, table, shape, self.memory.acquire(0), now))
            }),
        }
        .and_then(|open| open.write(row, place).map(|()| open));
        let open = match written {
            Ok(open) => open,
            Err(unfit) => {
                let problem = format!("table {table}: {unfit}");
                let envelope =
                    envelope(&record, Some(row), DeadLetterReason::StoreRefused, &problem);
                self.dead_letter(lease, record.offset, envelope, permit);
                return;
            }
        };
        let placed = self.offsets.with(|offsets| offsets.placed(lease, record.offset, open.id()));
        if placed.is_ok() {
            open.keep(record, permit);
        } else {
            open.forget();
            note_drop(placed);
        }
        if open.is_full(&self.limits) {
            self.cut(table);
        }
    }

    fn dead_letter(&self, lease: Lease, offset: i64, envelope: RejectedReading, permit: Permit) {
        let batch = self.offsets.with(|offsets| {
            let batch = offsets.open(Instant::now());
            match offsets.placed(lease, offset, batch) {
                Ok(()) => Ok(batch),
                Err(error) => offsets.safe(batch).and(Err(error)),
            }
        });
        match batch {
            Ok(batch) => {
                // Nobody is there to take it only when the process ends before all is safe; then
                // the record comes again.
                let _ = self.outlets.dead_letters.send(DeadLetter { batch, envelope, permit });
            }
            Err(error) => note_drop(Err(error)),
        }
    }

    /// Cuts the batches whose time has come. A limit that is reached cuts them all: the records to fill them
    /// would not come.
    fn cut_old(&mut self, now: Instant) {
        let full = self.memory.is_full();
        let due: Vec<Table> = self
            .open
            .iter()
            .filter(|(table, batch)| {
                full || batch.is_old(&self.limits, now)
                    && self.outlets.table_writers[table.index()].1.is_empty()
            })
            .map(|(table, _)| *table)
            .collect();
        for table in due {
            self.cut(table);
        }
    }

    fn cut(&mut self, table: Table) {
        let Some(open) = self.open.remove(&table) else {
            return;
        };
        let batch = open.cut();
        if batch.is_empty() {
            self.offsets.safe(batch.id());
            return;
        }
        let (table_writer, queued) = &self.outlets.table_writers[table.index()];
        queued.add();
        let _ = table_writer.send(batch);
    }
}

/// The shape of a table: the one known, or else that of the row. A row that does not fit leaves no
/// shape, and the next row gives it.
fn shape(
    known: &mut BTreeMap<Table, Arc<Shape>>,
    table: Table,
    row: &Row,
    place: Place,
) -> Result<Arc<Shape>, Unfit> {
    let shape = match known.entry(table) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(none) => none.insert(Arc::new(row.shape(place)?)),
    };
    Ok(shape.clone())
}

fn note_drop(result: Result<(), OffsetTrackerError>) {
    match result {
        Ok(()) | Err(OffsetTrackerError::Revoked) => {}
        Err(error) => tracing::warn!("a record was dropped: {error}"),
    }
}

#[cfg(test)]
#[path = "batcher_tests.rs"]
mod tests;
