//! The numbers of the rule.

use crate::fixed::Fixed;
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
const SHORT: Span = Span::from_hours(3 * 24 + 4);
/// Readings within a week are at most so far apart. The 4 hours are ours.
const LONG: Span = Span::from_hours(7 * 24 + 4);

/// A low reading between two higher ones says nothing when the one before is at most so far away:
/// as far as readings within 3 days. Ours.
pub(super) const ALONE: Span = SHORT;

/// How old the first of the readings must be that a scale's newest is compared with, before they say that
/// the weight has not risen for a week. Ours: scales are used daily.
pub(super) const STEADY: Span = Span::from_days(6);

/// So long after the newest gain the weight has become the patient's own. Ours.
pub(super) const LONGEST: Span = Span::from_days(28);

/// A gain ends when it is so far below its limit, so that a patient at the limit does not flap. Ours.
const HYSTERESIS: Weight = Weight(50);

/// A gain ends so long after its first reading at the soonest, so that weight which goes up and down from
/// day to day is not a new alert each time: what was compared with it is compared with nothing then. A week,
/// less the 4 hours that people weigh themselves earlier. Ours.
pub(super) const SETTLED: Span = Span::from_hours(7 * 24 - 4);

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

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::hours(
        ["比較する測定の間隔（以上）", "compared: readings at least apart"],
        NEAREST,
        "ours: people weigh themselves up to 4 hours earlier or later in the day",
    ),
    Fixed::hours(
        ["3日以内とみなす間隔（以下）", "within 3 days: readings at most apart"],
        SHORT,
        "the 4 hours are ours; 3 days: heart failure, ESC (recalled)",
    ),
    Fixed::hours(
        ["1週間以内とみなす間隔（以下）", "within a week: readings at most apart"],
        LONG,
        "the 4 hours are ours; a week: heart failure, JCS/JHFS (recalled)",
    ),
    Fixed::new(
        ["解消：基準を下回る差", "ended: below the limit by more than"],
        HYSTERESIS.0 as f64 / 100.0,
        "kg",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::hours(
        ["解消：最初の増加からの時間（以上）", "ended: after the first gain at least"],
        SETTLED,
        "ours: a week, so that one low weight raises one alert",
    ),
    Fixed::hours(
        [
            "前後より低い単独の値を除く間隔（以下）",
            "a lower reading between two higher ones is left out: the one before at most away",
        ],
        ALONE,
        "ours: a slip, or another person on the scale",
    ),
    Fixed::hours(
        ["使われなくなった体重計とみなす時間", "a scale is not used any more: nothing of it for"],
        COMPARED,
        "ours: with nothing of it is a reading compared then",
    ),
    Fixed::days(
        [
            "別の体重計で解消：その測定の期間（以上）",
            "another scale ends it: its own readings go back at least",
        ],
        STEADY,
        "ours: scales are used daily",
    ),
    Fixed::days(
        [
            "新しい体重とみなすまで（最後の増加から）",
            "the new weight is the patient's own: after the newest gain",
        ],
        LONGEST,
        "ours",
    ),
];
