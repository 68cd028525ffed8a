//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rules::confirmed_rule::clear_occasions;

/// Systolic pressure at or above which a reading is severe, mmHg.
pub(super) const SYSTOLIC: Parameter = Parameter {
    name: "bp.severe_high.systolic",
    former_names: &[],
    label: Label { ja: "重症域の収縮期血圧", en: "severe, systolic" },
    unit: "mm[Hg]",
    default: 180.0,
    low: 120.0,
    high: 300.0,
    decimals: 0,
    source: "JSH 2019 (about 180/120); ESH (office, 180/110)",
};

/// Diastolic pressure at or above which a reading is severe, mmHg.
pub(super) const DIASTOLIC: Parameter = Parameter {
    name: "bp.severe_high.diastolic",
    former_names: &[],
    label: Label { ja: "重症域の拡張期血圧", en: "severe, diastolic" },
    unit: "mm[Hg]",
    default: 110.0,
    low: 70.0,
    high: 200.0,
    decimals: 0,
    source: "ESH 110; the lower of the limits in use, JSH and AHA 2025 say about 120",
};

/// Mean systolic pressure below which an occasion is normalised, mmHg.
pub(super) const CLEAR_SYSTOLIC: Parameter = Parameter {
    name: "bp.severe_high.clear_systolic",
    former_names: &[],
    label: Label { ja: "解消の収縮期血圧", en: "normalised, systolic" },
    unit: "mm[Hg]",
    default: 175.0,
    low: 100.0,
    high: 300.0,
    decimals: 0,
    source: "ours: 5 below severe, so that a patient at the limit does not flap",
};

/// Mean diastolic pressure below which an occasion is normalised, mmHg.
pub(super) const CLEAR_DIASTOLIC: Parameter = Parameter {
    name: "bp.severe_high.clear_diastolic",
    former_names: &[],
    label: Label { ja: "解消の拡張期血圧", en: "normalised, diastolic" },
    unit: "mm[Hg]",
    default: 105.0,
    low: 60.0,
    high: 200.0,
    decimals: 0,
    source: "ours: 5 below severe",
};

/// How many normalised occasions in a row end a confirmed alert.
pub(super) const CLEAR_OCCASIONS: Parameter =
    clear_occasions("bp.severe_high.clear_occasions", &["bp.severe_high.calm_occasions"]);

/// The numbers for one patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// mmHg.
    pub(super) systolic: u16,
    /// mmHg.
    pub(super) diastolic: u16,
    /// mmHg, at most `systolic`.
    pub(super) clear_systolic: u16,
    /// mmHg, at most `diastolic`.
    pub(super) clear_diastolic: u16,
    pub(super) clear_occasions: u8,
}

/// How far the limits for clearing are below those for raising, unless those are given, mmHg.
const HYSTERESIS: u16 = 5;

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let value = |parameter: &Parameter| plan.value(parameter) as u16;
        let clear = |parameter: &Parameter, raising: &Parameter| {
            let raise = value(raising);
            // Clearing is never looser than raising.
            let given = plan.clearing(parameter, raising).map(|given| (given as u16).min(raise));
            given.unwrap_or(raise - HYSTERESIS)
        };
        Self {
            systolic: value(&SYSTOLIC),
            diastolic: value(&DIASTOLIC),
            clear_systolic: clear(&CLEAR_SYSTOLIC, &SYSTOLIC),
            clear_diastolic: clear(&CLEAR_DIASTOLIC, &DIASTOLIC),
            clear_occasions: value(&CLEAR_OCCASIONS) as u8,
        }
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[Fixed::new(
    [
        "解消の基準と重症域の基準の差（指定のないとき）",
        "normalised lies below severe by, where it is not given",
    ],
    HYSTERESIS as f64,
    "mm[Hg]",
    "ours: so that a patient at the limit does not flap",
)];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rule_set::RuleSet;
    use crate::rules;
    use crate::time::Timestamp;

    #[test]
    fn a_plan_moves_the_limit_and_its_clearing_with_it() {
        let plan = rules::plan(3, [("bp.severe_high.systolic", 170.0)]).unwrap();
        let limits = Limits::of(&plan);
        assert_eq!((limits.systolic, limits.clear_systolic, limits.diastolic), (170, 165, 110));
    }

    #[test]
    fn a_limit_for_clearing_counts_unless_what_counts_before_it_moves_the_one_for_raising() {
        let mut set = RuleSet::new("ward", Timestamp::EARLIEST).unwrap();
        set.give("bp.severe_high.clear_systolic", 160.0, "the ward's board").unwrap();
        let set = Arc::new(set);
        let of = |plan: Plan| Limits::of(&plan.under(Some(set.clone()))).clear_systolic;
        assert_eq!(of(Plan::default()), 160);
        assert_eq!(of(rules::plan(1, [("bp.severe_high.diastolic", 100.0)]).unwrap()), 160);
        assert_eq!(of(rules::plan(1, [("bp.severe_high.systolic", 170.0)]).unwrap()), 165);
        assert_eq!(of(rules::plan(1, [("bp.severe_high.clear_systolic", 150.0)]).unwrap()), 150);
    }

    #[test]
    fn clearing_is_never_looser_than_raising() {
        let plan = rules::plan(1, [("bp.severe_high.clear_systolic", 250.0)]).unwrap();
        assert_eq!(Limits::of(&plan).clear_systolic, 180);
    }

    #[test]
    fn a_plan_that_uses_a_former_name_stays_valid() {
        let plan = rules::plan(1, [("bp.severe_high.calm_occasions", 3.0)]).unwrap();
        assert_eq!(Limits::of(&plan).clear_occasions, 3);
        let both =
            [("bp.severe_high.clear_occasions", 4.0), ("bp.severe_high.calm_occasions", 3.0)];
        assert_eq!(Limits::of(&rules::plan(1, both).unwrap()).clear_occasions, 4);
    }
}
