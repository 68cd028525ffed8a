//! The numbers of the rule.

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
/// its silence is told by another rule. Ours.
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
