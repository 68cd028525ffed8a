//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::time::Span;

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
/// A week in which the device was worn on fewer days is a drop all the same where it reports so many days
/// without a step, or with as few as a drop has, and was worn on so many days before. Ours: who lies in bed
/// takes no step, and who wears the device three days in four is mostly asked in vain once.
pub(super) const STILL_DAYS: usize = 5;
/// On so many days of the four weeks before. Ours.
pub(super) const MOSTLY_WORN: usize = 21;
/// Of who walks less a day, a counter says too little. Ours.
pub(super) const LEAST_STEPS: f64 = 1000.0;

/// An alert ends when the share is so many points above the limit, at most at [`WHOLE`]: 90 % at the default.
/// Ours, so that a patient at the limit does not flap: steps of a day differ by a third, and the median of a
/// week by some 17 points.
const HYSTERESIS: f64 = 40.0;
/// Or as much as before.
const WHOLE: f64 = 100.0;

/// The share from which on an alert ends, percent.
pub(super) fn ends_at(limit: f64) -> f64 {
    (limit + HYSTERESIS).min(WHOLE)
}

/// An open alert says the week anew when the share is so many points below what it says. Ours.
pub(super) const FURTHER: f64 = 15.0;

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::days(
        ["比較する週（直近の日数）", "the week: the last local days"],
        Span::from_days(WEEK as i64),
        "ours",
    ),
    Fixed::days(
        ["その前の比較期間", "before it: local days"],
        Span::from_days(BEFORE as i64),
        "ours",
    ),
    Fixed::days(
        ["週のうち装着が必要な日数（以上）", "of the week worn on at least"],
        Span::from_days(ENOUGH_OF_WEEK as i64),
        "ours",
    ),
    Fixed::days(
        ["比較期間のうち装着が必要な日数（以上）", "of the days before worn on at least"],
        Span::from_days(ENOUGH_BEFORE as i64),
        "ours",
    ),
    Fixed::days(
        [
            "歩数0の報告も減少とみなす日数（週のうち、以上）",
            "a drop without steps: reported as 0, or as few, on at least",
        ],
        Span::from_days(STILL_DAYS as i64),
        "ours: who lies in bed takes no step",
    ),
    Fixed::days(
        [
            "歩数0を減少とみなすための装着日数（比較期間、以上）",
            "a drop without steps: of the days before worn on at least",
        ],
        Span::from_days(MOSTLY_WORN as i64),
        "ours: three days in four; who often leaves the device off is not asked about it",
    ),
    Fixed::new(
        ["判定に必要な1日の歩数（中央値、以上）", "least steps a day, median of the days before"],
        LEAST_STEPS,
        "",
        "ours: below that a counter says too little",
    ),
    Fixed::new(
        ["解消：基準からの差（ポイント、以上）", "ended: above the limit by at least, points"],
        HYSTERESIS,
        "%",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::new(
        ["解消：基準によらず、この割合以上", "ended: whatever the limit, at a share of"],
        WHOLE,
        "%",
        "ours: as much as before",
    ),
    Fixed::new(
        ["内容の更新：さらに低下（ポイント、以上）", "says more: further down by at least, points"],
        FURTHER,
        "%",
        "ours",
    ),
];
