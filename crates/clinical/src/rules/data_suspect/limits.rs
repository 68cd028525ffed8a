//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::glucose::SILENCE;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::time::Span;

/// A sensor stands at its low end for so long, hours.
pub(super) const LOW_END: Parameter = Parameter {
    name: "data.suspect.low_end",
    former_names: &[],
    label: Label {
        ja: "センサーが測定下限のまま変わらない時間",
        en: "sensor unchanged at its low end for",
    },
    unit: "h",
    default: 2.0,
    low: 1.0,
    high: 24.0,
    decimals: 0,
    source: "ours: an extended low lasts for more than 120 minutes (consensus, recalled), and the sensor of somebody who lies on it shows one too",
};

/// A sensor stands at its high end for so long, hours.
pub(super) const HIGH_END: Parameter = Parameter {
    name: "data.suspect.high_end",
    former_names: &[],
    label: Label {
        ja: "センサーが測定上限のまま変わらない時間",
        en: "sensor unchanged at its high end for",
    },
    unit: "h",
    default: 4.0,
    low: 1.0,
    high: 24.0,
    decimals: 0,
    source: "ours: highs last longer than lows, and one that does not come off the end once in so long is worth a finger-stick",
};

/// What a sensor for glucose can say, mg/dL: the values that its kind declares.
pub(super) const SENSOR_VALUES: (f64, f64) = (40.0, 400.0);

/// Below this, mg/dL, a finger-stick agrees with a sensor at its low end: the consensus, level 1.
pub(super) const AGREES_WITH_LOW: f64 = 70.0;

/// Above this, mg/dL, a finger-stick agrees with a sensor at its high end: the consensus, level 2.
pub(super) const AGREES_WITH_HIGH: f64 = 250.0;

/// A sensor that says nothing more is suspected for so long after its last value: it was taken off, or
/// its silence is reported by another rule. Ours.
pub(super) const SENSOR_END_FOR: Span = Span::from_hours(24);

/// A value is compared with the person's own of so long before it: after that the new unit, or whoever
/// uses the device now, is the usual. Ours.
pub(super) const OWN_FOR: Span = Span::from_days(30);

/// With fewer own values nothing is compared. Ours.
pub(super) const ENOUGH_OWN: usize = 3;

/// A unit is suspected for so long after the last value that shows it. Ours.
pub(super) const UNIT_FOR: Span = Span::from_days(7);

/// Pounds of a kilogram: one pound is 0.45359237 kg by definition.
pub(super) const POUNDS: f64 = 1.0 / 0.453_592_37;

/// Own weights of a month differ from their median by this share at most. Ours.
pub(super) const OWN_WEIGHTS_WITHIN: f64 = 0.08;

/// Two own weights in a row differ by less than this factor, which lies between a pound and a kilogram.
/// Ours.
pub(super) const OWN_WEIGHTS_NEAR: f64 = 1.4;

/// A weight is compared with the median of the own among so many before it. Ours.
pub(super) const MOST_OWN_WEIGHTS: usize = 32;

/// mg/dL of 1 mmol/L of glucose, the one factor: as the kind declares.
pub(super) const MILLIMOLE: f64 = 18.016;

/// A meter's value below this, mg/dL, may be of mmol/L: the same number as in the gateway, which asks for
/// the unit of a fraction below it.
pub(super) const MAY_BE_MILLIMOLES: f64 = 35.0;

/// No meter for use at home shows a number above this, mg/dL: it says HI (ISO 15197 meters, recalled).
pub(super) const METERS_SHOW: f64 = 600.0;

/// Nobody measures by finger-stick for so long with nothing but values that low, of one meter. Ours.
pub(super) const LOW_FOR: Span = Span::from_hours(4);

/// In the other unit a value is one of the person's own, where it is no further beyond the least or the
/// greatest of these than by this factor. Ours.
pub(super) const OWN_GLUCOSE_BEYOND: f64 = 1.5;

/// So many devices of a kind are looked at, those that were used last: a patient has few, and who sends
/// under a thousand serials is not to keep others waiting. Those that the open alert tells of are looked at
/// as well, so that none is suspected no more for what others say. Ours.
pub(super) const MOST_DEVICES: usize = 8;

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::minutes(
        [
            "センサーの上下限での連続とみなす無信号（以下）",
            "a sensor at an end of what it can say: silence within at most",
        ],
        SILENCE,
        "ours: phones lose a few values",
    ),
    Fixed::new(
        ["センサーの測定下限（以下）", "a sensor's low end: at or below"],
        SENSOR_VALUES.0,
        "mg/dL",
        "what continuous sensors say, as their kind declares",
    ),
    Fixed::new(
        ["センサーの測定上限（以上）", "a sensor's high end: at or above"],
        SENSOR_VALUES.1,
        "mg/dL",
        "what continuous sensors say, as their kind declares",
    ),
    Fixed::new(
        [
            "測定下限のセンサーと一致する指先穿刺の値（未満）",
            "a finger-stick agrees with the low end: below",
        ],
        AGREES_WITH_LOW,
        "mg/dL",
        "international consensus on continuous glucose monitoring: level 1",
    ),
    Fixed::new(
        [
            "測定上限のセンサーと一致する指先穿刺の値（超）",
            "a finger-stick agrees with the high end: above",
        ],
        AGREES_WITH_HIGH,
        "mg/dL",
        "international consensus on continuous glucose monitoring: level 2",
    ),
    Fixed::hours(
        [
            "センサーの疑いの終わり（最後の値から）",
            "a sensor is suspected after its last value for",
        ],
        SENSOR_END_FOR,
        "ours: it was taken off, or its silence is reported by another rule",
    ),
    Fixed::days(
        ["本人の値とみなす期間", "a unit is compared with the person's own values of"],
        OWN_FOR,
        "ours",
    ),
    Fixed::count(["比較に必要な本人の値の数", "own values needed"], ENOUGH_OWN, "ours"),
    Fixed::count(
        [
            "中央値をとる本人の体重の数（最大）",
            "the own median is of so many weights before it at most",
        ],
        MOST_OWN_WEIGHTS,
        "ours",
    ),
    Fixed::count(
        ["単位を調べる測定器・体重計の数（最大）", "meters and scales that are looked at, at most"],
        MOST_DEVICES,
        "ours",
    ),
    Fixed::days(
        [
            "単位の疑いの終わり（最後の該当値から）",
            "a unit is suspected after the last value that shows it for",
        ],
        UNIT_FOR,
        "ours",
    ),
    Fixed::new(
        [
            "体重の単位の疑い：別の単位で中央値からの差（以内）",
            "the unit of a weight: in the other one from the own median within",
        ],
        100.0 * OWN_WEIGHTS_WITHIN,
        "%",
        "ours",
    ),
    Fixed::new(
        ["続く本人の体重の比（未満）", "two own weights in a row differ by less than the factor"],
        OWN_WEIGHTS_NEAR,
        "",
        "ours: between a pound and a kilogram",
    ),
    Fixed::new(
        ["mmol/Lの疑いがある測定器の値（未満）", "a meter's values that may be of mmol/L: below"],
        MAY_BE_MILLIMOLES,
        "mg/dL",
        "ours: the number below which the gateway asks for the unit of a fraction",
    ),
    Fixed::hours(
        ["そのような値だけが続く時間（以上）", "with nothing but such values for"],
        LOW_FOR,
        "ours: nobody measures by finger-stick for so long with nothing but values that low",
    ),
    Fixed::new(
        [
            "mg/dLがmmol/Lとして送られた疑いがある値（超）",
            "a meter's value of mg/dL that was sent as mmol/L: above",
        ],
        METERS_SHOW,
        "mg/dL",
        "ISO 15197: meters say HI above it (recalled)",
    ),
    Fixed::new(
        [
            "別の単位で本人の血糖とみなす範囲（最小・最大の倍数、以内）",
            "own glucose in the other unit: beyond the least and the greatest by at most the factor",
        ],
        OWN_GLUCOSE_BEYOND,
        "",
        "ours",
    ),
];
