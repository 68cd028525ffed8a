//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;

use crate::home_pressure::Pressure;

/// Where the defaults come from, and which targets there are.
const SOURCE: &str = "JSH 2019 and 2025: hypertension at home from 135/85 on. Targets at home: JSH 2019 below 135/85 from 75 years on, below 125/75 for those under 75 or at high risk; JSH 2025 below 125/75 for all adults";

/// Mean systolic pressure at or above which a week is above target, mmHg.
pub(super) const SYSTOLIC: Parameter = Parameter {
    name: "bp.above_target.systolic",
    former_names: &[],
    label: Label { ja: "目標の収縮期血圧（家庭）", en: "target, systolic" },
    unit: "mm[Hg]",
    default: 135.0,
    low: 100.0,
    high: 180.0,
    decimals: 0,
    source: SOURCE,
};

/// Mean diastolic pressure at or above which a week is above target, mmHg.
pub(super) const DIASTOLIC: Parameter = Parameter {
    name: "bp.above_target.diastolic",
    former_names: &[],
    label: Label { ja: "目標の拡張期血圧（家庭）", en: "target, diastolic" },
    unit: "mm[Hg]",
    default: 85.0,
    low: 60.0,
    high: 120.0,
    decimals: 0,
    source: SOURCE,
};

/// So many local days are looked at: JSH 2019 (recalled).
pub(super) const DAYS: usize = 7;
/// A part of the day has to be measured on so many of them: JSH 2019.
pub(super) const ENOUGH: u32 = 5;

/// An alert ends when the means that were above are so far below the target, mmHg. Ours, so that a patient
/// at the target does not flap.
const HYSTERESIS: f64 = 5.0;

/// An open alert says the means anew when one is so far above what it says, mmHg. Ours: about as far as
/// grades of hypertension at home lie apart.
const FURTHER: Pressure = Pressure { systolic: 10.0, diastolic: 5.0 };

/// The target of one patient, mmHg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Target(Pressure);

impl Target {
    pub(super) fn of(plan: &Plan) -> Self {
        let (systolic, diastolic) = (plan.value(&SYSTOLIC), plan.value(&DIASTOLIC));
        Self(Pressure { systolic, diastolic })
    }

    /// Whether a mean is at or above the target, in one of the pressures.
    pub(super) fn is_reached_by(&self, mean: &Pressure) -> bool {
        mean.systolic >= self.0.systolic || mean.diastolic >= self.0.diastolic
    }

    /// Whether a mean is above the target, and further than what is said of it, in one of the pressures.
    pub(super) fn is_further(&self, mean: &Pressure, said: &Pressure) -> bool {
        mean.systolic >= self.0.systolic.max(said.systolic + FURTHER.systolic)
            || mean.diastolic >= self.0.diastolic.max(said.diastolic + FURTHER.diastolic)
    }

    /// Whether a mean is below the target in both pressures: clearly, in one that was above it.
    pub(super) fn is_clear_of(&self, mean: &Pressure, said: Option<&Pressure>) -> bool {
        let is_clear = |of: fn(&Pressure) -> f64| {
            let was_above = said.is_some_and(|said| of(said) >= of(&self.0));
            if was_above { of(mean) <= of(&self.0) - HYSTERESIS } else { of(mean) < of(&self.0) }
        };
        is_clear(|of| of.systolic) && is_clear(|of| of.diastolic)
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        ["判定する日数（直近）", "judged: the last local days"],
        DAYS as f64,
        "d",
        "JSH 2019 (recalled)",
    ),
    Fixed::new(
        ["朝または晩の測定が必要な日数（以上）", "with a morning, or an evening, on at least"],
        ENOUGH as f64,
        "d",
        "JSH 2019: 5 days or more",
    ),
    Fixed::new(
        ["解消：目標を下回る差（以上）", "ended: below the target by at least"],
        HYSTERESIS,
        "mm[Hg]",
        "ours: so that a patient at the target does not flap",
    ),
    Fixed::new(
        ["内容の更新：収縮期がさらに上昇（以上）", "says more: systolic further up by at least"],
        FURTHER.systolic,
        "mm[Hg]",
        "ours",
    ),
    Fixed::new(
        ["内容の更新：拡張期がさらに上昇（以上）", "says more: diastolic further up by at least"],
        FURTHER.diastolic,
        "mm[Hg]",
        "ours",
    ),
];
