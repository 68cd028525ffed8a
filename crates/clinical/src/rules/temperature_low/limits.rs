//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;

/// Temperature below which it is low, °C: judged where it is given alone.
pub(super) const LIMIT: Parameter = Parameter {
    name: "temperature.low.limit",
    former_names: &[],
    label: Label {
        ja: "低体温とする体温（指定のあるときだけ判定）",
        en: "low, below (judged only where it is given)",
    },
    unit: "Cel",
    default: 35.0,
    low: 30.0,
    high: 36.5,
    decimals: 1,
    source: "hypothermia begins below 35 °C (recalled), where TIHM calls",
};

/// Temperature at or above which it is normal again, °C.
pub(super) const CLEAR: Parameter = Parameter {
    name: "temperature.low.clear",
    former_names: &[],
    label: Label { ja: "解消の体温", en: "normal again, at or above" },
    unit: "Cel",
    default: 35.5,
    low: 30.0,
    high: 37.0,
    decimals: 1,
    source: "ours: 0.5 above low, so that a patient at the limit does not flap",
};

/// How far the limit for clearing is above the one for raising, unless that is given, °C.
const HYSTERESIS: f64 = 0.5;

/// The numbers for one patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// °C.
    pub(super) low: f64,
    /// °C, at least `low`.
    pub(super) clear: f64,
}

impl Limits {
    /// None where nobody gives the limit: then nothing is judged.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let low = plan.given(&LIMIT)?;
        // Clearing is never looser than raising.
        let clear = plan.clearing(&CLEAR, &LIMIT).map(|given| given.max(low));
        Some(Self { low, clear: clear.unwrap_or(CLEAR.rounded(low + HYSTERESIS)) })
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        [
            "解消の基準と低体温の基準の差（指定のないとき）",
            "normal lies above low by, where it is not given",
        ],
        HYSTERESIS,
        "Cel",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::new(
        [
            "遅れて届いた値を、同時に送られた値と併せて判定する体温（未満）",
            "judged with what was sent with it: a late temperature below",
        ],
        LIMIT.high,
        "Cel",
        "ours",
    ),
];
