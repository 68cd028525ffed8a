//! The numbers of the rule.

use crate::fixed::Fixed;
use crate::kinds::Label;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::time::Span;

/// Saturation below which it is low, %.
pub(super) const LIMIT: Parameter = Parameter {
    name: "oxygen.low.limit",
    former_names: &[],
    label: Label { ja: "低値とするSpO₂", en: "low, below" },
    unit: "%",
    default: 94.0,
    low: 70.0,
    high: 97.0,
    decimals: 0,
    source: "BTS: 94 to 98 is aimed at, of COPD and others who retain carbon dioxide 88 to 92, so 88 for them (recalled)",
};

/// Saturation at or below which low is urgent, %.
pub(super) const URGENT: Parameter = Parameter {
    name: "oxygen.low.urgent",
    former_names: &[],
    label: Label { ja: "緊急とするSpO₂", en: "urgent, at or below" },
    unit: "%",
    default: 90.0,
    low: 60.0,
    high: 96.0,
    decimals: 0,
    source: "about where respiratory failure begins, 60 mmHg in arterial blood (recalled)",
};

/// Saturation at or above which it is back, %.
pub(super) const CLEAR: Parameter = Parameter {
    name: "oxygen.low.clear",
    former_names: &[],
    label: Label { ja: "解消のSpO₂", en: "back, at or above" },
    unit: "%",
    default: 95.0,
    low: 70.0,
    high: 99.0,
    decimals: 0,
    source: "ours: 1 above low, so that a patient at the limit does not flap",
};

/// How far the limit for clearing is above the one for raising, unless that is given, %.
const HYSTERESIS: f64 = 1.0;

/// The length of a minute.
pub(super) const MINUTE: Span = Span::from_minutes(1);

/// So long after its end a minute is over: the values of its last seconds are under way. Ours.
pub(super) const UNDER_WAY: Span = Span::from_seconds(10);

/// A device that shows so many values within a minute measures continuously: nobody measures one after
/// the other so often. Ours.
pub(super) const CONTINUOUS: usize = 4;

/// Low minutes that are further apart are not in a row, and what nothing follows for so long is not
/// confirmed. Ours, as for pressures.
pub(super) const SILENCE: Span = Span::from_minutes(15);

/// Low measurements in a row, without one between them that is not low, confirm each other when they are at
/// most this far apart. Ours, as for pressures: who measures once a day.
pub(super) const IN_A_ROW: Span = Span::from_hours(28);

/// So many minutes in a row a device that measures continuously has to show what it shows. Ours: short
/// drops, by movement or in sleep, are over by then.
pub(super) const CONTINUOUS_MINUTES: usize = 5;

/// So long low values have to last where there are fewer minutes: short measurements by a device that
/// sends each second.
pub(super) const LASTING: Span = Span::from_millis(CONTINUOUS_MINUTES as i64 * MINUTE.millis());

/// So long values have to be back. Ours: another occasion.
pub(super) const BACK_FOR: Span = Span::from_minutes(15);

/// So long after the last low value a single one that is back ends an episode. Ours: people who measure
/// once a day do so up to four hours earlier or later.
pub(super) const BACK_AFTER: Span = Span::from_hours(20);

/// So long after the last low value a single one that is not low ends an episode, back or not: what is
/// low after that is reported anew. Ours: somebody who measures once a day and moves around the limit is reported once.
pub(super) const NOT_LOW_FOR: Span = Span::from_days(3);

/// The numbers for one patient, %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    low: f64,
    urgent: f64,
    pub(super) clear: f64,
}

impl Limits {
    pub(super) fn of(plan: &Plan) -> Self {
        let low = plan.value(&LIMIT);
        // Clearing is never looser than raising.
        let clear = plan.clearing(&CLEAR, &LIMIT).map(|given| given.max(low));
        let urgent = plan.value(&URGENT);
        Self { low, urgent, clear: clear.unwrap_or(low + HYSTERESIS) }
    }

    pub(super) fn is_low(&self, spo2: f64) -> bool {
        spo2 < self.low
    }

    /// What is not low is not urgent either: a plan that lowers the limit for low alone leaves all that
    /// is low urgent where that limit is the lower one.
    pub(super) fn is_urgent(&self, spo2: f64) -> bool {
        spo2 <= self.urgent && self.is_low(spo2)
    }

    /// What has no number is neither low nor not low.
    pub(super) fn is_not_low(&self, spo2: f64) -> bool {
        spo2 >= self.low
    }

    pub(super) fn is_back(&self, spo2: f64) -> bool {
        spo2 >= self.clear
    }
}

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::new(
        [
            "解消の基準と低値の基準の差（指定のないとき）",
            "back lies above low by, where it is not given",
        ],
        HYSTERESIS,
        "%",
        "ours: so that a patient at the limit does not flap",
    ),
    Fixed::new(
        [
            "遅れて届いた値を、同時に送られた値と併せて判定する値（未満）",
            "judged with what was sent with it: a late value below",
        ],
        LIMIT.high,
        "%",
        "ours",
    ),
    Fixed::minutes(["1値とみなす時間（その中央値）", "one value: the median of"], MINUTE, "ours"),
    Fixed::seconds(
        ["その終了から判定まで", "judged after its end"],
        UNDER_WAY,
        "ours: the values of its last seconds are under way",
    ),
    Fixed::count(
        [
            "連続測定とみなす1分間の測定数（以上）",
            "a device that measures continuously: readings in it at least",
        ],
        CONTINUOUS,
        "ours: nobody measures one after the other so often",
    ),
    Fixed::minutes(
        ["再測定で確認とする間隔（以上）", "a second value confirms from"],
        MINUTE,
        "ours, as for pressures",
    ),
    Fixed::minutes(
        ["再測定で確認とする間隔（以下）", "a second value confirms until"],
        SILENCE,
        "ours, as for pressures",
    ),
    Fixed::hours(
        ["次の測定で確認とする間隔（以下）", "so does the next measurement within"],
        IN_A_ROW,
        "ours, as for pressures",
    ),
    Fixed::count(
        [
            "連続測定で確認とする低値の分数",
            "low minutes in a row of a device that measures continuously",
        ],
        CONTINUOUS_MINUTES,
        "ours: drops by movement or in sleep are over by then",
    ),
    Fixed::minutes(
        ["連続測定で、より少ない低値の持続（以上）", "or fewer of them that lie apart by at least"],
        LASTING,
        "ours",
    ),
    Fixed::minutes(["解消：戻った値の持続", "back for"], BACK_FOR, "ours: another occasion"),
    Fixed::hours(
        [
            "解消：低値のない時間の後の、戻った1値",
            "ended by one value that is back after none was low for",
        ],
        BACK_AFTER,
        "ours: people who measure once a day do so up to four hours earlier or later",
    ),
    Fixed::days(
        [
            "解消：低値のない時間の後の、低くない1値",
            "ended by one value that is not low after none was low for",
        ],
        NOT_LOW_FOR,
        "ours: somebody who measures once a day and moves around the limit is reported once",
    ),
];
