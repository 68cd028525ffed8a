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

/// Diastolic pressure below which a reading is low, mmHg: judged where it is above the least that is plausible.
pub(super) const DIASTOLIC: Parameter = Parameter {
    name: "bp.low.diastolic",
    former_names: &[],
    label: Label {
        ja: "低血圧の拡張期血圧（20は判定なし）",
        en: "low, diastolic below (20: not judged)",
    },
    unit: "mm[Hg]",
    default: 20.0,
    low: 20.0,
    high: 60.0,
    decimals: 0,
    source: "ours: not judged, as stiff arteries of old age make it low by itself; TIHM calls at below 50",
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
    /// None where the diastolic pressure is not judged.
    pub(super) diastolic: Option<Diastolic>,
    pub(super) clear_occasions: u8,
}

/// The numbers for the diastolic pressure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Diastolic {
    /// mmHg.
    pub(super) low: i32,
    /// mmHg, above `low`.
    pub(super) clear: i32,
}

/// Below which diastolic pressure a reading is low, mmHg; none where it is not judged.
pub(super) fn judged_diastolic(plan: &Plan) -> Option<f64> {
    Some(plan.value(&DIASTOLIC)).filter(|limit| *limit > DIASTOLIC.low)
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
            diastolic: judged_diastolic(plan)
                .map(|low| Diastolic { low: low as i32, clear: low as i32 + HYSTERESIS }),
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
    Fixed::new(
        [
            "遅れて届いた値を、同時に送られた値と併せて判定する拡張期（未満）",
            "judged with what was sent with it: a late diastolic below",
        ],
        DIASTOLIC.high,
        "mm[Hg]",
        "ours",
    ),
];
