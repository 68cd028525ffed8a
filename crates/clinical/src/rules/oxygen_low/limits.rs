//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;

/// Saturation below which it is low, %.
pub(super) const LIMIT: Parameter = Parameter {
    name: "oxygen.low.limit",
    former_names: &[],
    label: Label { ja: "低値とするSpO₂", en: "low, below" },
    unit: "%",
    default: 94.0,
    low: 70.0,
    high: 97.0,
    decimals: 0,
    source: "BTS: 94 to 98 is aimed at, of COPD and others who retain carbon dioxide 88 to 92, so 88 for them (recalled)",
};

/// Saturation at or below which low is urgent, %.
pub(super) const URGENT: Parameter = Parameter {
    name: "oxygen.low.urgent",
    former_names: &[],
    label: Label { ja: "緊急とするSpO₂", en: "urgent, at or below" },
    unit: "%",
    default: 90.0,
    low: 60.0,
    high: 96.0,
    decimals: 0,
    source: "about where respiratory failure begins, 60 mmHg in arterial blood (recalled)",
};

/// Saturation at or above which it is back, %.
pub(super) const CLEAR: Parameter = Parameter {
    name: "oxygen.low.clear",
    former_names: &[],
    label: Label { ja: "解消のSpO₂", en: "back, at or above" },
    unit: "%",
    default: 95.0,
    low: 70.0,
    high: 99.0,
    decimals: 0,
    source: "ours: 1 above low, so that a patient at the limit does not flap",
};

/// How far the limit for clearing is above the one for raising, unless that is given, %.
const HYSTERESIS: f64 = 1.0;

/// The numbers for one patient, %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    low: f64,
    urgent: f64,
    pub(super) clear: f64,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let low = plan.value(&LIMIT);
        // Clearing is never looser than raising.
        let clear = plan.clearing(&CLEAR, &LIMIT).map(|given| given.max(low));
        let urgent = plan.value(&URGENT);
        Self { low, urgent, clear: clear.unwrap_or(low + HYSTERESIS) }
    }

    pub(super) fn is_low(&self, spo2: f64) -> bool {
        spo2 < self.low
    }

    /// What is not low is not urgent either: a plan that lowers the limit for low alone leaves all that
    /// is low urgent where that limit is the lower one.
    pub(super) fn is_urgent(&self, spo2: f64) -> bool {
        spo2 <= self.urgent && self.is_low(spo2)
    }

    /// What has no number is neither low nor not low.
    pub(super) fn is_not_low(&self, spo2: f64) -> bool {
        spo2 >= self.low
    }

    pub(super) fn is_back(&self, spo2: f64) -> bool {
        spo2 >= self.clear
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        [
            "解消の基準と低値の基準の差（指定のないとき）",
            "back lies above low by, where it is not given",
        ],
        HYSTERESIS,
        "%",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::new(
        [
            "遅れて届いた値を、同時に送られた値と併せて判定する値（未満）",
            "judged with what was sent with it: a late value below",
        ],
        LIMIT.high,
        "%",
        "ours",
    ),
];
