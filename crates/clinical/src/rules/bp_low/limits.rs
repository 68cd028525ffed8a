//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rules::confirmed_rule::clear_occasions;

/// Systolic pressure below which a reading is low, mmHg.
pub(super) const SYSTOLIC: Parameter = Parameter {
    name: "bp.low.systolic",
    former_names: &[],
    label: Label { ja: "低血圧の収縮期血圧", en: "low, systolic below" },
    unit: "mm[Hg]",
    default: 90.0,
    low: 60.0,
    high: 110.0,
    decimals: 0,
    source: "ours: below 90; other programmes call at below 80 (TIHM) or below 100 (TASMINH4, recalled)",
};

/// Mean systolic pressure at or above which an occasion is normalised, mmHg.
pub(super) const CLEAR_SYSTOLIC: Parameter = Parameter {
    name: "bp.low.clear_systolic",
    former_names: &[],
    label: Label { ja: "解消の収縮期血圧", en: "normalised, systolic" },
    unit: "mm[Hg]",
    default: 95.0,
    low: 60.0,
    high: 140.0,
    decimals: 0,
    source: "ours: 5 above low, so that a patient at the limit does not flap",
};

/// How many normalised occasions in a row end a confirmed alert.
pub(super) const CLEAR_OCCASIONS: Parameter = clear_occasions("bp.low.clear_occasions", &[]);

/// How far the limit for clearing is above the one for raising, unless that is given, mmHg.
const HYSTERESIS: i32 = 5;

/// The numbers for one patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// mmHg.
    pub(super) systolic: i32,
    /// mmHg, at least `systolic`.
    pub(super) clear_systolic: i32,
    pub(super) clear_occasions: u8,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let systolic = plan.value(&SYSTOLIC) as i32;
        // Clearing is never looser than raising.
        let clear = plan.clearing(&CLEAR_SYSTOLIC, &SYSTOLIC);
        let clear = clear.map(|given| (given as i32).max(systolic));
        Self {
            systolic,
            clear_systolic: clear.unwrap_or(systolic + HYSTERESIS),
            clear_occasions: plan.value(&CLEAR_OCCASIONS) as u8,
        }
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        [
            "解消の基準と低値の基準の差（指定のないとき）",
            "normalised lies above low by, where it is not given",
        ],
        HYSTERESIS as f64,
        "mm[Hg]",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::new(
        [
            "遅れて届いた値を、同時に送られた値と併せて判定する収縮期（未満）",
            "judged with what was sent with it: a late systolic below",
        ],
        SYSTOLIC.high,
        "mm[Hg]",
        "ours",
    ),
];
