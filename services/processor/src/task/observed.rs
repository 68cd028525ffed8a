//! What the transaction loop tells the task: what is committed or lost, which partitions are owned, and
//! what metrics and health say of that.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chassis::now_ms;
use clinical::alert::Alert;
use schemas::{OutcomeTally, RejectionReason};
use stream::transaction::Observation;

use super::ProcessorTask;
use crate::partition::Partition;
use crate::watcher::{States, Watcher};

/// What the transaction at hand will have done once it is committed.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) tallies: Vec<OutcomeTally>,
    pub(super) rejections: Vec<RejectionReason>,
    /// Values of optional fields without which readings were taken.
    pub(super) left_out: usize,
    pub(super) alerts: Vec<(Alert, i64)>,
}

/// The partitions that are owned.
#[derive(Default)]
pub(super) struct Owned {
    /// Whether the group has shared out the partitions since the last revocation.
    is_assigned: bool,
    /// Partitions whose state is being rebuilt.
    rebuilding: HashSet<i32>,
    ready: HashSet<i32>,
    rebuild: Rebuild,
    counts: HashMap<i32, Counts>,
}

/// What each partition remembers.
#[derive(Clone, Copy)]
struct Counts {
    patients: usize,
    groups_left_out: usize,
}

/// How much a rebuild has replayed and has to replay, in offsets.
#[derive(Debug, Clone, Copy, Default)]
struct Rebuild {
    passed: u64,
    total: u64,
}

impl Owned {
    /// Takes in what a partition remembers.
    pub(super) fn counted(&mut self, partition: i32, state: &Partition) {
        let counts =
            Counts { patients: state.patients(), groups_left_out: state.groups_left_out() };
        self.counts.insert(partition, counts);
    }
}

impl<W: Watcher> ProcessorTask<W> {
    pub(super) fn observed(&mut self, observation: Observation<'_>) {
        match observation {
            Observation::Turn => {
                self.follow();
                self.watcher.turned();
            }
            Observation::Committed { records, took } => {
                self.metrics.transaction_records.observe(records as f64);
                self.metrics.transaction_seconds.observe(took.as_secs_f64());
                self.committed();
            }
            Observation::Aborted(_) => {
                self.pending = Pending::default();
                self.metrics.aborted.inc();
                self.metrics.lag.reset();
                self.owned = Owned::default();
                self.report_partitions();
                self.watcher.lost();
            }
            Observation::Rebuilding(partitions) => {
                tracing::info!(partitions = partitions.len(), "rebuilding states");
                self.owned.is_assigned = true;
                self.owned.rebuilding.extend(partitions);
                self.owned.rebuild = Rebuild::default();
                self.report_partitions();
            }
            Observation::Replayed { records, passed, total } => {
                self.metrics.rebuilt_records.inc_by(records);
                self.owned.rebuild = Rebuild { passed, total };
                self.report_partitions();
            }
            Observation::Ready { partition, took } => {
                self.owned.rebuilding.remove(&partition);
                self.owned.ready.insert(partition);
                self.metrics.rebuild_seconds.observe(took.as_secs_f64());
                self.report_partitions();
                if self.owned.rebuilding.is_empty() {
                    log_rebuilt(self.owned.ready.len(), took);
                }
            }
            Observation::Revoked(partitions) => {
                self.owned.is_assigned = false;
                for partition in partitions {
                    self.owned.ready.remove(partition);
                    self.owned.counts.remove(partition);
                    self.owned.rebuilding.remove(partition);
                    let _ = self.metrics.lag.remove_label_values(&[&partition.to_string()]);
                }
                self.report_partitions();
            }
            Observation::Lag(lag) => {
                for (partition, records) in lag {
                    self.metrics.lag.with_label_values(&[&partition.to_string()]).set(*records);
                }
            }
            Observation::HeldBack(held_back) => self.watcher.held_back(held_back),
        }
    }

    fn committed(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let now = now_ms();
        for tally in &pending.tallies {
            self.metrics.count(tally);
        }
        for reason in pending.rejections {
            self.metrics.count_rejection(reason.as_str());
        }
        self.metrics.values_left_out.inc_by(pending.left_out as u64);
        for (alert, since) in &pending.alerts {
            self.metrics.count_alert(alert);
            self.metrics.alert_seconds.observe((now - since).max(0) as f64 / 1000.0);
        }
        let sum = |of: fn(&Counts) -> usize| {
            let sum: usize = self.owned.counts.values().map(of).sum();
            sum as i64
        };
        self.metrics.patients.set(sum(|counts| counts.patients));
        self.metrics.groups_left_out.set(sum(|counts| counts.groups_left_out));
    }

    fn report_partitions(&mut self) {
        let Owned { is_assigned, rebuilding, ready, rebuild, .. } = &self.owned;
        let (ready, rebuilding) = (ready.len(), rebuilding.len());
        self.metrics.partitions.with_label_values(&["ready"]).set(ready as i64);
        self.metrics.partitions.with_label_values(&["rebuilding"]).set(rebuilding as i64);
        let Rebuild { passed, total } = *rebuild;
        self.metrics.rebuild_records.with_label_values(&["replayed"]).set(passed as i64);
        self.metrics.rebuild_records.with_label_values(&["total"]).set(total as i64);
        let percent = (passed * 100).checked_div(total);
        self.watcher.rebuilt(States {
            ready,
            owned: ready + rebuilding,
            percent,
            is_assigned: *is_assigned,
        });
    }
}

fn log_rebuilt(partitions: usize, took: Duration) {
    tracing::info!(partitions, took_ms = took.as_millis() as u64, "states are ready");
}
