//! The numbers of the rule.

use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::time::Span;

use crate::rules::weights::{OF_ANOTHER_PERSON, Weight};

/// A gain of so much within 3 days is one to look at, kg.
pub(super) const IN_3_DAYS: Parameter = Parameter {
    name: "weight.gain.in_3_days",
    former_names: &[],
    label: Label { ja: "3日以内の体重増加", en: "gain within 3 days" },
    unit: "kg",
    default: 2.0,
    low: 1.0,
    high: 10.0,
    decimals: 2,
    source: "heart failure: ESC, more than 2 kg in 3 days (recalled)",
};

/// A gain of so much within a week is one to look at, kg.
pub(super) const IN_7_DAYS: Parameter = Parameter {
    name: "weight.gain.in_7_days",
    former_names: &[],
    label: Label { ja: "1週間以内の体重増加", en: "gain within a week" },
    unit: "kg",
    default: 2.0,
    low: 1.0,
    high: 10.0,
    decimals: 2,
    source: "heart failure: JCS/JHFS, 2 kg in a week (recalled)",
};

/// Readings on days in a row are at least so far apart: people weigh themselves up to 4 hours earlier
/// or later than the day before. Ours.
pub(super) const NEAREST: Span = Span::from_hours(24 - 4);
/// Readings within 3 days are at most so far apart. The 4 hours are ours.
pub(super) const SHORT: Span = Span::from_hours(3 * 24 + 4);
/// Readings within a week are at most so far apart. The 4 hours are ours.
const LONG: Span = Span::from_hours(7 * 24 + 4);

/// A gain ends when it is so far below its limit, so that a patient at the limit does not flap. Ours.
const HYSTERESIS: Weight = Weight(50);

/// How much gain, in how many days at most, is one to look at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    pub(super) gain: Weight,
    pub(super) within: Span,
    pub(super) days: u8,
}

impl Limit {
    /// The gain below which an alert ends.
    pub(super) fn ends_below(&self) -> Weight {
        self.gain.less(HYSTERESIS)
    }
}

/// The limits for one patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Within 3 days, then within a week: the quicker gain says more.
    pub(super) both: [Limit; 2],
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let gain = |parameter| Weight::of(plan.value(parameter));
        Self {
            both: [
                Limit { gain: gain(&IN_3_DAYS), within: SHORT, days: 3 },
                Limit { gain: gain(&IN_7_DAYS), within: LONG, days: 7 },
            ],
        }
    }

    /// The smaller of the gains.
    pub(super) fn smallest(&self) -> Weight {
        self.both[0].gain.min(self.both[1].gain)
    }

    /// The limit that a gain in such a time reaches, if it reaches one.
    pub(super) fn reached_by(&self, gain: Weight, apart: Span) -> Option<Limit> {
        let is_reached = |limit: &Limit| {
            (NEAREST..=limit.within).contains(&apart)
                && gain >= limit.gain
                && gain <= OF_ANOTHER_PERSON
        };
        self.both.into_iter().find(is_reached)
    }
}

/// The longest that two readings that are compared lie apart.
pub(super) const COMPARED: Span = LONG;
