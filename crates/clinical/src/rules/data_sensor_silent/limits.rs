//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::time::Span;

/// A sensor is silent when it has said nothing for so long, hours; 0 is never.
pub(super) const HOURS: Parameter = Parameter {
    name: "data.sensor_silent.hours",
    former_names: &[],
    label: Label { ja: "センサーの値が届かない時間", en: "no value of a sensor for" },
    unit: "h",
    default: 6.0,
    low: 0.0,
    high: 168.0,
    decimals: 0,
    source: "ours: phones lose their connection for some hours, and a sensor is changed within them; who is asked the same day measures by finger-stick meanwhile",
};

/// A sensor is worn that has said so many values in a day; one value may be said to be a sensor's by mistake.
/// Ours: those that store a value each quarter of an hour say so many in three hours.
pub(super) const WORN: usize = 12;

/// Within so long. Ours.
pub(super) const WORN_WITHIN: Span = Span::from_hours(24);

/// What was observed so long before its receipt comes with more: a phone hands over what it has kept. Ours.
pub(super) const HANDED_OVER: Span = Span::from_hours(1);

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::count(
        ["センサー装着とみなす値の数（以上）", "worn: values of sensors at least"],
        WORN,
        "ours: one value may be called a sensor's by mistake",
    ),
    Fixed::hours(["その期間", "worn: within"], WORN_WITHIN, "ours"),
    Fixed::hours(
        [
            "受信の遅れがこれ以上の値は、同時に送られた値と併せて判定",
            "judged with what was sent with it: a value so late",
        ],
        HANDED_OVER,
        "ours: a phone hands over what it has kept",
    ),
];
