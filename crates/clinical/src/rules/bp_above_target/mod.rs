//! `bp.above_target`: blood pressure at home that is above the patient's target over a week.
//!
//! It is judged once a local day, over the seven local days that end with it ([`super::days`]). A part of
//! the day, the morning or the evening, says something where it was measured on five of them. The rule
//! holds where the mean of one part is at or above the target, in one of the pressures. What each mean is
//! of, [`super::pressures`] says.
//!
//! An alert ends when the part that raised it is clearly below the target again, in both pressures, and
//! the other part too, as far as it says something. Silence ends nothing.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, Text, Values};
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rule::{Assessment, Change, Context, Rule, parameters, values};
use crate::sample::Sample;
use crate::time::Span;
use crate::wording::day_number;

use super::days::{self, Begin, Part, Verdict};
use super::pressures::{DayOfPressure, Pressure, mean_of};
use limits::{DAYS, DIASTOLIC, ENOUGH, SYSTOLIC, Target};

/// The rule.
#[derive(Debug)]
struct AboveTarget;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&AboveTarget as &dyn Rule)
}

/// Home readings; those of check-ups have been seen by somebody already.
const PRESSURE: Kind = Kind::BloodPressure;

/// The parts of a day with the names of what is found of each.
const PARTS: [(Part, [&str; 3]); 2] = [
    (Part::Morning, ["morning_systolic", "morning_diastolic", "morning_days"]),
    (Part::Evening, ["evening_systolic", "evening_diastolic", "evening_days"]),
];

impl Rule for AboveTarget {
    fn name(&self) -> &str {
        "bp.above_target"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    /// It is asked of copies, and counts none.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[SYSTOLIC, DIASTOLIC] }
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        days::assess(context, Begin::Morning, |days| {
            let target = Target::of(context.plan);
            let local = days.local_time();
            let readings = context.readings(PRESSURE, days.begin());
            let known = days.collect(readings, |day: &mut DayOfPressure, one| day.add(local, one));
            let parameters = parameters(context.plan, [&SYSTOLIC, &DIASTOLIC]);
            days.assess(context, (&known, DAYS), &parameters, |week, place, open| {
                let last_day = || day_number(days.date(place));
                judge(week, open, &target, last_day)
            })
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        days::is_unaffected(change, context, Begin::Morning)
    }

    fn waits_for_the_rest(&self, _: Sample, delay: Span) -> bool {
        days::waits_for_the_rest(delay)
    }

    /// A target that the care plan, its programme or the rule set gives. Means are judged, not readings:
    /// at the default a chart has the reference limit.
    fn limits(&self, plan: &Plan) -> Vec<Limit> {
        let given = |field, parameter| {
            let value = plan.given(parameter)?;
            Some(Limit { field, side: Side::AtOrAbove, value, severity: None })
        };
        let both = [
            given(blood_pressure::SYSTOLIC, &SYSTOLIC),
            given(blood_pressure::DIASTOLIC, &DIASTOLIC),
        ];
        both.into_iter().flatten().collect()
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// What a day says with those before it. `open` is what was found when the open alert was raised.
fn judge(
    week: &[DayOfPressure],
    open: Option<&Values>,
    target: &Target,
    last_day: impl Fn() -> f64,
) -> Verdict {
    let mean = |part| {
        let mean = mean_of(week.iter().filter_map(|day| day.mean(part)));
        mean.filter(|(_, days)| *days >= ENOUGH)
    };
    let means = PARTS.map(|(part, names)| (mean(part), names));
    let above = means.iter().filter_map(|(mean, names)| Some(((*mean)?, names)));
    let mut above = above.filter(|((mean, _), _)| target.is_reached_by(mean)).peekable();
    if above.peek().is_some() {
        let mut findings = values([("last_day", last_day())]);
        for ((Pressure { systolic, diastolic }, days), names) in above {
            findings.extend(values([
                (names[0], systolic),
                (names[1], diastolic),
                (names[2], f64::from(days)),
            ]));
        }
        return Verdict::Holds(findings);
    }
    let is_clear = |(mean, [name, ..]): &(Option<(Pressure, u32)>, [&str; 3])| match mean {
        Some((mean, _)) => target.is_clear_of(mean),
        // Of the part that raised it something has to be known.
        None => !open.is_some_and(|open| open.contains_key(*name)),
    };
    let is_known = means.iter().any(|(mean, _)| mean.is_some());
    if is_known && means.iter().all(is_clear) { Verdict::Clears } else { Verdict::Neither }
}
