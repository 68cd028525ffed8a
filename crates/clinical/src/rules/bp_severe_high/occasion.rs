//! Occasions: where they begin and end, and what each says.

use std::collections::VecDeque;
use std::ops::Range;

use super::limits::Limits;
use crate::kinds::blood_pressure;
use crate::remembered::CurrentReading;
use crate::sample::Sample;
use crate::time::{Span, Timestamp};

/// The second reading confirms when it is at least this far from the first: less is one inflation
/// read twice. Ours.
pub(super) const REPEAT_AFTER: Span = Span::from_minutes(1);

/// The second reading confirms when it is at most this far from the first. Also the length of an
/// occasion. Ours.
pub(super) const REPEAT_WITHIN: Span = Span::from_minutes(15);

/// mmHg.
pub(super) fn systolic(reading: &CurrentReading) -> u16 {
    reading.sample.value(blood_pressure::SYSTOLIC).unwrap_or_default() as u16
}

/// mmHg.
pub(super) fn diastolic(reading: &CurrentReading) -> u16 {
    reading.sample.value(blood_pressure::DIASTOLIC).unwrap_or_default() as u16
}

pub(super) enum Finding {
    /// Indices of the pair, in time's order.
    Confirmed {
        first: usize,
        second: usize,
    },
    /// Index of a severe reading without a second one.
    Unconfirmed {
        reading: usize,
    },
    Normal,
    Neither,
}

pub(super) struct Occasion {
    pub(super) finding: Finding,
    /// When a severe reading will have waited long enough for its second one.
    pub(super) next_assessment: Option<Timestamp>,
}

/// The index at which the first occasion begins that has a reading at `window_start` or later. Occasions
/// follow from each other for as long as no pause parts them: so a chain is read from its beginning.
pub(super) fn first_in_window(readings: &[CurrentReading], window_start: Timestamp) -> usize {
    let inside = readings.partition_point(|reading| reading.time < window_start);
    let mut start = inside;
    while start > 0
        && start < readings.len()
        && readings[start].time - readings[start - 1].time <= REPEAT_WITHIN
    {
        start -= 1;
    }
    while start < inside {
        let end = end_of(readings, start);
        if end > inside {
            break;
        }
        start = end;
    }
    start
}

/// The index after the last reading of the occasion that begins at `start`.
pub(super) fn end_of(readings: &[CurrentReading], start: usize) -> usize {
    let over_at = readings[start].time + REPEAT_WITHIN;
    let rest = &readings[start..];
    start + rest.iter().position(|reading| reading.time > over_at).unwrap_or(rest.len())
}

/// What the occasion says; its pairs may begin before it. Takes time in proportion to the readings in
/// it and in the 15 minutes before and after it.
pub(super) fn judge(
    readings: &[CurrentReading],
    occasion: Range<usize>,
    limits: &Limits,
    now: Timestamp,
) -> Occasion {
    if let Some((first, second)) = newest_pair(readings, occasion.clone(), limits) {
        return Occasion { finding: Finding::Confirmed { first, second }, next_assessment: None };
    }
    let mut next_assessment = None;
    let mut unconfirmed = None;
    for index in occasion.clone() {
        let reading = &readings[index];
        if !is_severe(reading, limits) || is_repeated(readings, index) {
            continue;
        }
        let due = reading.time + REPEAT_WITHIN;
        if now >= due {
            unconfirmed = Some(index);
        } else {
            next_assessment = Some(next_assessment.map_or(due, |known: Timestamp| known.min(due)));
        }
    }
    let finding = match unconfirmed {
        Some(reading) => Finding::Unconfirmed { reading },
        None if next_assessment.is_none() && is_normal(&readings[occasion], limits) => {
            Finding::Normal
        }
        None => Finding::Neither,
    };
    Occasion { finding, next_assessment }
}

/// The newest pair whose mean is severe and whose later reading is in the occasion: of several with
/// the same later reading the one whose first is nearest to it.
fn newest_pair(
    readings: &[CurrentReading],
    occasion: Range<usize>,
    limits: &Limits,
) -> Option<(usize, usize)> {
    let begins = readings[occasion.start].time;
    let from = before(readings, occasion.start, |r| begins - r.time <= REPEAT_WITHIN);
    // A mean is severe only if one of the two is.
    if !readings[from..occasion.end].iter().any(|reading| is_severe(reading, limits)) {
        return None;
    }
    // Mostly the last reading answers.
    if let Some(first) = nearest_partner(readings, occasion.end - 1, limits) {
        return Some((first, occasion.end - 1));
    }
    let mut found = None;
    let mut partners = Partners::default();
    let mut next = from;
    for second in occasion {
        let reading = &readings[second];
        while next < second && reading.time - readings[next].time >= REPEAT_AFTER {
            partners.add(readings, next);
            next += 1;
        }
        partners.leave(|first| reading.time - readings[first].time > REPEAT_WITHIN);
        if partners.highest().any(|first| mean_is_severe(&readings[first], reading, limits)) {
            found = Some(second);
        }
    }
    let second = found?;
    Some((nearest_partner(readings, second, limits)?, second))
}

/// Of the readings before one that make a severe pair with it the nearest.
fn nearest_partner(readings: &[CurrentReading], second: usize, limits: &Limits) -> Option<usize> {
    let reading = &readings[second];
    let near = readings[..second].iter().enumerate().rev();
    let mut near = near.take_while(|(_, first)| reading.time - first.time <= REPEAT_WITHIN);
    let is_partner = |first: &CurrentReading| {
        reading.time - first.time >= REPEAT_AFTER && mean_is_severe(first, reading, limits)
    };
    near.find(|(_, first)| is_partner(first)).map(|(index, _)| index)
}

/// The highest of the readings that may be the first of a pair, while they come and go in time's
/// order: by index, each higher than all that follow it.
#[derive(Default)]
struct Partners {
    systolic: VecDeque<usize>,
    diastolic: VecDeque<usize>,
}

impl Partners {
    fn add(&mut self, readings: &[CurrentReading], index: usize) {
        let add = |to: &mut VecDeque<usize>, of: fn(&CurrentReading) -> u16| {
            while to.back().is_some_and(|last| of(&readings[*last]) <= of(&readings[index])) {
                to.pop_back();
            }
            to.push_back(index);
        };
        add(&mut self.systolic, systolic);
        add(&mut self.diastolic, diastolic);
    }

    fn leave(&mut self, is_too_old: impl Fn(usize) -> bool) {
        for highest in [&mut self.systolic, &mut self.diastolic] {
            while highest.front().is_some_and(|first| is_too_old(*first)) {
                highest.pop_front();
            }
        }
    }

    fn highest(&self) -> impl Iterator<Item = usize> {
        self.systolic.front().into_iter().chain(self.diastolic.front()).copied()
    }
}

/// The first index from which on all readings before `index` are near.
fn before(
    readings: &[CurrentReading],
    index: usize,
    is_near: impl Fn(&CurrentReading) -> bool,
) -> usize {
    let far = readings[..index].iter().rev().position(|reading| !is_near(reading));
    far.map_or(0, |far| index - far)
}

/// Whether another reading is far enough from one and near enough to it to be its repetition.
fn is_repeated(readings: &[CurrentReading], index: usize) -> bool {
    let time = readings[index].time;
    let first_at = |at: Timestamp| readings.partition_point(|reading| reading.time < at);
    let earlier = readings.get(first_at(time - REPEAT_WITHIN));
    let later = readings.get(first_at(time + REPEAT_AFTER));
    earlier.is_some_and(|earlier| time - earlier.time >= REPEAT_AFTER)
        || later.is_some_and(|later| later.time - time <= REPEAT_WITHIN)
}

pub(super) fn is_severe(reading: &CurrentReading, limits: &Limits) -> bool {
    sample_is_severe(reading.sample, limits)
}

pub(super) fn sample_is_severe(sample: Sample, limits: &Limits) -> bool {
    let mmhg = |field| sample.value(field).unwrap_or_default() as u16;
    mmhg(blood_pressure::SYSTOLIC) >= limits.systolic
        || mmhg(blood_pressure::DIASTOLIC) >= limits.diastolic
}

fn mean_is_severe(one: &CurrentReading, other: &CurrentReading, limits: &Limits) -> bool {
    #[cfg(test)]
    tests::COMPARED.with(|compared| compared.set(compared.get() + 1));
    let sum = |a: u16, b: u16| u32::from(a) + u32::from(b);
    sum(systolic(one), systolic(other)) >= 2 * u32::from(limits.systolic)
        || sum(diastolic(one), diastolic(other)) >= 2 * u32::from(limits.diastolic)
}

fn is_normal(occasion: &[CurrentReading], limits: &Limits) -> bool {
    let count = occasion.len() as u32;
    let sum =
        |of: fn(&CurrentReading) -> u16| occasion.iter().map(|r| u32::from(of(r))).sum::<u32>();
    sum(systolic) < count * u32::from(limits.clear_systolic)
        && sum(diastolic) < count * u32::from(limits.clear_diastolic)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;
    use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
    use crate::remembered::Delay;
    use crate::sample::Sample;
    use crate::source::SourceDigest;

    thread_local! {
        /// How many pairs were compared.
        pub(super) static COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    fn reading_at(second: i64, systolic: u16, diastolic: u16) -> CurrentReading {
        CurrentReading {
            time: Timestamp::from_seconds(1_780_000_000 + second),
            source: SourceDigest::from_bits(1),
            sample: Sample::default()
                .with(SYSTOLIC, systolic.into())
                .with(DIASTOLIC, diastolic.into()),
            delay: Delay::default(),
        }
    }

    fn readings() -> impl Strategy<Value = Vec<CurrentReading>> {
        let reading = (0..4_000_i64, 160..200_u16, 95..120_u16);
        prop::collection::vec(reading, 1..40).prop_map(|mut all| {
            all.sort_unstable();
            all.into_iter()
                .map(|(second, systolic, diastolic)| reading_at(second, systolic, diastolic))
                .collect()
        })
    }

    /// The definition, read word for word.
    fn pair_by_definition(
        readings: &[CurrentReading],
        occasion: Range<usize>,
        limits: &Limits,
    ) -> Option<(usize, usize)> {
        let is_pair = |first: usize, second: usize| {
            let apart = readings[second].time - readings[first].time;
            (Span::from_minutes(1)..=Span::from_minutes(15)).contains(&apart)
                && mean_is_severe(&readings[first], &readings[second], limits)
        };
        let pairs = occasion.flat_map(|second| (0..second).map(move |first| (first, second)));
        pairs.filter(|(first, second)| is_pair(*first, *second)).max_by_key(|(a, b)| (*b, *a))
    }

    #[test]
    fn however_dense_an_occasion_is_few_pairs_of_each_reading_are_compared() {
        let limits = Limits::default();
        // One severe reading in the middle, and nothing that makes a severe pair with it.
        for seconds_apart in [1, 7, 60] {
            let of = |n: i64| reading_at(n * seconds_apart, if n == 400 { 181 } else { 160 }, 90);
            let readings: Vec<CurrentReading> = (0..2_000).map(of).collect();
            COMPARED.set(0);
            let mut start = 0;
            while start < readings.len() {
                let end = end_of(&readings, start);
                judge(&readings, start..end, &limits, readings[1_999].time);
                start = end;
            }
            let compared = COMPARED.get();
            assert!(compared > 0 && compared < readings.len() * 4, "{compared}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn pairs_and_repetitions_are_found_as_the_definition_says(
            readings in readings(),
            limit in 170..195_u16,
        ) {
            let limits = Limits { systolic: limit, ..Limits::default() };
            let mut start = 0;
            while start < readings.len() {
                let end = end_of(&readings, start);
                let found = newest_pair(&readings, start..end, &limits);
                prop_assert_eq!(found, pair_by_definition(&readings, start..end, &limits));
                start = end;
            }
            for (index, one) in readings.iter().enumerate() {
                let repeats = |other: &CurrentReading| {
                    let apart = (other.time - one.time).abs();
                    (Span::from_minutes(1)..=Span::from_minutes(15)).contains(&apart)
                };
                let expected = readings.iter().any(repeats);
                prop_assert_eq!(is_repeated(&readings, index), expected);
            }
        }

        #[test]
        fn occasions_are_the_same_wherever_between_two_of_them_one_begins(
            readings in readings(),
            second in 0..4_000_i64,
        ) {
            let window_start = Timestamp::from_seconds(1_780_000_000 + second);
            let mut start = 0;
            while start < readings.len() {
                let end = end_of(&readings, start);
                if readings[end - 1].time >= window_start {
                    break;
                }
                start = end;
            }
            prop_assert_eq!(first_in_window(&readings, window_start), start);
        }
    }
}
