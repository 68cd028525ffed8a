//! The hours of a patient's mornings and evenings, in which home pressures are compared: one set for all
//! rules and for the summary. Who works at night wakes at another hour than others.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::{Date, Time};

use crate::alert::Values;
use crate::kinds::Label;
use crate::local_time::LocalTime;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rule_set::RuleSet;
use crate::time::{Span, Timestamp};

/// When the morning begins, and the day with it.
pub(crate) const MORNING_BEGINS: Parameter = Parameter {
    name: "bp.above_target.morning_begins",
    former_names: &[],
    label: Label { ja: "朝の始まり（時）", en: "morning: from, hour of the day" },
    unit: "h",
    default: 4.0,
    low: 0.0,
    high: 20.0,
    decimals: 0,
    source: "ours",
};

/// When it ends.
pub(crate) const MORNING_ENDS: Parameter = Parameter {
    name: "bp.above_target.morning_ends",
    former_names: &[],
    label: Label { ja: "朝の終わり（時）", en: "morning: until, hour of the day" },
    unit: "h",
    default: 12.0,
    low: 0.0,
    high: 23.0,
    decimals: 0,
    source: "ours",
};

/// When the evening begins, which lasts until the next morning.
pub(crate) const EVENING_BEGINS: Parameter = Parameter {
    name: "bp.above_target.evening_begins",
    former_names: &[],
    label: Label {
        ja: "晩の始まり（時、次の朝まで）",
        en: "evening: from, hour of the day, until the next morning",
    },
    unit: "h",
    default: 17.0,
    low: 0.0,
    high: 23.0,
    decimals: 0,
    source: "ours",
};

/// The hours, in the order in which they follow each other.
const HOURS: [&Parameter; 3] = [&MORNING_BEGINS, &MORNING_ENDS, &EVENING_BEGINS];

/// A part of a day at which people measure at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// After waking.
    Morning,
    /// Before sleep, until the next morning.
    Evening,
}

impl Part {
    /// The part of the day in which an instant lies, if it is one of them.
    pub(crate) fn of(local: &LocalTime, hours: Hours, instant: Timestamp) -> Option<Self> {
        hours.part(local.time_of_day(instant))
    }
}

/// Hours of the clock on the wall, each after the one before: of who works at night beyond midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    morning: i8,
    morning_ends: i8,
    evening: i8,
}

impl Default for Hours {
    fn default() -> Self {
        let [morning, morning_ends, evening] = HOURS.map(|hour| hour.default as i8);
        Self { morning, morning_ends, evening }
    }
}

impl Hours {
    /// The patient's own.
    pub fn of(plan: &Plan) -> Self {
        // A plan whose own do not follow each other is used nowhere.
        Self::given(plan).unwrap_or_default()
    }

    /// Those that a plan and the rule set in force give; none where they do not follow each other.
    pub(crate) fn given(plan: &Plan) -> Option<Self> {
        let [morning, morning_ends, evening] = HOURS.map(|hour| plan.value(hour) as i8);
        let hours = Self { morning, morning_ends, evening };
        let (ends, begins) = (hours.after_morning(morning_ends), hours.after_morning(evening));
        (0 < ends && ends <= begins).then_some(hours)
    }

    /// So many hours after the morning begins a clock shows an hour.
    fn after_morning(self, hour: i8) -> i8 {
        (hour - self.morning).rem_euclid(24)
    }

    /// The parameters that give them.
    pub const PARAMETERS: &'static [&'static Parameter] = &HOURS;

    /// With the numbers that an episode was judged against, the hours by which its days were cut.
    pub(crate) fn beside(self, mut parameters: Values) -> Values {
        let hours = [self.morning, self.morning_ends, self.evening];
        let named = HOURS.iter().zip(hours);
        parameters
            .extend(named.map(|(of, hour)| (Cow::Borrowed(of.short_name()), f64::from(hour))));
        parameters
    }

    /// The part of the day of a time, if it is in one.
    pub(crate) fn part(self, time: Time) -> Option<Part> {
        let after = self.after_morning(time.hour());
        if after < self.after_morning(self.morning_ends) {
            return Some(Part::Morning);
        }
        (after >= self.after_morning(self.evening)).then_some(Part::Evening)
    }

    /// When the day begins.
    pub(crate) fn begin(self) -> Time {
        Time::new(self.morning, 0, 0, 0).unwrap_or(Time::midnight())
    }

    /// How much later than usual the day ends.
    pub(crate) fn later(self) -> Span {
        Span::from_hours(i64::from((self.morning - Self::default().morning).max(0)))
    }

    /// The day that an instant belongs to: what is before the morning is of the day before.
    pub(crate) fn day_of(self, local: &LocalTime, instant: Timestamp) -> Date {
        let day = local.day_of(instant);
        match local.time_of_day(instant) < self.begin() {
            true => day.yesterday().unwrap_or(Date::MIN),
            false => day,
        }
    }
}

impl Plan {
    /// The plan under the rule set that is in force; none where the built-in one is. Where the hours of
    /// the day do not follow each other together with the rule set's, those do not count: the plan's own
    /// do, as its author saw them, and else the usual ones.
    pub fn under(self, rule_set: Option<Arc<RuleSet>>) -> Self {
        let plan = self.under_all_of(rule_set.clone(), &[]);
        match Hours::given(&plan) {
            Some(_) => plan,
            None => plan.under_all_of(rule_set, Hours::PARAMETERS),
        }
    }

    /// Whether hours of the rule set in force do not count because they do not follow on the plan's.
    pub fn leaves_hours_out(&self) -> bool {
        !self.left_out().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::plan::{InvalidPlan, Origin};
    use crate::rules;

    fn plan(hours: [f64; 3]) -> Result<Plan, InvalidPlan> {
        rules::plan(1, HOURS.iter().zip(hours).map(|(parameter, hour)| (parameter.name, hour)))
    }

    #[test]
    fn the_parts_of_a_day_are_those_of_the_patients_hours() {
        let of = |hours, hour| Hours::of(&plan(hours).unwrap()).part(time(hour, 59, 0, 0));
        let (morning, evening) = (Some(Part::Morning), Some(Part::Evening));
        // Who works in the late shift, and who works at night.
        for (hours, wanted) in [
            ([4.0, 12.0, 17.0], [evening, morning, None, evening]),
            ([11.0, 17.0, 22.0], [evening, evening, morning, evening]),
            ([16.0, 21.0, 6.0], [None, evening, evening, None]),
        ] {
            assert_eq!([3, 8, 14, 23].map(|hour| of(hours, hour)), wanted, "{hours:?}");
        }
    }

    #[test]
    fn the_parts_of_a_day_are_those_of_the_clock_on_the_wall() {
        let local = LocalTime::of("Europe/Berlin").unwrap();
        let of = |hour, minute| {
            Part::of(
                &local,
                Hours::default(),
                local.instant(date(2026, 6, 1), time(hour, minute, 0, 0)),
            )
        };
        for (hour, minute, part) in [
            (3, 59, Some(Part::Evening)),
            (4, 0, Some(Part::Morning)),
            (11, 59, Some(Part::Morning)),
            (12, 0, None),
            (16, 59, None),
            (17, 0, Some(Part::Evening)),
            (23, 59, Some(Part::Evening)),
        ] {
            assert_eq!(of(hour, minute), part, "{hour}:{minute}");
        }
    }

    #[test]
    fn a_plan_whose_hours_do_not_follow_each_other_is_refused() {
        for hours in [[12.0, 12.0, 17.0], [4.0, 18.0, 17.0], [14.0, 12.0, 17.0]] {
            assert_eq!(plan(hours), Err(InvalidPlan::Hours), "{hours:?}");
        }
        assert!(rules::plan(1, [(HOURS[0].name, 12.0)]).is_err(), "it ends at 12");
        assert!(plan([13.0, 18.0, 2.0]).is_ok(), "beyond midnight");
    }

    fn set(hours: &[(usize, f64)]) -> RuleSet {
        let mut set = RuleSet::new("ward", Timestamp::EARLIEST).unwrap();
        for (place, hour) in hours {
            set.give(HOURS[*place].name, *hour, "the ward's board").unwrap();
        }
        set
    }

    #[test]
    fn of_a_rule_set_that_leaves_no_order_to_a_plans_hours_the_hours_do_not_count() {
        // Mornings of the ward end at nine; this patient's begin at ten.
        let ward = Arc::new(set(&[(1, 9.0), (2, 20.0)]));
        let own = rules::plan(1, [(HOURS[0].name, 10.0)]).unwrap();
        let both = own.clone().under(Some(ward.clone()));
        assert!(both.leaves_hours_out());
        assert_eq!(Hours::of(&both), Hours::of(&own), "as its author saw them");
        assert_eq!(both.effective(HOURS[1]).origin, Origin::Default, "and so a page says it");
        // Others have the ward's, and so has who names all three, by which any set is in order.
        let others = Plan::default().under(Some(ward.clone()));
        assert_eq!(HOURS.map(|hour| others.value(hour)), [4.0, 9.0, 20.0]);
        let all = plan([10.0, 14.0, 22.0]).unwrap().under(Some(ward.clone()));
        assert!(!all.leaves_hours_out());
        // Another set makes it right again.
        assert!(!both.under(Some(Arc::new(set(&[(1, 11.0)])))).leaves_hours_out());
    }

    #[test]
    fn a_rule_set_whose_hours_do_not_follow_each_other_is_found_out() {
        assert_eq!(set(&[(1, 18.0)]).check_hours(), Err(InvalidPlan::Hours.into()));
        assert_eq!(set(&[(0, 12.0)]).check_hours(), Err(InvalidPlan::Hours.into()));
        assert_eq!(set(&[(1, 18.0), (2, 19.0)]).check_hours(), Ok(()));
        assert_eq!(set(&[]).check_hours(), Ok(()));
    }
}
