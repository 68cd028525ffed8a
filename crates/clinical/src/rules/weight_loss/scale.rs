//! One scale: what its last days say against its month.

use std::ops::Range;

use crate::rules::of_sources::OfSources;
use crate::rules::weights::{OF_ANOTHER_PERSON, Weight};
use crate::source::SourceDigest;
use crate::statistics::median;

use super::limits::{
    DAYS_OF_ANOTHER, ENOUGH_OF_MONTH, ENOUGH_OF_STEADY_WEEK, LAST_WITHIN, Limits, MONTH,
    STEADY_WITHIN, WEEK,
};

/// What a scale showed on a day.
pub(super) type Weights = Vec<Weight>;

/// What a scale says.
#[derive(Debug, PartialEq)]
pub(super) enum Scale {
    /// Its last days can be compared with its month.
    Compared(Compared),
    /// It was used in the week, and says nothing.
    Unclear,
    /// It has no month behind it, and the weight has not changed for a week.
    NewAndSteady,
    /// It was not used in the week.
    Unused,
}

/// The last days of a scale against its month.
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
    /// On how many days of the month the scale was used, without the last ones.
    pub(super) days_of_month: usize,
    /// How many days before the last day the first of the last days is.
    pub(super) first_of_last: usize,
    /// Whether it showed weights so low in the month already.
    pub(super) is_shared: bool,
}

impl Scale {
    /// What a scale says on the last of so many days as a month and a week have.
    pub(super) fn of(both: &[OfSources<Weights>], source: SourceDigest, limits: Limits) -> Self {
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
        let used = |places: Range<usize>| {
            places.rev().filter_map(move |place| Some((place, both[place].get(source)?)))
        };
        let last: Vec<(usize, &Weights)> =
            used(both.len() - LAST_WITHIN..both.len()).take(limits.last_days).collect();
        let Some((first, _)) = last.last().copied().filter(|_| last.len() == limits.last_days)
        else {
            return Self::Unclear;
        };
        // Of who does not weigh daily, the first of the last days lie in the month.
        let before: Vec<&Weights> = used(0..MONTH.min(first)).map(|(_, day)| day).collect();
        // Each day counts once, however many stood on the scale.
        let of_day = |day: &&Weights| median(day.iter().map(|one| one.kilograms()));
        let Some(from) = median(before.iter().filter_map(of_day)).map(Weight::of) else {
            return Self::Unclear;
        };
        let nearest = |day: &Weights| {
            day.iter().copied().min_by_key(|one| (one.since(from).magnitude(), *one))
        };
        let last: Vec<Weight> = last.iter().filter_map(|(_, day)| nearest(day)).collect();
        let to = median(last.iter().map(|one| one.kilograms())).map(Weight::of);
        let (Some(to), Some(highest)) = (to, last.into_iter().max()) else {
            return Self::Unclear;
        };
        if from.since(to).magnitude() > OF_ANOTHER_PERSON {
            return Self::Unclear;
        }
        let loss = |weight: Weight| percent(from.since(weight), from);
        let is_low = |day: &Weights| day.iter().any(|one| loss(*one) >= limits.percent);
        let older = of_scale(&month[..MONTH - WEEK]);
        Self::Compared(Compared {
            loss: loss(to),
            least_loss: loss(highest),
            from,
            to,
            days_of_month: before.len(),
            first_of_last: both.len() - 1 - first,
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
