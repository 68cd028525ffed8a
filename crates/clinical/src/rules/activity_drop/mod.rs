//! `activity.drop`: steps that fall to half of what they were.
//!
//! Step counters differ from each other by 10 to 20 %. So a device is compared with itself only, and judged
//! where the list of devices trusts its product far enough, or the care plan judges every device.
//!
//! It is judged once a local day ([`super::days`]): the median of the days of the week that ends with the
//! day against the median of the four weeks before it. A reading says the steps of its day up to when it
//! was sent; of several of one device the greatest counts. A day without a step is one on which the device
//! was not worn. Where it was worn on most days before, a week of such days that are reported is a drop, for
//! who lies in bed takes no step: the words ask both. Of several devices, one that counts as many steps as ever speaks against the others,
//! which may have been left at home.

mod limits;
#[cfg(test)]
mod tests;
mod wording;

use crate::alert::{Alert, Text, Values};
use crate::fixed::Fixed;
use crate::kinds::{Kind, activity};
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::reliability::Trust;
use crate::rule::{Assessment, Change, Context, Rule, parameters, values};
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::statistics::median;
use crate::time::Span;
use crate::wording::day_number;

use super::days::{self, Begin, Verdict};
use super::of_sources::{OfSources, sources};
use limits::{
    BEFORE, ENOUGH_BEFORE, ENOUGH_OF_WEEK, FURTHER, LEAST_STEPS, MOSTLY_WORN, ON, SHARE,
    STILL_DAYS, TRUST, WEEK, ends_at,
};

/// The rule.
#[derive(Debug)]
struct ActivityDrop;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&ActivityDrop as &dyn Rule)
}

const ACTIVITY: Kind = Kind::Activity;

impl Rule for ActivityDrop {
    fn name(&self) -> &str {
        "activity.drop"
    }

    fn kinds(&self) -> &[Kind] {
        &[ACTIVITY]
    }

    /// A device is compared with its own readings.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[ON, SHARE, TRUST] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::days::FIXED]
    }

    fn reads_products(&self) -> bool {
        true
    }

    fn applies_to(&self, plan: &Plan) -> bool {
        plan.value(&ON) > 0.0 && least(plan).is_none_or(|least| plan.trusted().any_from(least))
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if !self.applies_to(context.plan) {
            // Nothing is watched any more.
            let open = context.open().map(|alert| alert.id);
            return Assessment { covered: open.into_iter().collect(), ..Assessment::default() };
        }
        days::assess(context, Begin::Midnight, |days| {
            let limit = context.plan.value(&SHARE);
            let readings = context.readings_and_copies(ACTIVITY, days.begin());
            let readings = readings.filter(|reading| is_judged(reading.sample, context.plan));
            let known = days.collect(readings, |day: &mut OfSources<f64>, reading| {
                let steps = reading.sample.exact(activity::STEP).unwrap_or_default();
                let greatest = day.of(reading.source);
                *greatest = greatest.max(steps);
            });
            let parameters = parameters(context.plan, [&SHARE]);
            days.assess(context, (&known, BEFORE + WEEK), &parameters, |both, place, open| {
                judge(both, open, limit, || day_number(days.date(place)))
            })
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        let is_of_none = change.is_in_order && !is_judged(change.reading.sample, context.plan);
        is_of_none && context.rest_until.is_none()
            || days::is_unaffected(change, context, Begin::Midnight)
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

/// How far a product has to be trusted to be judged; none where every device is.
fn least(plan: &Plan) -> Option<Trust> {
    match plan.value(&TRUST) as u8 {
        0 => None,
        1 => Some(Trust::Low),
        2 => Some(Trust::Moderate),
        _ => Some(Trust::High),
    }
}

/// Whether the product that measured a reading is trusted far enough.
fn is_judged(sample: Sample, plan: &Plan) -> bool {
    least(plan).is_none_or(|least| plan.trust_of(sample) >= Some(least))
}

/// The week of a device against the four weeks before.
#[derive(Debug)]
struct Compared {
    /// Percent, to a tenth.
    share: f64,
    /// The median of the week's days, steps.
    week: f64,
    /// The median of the days before, steps.
    before: f64,
    days: usize,
    days_before: usize,
    /// On how many of the days no step was counted, where the drop rests on such days.
    without_steps: Option<usize>,
}

impl Compared {
    fn of(both: &[OfSources<f64>], source: SourceDigest, limit: f64) -> Option<Self> {
        Self::of_worn(both, source).or_else(|| Self::of_still(both, source, limit))
    }

    fn of_worn(both: &[OfSources<f64>], source: SourceDigest) -> Option<Self> {
        let (before, week) = both.split_at(BEFORE);
        let worn = |days: &[OfSources<f64>]| -> Vec<f64> {
            let steps = days.iter().filter_map(|day| day.get(source)).copied();
            steps.filter(|steps| *steps > 0.0).collect()
        };
        let (before, week) = (worn(before), worn(week));
        let (days_before, days) = (before.len(), week.len());
        let (before, week) = (median(before)?, median(week)?);
        let is_enough =
            days_before >= ENOUGH_BEFORE && days >= ENOUGH_OF_WEEK && before >= LEAST_STEPS;
        let share = (week / before * 1000.0).round() / 10.0;
        let without_steps = None;
        is_enough.then_some(Self { share, week, before, days, days_before, without_steps })
    }

    /// A week of days that are reported without a step, or with as few as a drop has: of a device that was
    /// worn on most days before, while no other device counts more.
    fn of_still(both: &[OfSources<f64>], source: SourceDigest, limit: f64) -> Option<Self> {
        let (before, week) = both.split_at(BEFORE);
        let before: Vec<f64> = before
            .iter()
            .filter_map(|day| day.get(source))
            .copied()
            .filter(|of| *of > 0.0)
            .collect();
        let days_before = before.len();
        let before = median(before)?;
        let is_still = |day: &&OfSources<f64>| {
            day.get(source).is_some() && day.values().all(|steps| steps / before * 100.0 < limit)
        };
        let still: Vec<f64> =
            week.iter().filter(is_still).filter_map(|day| day.get(source)).copied().collect();
        let is_enough =
            days_before >= MOSTLY_WORN && still.len() >= STILL_DAYS && before >= LEAST_STEPS;
        let without_steps = Some(still.iter().filter(|steps| **steps == 0.0).count());
        let days = week.iter().filter(|day| day.get(source).is_some()).count();
        let week = median(still)?;
        let share = (week / before * 1000.0).round() / 10.0;
        is_enough.then_some(Self { share, week, before, days, days_before, without_steps })
    }
}

/// What a day says with those before it, against the limit in percent. `open` is what the open alert says.
fn judge(
    both: &[OfSources<f64>],
    open: Option<&Values>,
    limit: f64,
    last_day: impl Fn() -> f64,
) -> Verdict {
    let devices = sources(both).into_iter().filter_map(|source| Compared::of(both, source, limit));
    // The device that counts most speaks.
    let Some(most) = devices.max_by(|one, other| one.share.total_cmp(&other.share)) else {
        return Verdict::Neither;
    };
    let Compared { share, week, before, days, days_before, without_steps } = most;
    if share < limit {
        let mut findings = values([
            ("share", share),
            ("steps", week),
            ("steps_before", before),
            ("days", days as f64),
            ("days_before", days_before as f64),
            ("last_day", last_day()),
        ]);
        if let Some(days) = without_steps {
            findings.insert("days_without_steps".into(), days as f64);
        }
        Verdict::holds(findings, open, |open| {
            open.get("share").is_none_or(|said| share <= said - FURTHER)
        })
    } else if share >= ends_at(limit) {
        Verdict::Clears
    } else {
        Verdict::Neither
    }
}
