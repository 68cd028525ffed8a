//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::glucose::{EXTENDED, SENSOR_FOR};
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::rules::glucose_event::{OFTEN, OFTEN_WITHIN, REPORTS_FOR, STICK_REPORTS_FOR};
use crate::rules::glucose_rule::{BACK, BACK_BY_STICK, back};

/// Glucose below which it is low, mg/dL.
pub(super) const LIMIT: Parameter = Parameter {
    name: "glucose.low.limit",
    former_names: &[],
    label: Label { ja: "低血糖とする血糖値（未満）", en: "low, below" },
    unit: "mg/dL",
    default: 70.0,
    low: 54.0,
    high: 90.0,
    decimals: 0,
    source: "international consensus on continuous glucose monitoring: level 1, below 70 mg/dL",
};

/// Glucose at or above which it is back, mg/dL.
pub(super) const CLEAR: Parameter = back("glucose.low.clear", BACK);

/// Glucose below which a finger-stick is low, where it is given; else as for a sensor, mg/dL.
pub(super) const STICK_LIMIT: Parameter = Parameter {
    name: "glucose.low.stick_limit",
    former_names: &[],
    label: Label {
        ja: "指先穿刺で低血糖とする血糖値（未満）", en: "low by finger-stick, below"
    },
    unit: "mg/dL",
    default: 70.0,
    low: 54.0,
    high: 90.0,
    decimals: 0,
    source: "international consensus on continuous glucose monitoring: level 1, below 70 mg/dL",
};

/// Glucose at or above which a finger-stick is back, where it is given; else as for a sensor, mg/dL.
pub(super) const STICK_CLEAR: Parameter = back("glucose.low.stick_clear", BACK_BY_STICK);

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::minutes(
        ["センサーの低値が続く時間（以上）", "a sensor stays below for"],
        SENSOR_FOR,
        "international consensus on continuous glucose monitoring: events of 15 minutes",
    ),
    Fixed::minutes(
        ["緊急とする低血糖の持続（超）", "extended and urgent: longer than"],
        EXTENDED,
        "international consensus on continuous glucose monitoring: extended for more than 120 minutes (recalled)",
    ),
    Fixed::hours(
        [
            "低値の間隔がこれを超えると、持続は数え直し、新たな発生とみなす",
            "a low value tells of what follows it for; after more it is another low",
        ],
        REPORTS_FOR,
        "ours: after a longer gap nobody knows that it lasted",
    ),
    Fixed::minutes(
        ["指先穿刺の低値を一続きとみなす間隔（以下）", "low finger-sticks are one low within"],
        STICK_REPORTS_FOR,
        "ours: who measures before each meal has eaten between",
    ),
    Fixed::count(
        [
            "回復の確認がないまま指先穿刺の低値を繰り返し、緊急とする回数（以上）",
            "urgent: lows of finger-sticks with nothing back between, at least",
        ],
        OFTEN,
        "ours: at the third what was done does not help",
    ),
    Fixed::hours(
        ["その回数を数える時間（以下）", "these lows begin within"],
        OFTEN_WITHIN,
        "ours: a night, or a day from breakfast to supper",
    ),
];
