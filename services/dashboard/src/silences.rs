//! Which groups of patients are silent, kept current from the topic `silences`.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use clinical::silence::{Report, SilentGroup, silent_groups};
use tokio::sync::watch;

/// What the partitions have reported last.
#[derive(Debug)]
pub struct KnownSilences {
    reports: RwLock<BTreeMap<i32, Report>>,
    caught_up: watch::Sender<bool>,
}

impl Default for KnownSilences {
    fn default() -> Self {
        Self { reports: RwLock::default(), caught_up: watch::Sender::new(false) }
    }
}

impl KnownSilences {
    /// The newest report of a partition; none where it has counted nothing.
    pub fn apply(&self, partition: i32, report: Option<Report>) {
        let mut reports = self.reports.write().unwrap_or_else(PoisonError::into_inner);
        match report {
            Some(report) => reports.insert(partition, report),
            None => reports.remove(&partition),
        };
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the reports are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// The groups that are silent, as the processors' metrics say them.
    pub fn groups(&self) -> Vec<SilentGroup> {
        let reports = self.reports.read().unwrap_or_else(PoisonError::into_inner);
        silent_groups(reports.values())
    }
}
