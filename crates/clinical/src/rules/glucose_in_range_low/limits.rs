//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::glucose::bands::BandLimits;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;

/// The least glucose in range, mg/dL.
pub(super) const LOW: Parameter = Parameter {
    name: "glucose.in_range_low.low",
    former_names: &[],
    label: Label { ja: "目標範囲の下限", en: "lower end of the range" },
    unit: "mg/dL",
    default: 70.0,
    low: 54.0,
    high: 100.0,
    decimals: 0,
    source: "consensus on continuous monitoring: 70; pregnancy: 63",
};

/// The greatest glucose in range, mg/dL.
pub(super) const HIGH: Parameter = Parameter {
    name: "glucose.in_range_low.high",
    former_names: &[],
    label: Label { ja: "目標範囲の上限", en: "upper end of the range" },
    unit: "mg/dL",
    default: 180.0,
    low: 120.0,
    high: 250.0,
    decimals: 0,
    source: "consensus on continuous monitoring: 180; pregnancy and tight range: 140",
};

/// Percent of the time in range below which it is too little.
pub(super) const TARGET: Parameter = Parameter {
    name: "glucose.in_range_low.target",
    former_names: &[],
    label: Label { ja: "目標範囲内の時間の割合", en: "share of time in range" },
    unit: "%",
    default: 70.0,
    low: 10.0,
    high: 95.0,
    decimals: 0,
    source: "consensus on continuous monitoring: older or frail above 50 % (recalled), others above 70 %",
};

/// Percent of the time in range from which on an alert ends.
pub(super) const CLEAR: Parameter = Parameter {
    name: "glucose.in_range_low.clear",
    former_names: &[],
    label: Label { ja: "解消の割合", en: "share of time in range that ends it" },
    unit: "%",
    default: 75.0,
    low: 10.0,
    high: 100.0,
    decimals: 0,
    source: "ours: 5 above the target, so that a patient at the target does not flap",
};

/// An open alert says the two weeks anew when so many points less are in range than it says. Ours.
pub(super) const FURTHER: f64 = 10.0;

/// The numbers for one patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    pub(super) bands: BandLimits,
    /// Percent of the time.
    pub(super) target: f64,
    /// Percent of the time, not less than the target.
    pub(super) clear: f64,
}

impl Limits {
    /// Where no end is given, it keeps its distance from the target.
    pub(super) fn of(plan: &Plan) -> Self {
        let target = plan.value(&TARGET);
        let apart = CLEAR.default - TARGET.default;
        let clear = plan.clearing(&CLEAR, &TARGET).unwrap_or((target + apart).min(CLEAR.high));
        Self {
            bands: BandLimits::STANDARD.with_range(plan.value(&LOW), plan.value(&HIGH)),
            target,
            clear: clear.max(target),
        }
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        ["解消と目標の差（指定のないとき）", "ended above the target by, where it is not given"],
        CLEAR.default - TARGET.default,
        "%",
        "ours: so that a patient at the target does not flap",
    ),
    Fixed::new(
        [
            "内容の更新：さらに減少（ポイント、以上）",
            "says more: less in range by at least, points",
        ],
        FURTHER,
        "%",
        "ours",
    ),
];
