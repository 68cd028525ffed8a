//! How the loop runs.

use std::time::Duration;

/// How the loop runs.
#[derive(Debug, Clone)]
pub struct LoopArgs {
    /// The consumer group; the transactional id begins with it too.
    pub group: String,
    /// A name that outlives the process, see [`crate::group::GroupArgs::instance`].
    pub instance: Option<String>,
    /// Makes the transactional id unique where there is no instance name.
    pub process: String,
    /// Output topics of as many partitions as the inputs: into partition *n* of each only the owner of
    /// *n* writes.
    pub outputs: Vec<String>,
    /// A transaction takes at most this many records.
    pub most_records: usize,
    /// A transaction takes no further record after so long; well below the 30 s after which the broker
    /// aborts it.
    pub longest: Duration,
    /// Transactions are at least this far apart, so that light load does not cost a commit a record.
    pub pace: Duration,
}

impl LoopArgs {
    pub(super) fn transactional_id(&self) -> String {
        self.transactional_id_of(self.instance.as_deref().unwrap_or(&self.process))
    }

    pub(super) fn transactional_id_of(&self, member: &str) -> String {
        format!("{}-{member}", self.group)
    }
}
