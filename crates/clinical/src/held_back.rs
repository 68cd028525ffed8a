//! When alerts of a patient's missing readings are held back.

use crate::kinds::Kind;
use crate::time::{Span, Timestamp};

/// A patient's alert is held back for at most so long. Ours: a vendor that never comes back hides
/// nobody.
pub const HELD_BACK_AT_MOST: Span = Span::from_days(3);

/// A time in which an alert that readings of a kind are missing is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBack {
    /// The kind.
    pub kind: Kind,
    /// Since when.
    pub from: Timestamp,
    /// Until when; the latest time where that is not known yet.
    pub until: Timestamp,
}

impl HeldBack {
    /// When an alert is raised that is due at a time: then, or when it is not held back any more, and
    /// at most [`HELD_BACK_AT_MOST`] later.
    pub fn release(held: &[Self], kind: Kind, due: Timestamp) -> Timestamp {
        let latest = due + HELD_BACK_AT_MOST;
        let mut release = due;
        let covers =
            |hold: &&Self, time| hold.kind == kind && hold.from <= time && time < hold.until;
        while release < latest
            && let Some(hold) = held.iter().find(|hold| covers(hold, release))
        {
            release = hold.until.min(latest);
        }
        release
    }
}
