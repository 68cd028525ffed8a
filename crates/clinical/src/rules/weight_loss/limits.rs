//! The numbers of the rule.

use crate::kinds::Label;
use crate::parameter::Parameter;

/// A loss of so much against the median of a month is one to look at, percent.
pub(super) const PERCENT: Parameter = Parameter {
    name: "weight.loss.percent",
    former_names: &[],
    label: Label {
        ja: "1か月の中央値からの体重減少", en: "loss against the median of a month"
    },
    unit: "%",
    default: 5.0,
    low: 3.0,
    high: 20.0,
    decimals: 1,
    source: "TIHM: weight 5 % below the period's mean; that it is the median of a month is ours",
};

/// A week is compared with the month before it: so many local days. Ours.
pub(super) const WEEK: usize = 7;
/// The month. Ours.
pub(super) const MONTH: usize = 30;
/// The median of so many days is compared: the last of the week on which the scale was used. Ours: one
/// may be another person's.
pub(super) const LAST_DAYS: usize = 3;
/// On so many days of the month the scale has to be used: about twice a week. Ours.
pub(super) const ENOUGH_OF_MONTH: usize = 8;

/// An alert ends when the loss is more than so far below the limit, in points of percent: below 3 % at
/// the default. Ours, so that a patient at the limit does not flap. None begins with a day among the last
/// ones on which the loss was so small.
pub(super) const HYSTERESIS: f64 = 2.0;

/// An open alert says the loss anew when it is so many points of percent more than it says. Ours.
pub(super) const FURTHER: f64 = 2.0;

/// A scale that showed such low weights on so many days of the month already, its last week aside, is
/// another person's too. Ours.
pub(super) const DAYS_OF_ANOTHER: usize = 2;

/// A scale without a month behind it says that the weight does not fall any more, where it was used on so
/// many days of the week. Ours.
pub(super) const ENOUGH_OF_STEADY_WEEK: usize = 5;
/// The lowest and the highest of its weights lie at most so far apart then, percent. Ours.
pub(super) const STEADY_WITHIN: f64 = 3.0;
