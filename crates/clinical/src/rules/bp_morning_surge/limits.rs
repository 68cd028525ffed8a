//! The numbers of the rule.

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

/// An alert ends when the difference is more than so far below the limit, mmHg: below 15 at the default.
pub(super) const HYSTERESIS: f64 = 5.0;

/// An open alert says the means anew when the difference is so far above what it says, mmHg. Ours.
pub(super) const FURTHER: f64 = 10.0;
