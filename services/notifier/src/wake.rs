//! What the sending thread waits for.

use std::time::Duration;

use clinical::notify::{MessageKey, Step};

use crate::failure::Failure;

/// What ends the wait for the next look.
pub(crate) enum Wake {
    /// What decisions depend on has changed.
    Changed,
    /// An attempt has ended.
    Sent(Sent),
}

/// An attempt that has ended.
pub(crate) struct Sent {
    /// Of which session: an earlier one does not know any more what it was for.
    pub(crate) session: u64,
    pub(crate) key: MessageKey,
    pub(crate) attempt: u32,
    pub(crate) steps: Vec<Step>,
    pub(crate) result: Result<(), Failure>,
    pub(crate) took: Duration,
}
