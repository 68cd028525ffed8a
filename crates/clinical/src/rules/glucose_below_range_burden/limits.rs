//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::glucose::bands::BandLimits;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;

/// Glucose below which a value is below range, mg/dL.
pub(super) const LOW: Parameter = Parameter {
    name: "glucose.below_range_burden.low",
    former_names: &[],
    label: Label { ja: "目標範囲の下限", en: "lower end of the range" },
    unit: "mg/dL",
    default: 70.0,
    low: 54.0,
    high: 100.0,
    decimals: 0,
    source: "consensus on continuous monitoring: 70; pregnancy: 63",
};

/// Percent of the time below range from which on it is too much.
pub(super) const BELOW: Parameter = Parameter {
    name: "glucose.below_range_burden.below",
    former_names: &[],
    label: Label { ja: "目標範囲未満の時間の割合", en: "share of time below range" },
    unit: "%",
    default: 4.0,
    low: 0.5,
    high: 50.0,
    decimals: 1,
    source: "consensus on continuous monitoring: older or frail below 1 % (recalled), others below 4 %",
};

/// Percent of the time below 54 mg/dL from which on it is too much.
pub(super) const VERY_LOW: Parameter = Parameter {
    name: "glucose.below_range_burden.very_low",
    former_names: &[],
    label: Label { ja: "54 mg/dL未満の時間の割合", en: "share of time below 54 mg/dL" },
    unit: "%",
    default: 1.0,
    low: 0.1,
    high: 50.0,
    decimals: 1,
    source: "consensus on continuous monitoring: below 1 %",
};

/// An alert ends where both shares are at most so much of their limits. Ours, so that a patient at a limit does
/// not flap.
pub(super) const CLEARS_AT: f64 = 0.5;

/// An open alert says the two weeks anew when a share is so many times what it says. Ours.
pub(super) const FURTHER: f64 = 2.0;

/// The numbers for one patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bands: BandLimits,
    /// Percent of the time.
    pub(super) below: f64,
    /// Percent of the time.
    pub(super) very_low: f64,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let standard = BandLimits::STANDARD;
        Self {
            bands: standard.with_range(plan.value(&LOW), standard.high()),
            below: plan.value(&BELOW),
            very_low: plan.value(&VERY_LOW),
        }
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        ["著しい低血糖（未満）", "very low: below"],
        BandLimits::STANDARD.very_low(),
        "mg/dL",
        "international consensus on continuous glucose monitoring: level 2",
    ),
    Fixed::new(
        [
            "解消：基準に対する割合（以下）",
            "ended: both shares at or below so much of their limits",
        ],
        100.0 * CLEARS_AT,
        "%",
        "ours: so that a patient at a limit does not flap",
    ),
    Fixed::new(
        ["内容の更新：示した割合の倍数（以上）", "says more: at least so many times what it says"],
        FURTHER,
        "",
        "ours",
    ),
];
