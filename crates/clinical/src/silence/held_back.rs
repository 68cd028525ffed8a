//! Whose alerts silences hold back, and when.

use super::{Group, Limits, Silences, Times};
use crate::held_back::HeldBack;
use crate::kinds::Kind;
use crate::time::Timestamp;

/// So many times of a kind are remembered of a patient, the newest. Ours: each lasts a day at least, and
/// silences are remembered for 41.
const MOST_HELD_BACK: usize = 64;

impl Silences {
    /// The times in which alerts are held back of a patient whose readings of a kind come by groups: of a
    /// group, while they did. They are in order, and none touches another.
    pub fn held_back(
        &self,
        kind: Kind,
        limits: &Limits,
        times_of: impl Fn(&Group) -> Times,
    ) -> Vec<HeldBack> {
        let mut held = Vec::new();
        for silence in self.iter() {
            let end = silence.ended.map_or(Timestamp::LATEST, |ended| ended + limits.afterwards);
            for (from, until) in times_of(&silence.group) {
                let (from, until) = (from.max(silence.since), until.min(end));
                if from < until {
                    held.push(HeldBack { kind, from, until });
                }
            }
        }
        held.sort_by_key(|hold: &HeldBack| (hold.from, hold.until));
        held.dedup_by(|next, hold| {
            let is_joined = next.from <= hold.until;
            if is_joined {
                hold.until = hold.until.max(next.until);
            }
            is_joined
        });
        // What is not held back any more is raised.
        held.drain(..held.len().saturating_sub(MOST_HELD_BACK));
        held
    }
}
