//! The numbers that deciding goes by.

use crate::time::Span;

/// The numbers that deciding goes by. All of them are ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How often a message is tried before it is given up.
    pub attempts: u32,
    /// The wait after the first attempt; each further one is twice as long.
    pub first_wait: Span,
    /// The longest wait between attempts.
    pub longest_wait: Span,
    /// What was given up is tried again after so long, where nobody further down the list was
    /// notified meanwhile.
    pub again_after: Span,
    /// An urgent alert that nobody sees to is overdue so long after the last of its list was due: then the
    /// list begins anew. Ours.
    pub overdue_after: Span,
    /// The longest wait from the last one notified to the list's next beginning: each is twice as long as the
    /// one before, the first is [`Self::overdue_after`]. Ours: as long as an urgent alert may be put off.
    pub longest_wait_after_round: Span,
    /// A recipient gets so many messages within [`Self::storm_window`]; what comes beyond them comes in
    /// one.
    pub storm_messages: usize,
    /// See there.
    pub storm_window: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Span::from_seconds(5),
            longest_wait: Span::from_minutes(1),
            again_after: Span::from_minutes(15),
            overdue_after: Span::from_minutes(30),
            longest_wait_after_round: crate::care::LONGEST_SNOOZE_OF_URGENT,
            storm_messages: 5,
            storm_window: Span::from_minutes(1),
        }
    }
}

impl Limits {
    /// The wait after an attempt that failed.
    pub(super) fn wait_after(&self, attempt: u32) -> Span {
        let doubled = self.first_wait.millis() << attempt.saturating_sub(1).min(20);
        Span::from_millis(doubled.min(self.longest_wait.millis()))
    }

    /// The wait after a list that has begun anew so often.
    pub(super) fn wait_after_round(&self, rounds: usize) -> Span {
        let doublings = u32::try_from(rounds).unwrap_or(u32::MAX).min(20);
        let doubled = self.overdue_after.millis() << doublings;
        let longest = self.longest_wait_after_round.millis().max(self.overdue_after.millis());
        Span::from_millis(doubled.min(longest))
    }

    /// Whether a message is given up with an attempt that fails: each round has as many.
    pub fn gives_up(&self, attempt: u32) -> bool {
        attempt.is_multiple_of(self.attempts.max(1))
    }
}
