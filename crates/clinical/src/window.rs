//! How far back is looked, and how far back what is known is whole.

use crate::time::{Span, Timestamp};

/// How long versions are remembered, counted back from the present in observation time. An older
/// reading is *historical*: stored, never a page.
pub const WINDOW: Span = Span::from_days(40);

/// How long before the window readings are still seen beside those in it, so that its edge cuts no
/// occasion and no pair in two. An occasion that touches the window may be the last of a chain, each
/// beginning where the one before ends; a chain that is longer than this is cut.
pub const CONTEXT: Span = Span::from_days(1);

/// The window as it stands in one state: it ends in the present and never begins before a rebuild of
/// the state began to read, for of earlier readings only some are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    not_before: Timestamp,
}

impl Window {
    /// The window of a state that is rebuilt at `now` from all readings that were observed at
    /// [`Self::context`] or later.
    pub fn rebuilt_at(now: Timestamp) -> Self {
        Self { not_before: now - WINDOW }
    }

    /// Where the window begins: what was observed earlier is historical at `now`.
    pub fn horizon(self, now: Timestamp) -> Timestamp {
        self.not_before.max(now - WINDOW)
    }

    /// From when on readings are seen at `now`.
    pub fn context(self, now: Timestamp) -> Timestamp {
        self.horizon(now) - CONTEXT
    }
}
