//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;

/// So much higher in the morning than in the evening is a surge, mmHg systolic.
pub(super) const DIFFERENCE: Parameter = Parameter {
    name: "bp.morning_surge.difference",
    former_names: &[],
    label: Label { ja: "朝と晩の収縮期血圧の差", en: "morning less evening, systolic" },
    unit: "mm[Hg]",
    default: 20.0,
    low: 10.0,
    high: 60.0,
    decimals: 0,
    source: "JSH 2019: a difference of 15 to 20 between morning and evening marks risk (recalled)",
};

/// So many local days are looked at: JSH 2019 (recalled).
pub(super) const DAYS: usize = 7;
/// Morning and evening have to be measured on so many of them: JSH 2019.
pub(super) const ENOUGH: u32 = 5;

/// An alert ends when the difference is below so much of the limit: below 10 mmHg at the default. Ours, so that
/// a patient at the limit does not flap: pressure at home differs by 8 to 9 mmHg from day to day (Ohasama,
/// recalled), and so the difference of a week by some 4.5.
pub(super) const CLEARS_BELOW: f64 = 0.5;

/// An open alert says the means anew when the difference is so far above what it says, mmHg. Ours.
pub(super) const FURTHER: f64 = 10.0;

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        ["判定する日数（直近）", "judged: the last local days"],
        DAYS as f64,
        "d",
        "JSH 2019 (recalled)",
    ),
    Fixed::new(
        [
            "朝と晩の両方の測定が必要な日数（以上）",
            "with both a morning and an evening on at least",
        ],
        ENOUGH as f64,
        "d",
        "JSH 2019: 5 days or more",
    ),
    Fixed::new(
        ["解消：基準に対する割合（未満）", "ended: below so much of the limit"],
        100.0 * CLEARS_BELOW,
        "%",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::new(
        ["内容の更新：差がさらに拡大（以上）", "says more: further apart by at least"],
        FURTHER,
        "mm[Hg]",
        "ours",
    ),
];
