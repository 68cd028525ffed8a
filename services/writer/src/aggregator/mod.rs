//! Keeps the aggregates of hours right, apart from the way of a record, which never waits for it.
//!
//! Whatever writes versions of readings marks their hours in the same insert, by the views of the
//! migrations. Here the marked hours are computed anew, whole, of the current readings. So nothing is
//! added twice or left behind, whatever is corrected, comes late, is entered in error or is written again:
//! - A mark counts when no insert that began before it can still go on: what it marks is seen then. An
//!   insert that took longer was given up by its writer, is tried again, and marks again.
//! - Progress is stored behind what was computed. Whoever comes next computes at most the rest again.
//! - A row's version is a time before its readings were read, so one that was computed before does not
//!   replace what was computed of more. Where two computations overlap, the one that has seen less may win
//!   for a while: what came between them is marked, counts after both began, and is computed again.
//! - What was stored before there were marks is marked first. Until that is computed, hours are missing, and
//!   the aggregates are not said to be there.
//!
//! One writer of a deployment does it: whoever has the first partition of the accepted readings. Where two
//! hold it for a moment, both compute the same.

mod behind;
#[cfg(test)]
mod engine_tests;
mod hours;
mod marks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::{Component, Shutdown};
use schemas::stored::settled_after;

use crate::decode::Input;
use crate::faults::StoreError;
use crate::metrics::WriterMetrics;
use crate::store::Store;
use behind::Behind;
use marks::Mark;

/// Between two looks for marks.
const PASS: Duration = Duration::from_secs(5);
/// Marks that are worked off at a time: progress is stored after each.
const MARKS_AT_ONCE: u32 = 20_000;

/// Whether this writer keeps the aggregates; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Leading(Arc<AtomicBool>);

impl Leading {
    /// A partition is this writer's.
    pub fn assigned(&self, input: Input, partition: i32) {
        self.set(input, partition, true);
    }

    /// A partition is not this writer's any more.
    pub fn revoked(&self, input: Input, partition: i32) {
        self.set(input, partition, false);
    }

    fn set(&self, input: Input, partition: i32, leads: bool) {
        if (input, partition) == (Input::Accepted, 0) {
            self.0.store(leads, Ordering::Release);
        }
    }

    fn is_so(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Keeps the aggregates.
pub struct Aggregator {
    store: Store,
    /// How old a mark is when it counts.
    settle: Duration,
    marks_at_once: u32,
    leading: Leading,
    behind: Behind,
    metrics: WriterMetrics,
    component: Component,
}

impl Aggregator {
    /// One that works on the tables of a store, into which inserts take as long as given at most.
    pub fn new(
        store: Store,
        insert_timeout: Duration,
        leading: Leading,
        metrics: WriterMetrics,
        component: Component,
    ) -> Self {
        component.ready();
        Self {
            store,
            settle: settled_after(insert_timeout),
            marks_at_once: MARKS_AT_ONCE,
            leading,
            behind: Behind::new(metrics.clone()),
            metrics,
            component,
        }
    }

    /// Works until the end is requested.
    pub async fn run(self, shutdown: Shutdown) {
        let mut in_trouble = false;
        loop {
            if self.leading.is_so() {
                let passed = tokio::select! {
                    passed = self.pass() => passed,
                    never = self.behind.report() => match never {},
                    () = shutdown.requested() => return,
                };
                match passed {
                    Ok(()) => {
                        in_trouble = false;
                        self.component.ready();
                    }
                    Err(error) => {
                        if !std::mem::replace(&mut in_trouble, true) {
                            tracing::warn!("the aggregates of hours fall behind: {error}");
                        }
                        self.component.progress(format!(
                            "degraded: the aggregates of hours fall behind: {error}"
                        ));
                    }
                }
            } else {
                self.behind.is(Duration::ZERO);
            }
            tokio::select! {
                () = tokio::time::sleep(PASS) => {}
                () = shutdown.requested() => return,
            }
        }
    }

    /// Computes what is marked and counts by now.
    async fn pass(&self) -> Result<(), StoreError> {
        let mut done = self.begin().await?;
        while self.batch(&mut done).await? {}
        Ok(())
    }

    /// What was computed last. Where nothing ever was, all marks are to be worked off.
    async fn begin(&self) -> Result<Mark, StoreError> {
        marks::mark_first(&self.store).await?;
        Ok(marks::progress(&self.store).await?.unwrap_or_default())
    }

    /// Computes some of what is marked and counts by now, and says whether there may be more.
    async fn batch(&self, done: &mut Mark) -> Result<bool, StoreError> {
        let store = &self.store;
        let settle = i64::try_from(self.settle.as_millis()).unwrap_or(i64::MAX);
        // Before the readings are read.
        let now = marks::clock(store).await?;
        let settled = now.saturating_sub(settle);
        self.has_come_to(done, now);
        if settled <= done.touched_millis {
            return Ok(false);
        }
        let marks = marks::after(store, done, settled, self.marks_at_once).await?;
        let computed = hours::compute(store, &marks, now).await?;
        self.metrics.aggregated(computed);
        let is_all = marks.len() < self.marks_at_once as usize;
        *done = match marks.into_iter().next_back() {
            Some(last) if !is_all => last,
            _ => Mark::before(settled),
        };
        marks::keep_progress(store, done).await?;
        self.has_come_to(done, now);
        Ok(!is_all)
    }

    /// While nothing has been computed, the aggregates are behind since this writer keeps them.
    fn has_come_to(&self, done: &Mark, now: i64) {
        if *done != Mark::default() {
            let behind = u64::try_from(now - done.touched_millis).unwrap_or(0);
            self.behind.is(Duration::from_millis(behind));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_first_partition_of_the_accepted_readings_keeps_the_aggregates() {
        let leading = Leading::default();
        leading.assigned(Input::Rejected, 0);
        leading.assigned(Input::Accepted, 1);
        assert!(!leading.is_so());
        leading.assigned(Input::Accepted, 0);
        leading.revoked(Input::Accepted, 1);
        leading.revoked(Input::Alerts, 0);
        assert!(leading.is_so());
        leading.revoked(Input::Accepted, 0);
        assert!(!leading.is_so());
    }
}
