//! `bp.morning_surge`: systolic pressure at home that is much higher in the morning than in the evening.
//!
//! It is judged once a local day, over the seven local days that end with it ([`super::days`]): of the
//! days that have both a morning and an evening, of which five are needed, the mean of the mornings less
//! the mean of the evenings. What each mean is of, [`crate::home_pressure`] says. Silence ends nothing. An open
//! alert says the means anew when they are clearly further apart.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, Text, Values};
use crate::fixed::Fixed;
use crate::kinds::Kind;
use crate::parameter::Parameter;
use crate::rule::{Assessment, Change, Context, Rule, parameters, values};
use crate::sample::Sample;
use crate::time::Span;
use crate::wording::day_number;

use super::days::{self, Begin, Verdict};
use crate::home_pressure::hours::Hours;
use crate::home_pressure::{DayOfPressure, MeansOfDay, mean_of, tenths};
use limits::{CLEARS_BELOW, DAYS, DIFFERENCE, ENOUGH, FURTHER};

/// The rule.
#[derive(Debug)]
struct MorningSurge;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&MorningSurge as &dyn Rule)
}

/// Home readings; those of check-ups have been seen by somebody already.
const PRESSURE: Kind = Kind::BloodPressure;

impl Rule for MorningSurge {
    fn name(&self) -> &str {
        "bp.morning_surge"
    }

    fn kinds(&self) -> &[Kind] {
        &[PRESSURE]
    }

    /// It is asked of copies, and counts none.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[DIFFERENCE] }
    }

    fn parameters_of_others(&self) -> &'static [&'static Parameter] {
        Hours::PARAMETERS
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::occasions::FIXED, super::days::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        let hours = Hours::of(context.plan);
        days::assess(context, Begin::Morning(hours), |days| {
            let limit = context.plan.value(&DIFFERENCE);
            let local = days.local_time();
            let days = days.to_judge(context, DAYS);
            let readings = context.readings(PRESSURE, days.begin());
            let known =
                days.collect(readings, |day: &mut DayOfPressure, one| day.add(local, hours, one));
            let known = known.map(MeansOfDay::from);
            let parameters = hours.beside(parameters(context.plan, [&DIFFERENCE]));
            days.assess(context, (&known, DAYS), &parameters, |week, place, open| {
                judge(week, open, limit, || day_number(days.date(place)))
            })
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        days::is_unaffected(change, context, Begin::Morning(Hours::of(context.plan)))
    }

    fn waits_for_the_rest(&self, _: Sample, delay: Span) -> bool {
        days::waits_for_the_rest(delay)
    }

    fn wording_version(&self) -> i32 {
        2
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// What a day says with those before it, against the limit for the difference. `open` is what the open
/// alert says.
fn judge(
    week: &[MeansOfDay],
    open: Option<&Values>,
    limit: f64,
    last_day: impl Fn() -> f64,
) -> Verdict {
    let both = || {
        let both = |day: &MeansOfDay| Some((day.morning?, day.evening?));
        week.iter().filter_map(both)
    };
    let (Some((morning, days)), Some((evening, _))) =
        (mean_of(both().map(|both| both.0)), mean_of(both().map(|both| both.1)))
    else {
        return Verdict::Neither;
    };
    if days < ENOUGH {
        return Verdict::Neither;
    }
    let difference = tenths(morning.systolic - evening.systolic);
    if difference >= limit {
        let findings = values([
            ("difference", difference),
            ("morning_systolic", morning.systolic),
            ("evening_systolic", evening.systolic),
            ("days", f64::from(days)),
            ("last_day", last_day()),
        ]);
        Verdict::holds(findings, open, |open| {
            open.get("difference").is_none_or(|said| difference >= said + FURTHER)
        })
    } else if difference < limit * CLEARS_BELOW {
        Verdict::Clears
    } else {
        Verdict::Neither
    }
}
