//! One scale: what its week says against its month.

use crate::rules::of_sources::OfSources;
use crate::rules::weights::{OF_ANOTHER_PERSON, Weight};
use crate::source::SourceDigest;
use crate::statistics::median;

use super::limits::{
    DAYS_OF_ANOTHER, ENOUGH_OF_MONTH, ENOUGH_OF_STEADY_WEEK, LAST_DAYS, MONTH, STEADY_WITHIN, WEEK,
};

/// What a scale showed on a day.
pub(super) type Weights = Vec<Weight>;

/// What a scale says.
#[derive(Debug, PartialEq)]
pub(super) enum Scale {
    /// Its week can be compared with its month.
    Compared(Compared),
    /// It was used in the week, and says nothing.
    Unclear,
    /// It has no month behind it, and the weight has not changed for a week.
    NewAndSteady,
    /// It was not used in the week.
    Unused,
}

/// The week of a scale against its month.
#[derive(Debug, PartialEq)]
pub(super) struct Compared {
    /// How far the median of the last days is below that of the month, percent, to a tenth.
    pub(super) loss: f64,
    /// How far the highest weight of the last days is.
    pub(super) least_loss: f64,
    /// The median of the month.
    pub(super) from: Weight,
    /// The median of the last days.
    pub(super) to: Weight,
    /// On how many days of the month the scale was used.
    pub(super) days_of_month: usize,
    /// Whether it showed weights so low in the month already.
    pub(super) is_shared: bool,
}

impl Scale {
    /// What a scale says on the last of so many days as a month and a week have, against a limit in
    /// percent.
    pub(super) fn of(both: &[OfSources<Weights>], source: SourceDigest, limit: f64) -> Self {
        let (month, week) = both.split_at(MONTH);
        let of_scale = |days: &[OfSources<Weights>]| -> Vec<Weights> {
            days.iter().filter_map(|day| day.get(source)).cloned().collect()
        };
        let of_week = of_scale(week);
        if of_week.is_empty() {
            return Self::Unused;
        }
        let of_month = of_scale(month);
        if of_month.len() < ENOUGH_OF_MONTH {
            return if is_steady(&of_week) { Self::NewAndSteady } else { Self::Unclear };
        }
        // Each day counts once, however many stood on the scale.
        let of_day = |day: &Weights| median(day.iter().map(|one| one.kilograms()));
        let Some(from) = median(of_month.iter().filter_map(of_day)).map(Weight::of) else {
            return Self::Unclear;
        };
        let nearest = |day: &Weights| {
            day.iter().copied().min_by_key(|one| (one.since(from).magnitude(), *one))
        };
        let mut last: Vec<Weight> =
            of_week.iter().rev().filter_map(nearest).take(LAST_DAYS).collect();
        last.sort_unstable();
        let [_, to, highest] = last[..] else { return Self::Unclear };
        if from.since(to).magnitude() > OF_ANOTHER_PERSON {
            return Self::Unclear;
        }
        let loss = |weight: Weight| percent(from.since(weight), from);
        let is_low = |day: &Weights| day.iter().any(|one| loss(*one) >= limit);
        let older = of_scale(&month[..MONTH - WEEK]);
        Self::Compared(Compared {
            loss: loss(to),
            least_loss: loss(highest),
            from,
            to,
            days_of_month: of_month.len(),
            is_shared: older.iter().filter(|day| is_low(day)).count() >= DAYS_OF_ANOTHER,
        })
    }
}

/// Whether all weights of a week are near each other.
fn is_steady(of_week: &[Weights]) -> bool {
    let all = || of_week.iter().flatten().copied();
    let (Some(lowest), Some(highest)) = (all().min(), all().max()) else { return false };
    of_week.len() >= ENOUGH_OF_STEADY_WEEK
        && percent(highest.since(lowest), highest) <= STEADY_WITHIN
}

/// A part of a weight in percent, to a tenth, as it is shown.
fn percent(part: Weight, of: Weight) -> f64 {
    (part.kilograms() / of.kilograms() * 1000.0).round() / 10.0
}
