//! What is severe of what is suspected. The patient's own plan is not known where that is remembered, for a
//! state that is rebuilt reads it last: all is remembered that some plan calls severe, and the rule asks the
//! patient's.

use crate::kinds::Kind;
use crate::sample::Sample;

/// By which plans a value is severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SevereBy {
    /// By none.
    NoPlan,
    /// By the limits that some plan may have.
    AnotherPlan,
    /// By the rules' defaults.
    Default,
}

impl SevereBy {
    /// Whether the patient's plan may be one by which it is.
    pub(crate) fn may_be(self) -> bool {
        self > Self::NoPlan
    }
}

/// What rules say of severe values: they stand on the memory that asks, so they are handed to it.
#[derive(Debug, Clone, Copy)]
pub struct AskSevere {
    /// By which plans a value is severe, where the patient's is not known.
    pub(crate) severe_by: fn(Kind, Sample) -> SevereBy,
}

impl AskSevere {
    /// Of no rules: nothing is severe. For who remembers readings without judging them.
    pub const NOTHING: Self = Self { severe_by: |_, _| SevereBy::NoPlan };

    pub(crate) fn by(self, kind: Kind, sample: Sample) -> SevereBy {
        (self.severe_by)(kind, sample)
    }
}

/// What nobody would see any more if something that is remembered made room for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MakesRoom {
    /// How severe it is.
    pub(super) hidden: SevereBy,
    /// Whether it was not reported yet.
    pub(super) is_known_to_nobody: bool,
}

/// Remembers one more, at most so many. Where there is no room, the first of those goes whose going hides least:
/// the least severe, and of these one that was reported. What comes new goes itself where it is less severe than all
/// others and these were not reported.
pub(super) fn remember_with_room<T>(
    known: &mut Vec<T>,
    most: usize,
    new: T,
    hides: impl Fn(&T) -> MakesRoom,
) {
    if known.len() >= most {
        let hidden = known.iter().map(&hides).enumerate();
        let Some((place, least)) = hidden.min_by_key(|(_, hides)| *hides) else { return };
        if least.is_known_to_nobody && least.hidden > hides(&new).hidden {
            return;
        }
        known.remove(place);
    }
    known.push(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_severe_makes_room_and_none_that_waits_to_be_reported_for_a_less_severe_one() {
        use SevereBy::{AnotherPlan, Default, NoPlan};
        // Which it is, how severe, and whether it was not reported.
        let room_for = |known: [(u8, SevereBy, bool); 3], new: (SevereBy, bool)| {
            let mut known = known.to_vec();
            let hides =
                |one: &(u8, SevereBy, bool)| MakesRoom { hidden: one.1, is_known_to_nobody: one.2 };
            remember_with_room(&mut known, 3, (3, new.0, new.1), hides);
            known.into_iter().map(|(which, ..)| which).collect::<Vec<u8>>()
        };
        let all = |severe, waits| [(0, severe, waits), (1, severe, waits), (2, severe, waits)];
        assert_eq!(room_for(all(Default, false), (Default, false)), [1, 2, 3]);
        assert_eq!(room_for(all(Default, true), (Default, false)), [1, 2, 3]);
        assert_eq!(room_for(all(Default, true), (AnotherPlan, true)), [0, 1, 2]);
        assert_eq!(room_for(all(Default, false), (AnotherPlan, true)), [1, 2, 3]);
        let mixed = [(0, Default, true), (1, Default, false), (2, Default, true)];
        assert_eq!(room_for(mixed, (Default, true)), [0, 2, 3]);
        let mixed = [(0, Default, false), (1, AnotherPlan, true), (2, NoPlan, false)];
        assert_eq!(room_for(mixed, (AnotherPlan, true)), [0, 1, 3]);
        assert_eq!(room_for([mixed[0], mixed[1], mixed[1]], (Default, true)), [0, 1, 3]);
    }
}
