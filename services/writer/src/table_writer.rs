//! The writer of one table: its batches, one after the other, until every row is in ClickHouse or in
//! the dead-letter topic.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chassis::Backoff;
use schemas::Topics;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::batch::Batch;
use crate::dead_letter::{DeadLetterReason, DeadLetters, envelope};
use crate::decode::{Decoders, Input};
use crate::faults::{Fault, StoreError, classify};
use crate::metrics::WriterMetrics;
use crate::offset_tracker::{BatchId, OffsetTracker};
use crate::store::Inserter;
use crate::tables::Table;
use crate::troubles::Troubles;

/// The offset tracker, shared by the threads of the pipeline.
#[derive(Debug, Clone, Default)]
pub struct SharedOffsets(Arc<Mutex<OffsetTracker>>);

impl SharedOffsets {
    /// Does something with the offset tracker. Its every state is valid, so a panic elsewhere changes
    /// nothing.
    pub fn with<T>(&self, act: impl FnOnce(&mut OffsetTracker) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every row of a batch is safe.
    pub fn safe(&self, batch: BatchId) {
        if let Err(error) = self.with(|offsets| offsets.safe(batch)) {
            tracing::error!(%error, "a batch was stored twice");
        }
    }
}

/// How many batches of a table are on their way.
#[derive(Debug, Clone, Default)]
pub struct Queued(Arc<AtomicUsize>);

impl Queued {
    /// Another batch is on its way.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    pub(crate) fn done(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What every table writer works with.
pub struct TableWriter<S, A> {
    /// Where rows go.
    pub store: Arc<S>,
    /// Where refused records go.
    pub dead_letters: Arc<A>,
    /// To read a refused record again, for its envelope.
    pub decoders: Arc<Decoders>,
    /// The deployment's topics.
    pub topics: Topics,
    /// Offsets.
    pub offsets: SharedOffsets,
    /// Metrics.
    pub metrics: WriterMetrics,
    /// Troubles with ClickHouse.
    pub troubles: Troubles,
}

impl<S: Inserter, A: DeadLetters> TableWriter<S, A> {
    /// Stores batches as they come, until there are no more.
    pub async fn run(&self, mut batches: UnboundedReceiver<Batch>, queued: Queued) {
        let mut checked = false;
        while let Some(batch) = batches.recv().await {
            if !std::mem::replace(&mut checked, true) {
                self.check(&batch).await;
            }
            self.deliver(&batch).await;
            self.offsets.safe(batch.id());
            // Only now the bytes are given back: nothing in flight means that all is safe.
            drop(batch);
            queued.done();
        }
    }

    /// Returns when every row of the batch is inserted or in the dead-letter topic.
    pub async fn deliver(&self, batch: &Batch) {
        let mut undecided: Vec<Range<usize>> = std::iter::once(0..batch.len()).collect();
        while let Some(range) = undecided.pop() {
            match self.insert(batch, &range).await {
                Ok(()) => {}
                Err(error) if range.len() == 1 => {
                    self.dead_letter(batch, range.start, &error).await;
                }
                Err(_) => {
                    let middle = range.start + range.len() / 2;
                    undecided.push(middle..range.end);
                    undecided.push(range.start..middle);
                }
            }
        }
    }

    /// Inserts rows, trying again for as long as the fault is not theirs.
    ///
    /// # Errors
    /// When ClickHouse refuses the rows as such.
    async fn insert(&self, batch: &Batch, range: &Range<usize>) -> Result<(), StoreError> {
        let table = batch.table();
        let mut backoff = Backoff::default();
        let mut refused_once = false;
        loop {
            let rows = batch.rows(range);
            let bytes = rows.len();
            let begun = Instant::now();
            let error = match self.store.insert(table, batch.shape(), rows).await {
                Ok(()) => {
                    self.metrics.inserted(table, range.len(), bytes, begun.elapsed());
                    if self.troubles.over(table.name()) {
                        tracing::info!(%table, "inserts succeed again");
                    }
                    return Ok(());
                }
                Err(error) => error,
            };
            let error = match classify(&error) {
                Fault::Rows if range.len() > 1 => return Err(error),
                // A single row counts as refused when it was refused twice and the table is as
                // it should be: otherwise a broken upload or an altered table would cost rows.
                Fault::Rows if refused_once => match self.store.check(table, batch.shape()).await {
                    Ok(()) => return Err(error),
                    Err(error) => error,
                },
                Fault::Rows => {
                    refused_once = true;
                    self.metrics.retried(Fault::Rows);
                    continue;
                }
                Fault::Passing | Fault::Store => error,
            };
            refused_once = false;
            self.wait_after(table, &error, &mut backoff).await;
        }
    }

    /// RowBinary carries no types, so a table of another shape would be filled with nonsense: nothing
    /// is inserted before the table is known to be as it is written.
    async fn check(&self, batch: &Batch) {
        let mut backoff = Backoff::default();
        while let Err(error) = self.store.check(batch.table(), batch.shape()).await {
            self.wait_after(batch.table(), &error, &mut backoff).await;
        }
    }

    async fn wait_after(&self, table: Table, error: &StoreError, backoff: &mut Backoff) {
        self.metrics.retried(classify(error));
        if self.troubles.begin(table.name(), &error.to_string()) {
            tracing::warn!(%table, "inserting failed and will be tried again: {error}");
        }
        backoff.wait().await;
    }

    async fn dead_letter(&self, batch: &Batch, row: usize, error: &StoreError) {
        let record = batch.record(row);
        let input = Input::of(&self.topics, &record.topic);
        let decoded = input.and_then(|input| self.decoders.decode(input, record).ok()).flatten();
        let problem = format!("table {} refuses the row: {error}", batch.table());
        let reason = DeadLetterReason::StoreRefused;
        self.dead_letters.write(&envelope(record, decoded.as_ref(), reason, &problem)).await;
        self.metrics.dead_letter(reason.as_str());
        tracing::warn!(
            table = %batch.table(),
            topic = %record.topic,
            partition = record.partition,
            offset = record.offset,
            "a record whose row is refused is a dead letter: {error}"
        );
    }
}

#[cfg(test)]
#[path = "table_writer_tests.rs"]
pub(crate) mod tests;
