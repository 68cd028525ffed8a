//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;

/// Temperature at or above which it is high, °C.
pub(super) const LIMIT: Parameter = Parameter {
    name: "temperature.high.limit",
    former_names: &[],
    label: Label { ja: "発熱とする体温", en: "high, at or above" },
    unit: "Cel",
    default: 37.5,
    low: 36.5,
    high: 40.0,
    decimals: 1,
    source: "TIHM calls at above 37.6; fever as Japan's reporting of infections counts it, from 37.5 °C on (recalled)",
};

/// Temperature below which it is normal again, °C.
pub(super) const CLEAR: Parameter = Parameter {
    name: "temperature.high.clear",
    former_names: &[],
    label: Label { ja: "解消の体温", en: "normal again, below" },
    unit: "Cel",
    default: 37.2,
    low: 36.0,
    high: 40.0,
    decimals: 1,
    source: "ours: 0.3 below high, so that a patient at the limit does not flap",
};

/// How far the limit for clearing is below the one for raising, unless that is given, °C.
const HYSTERESIS: f64 = 0.3;

/// The numbers for one patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// °C.
    pub(super) high: f64,
    /// °C, at most `high`.
    pub(super) clear: f64,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let high = plan.value(&LIMIT);
        // Clearing is never looser than raising.
        let clear = plan.clearing(&CLEAR, &LIMIT).map(|given| given.min(high));
        Self { high, clear: clear.unwrap_or(CLEAR.rounded(high - HYSTERESIS)) }
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        [
            "解消の基準と発熱の基準の差（指定のないとき）",
            "normal lies below high by, where it is not given",
        ],
        HYSTERESIS,
        "Cel",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::hours(
        ["解消：基準以上の値がない時間", "ended: after no reading above normal for"],
        super::NORMAL_FOR,
        "ours: a fever falls in the morning and rises in the evening",
    ),
];
