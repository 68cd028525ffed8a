//! The outcome of the programme: HbA1c before and after it, by arm.
//!
//! Aggregates of few people say something of each of them, so a number is given only where at least
//! [`FEWEST`] people are behind it.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::statistics::{self, difference_of_means, mean, standard_deviation};

/// A group with fewer people is counted, and no number of it is given. Ours.
pub const FEWEST: usize = 5;
/// From here on a person counts as mildly diabetic, as do all who are treated; NGSP %. The programme's.
const MILD: f64 = 6.5;
/// From here on a person without treatment counts as at risk; NGSP %. The programme's.
const PRE: f64 = 5.6;
/// A value before the programme is at most this old at its first day; days. Ours: HbA1c tells of the
/// last two to three months.
const BEFORE_DAYS: i64 = 90;
/// A value after the programme is taken at most this long after its last day; days. Ours.
const AFTER_DAYS: i64 = 90;
/// Where there is none after the last day, it is one taken at most this long before it; days. Ours.
const EARLY_DAYS: i64 = 30;

/// A person's part in the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participation {
    /// Which of the arms.
    pub arm: Arm,
    /// Whether diabetes is treated by medication when the programme begins.
    pub treated: bool,
    /// The first day.
    pub start: Date,
    /// The last day, after the first.
    pub end: Date,
}

/// One of the two arms of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// That of the file's first line.
    First,
    /// The other one.
    Second,
}

/// A value of a person: the civil day of its observation, and the value, NGSP %.
pub type DatedValue = (Date, f64);

/// The group that a person belongs to by the value before the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// At least 6.5 %, or treated.
    Mild,
    /// 5.6 to below 6.5 %, and not treated.
    Pre,
    /// Below 5.6 % and not treated: in no result.
    Below,
}

impl Group {
    fn of(before: f64, treated: bool) -> Self {
        match before {
            _ if treated => Self::Mild,
            before if before >= MILD => Self::Mild,
            before if before >= PRE => Self::Pre,
            _ => Self::Below,
        }
    }
}

/// What is known of a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Course {
    /// A value before and one after, NGSP %.
    Complete {
        /// By which the person belongs to a group.
        before: f64,
        /// After the programme.
        after: f64,
    },
    /// No value from before the programme.
    NoFirst,
    /// One from before, and none after it.
    NoSecond,
}

impl Participation {
    /// What a person's current values say. The value before is the newest of the 90 days that end with
    /// the first day; the one after is the earliest of the 90 days that begin with the last day, or,
    /// where there is none, the newest of the 30 days before that. Of several on a day the last one given
    /// counts.
    pub fn course(&self, values: &[DatedValue]) -> Course {
        let newest = |from: Date, to: Date| {
            let within = values.iter().filter(|(day, _)| (from..=to).contains(day));
            within.max_by_key(|(day, _)| *day).map(|(_, value)| *value)
        };
        let shift = |day: Date, days: i64| day.saturating_add(days.days());
        let Some(before) = newest(shift(self.start, -BEFORE_DAYS), self.start) else {
            return Course::NoFirst;
        };
        let window = self.end..=shift(self.end, AFTER_DAYS);
        let in_time = values.iter().map(|(day, _)| *day).filter(|day| window.contains(day)).min();
        let after = in_time.and_then(|day| newest(day, day)).or_else(|| {
            let early = shift(self.end, -EARLY_DAYS).max(shift(self.start, 1));
            newest(early, shift(self.end, -1))
        });
        after.map_or(Course::NoSecond, |after| Course::Complete { before, after })
    }
}

/// The result of a group in an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmResult {
    /// The arm.
    pub arm: Arm,
    /// People with both values.
    pub people: usize,
    /// Of them, where they are at least [`FEWEST`].
    pub change: Option<Change>,
}

/// Before and after, NGSP %.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Mean before.
    pub before: f64,
    /// Mean after.
    pub after: f64,
    /// Mean of the people's changes, after less before.
    pub mean: f64,
    /// Their standard deviation, with n − 1.
    pub standard_deviation: Option<f64>,
}

/// The result of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupResult {
    /// The group.
    pub group: Group,
    /// Each arm, the first one first.
    pub arms: [ArmResult; 2],
    /// The change in the first arm less the change in the second, with its 95 % interval; where both
    /// arms have at least [`FEWEST`] people.
    pub difference: Option<statistics::Difference>,
}

/// The outcome of a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The groups, mild first.
    pub groups: [GroupResult; 2],
    /// People with both values who belong to no group, because they were below 5.6 % and not treated.
    pub below: usize,
}

/// The outcome of people of whom it is known what became of them. Those without both values are in no
/// number.
pub fn outcome(people: &[(Participation, Course)]) -> Outcome {
    let pairs = |group: Group, arm: Arm| -> Vec<(f64, f64)> {
        let both = people.iter().filter_map(|(person, course)| match course {
            Course::Complete { before, after } => Some((person, *before, *after)),
            Course::NoFirst | Course::NoSecond => None,
        });
        both.filter(|(person, before, _)| {
            person.arm == arm && Group::of(*before, person.treated) == group
        })
        .map(|(_, before, after)| (before, after))
        .collect()
    };
    let result = |group| {
        let [first, second] = [Arm::First, Arm::Second].map(|arm| pairs(group, arm));
        let enough = first.len().min(second.len()) >= FEWEST;
        let difference = difference_of_means(&changes(&first), &changes(&second));
        GroupResult {
            group,
            difference: difference.filter(|_| enough),
            arms: [arm_result(Arm::First, &first), arm_result(Arm::Second, &second)],
        }
    };
    let below = [Arm::First, Arm::Second].map(|arm| pairs(Group::Below, arm).len());
    Outcome { groups: [result(Group::Mild), result(Group::Pre)], below: below.iter().sum() }
}

fn changes(pairs: &[(f64, f64)]) -> Vec<f64> {
    pairs.iter().map(|(before, after)| after - before).collect()
}

fn arm_result(arm: Arm, pairs: &[(f64, f64)]) -> ArmResult {
    let change = || {
        let changes = changes(pairs);
        Some(Change {
            before: mean(pairs.iter().map(|(before, _)| *before))?,
            after: mean(pairs.iter().map(|(_, after)| *after))?,
            mean: mean(changes.iter().copied())?,
            standard_deviation: standard_deviation(&changes),
        })
    };
    let change = if pairs.len() >= FEWEST { change() } else { None };
    ArmResult { arm, people: pairs.len(), change }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn person(arm: Arm, treated: bool) -> Participation {
        Participation { arm, treated, start: date(2026, 4, 1), end: date(2026, 6, 30) }
    }

    fn people(arm: Arm, pairs: &[(f64, f64)]) -> Vec<(Participation, Course)> {
        let complete = |&(before, after)| (person(arm, false), Course::Complete { before, after });
        pairs.iter().map(complete).collect()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    }

    /// Means of 6.99 and 6.43 with the programme, of 6.75 and 6.60 without, as the programme's team
    /// had them.
    #[test]
    fn data_like_the_programmes_give_its_result_by_arm() {
        let with =
            [(6.59, 6.13), (6.79, 6.23), (6.99, 6.43), (7.19, 6.63), (7.29, 6.58), (7.09, 6.58)];
        let without = [(6.55, 6.4), (6.65, 6.5), (6.75, 6.6), (6.85, 6.7), (6.95, 6.8)];
        let mut all = people(Arm::First, &with);
        all.extend(people(Arm::Second, &without));
        let outcome = outcome(&all);
        let mild = &outcome.groups[0];
        let [first, second] = &mild.arms;
        assert_eq!((mild.group, first.people, second.people), (Group::Mild, 6, 5));
        let change = first.change.as_ref().unwrap();
        near(change.before, 6.99);
        near(change.after, 6.43);
        near(change.mean, -0.56);
        let change = second.change.as_ref().unwrap();
        near(change.before, 6.75);
        near(change.after, 6.60);
        near(change.mean, -0.15);
        near(mild.difference.unwrap().mean, -0.41);
        assert_eq!(outcome.groups[1].arms.each_ref().map(|arm| arm.people), [0, 0]);
    }

    /// Changes of −1.0 to −0.2 and of −0.4 to 0.4: a difference of −0.6, variances of 0.1, 8 degrees of
    /// freedom, for which tables give 2.306.
    #[test]
    fn the_difference_between_the_arms_has_the_interval_of_welch() {
        let with: Vec<_> = [1.0, 0.8, 0.6, 0.4, 0.2].map(|less| (7.0, 7.0 - less)).into();
        let without: Vec<_> = [0.4, 0.2, 0.0, -0.2, -0.4].map(|less| (7.0, 7.0 - less)).into();
        let all = [people(Arm::First, &with), people(Arm::Second, &without)].concat();
        let difference = outcome(&all).groups[0].difference.unwrap();
        near(difference.mean, -0.6);
        let (low, high) = difference.interval.unwrap();
        assert!((low - (-0.6 - 2.306 * 0.2)).abs() < 0.0001, "{low}");
        assert!((high - (-0.6 + 2.306 * 0.2)).abs() < 0.0001, "{high}");
    }

    #[test]
    fn of_fewer_than_five_people_nothing_is_said_but_how_many_they_are() {
        let mut all = people(Arm::First, &[(7.0, 6.0); 5]);
        all.extend(people(Arm::Second, &[(7.0, 6.9); 4]));
        let mild = &outcome(&all).groups[0];
        assert!(mild.arms[0].change.is_some());
        assert_eq!((mild.arms[1].people, &mild.arms[1].change), (4, &None));
        assert_eq!(mild.difference, None);
    }

    #[test]
    fn who_is_treated_is_in_the_mild_group_whatever_the_value() {
        assert_eq!(Group::of(6.5, false), Group::Mild);
        assert_eq!(Group::of(6.49, false), Group::Pre);
        assert_eq!(Group::of(5.6, false), Group::Pre);
        assert_eq!(Group::of(5.59, false), Group::Below);
        assert_eq!(Group::of(5.2, true), Group::Mild);
    }

    #[test]
    fn before_is_the_newest_up_to_the_first_day_and_after_the_first_from_the_last_day() {
        let values = [
            (date(2025, 12, 31), 9.0),
            (date(2026, 1, 1), 7.4),
            (date(2026, 4, 1), 7.0),
            (date(2026, 4, 2), 8.0),
            (date(2026, 6, 30), 6.5),
            (date(2026, 9, 28), 6.2),
        ];
        let course = |values: &[DatedValue]| person(Arm::First, false).course(values);
        assert_eq!(course(&values), Course::Complete { before: 7.0, after: 6.5 });
        assert_eq!(course(&values[..2]), Course::NoSecond);
        assert_eq!(course(&values[..1]), Course::NoFirst);
        assert_eq!(
            course(&[values[1], values[5]]),
            Course::Complete { before: 7.4, after: 6.2 },
            "90 days on either side"
        );
        assert_eq!(course(&[values[1], (date(2026, 9, 29), 6.0)]), Course::NoSecond);
        assert_eq!(
            course(&[values[1], (date(2026, 5, 31), 6.9), (date(2026, 6, 29), 6.6)]),
            Course::Complete { before: 7.4, after: 6.6 },
            "none after the last day"
        );
        assert_eq!(course(&[values[1], (date(2026, 5, 30), 6.9)]), Course::NoSecond);
    }
}
