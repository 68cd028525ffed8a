//! The numbers of the rule.

use crate::kinds::Label;
use crate::parameter::Parameter;

/// Glucose below which it is very low, mg/dL.
pub(super) const LIMIT: Parameter = Parameter {
    name: "glucose.very_low.limit",
    former_names: &[],
    label: Label { ja: "著しい低血糖とする血糖値（未満）", en: "very low, below" },
    unit: "mg/dL",
    default: 54.0,
    low: 40.0,
    high: 70.0,
    decimals: 0,
    source: "international consensus on continuous glucose monitoring: level 2, below 54 mg/dL",
};

/// Glucose at or above which it is back, mg/dL.
pub(super) const CLEAR: Parameter = Parameter {
    name: "glucose.very_low.clear",
    former_names: &[],
    label: Label { ja: "解消の血糖", en: "back, at or above" },
    unit: "mg/dL",
    default: 70.0,
    low: 54.0,
    high: 120.0,
    decimals: 0,
    source: "international consensus on continuous glucose monitoring: 70 mg/dL is in range",
};
