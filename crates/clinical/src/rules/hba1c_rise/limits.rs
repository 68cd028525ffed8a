//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::time::Span;

/// A rise of so much over the last value is one to look at, percentage points (NGSP).
pub(super) const RISE: Parameter = Parameter {
    name: "hba1c.rise.rise",
    former_names: &[],
    label: Label { ja: "前回値からの上昇", en: "rise over the last value" },
    unit: "%",
    default: 0.5,
    low: 0.2,
    high: 5.0,
    decimals: 1,
    source: "ours",
};

/// A rise below this is none to look at: both values are healthy, % (NGSP).
pub(super) const LEAST: Parameter = Parameter {
    name: "hba1c.rise.least",
    former_names: &[],
    label: Label { ja: "上昇とみなす値（以上）", en: "a rise counts from" },
    unit: "%",
    default: 5.6,
    low: 4.0,
    high: 8.0,
    decimals: 1,
    source: "Japan's health check-ups: guidance from 5.6 % on, between normal and diabetes (recalled)",
};

/// A value at or above this is one to look at whatever the last one was, % (NGSP).
pub(super) const HIGH: Parameter = Parameter {
    name: "hba1c.rise.high",
    former_names: &[],
    label: Label { ja: "高値", en: "high value" },
    unit: "%",
    default: 8.0,
    low: 5.5,
    high: 15.0,
    decimals: 1,
    source: "ours",
};

/// An alert ends so far below the high value, so that a patient at the limit does not flap: about what
/// two assays of one sample may differ by. Ours.
const HYSTERESIS: Percent = Percent(20);

/// The last value is one of the six months before. The days are ours.
pub(super) const SIX_MONTHS: Span = crate::slow::COMPARED_WITHIN;

/// HbA1c in hundredths of a percent (NGSP), the steps in which it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Percent(i32);

impl Percent {
    pub(super) fn of(percent: f64) -> Self {
        Self((percent * 100.0).round() as i32)
    }

    pub(super) fn number(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self(self.0 - earlier.0)
    }
}

/// The numbers for one patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) rise: Percent,
    pub(super) high: Percent,
    pub(super) least: Percent,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let value = |parameter| Percent::of(plan.value(parameter));
        Self { rise: value(&RISE), high: value(&HIGH), least: value(&LEAST) }
    }

    /// A value below this, that is no rise, ends an alert.
    pub(super) fn ends_below(&self) -> Percent {
        self.high.since(HYSTERESIS)
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::days(
        ["前回値とする期間（以内）", "the last value: at most before"],
        SIX_MONTHS,
        "ours: within six months",
    ),
    Fixed::new(
        ["解消：高値を下回る差（超）", "ended: no rise, and below the high value by more than"],
        HYSTERESIS.0 as f64 / 100.0,
        "%",
        "ours: about what two assays of one sample may differ by",
    ),
];
