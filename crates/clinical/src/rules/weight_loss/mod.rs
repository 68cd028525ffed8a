//! `weight.loss`: weight that has fallen against the month before.
//!
//! It is judged once a local day ([`super::days`]): the last days on which the scale was used, of
//! two weeks, three unless a plan asks for others, against the median of the month before, within one scale, for scales differ by more than what
//! is looked for. Of these days the median is compared. Who loses weight day by day was heavier a week
//! ago, so a week's highest weight would hide that. None of them may say that the weight is back.
//! Two weeks, because who weighs twice a week has no three days in one.
//!
//! Others stand on the scale too. Of each day the weight nearest to the median is the patient's; where it
//! is more than 20 kg away, the week is another person's; and a scale that showed so low a weight on two
//! days of the month already is used by another person, whose weight is nobody's loss.
//!
//! An alert ends when every scale that can be compared is back. A scale that is not used any more ends
//! nothing; then a new one does that has been steady for a week.

mod limits;
mod scale;
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
use super::of_sources::{OfSources, sources};
use super::weights::weight;
use limits::{FURTHER, HYSTERESIS, LAST_DAYS, Limits, MONTH, PERCENT, WEEK};
use scale::{Compared, Scale, Weights};

/// The rule.
#[derive(Debug)]
struct WeightLoss;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&WeightLoss as &dyn Rule)
}

const WEIGHT: Kind = Kind::WeighingScale;

impl Rule for WeightLoss {
    fn name(&self) -> &str {
        "weight.loss"
    }

    fn kinds(&self) -> &[Kind] {
        &[WEIGHT]
    }

    /// A scale is compared with its own readings. Were copies left out, of a scale that comes over two
    /// ways now the one way and now the other would be compared with nothing.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[PERCENT, LAST_DAYS] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, super::weights::FIXED]
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        days::assess(context, Begin::Midnight, |days| {
            let limits = Limits::of(context.plan);
            let readings = context.readings_and_copies(WEIGHT, days.begin());
            let known = days.collect(readings, |day: &mut OfSources<Weights>, reading| {
                day.of(reading.source).push(weight(reading));
            });
            let parameters = parameters(context.plan, [&PERCENT, &LAST_DAYS]);
            days.assess(context, (&known, MONTH + WEEK), &parameters, |both, place, open| {
                judge(both, open, limits, |back| day_number(days.date(place - back)))
            })
        })
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        days::is_unaffected(change, context, Begin::Midnight)
    }

    fn waits_for_the_rest(&self, _: Sample, delay: Span) -> bool {
        days::waits_for_the_rest(delay)
    }

    fn wording_version(&self) -> i32 {
        3
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// What a day says with those before it. `open` is what the open alert says.
fn judge(
    both: &[OfSources<Weights>],
    open: Option<&Values>,
    limits: Limits,
    day_before_last: impl Fn(usize) -> f64,
) -> Verdict {
    let scales: Vec<Scale> =
        sources(both).into_iter().map(|source| Scale::of(both, source, limits)).collect();
    let limit = limits.percent;
    let compared = || {
        scales.iter().filter_map(|scale| match scale {
            Scale::Compared(compared) => Some(compared),
            _ => None,
        })
    };
    // Of equal ones the last, whichever that is: of one order.
    let is_lost = |one: &&Compared| {
        one.loss >= limit && one.least_loss >= limit - HYSTERESIS && !one.is_shared
    };
    let lost = compared().filter(is_lost);
    if let Some(greatest) = lost.max_by(|one, other| one.loss.total_cmp(&other.loss)) {
        let Compared { loss, from, to, days_of_month, first_of_last, .. } = *greatest;
        let findings = values([
            ("loss", loss),
            ("from", from.kilograms()),
            ("to", to.kilograms()),
            ("month_days", days_of_month as f64),
            ("first_day", day_before_last(first_of_last)),
            ("last_day", day_before_last(0)),
        ]);
        return Verdict::holds(findings, open, |open| {
            open.get("loss").is_none_or(|said| loss >= said + FURTHER)
        });
    }
    let is_known = compared().next().is_some();
    let is_over = if is_known {
        compared().all(|one| one.loss < limit - HYSTERESIS)
    } else {
        !scales.contains(&Scale::Unclear) && scales.contains(&Scale::NewAndSteady)
    };
    if is_over { Verdict::Clears } else { Verdict::Neither }
}
