//! When alerts of a patient's missing readings are held back.

use super::{Group, HELD_AT_MOST, Limits, Silences, Times};
use crate::kinds::Kind;
use crate::time::Timestamp;

/// So many times of a kind are remembered of a patient, the newest. Ours: a hold lasts a day at least, and
/// silences are remembered for 41.
const MOST_HELD: usize = 64;

/// A time in which an alert that readings of a kind are missing is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The kind.
    pub kind: Kind,
    /// Since when.
    pub from: Timestamp,
    /// Until when; the latest time where that is not known yet.
    pub until: Timestamp,
}

impl Silences {
    /// The times in which alerts are held back of a patient whose readings of a kind come by groups: of a
    /// group, while they did. They are in order, and none touches another.
    pub fn holding(
        &self,
        kind: Kind,
        limits: &Limits,
        times_of: impl Fn(&Group) -> Times,
    ) -> Vec<Held> {
        let mut held = Vec::new();
        for silence in self.iter() {
            let end = silence.ended.map_or(Timestamp::LATEST, |ended| ended + limits.afterwards);
            for (from, until) in times_of(&silence.group) {
                let (from, until) = (from.max(silence.since), until.min(end));
                if from < until {
                    held.push(Held { kind, from, until });
                }
            }
        }
        held.sort_by_key(|hold: &Held| (hold.from, hold.until));
        held.dedup_by(|next, hold| {
            let is_joined = next.from <= hold.until;
            if is_joined {
                hold.until = hold.until.max(next.until);
            }
            is_joined
        });
        // What is not held back any more is raised.
        held.drain(..held.len().saturating_sub(MOST_HELD));
        held
    }
}

impl Held {
    /// When an alert is raised that is due at a time: then, or when no hold covers it any more, and at
    /// most [`HELD_AT_MOST`] later.
    pub fn release(held: &[Self], kind: Kind, due: Timestamp) -> Timestamp {
        let latest = due + HELD_AT_MOST;
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
