//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::glucose::{SENSOR_FOR, SILENCE};
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::rules::glucose_event::REPORTS_FOR;
use crate::rules::glucose_rule::{BACK, BACK_BY_STICK, back};

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
pub(super) const CLEAR: Parameter = back("glucose.very_low.clear", BACK);

/// Glucose at or above which a finger-stick is back, where it is given; else as for a sensor, mg/dL.
pub(super) const STICK_CLEAR: Parameter = back("glucose.very_low.stick_clear", BACK_BY_STICK);

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::minutes(
        ["センサーの低値が続く時間（以上）", "a sensor stays below for"],
        SENSOR_FOR,
        "international consensus on continuous glucose monitoring: events of 15 minutes",
    ),
    Fixed::minutes(
        [
            "センサーの短い低値の後、再測定を求める無信号（超）",
            "a sensor falls silent after a shorter low: asks to measure after",
        ],
        SILENCE,
        "ours: phones lose a few values",
    ),
    Fixed::hours(
        [
            "低値の間隔がこれを超えると、新たな発生とみなす",
            "very low again: a new crisis after more than",
        ],
        REPORTS_FOR,
        "ours: after that long it is no one event",
    ),
];
