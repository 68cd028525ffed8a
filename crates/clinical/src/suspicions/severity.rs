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

/// Where the one is that makes room for another: the first of those whose going hides least from anybody.
pub(super) fn place_that_makes_room<'a, T: 'a>(
    known: impl IntoIterator<Item = &'a T>,
    hides: impl Fn(&T) -> SevereBy,
) -> usize {
    let hidden = known.into_iter().map(hides).enumerate();
    hidden.min_by_key(|(_, hidden)| *hidden).map_or(0, |(place, _)| place)
}
