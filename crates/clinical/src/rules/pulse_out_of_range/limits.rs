//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;

/// Pulse below which an occasion is out of range, /min.
pub(super) const LOW: Parameter = Parameter {
    name: "pulse.out_of_range.low",
    former_names: &[],
    label: Label { ja: "脈拍の下限", en: "out of range, below" },
    unit: "/min",
    default: 50.0,
    low: 30.0,
    high: 60.0,
    decimals: 0,
    source: "ours: below 50; TIHM calls at below 55. Lower for a patient with bradycardia that is known",
};

/// Pulse above which an occasion is out of range, /min.
pub(super) const HIGH: Parameter = Parameter {
    name: "pulse.out_of_range.high",
    former_names: &[],
    label: Label { ja: "脈拍の上限", en: "out of range, above" },
    unit: "/min",
    default: 100.0,
    low: 90.0,
    high: 150.0,
    decimals: 0,
    source: "TIHM: above 100",
};

/// Pulse of one occasion at or below which somebody is asked to measure again, /min.
pub(super) const VERY_LOW: Parameter = Parameter {
    name: "pulse.out_of_range.very_low",
    former_names: &[],
    label: Label {
        ja: "1回で再測定を求める脈拍（以下）",
        en: "asks to measure again, at or below",
    },
    unit: "/min",
    default: 40.0,
    low: 20.0,
    high: 60.0,
    decimals: 0,
    source: "NEWS2: a pulse of 40 or less alone calls for an urgent review (recalled)",
};

/// Pulse of one occasion at or above which somebody is asked to measure again, /min.
pub(super) const VERY_HIGH: Parameter = Parameter {
    name: "pulse.out_of_range.very_high",
    former_names: &[],
    label: Label {
        ja: "1回で再測定を求める脈拍（以上）", en: "asks to measure again, from"
    },
    unit: "/min",
    default: 131.0,
    low: 90.0,
    high: 250.0,
    decimals: 0,
    source: "NEWS2: a pulse of 131 or more alone calls for an urgent review (recalled)",
};

/// So far above the lower limit an occasion is back, /min. Ours: cuffs count to about 5 %.
const BACK_ABOVE: f64 = 2.0;

/// So far below the upper limit an occasion is back, /min. Ours, as above.
const BACK_BELOW: f64 = 5.0;

/// The numbers for one patient, /min.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    low: f64,
    high: f64,
    very_low: f64,
    very_high: f64,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let [low, high, very_low, very_high] =
            [&LOW, &HIGH, &VERY_LOW, &VERY_HIGH].map(|parameter| plan.value(parameter));
        Self { low, high, very_low, very_high }
    }

    /// How far a pulse is beyond one of the limits; 0 or less of one that is in range.
    pub(super) fn beyond(&self, pulse: f64) -> f64 {
        (self.low - pulse).max(pulse - self.high)
    }

    pub(super) fn is_out(&self, pulse: f64) -> bool {
        self.beyond(pulse) > 0.0
    }

    /// Whether a pulse is above the range.
    pub(super) fn is_above(&self, pulse: f64) -> bool {
        pulse > self.high
    }

    /// Whether one occasion alone asks to measure again. Nothing is extreme that is in range.
    pub(super) fn is_extreme(&self, pulse: f64) -> bool {
        self.is_out(pulse) && (pulse <= self.very_low || pulse >= self.very_high)
    }

    pub(super) fn is_back(&self, pulse: f64) -> bool {
        (self.low + BACK_ABOVE..=self.high - BACK_BELOW).contains(&pulse)
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::count(
        ["開始・解消に要する連続した測定機会", "occasions in a row that raise or end it"],
        super::IN_A_ROW_RAISE,
        "ours: one may be an error",
    ),
    Fixed::count(
        [
            "再測定を求めるアラートの確認・解消に要する次の測定機会",
            "next occasions that confirm or end an alert that asks to measure again",
        ],
        super::ANSWERS,
        "ours: the repetition that it asks for",
    ),
    Fixed::days(
        ["連続とみなす測定機会の間隔（以下）", "in a row: at most apart"],
        super::IN_A_ROW,
        "ours",
    ),
    Fixed::new(
        ["解消：下限を上回る差（以上）", "back: above the lower limit by at least"],
        BACK_ABOVE,
        "/min",
        "ours: cuffs count to about 5 %",
    ),
    Fixed::new(
        ["解消：上限を下回る差（以上）", "back: below the upper limit by at least"],
        BACK_BELOW,
        "/min",
        "ours: cuffs count to about 5 %",
    ),
];
