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
/// began to read, for of earlier readings only some are known, nor before what has left memory because
/// there was too much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    not_before: Timestamp,
    /// What was observed until then has left memory.
    left: Timestamp,
}

impl Window {
    /// The window of a state that is rebuilt at `now` from all readings that were observed at
    /// [`Self::lookback_start`] or later.
    pub fn rebuilt_at(now: Timestamp) -> Self {
        Self { not_before: now - WINDOW, ..Self::default() }
    }

    /// The window of readings of which those observed at `left` or earlier have left memory.
    #[must_use]
    pub(crate) fn without(self, left: Timestamp) -> Self {
        Self { left: self.left.max(left), ..self }
    }

    /// The start of the window: what was observed earlier is historical at `now`.
    pub fn start(self, now: Timestamp) -> Timestamp {
        // Of what is remembered at most half is only looked back at.
        let remembered = now - self.left;
        let lookback = LOOKBACK.min(Span::from_millis(remembered.millis() / 2));
        self.not_before.max(now - WINDOW).max(self.left + lookback)
    }

    /// The start of the lookback: earlier readings are not seen at `now`.
    pub fn lookback_start(self, now: Timestamp) -> Timestamp {
        (self.start(now) - LOOKBACK).max(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_whose_past_has_left_memory_begins_a_day_later_and_no_later_than_half_of_the_rest() {
        let now = Timestamp::from_seconds(1_780_000_000);
        let begins = |hours| {
            let window = Window::default().without(now - Span::from_hours(hours));
            (now - window.start(now), now - window.lookback_start(now))
        };
        let hours = Span::from_hours;
        assert_eq!(begins(72), (hours(48), hours(72)));
        assert_eq!(begins(20), (hours(10), hours(20)));
        assert_eq!(begins(0), (Span::ZERO, Span::ZERO));
        let long_ago = begins(50 * 24);
        assert_eq!(long_ago, (WINDOW, WINDOW + LOOKBACK));
        assert_eq!(Window::default().start(now), now - WINDOW);
        assert_eq!(Window::default().lookback_start(now), now - WINDOW - LOOKBACK);
    }
}
