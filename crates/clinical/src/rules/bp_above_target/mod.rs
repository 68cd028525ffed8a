//! `bp.above_target`: blood pressure at home that is above the patient's target over a week.
//!
//! It is judged once a local day, over the seven local days that end with it ([`super::days`]). A part of
//! the day, the morning or the evening, says something where it was measured on five of them. The rule
//! holds where the mean of one part is at or above the target, in one of the pressures. What each mean is
//! of, [`crate::home_pressure`] says.
//!
//! An alert ends when what was above the target is clearly below it again, of both the part and the pressure,
//! and all else that says something is below it. Silence ends nothing. While it is open it says the means
//! anew when they are clearly further above, or when the other part comes above too.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, Text, Values};
use crate::fixed::Fixed;
use crate::kinds::{Kind, blood_pressure};
use crate::limit::{Limit, Side};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::rule::{Assessment, Change, Context, Rule, parameters, values};
use crate::sample::Sample;
use crate::time::Span;
use crate::wording::day_number;

use super::days::{self, Begin, Verdict};
use crate::home_pressure::hours::{EVENING_BEGINS, Hours, MORNING_BEGINS, MORNING_ENDS, Part};
use crate::home_pressure::{DayOfPressure, MeansOfDay, Pressure, mean_of};
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
        const { &[SYSTOLIC, DIASTOLIC, MORNING_BEGINS, MORNING_ENDS, EVENING_BEGINS] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::occasions::FIXED, super::days::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let hours = Hours::of(context.plan);
        days::assess(context, Begin::Morning(hours), |days| {
            let target = Target::of(context.plan);
            let local = days.local_time();
            let days = days.to_judge(context, DAYS);
            let readings = context.readings(PRESSURE, days.begin());
            let known =
                days.collect(readings, |day: &mut DayOfPressure, one| day.add(local, hours, one));
            let known = known.map(MeansOfDay::from);
            let parameters = hours.beside(parameters(context.plan, [&SYSTOLIC, &DIASTOLIC]));
            days.assess(context, (&known, DAYS), &parameters, |week, place, open| {
                let last_day = || day_number(days.date(place));
                judge(week, open, &target, last_day)
            })
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        days::is_unaffected(change, context, Begin::Morning(Hours::of(context.plan)))
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

    fn wording_version(&self) -> i32 {
        2
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// A mean, and of how many days.
type MeanOf = (Pressure, u32);

/// A part of the day: what a week says of it, and what the open alert does.
struct OfPart {
    names: [&'static str; 3],
    mean: Option<MeanOf>,
    said: Option<MeanOf>,
}

impl OfPart {
    fn of(
        week: &[MeansOfDay],
        open: Option<&Values>,
        part: Part,
        names: [&'static str; 3],
    ) -> Self {
        let mean = mean_of(week.iter().filter_map(|day| day.of(part)));
        let said = |open: &Values| {
            let [systolic, diastolic, days] = names.map(|name| open.get(name).copied());
            Some((Pressure { systolic: systolic?, diastolic: diastolic? }, days? as u32))
        };
        Self { names, mean: mean.filter(|(_, days)| *days >= ENOUGH), said: open.and_then(said) }
    }

    fn is_above(&self, target: &Target) -> bool {
        self.mean.is_some_and(|(mean, _)| target.is_reached_by(&mean))
    }

    /// Whether the open alert does not say yet how it is.
    fn is_news(&self, target: &Target) -> bool {
        match (self.mean, self.said) {
            (Some((mean, _)), Some((said, _))) => target.is_further(&mean, &said),
            (_, said) => said.is_none() && self.is_above(target),
        }
    }

    /// Whether nothing of it keeps the open alert open: of what raised it something has to be known.
    fn is_clear(&self, target: &Target) -> bool {
        let said = self.said.map(|(said, _)| said);
        match self.mean {
            Some((mean, _)) => target.is_clear_of(&mean, said.as_ref()),
            None => said.is_none(),
        }
    }

    /// What is said of it: what was said, where nothing newer is known.
    fn findings(&self, target: &Target) -> Option<Values> {
        let is_named = self.said.is_some() || self.is_above(target);
        let (mean, days) = self.mean.or(self.said).filter(|_| is_named)?;
        let [systolic, diastolic, of_days] = self.names;
        let Pressure { systolic: high, diastolic: low } = mean;
        Some(values([(systolic, high), (diastolic, low), (of_days, f64::from(days))]))
    }
}

/// What a day says with those before it. `open` is what the open alert says.
fn judge(
    week: &[MeansOfDay],
    open: Option<&Values>,
    target: &Target,
    last_day: impl Fn() -> f64,
) -> Verdict {
    let parts = PARTS.map(|(part, names)| OfPart::of(week, open, part, names));
    let findings = || {
        let mut findings = values([("last_day", last_day())]);
        findings.extend(parts.iter().filter_map(|part| part.findings(target)).flatten());
        findings
    };
    if parts.iter().any(|part| part.is_above(target)) {
        let is_news = |_: &Values| parts.iter().any(|part| part.is_news(target));
        return Verdict::holds(findings(), open, is_news);
    }
    let is_known = parts.iter().any(|part| part.mean.is_some());
    let is_over = is_known && parts.iter().all(|part| part.is_clear(target));
    if is_over { Verdict::Clears } else { Verdict::Neither }
}
