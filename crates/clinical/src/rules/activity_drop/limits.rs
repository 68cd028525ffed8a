//! The numbers of the rule.

use crate::kinds::Label;
use crate::parameter::Parameter;

/// Whether the rule is on: 1, or 0.
pub(super) const ON: Parameter = Parameter {
    name: "activity.drop.on",
    former_names: &[],
    label: Label {
        ja: "歩数の減少を監視する（1）、しない（0）", en: "watched (1) or not (0)"
    },
    unit: "",
    default: 1.0,
    low: 0.0,
    high: 1.0,
    decimals: 0,
    source: "ours: on, where the product is trusted",
};

/// Steps are judged of a device whose product is trusted so far at least: 1 low, 2 moderate, 3 high, as the
/// list of devices says; 0 judges every device.
pub(super) const TRUST: Parameter = Parameter {
    name: "activity.drop.trust",
    former_names: &[],
    label: Label {
        ja: "判定する製品の信頼度（0 すべて、1 低、2 中、3 高）以上",
        en: "products trusted at least (0 all, 1 low, 2 moderate, 3 high)",
    },
    unit: "",
    default: 2.0,
    low: 0.0,
    high: 3.0,
    decimals: 0,
    source: "ours: of a product of moderate trust changes of one person on one device can be judged (JIS S 7200:1993 allows 3 % on a shaker, devices on people differ by 10 to 20 %)",
};

/// Steps of a week below such a share of the month before are worth a look, percent.
pub(super) const SHARE: Parameter = Parameter {
    name: "activity.drop.share",
    former_names: &[],
    label: Label {
        ja: "前4週間の中央値に対する割合", en: "share of the four weeks before"
    },
    unit: "%",
    default: 50.0,
    low: 20.0,
    high: 80.0,
    decimals: 0,
    source: "ours",
};

/// A week is compared with the four weeks before it: so many local days. Ours.
pub(super) const WEEK: usize = 7;
/// The four weeks. Ours.
pub(super) const BEFORE: usize = 28;
/// On so many days of the week the device has to be worn. Ours.
pub(super) const ENOUGH_OF_WEEK: usize = 5;
/// On so many days of the four weeks before. Ours.
pub(super) const ENOUGH_BEFORE: usize = 14;
/// Of who walks less a day, a counter says too little. Ours.
pub(super) const LEAST_STEPS: f64 = 1000.0;

/// An alert ends when the share is so many points above the limit: 70 % at the default. Ours, so that a
/// patient at the limit does not flap.
pub(super) const HYSTERESIS: f64 = 20.0;

/// An open alert says the week anew when the share is so many points below what it says. Ours.
pub(super) const FURTHER: f64 = 15.0;
