//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::time::Span;

/// A sensor stays very high for so long: a high after a meal is over sooner.
pub(super) const SENSOR_FOR: Span = Span::from_minutes(120);

/// Two finger-sticks are so long apart at least.
pub(super) const APART: Span = Span::from_hours(1);

/// And so long at most: who measures a few times a week is noticed. Ours.
pub(super) const WITHIN: Span = Span::from_hours(7 * 24);

/// Glucose above which it is very high, mg/dL.
pub(super) const LIMIT: Parameter = Parameter {
    name: "glucose.very_high.limit",
    former_names: &[],
    label: Label { ja: "著しい高血糖とする血糖値（超）", en: "very high, above" },
    unit: "mg/dL",
    default: 250.0,
    low: 180.0,
    high: 400.0,
    decimals: 0,
    source: "international consensus on continuous glucose monitoring: level 2, above 250 mg/dL",
};

/// Glucose of one finger-stick at or above which somebody is asked to measure again, mg/dL.
pub(super) const SINGLE: Parameter = Parameter {
    name: "glucose.very_high.single",
    former_names: &[],
    label: Label {
        ja: "1回で再測定を求める血糖値（以上）", en: "asks to measure again, from"
    },
    unit: "mg/dL",
    default: 400.0,
    low: 250.0,
    high: 600.0,
    decimals: 0,
    source: "ours: whoever has one value so high, and measures once a day, is asked for symptoms that day",
};

/// Glucose below which it is back, mg/dL.
pub(super) const CLEAR: Parameter = Parameter {
    name: "glucose.very_high.clear",
    former_names: &[],
    label: Label { ja: "解消の血糖", en: "back, below" },
    unit: "mg/dL",
    default: 230.0,
    low: 140.0,
    high: 400.0,
    decimals: 0,
    source: "ours: 20 mg/dL below the limit, so that a value around it does not end and begin it",
};

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::minutes(
        ["センサーの持続", "a sensor stays above for"],
        SENSOR_FOR,
        "ours: a high after a meal is over sooner",
    ),
    Fixed::minutes(
        [
            "センサーの持続を中断しない低下（未満）",
            "at or below the limit without an end to that: less than",
        ],
        crate::glucose::SENSOR_FOR,
        "international consensus on continuous glucose monitoring: an event ends after 15 minutes",
    ),
    Fixed::hours(
        ["2回の指先穿刺の間隔（以上）", "two finger-sticks at least apart"],
        APART,
        "ours",
    ),
    Fixed::days(
        ["2回の指先穿刺の間隔（以下）", "two finger-sticks at most apart"],
        WITHIN,
        "ours: who measures a few times a week is noticed",
    ),
];
