//! The numbers of the rule.

use crate::kinds::Label;
use crate::parameter::Parameter;

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
