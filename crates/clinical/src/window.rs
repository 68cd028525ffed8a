//! From when on readings are judged, and how far the lookback reaches before that.

use crate::time::{Span, Timestamp};

/// How long versions are remembered, counted back from the present in observation time. An older
/// reading is *historical*: stored, never a page.
pub const WINDOW: Span = Span::from_days(40);

/// How long before the window readings are still seen beside those in it, so that its edge cuts no
/// occasion and no pair in two. An occasion that touches the window may be the last of a chain, each
/// beginning where the one before ends; a chain that is longer than this is cut.
pub const LOOKBACK: Span = Span::from_days(1);

/// The window of one state: it ends in the present and never begins before a rebuild of the state
/// began to read, for of earlier readings only some are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    not_before: Timestamp,
}

impl Window {
    /// The window of a state that is rebuilt at `now` from all readings that were observed at
    /// [`Self::lookback_start`] or later.
    pub fn rebuilt_at(now: Timestamp) -> Self {
        Self { not_before: now - WINDOW }
    }

    /// The start of the window: what was observed earlier is historical at `now`.
    pub fn start(self, now: Timestamp) -> Timestamp {
        self.not_before.max(now - WINDOW)
    }

    /// The start of the lookback: earlier readings are not seen at `now`.
    pub fn lookback_start(self, now: Timestamp) -> Timestamp {
        self.start(now) - LOOKBACK
    }
}
