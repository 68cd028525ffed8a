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

/// So far above the lower limit an occasion is back, /min. Ours: cuffs count to about 5 %.
const BACK_ABOVE: f64 = 2.0;

/// So far below the upper limit an occasion is back, /min. Ours, as above.
const BACK_BELOW: f64 = 5.0;

/// The numbers for one patient, /min.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    low: f64,
    high: f64,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        Self { low: plan.value(&LOW), high: plan.value(&HIGH) }
    }

    /// How far a pulse is beyond one of the limits; 0 or less of one that is in range.
    pub(super) fn beyond(&self, pulse: f64) -> f64 {
        (self.low - pulse).max(pulse - self.high)
    }

    pub(super) fn is_out(&self, pulse: f64) -> bool {
        self.beyond(pulse) > 0.0
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
