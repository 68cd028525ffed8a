//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::time::Span;

/// On how many days of 7 the pulse has to be irregular.
pub(super) const DAYS: Parameter = Parameter {
    name: "pulse.irregular.days",
    former_names: &[],
    label: Label {
        ja: "不規則脈のあった日数（7日間）", en: "days of 7 with an irregular pulse"
    },
    unit: "",
    default: 2.0,
    low: 1.0,
    high: 7.0,
    decimals: 0,
    source: "ours: 2 days of 7; flagged on 2 of 3 readings of an occasion is recalled",
};

/// So many local days in a row are looked at, and so many without end an alert. Ours.
pub(super) const OF_DAYS: i32 = 7;

/// So many of an occasion's last readings are looked at (recalled).
pub(super) const OF_READINGS: usize = 3;

/// So many of them are flagged in an irregular occasion: 2 of 3 (recalled); of fewer readings both. Ours.
pub(super) const FLAGGED: usize = 2;

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::count(
        [
            "不規則とする測定機会：不規則脈の表示回数（以上）",
            "an irregular occasion: flagged readings at least",
        ],
        FLAGGED,
        "as studies of cuffs that look for atrial fibrillation count: 2 of 3 readings (recalled)",
    ),
    Fixed::count(
        [
            "不規則とする測定機会：そのうち最後の測定回数",
            "an irregular occasion: of its last readings",
        ],
        OF_READINGS,
        "as studies of cuffs that look for atrial fibrillation count: 2 of 3 readings (recalled)",
    ),
    Fixed::count(
        [
            "同じ日の続けての測定で不規則とする表示回数（測定機会に2回以下のとき）",
            "of an occasion of two readings, or of one with the one before it of the same day: flagged",
        ],
        FLAGGED,
        "ours: both",
    ),
    Fixed::days(
        [
            "判定する期間、および解消に要する不規則のない期間",
            "local days that are looked at, and without an irregular occasion that end it",
        ],
        Span::from_days(OF_DAYS as i64),
        "ours",
    ),
];
