//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::time::Span;

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

/// The numbers for one patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Percent.
    pub(super) percent: f64,
    pub(super) last_days: usize,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        Self { percent: plan.value(&PERCENT), last_days: plan.value(&LAST_DAYS) as usize }
    }
}

/// A week is compared with the month before it: so many local days. Ours.
pub(super) const WEEK: usize = 7;
/// The month. Ours.
pub(super) const MONTH: usize = 30;
/// The median of so many days is compared: the last ones on which the scale was used.
pub(super) const LAST_DAYS: Parameter = Parameter {
    name: "weight.loss.last_days",
    former_names: &[],
    label: Label {
        ja: "中央値をとる最後の測定日数", en: "compared: the last days measured"
    },
    unit: "",
    default: 3.0,
    low: 1.0,
    high: 7.0,
    decimals: 0,
    source: "ours: one may be another person's; TIHM compares each day",
};
/// The last days are looked for among so many local days: who weighs twice a week is weighed three times
/// in eight days, and where one is missed, in eleven. Ours.
pub(super) const LAST_WITHIN: usize = 14;
/// On so many days of the month the scale has to be used, the last ones among them that reach into it: of
/// twice a week, a quarter may be missed. Ours.
pub(super) const ENOUGH_OF_MONTH: usize = 6;

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

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::days(
        [
            "使用中とみなす期間（直近の日数）",
            "the week in which the scale is used: the last local days",
        ],
        Span::from_days(WEEK as i64),
        "ours",
    ),
    Fixed::days(
        ["その前の比較期間", "the month before it: local days"],
        Span::from_days(MONTH as i64),
        "ours",
    ),
    Fixed::days(
        ["最後の測定日を探す期間", "the last days measured are among the last local days"],
        Span::from_days(LAST_WITHIN as i64),
        "ours: who weighs twice a week and misses one is weighed three times in 11 days",
    ),
    Fixed::count(
        ["比較期間に必要な測定日数（以上）", "of the month measured on at least"],
        ENOUGH_OF_MONTH,
        "ours: of twice a week, a quarter may be missed",
    ),
    Fixed::new(
        ["解消：基準を下回る差（ポイント、超）", "ended: below the limit by more than, points"],
        HYSTERESIS,
        "%",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::new(
        ["内容の更新：さらに減少（ポイント、以上）", "says more: further down by at least, points"],
        FURTHER,
        "%",
        "ours",
    ),
    Fixed::count(
        [
            "他の人も使う体重計とみなす日数（同程度に低い値、以上）",
            "a scale of others too: as low already on at least, days",
        ],
        DAYS_OF_ANOTHER,
        "ours",
    ),
    Fixed::count(
        [
            "新しい体重計で解消：週の測定日数（以上）",
            "a new scale ends it: used in the week on at least, days",
        ],
        ENOUGH_OF_STEADY_WEEK,
        "ours",
    ),
    Fixed::new(
        [
            "新しい体重計で解消：最低と最高の差（以下）",
            "a new scale ends it: lowest and highest apart at most",
        ],
        STEADY_WITHIN,
        "%",
        "ours",
    ),
];
