//! Pairs of readings: what one reading says, and a second one 1 to 15 minutes from it confirms, or where
//! nobody measures twice the one reading of the next occasion.

use std::collections::VecDeque;
use std::ops::Range;

use super::criterion::{Criterion, Measure};
use crate::home_pressure::OCCASION;
use crate::remembered::CurrentReading;
use crate::time::{Span, Timestamp};

/// The second reading confirms when it is at least this far from the first: less is one measurement
/// read twice. Ours.
pub(super) const REPEAT_AFTER: Span = Span::from_minutes(1);

/// The second reading confirms when it is at most this far from the first. Ours.
pub(super) const REPEAT_WITHIN: Span = OCCASION;

/// Single readings beyond the limit of two occasions in a row confirm each other when they are at most this
/// far apart. Ours: who measures once a day does so up to four hours earlier or later.
pub(super) const IN_A_ROW: Span = Span::from_hours(28);

/// Whether a reading is far enough from an earlier one, and near enough to it, to be its repetition.
pub(super) fn repeats(second: &CurrentReading, first: &CurrentReading) -> bool {
    (REPEAT_AFTER..=REPEAT_WITHIN).contains(&(second.time - first.time))
}

/// Whether two readings that confirm are of two occasions, of which neither has another reading.
pub(super) fn are_in_a_row(readings: &[CurrentReading]) -> bool {
    matches!(readings, [first, second] if second.time - first.time > REPEAT_WITHIN)
}

/// What was measured before a single reading beyond the limit.
pub(super) enum Before {
    /// Another one at most [`IN_A_ROW`] earlier, with nothing between them, and their mean is beyond the
    /// limit.
    Single(CurrentReading),
    Other,
    /// It is not seen any more.
    Unseen,
    /// This one, and their mean is beyond the limit; whether it was single is not seen any more.
    SeenInPart(CurrentReading),
}

/// What was measured before a reading beyond the limit that nothing repeats, of readings that are seen
/// from `seen_from` on.
pub(super) fn before_single(
    readings: &[CurrentReading],
    single: usize,
    criterion: &impl Criterion,
    seen_from: Timestamp,
) -> Before {
    let reading = &readings[single];
    if is_contradicted(readings, single, criterion) {
        return Before::Other;
    }
    // What is nearer says the same.
    let until = reading.time - REPEAT_WITHIN;
    let Some(place) = readings.partition_point(|other| other.time < until).checked_sub(1) else {
        return match reading.time - seen_from > IN_A_ROW {
            true => Before::Other,
            false => Before::Unseen,
        };
    };
    let before = &readings[place];
    if !criterion.is_beyond(before) || reading.time - before.time > IN_A_ROW {
        return Before::Other;
    }
    let is_single = !is_repeated(readings, place) && !is_contradicted(readings, place, criterion);
    if !is_single || !is_beyond_with(before, reading, criterion) {
        return Before::Other;
    }
    // It may be repeated by what is not seen.
    match before.time - REPEAT_WITHIN < seen_from {
        true => Before::SeenInPart(*before),
        false => Before::Single(*before),
    }
}

pub(super) enum Finding {
    /// Indices of the pair, in time's order.
    Confirmed {
        first: usize,
        second: usize,
    },
    /// Index of a reading beyond the limit without a second one.
    Unconfirmed {
        reading: usize,
    },
    Normal,
    Neither,
}

pub(super) struct Judged {
    pub(super) finding: Finding,
    /// When a reading beyond the limit will have waited long enough for its second one.
    pub(super) next_assessment: Option<Timestamp>,
}

/// What the occasion says; its pairs may begin before it. Takes time in proportion to the readings in
/// it and in the 15 minutes before and after it.
pub(super) fn judge(
    readings: &[CurrentReading],
    occasion: Range<usize>,
    criterion: &impl Criterion,
    now: Timestamp,
) -> Judged {
    if let Some((first, second)) = newest_pair(readings, occasion.clone(), criterion) {
        return Judged { finding: Finding::Confirmed { first, second }, next_assessment: None };
    }
    let mut next_assessment = None;
    let mut unconfirmed = None;
    for index in occasion.clone() {
        let reading = &readings[index];
        if !criterion.is_beyond(reading) || is_repeated(readings, index) {
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
        None if next_assessment.is_none() && criterion.is_normal(&readings[occasion]) => {
            Finding::Normal
        }
        None => Finding::Neither,
    };
    Judged { finding, next_assessment }
}

/// The newest pair whose mean is beyond the limit and whose later reading is in the occasion: of several with
/// the same later reading the one whose first is nearest to it.
fn newest_pair(
    readings: &[CurrentReading],
    occasion: Range<usize>,
    criterion: &impl Criterion,
) -> Option<(usize, usize)> {
    let begins = readings[occasion.start].time;
    let from = first_near(readings, occasion.start, |r| begins - r.time <= REPEAT_WITHIN);
    // A mean is beyond a limit only if one of the two is.
    if !readings[from..occasion.end].iter().any(|reading| criterion.is_beyond(reading)) {
        return None;
    }
    // Mostly the last reading answers.
    if let Some(first) = nearest_partner(readings, occasion.end - 1, criterion) {
        return Some((first, occasion.end - 1));
    }
    let mut found = None;
    let mut partners = Partners::new(criterion.measures());
    let mut next = from;
    for second in occasion {
        let reading = &readings[second];
        while next < second && reading.time - readings[next].time >= REPEAT_AFTER {
            partners.add(readings, next);
            next += 1;
        }
        partners.leave(|first| reading.time - readings[first].time > REPEAT_WITHIN);
        if partners.furthest().any(|first| is_beyond_with(&readings[first], reading, criterion)) {
            found = Some(second);
        }
    }
    let second = found?;
    Some((nearest_partner(readings, second, criterion)?, second))
}

/// Of the readings before one with which its mean is beyond the limit the nearest.
fn nearest_partner(
    readings: &[CurrentReading],
    second: usize,
    criterion: &impl Criterion,
) -> Option<usize> {
    let reading = &readings[second];
    let near = readings[..second].iter().enumerate().rev();
    let mut near = near.take_while(|(_, first)| reading.time - first.time <= REPEAT_WITHIN);
    let is_partner = |first: &CurrentReading| {
        reading.time - first.time >= REPEAT_AFTER && is_beyond_with(first, reading, criterion)
    };
    near.find(|(_, first)| is_partner(first)).map(|(index, _)| index)
}

/// Whether the mean of two readings is beyond a limit.
fn is_beyond_with(
    one: &CurrentReading,
    other: &CurrentReading,
    criterion: &impl Criterion,
) -> bool {
    #[cfg(test)]
    tests::COMPARED.with(|compared| compared.set(compared.get() + 1));
    criterion.mean_is_beyond(one, other)
}

/// Of the readings that may be the first of a pair those that are furthest in a measure, while they
/// come and go in time's order: by index, each further than all that follow it.
struct Partners {
    of_measures: Vec<(Measure, VecDeque<usize>)>,
}

impl Partners {
    fn new(measures: &[Measure]) -> Self {
        let empty = |measure: &Measure| (*measure, VecDeque::new());
        Self { of_measures: measures.iter().map(empty).collect() }
    }

    fn add(&mut self, readings: &[CurrentReading], index: usize) {
        for (of, furthest) in &mut self.of_measures {
            while furthest.back().is_some_and(|last| of(&readings[*last]) <= of(&readings[index])) {
                furthest.pop_back();
            }
            furthest.push_back(index);
        }
    }

    fn leave(&mut self, is_too_old: impl Fn(usize) -> bool) {
        for (_, furthest) in &mut self.of_measures {
            while furthest.front().is_some_and(|first| is_too_old(*first)) {
                furthest.pop_front();
            }
        }
    }

    fn furthest(&self) -> impl Iterator<Item = usize> {
        self.of_measures.iter().filter_map(|(_, furthest)| furthest.front().copied())
    }
}

/// The first index from which on all readings before `index` are near.
fn first_near(
    readings: &[CurrentReading],
    index: usize,
    is_near: impl Fn(&CurrentReading) -> bool,
) -> usize {
    let far = readings[..index].iter().rev().position(|reading| !is_near(reading));
    far.map_or(0, |far| index - far)
}

/// Whether another reading is far enough from one and near enough to it to be its repetition. One whose
/// clock was ahead repeats what that clock says: it may have been measured before what another does.
fn is_repeated(readings: &[CurrentReading], index: usize) -> bool {
    let reading = &readings[index];
    let from = |at: Timestamp| &readings[readings.partition_point(|other| other.time < at)..];
    let is_any_in_time = |first: Timestamp, last: Timestamp| {
        let mut others = from(first).iter().take_while(|other| other.time <= last);
        others.any(|other| other.is_in_time_with(reading))
    };
    let time = reading.time;
    is_any_in_time(time - REPEAT_WITHIN, time - REPEAT_AFTER)
        || is_any_in_time(time + REPEAT_AFTER, time + REPEAT_WITHIN)
}

/// Whether another reading, too near to one to be its repetition, is not beyond the limit.
fn is_contradicted(readings: &[CurrentReading], index: usize, criterion: &impl Criterion) -> bool {
    let time = readings[index].time;
    let is_near = |other: &&CurrentReading| (other.time - time).abs() < REPEAT_AFTER;
    let is_in_time = |other: &&CurrentReading| other.is_in_time_with(&readings[index]);
    let earlier = readings[..index].iter().rev().take_while(is_near);
    let later = readings[index + 1..].iter().take_while(is_near);
    earlier.chain(later).filter(is_in_time).any(|other| !criterion.is_beyond(other))
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::super::occasions;
    use super::*;
    use crate::Kind;
    use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
    use crate::remembered::Delay;
    use crate::sample::Sample;
    use crate::source::SourceDigest;

    thread_local! {
        /// How many pairs were compared.
        pub(super) static COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    /// Systolic at or above a limit, or diastolic at or above 110 mmHg.
    struct High(u16);

    fn systolic(reading: &CurrentReading) -> i32 {
        reading.sample.value(SYSTOLIC).unwrap() as i32
    }

    fn diastolic(reading: &CurrentReading) -> i32 {
        reading.sample.value(DIASTOLIC).unwrap() as i32
    }

    impl Criterion for High {
        const KIND: Kind = Kind::BloodPressure;

        fn is_beyond(&self, reading: &CurrentReading) -> bool {
            systolic(reading) >= self.0.into() || diastolic(reading) >= 110
        }

        fn mean_is_beyond(&self, one: &CurrentReading, other: &CurrentReading) -> bool {
            systolic(one) + systolic(other) >= 2 * i32::from(self.0)
                || diastolic(one) + diastolic(other) >= 220
        }

        fn measures(&self) -> &'static [Measure] {
            &[systolic, diastolic]
        }

        fn is_normal(&self, _: &[CurrentReading]) -> bool {
            false
        }

        fn clear_occasions(&self) -> u8 {
            2
        }
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

    pub(in super::super) fn readings() -> impl Strategy<Value = Vec<CurrentReading>> {
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
        high: &High,
    ) -> Option<(usize, usize)> {
        let is_pair = |first: usize, second: usize| {
            let apart = readings[second].time - readings[first].time;
            (Span::from_minutes(1)..=Span::from_minutes(15)).contains(&apart)
                && high.mean_is_beyond(&readings[first], &readings[second])
        };
        let pairs = occasion.flat_map(|second| (0..second).map(move |first| (first, second)));
        pairs.filter(|(first, second)| is_pair(*first, *second)).max_by_key(|(a, b)| (*b, *a))
    }

    #[test]
    fn however_dense_an_occasion_is_few_pairs_of_each_reading_are_compared() {
        // One severe reading in the middle, and nothing that makes a severe pair with it.
        for seconds_apart in [1, 7, 60] {
            let of = |n: i64| reading_at(n * seconds_apart, if n == 400 { 181 } else { 160 }, 90);
            let readings: Vec<CurrentReading> = (0..2_000).map(of).collect();
            COMPARED.set(0);
            for occasion in occasions::from(&readings, 0) {
                judge(&readings, occasion, &High(180), readings[1_999].time);
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
            let high = High(limit);
            for occasion in occasions::from(&readings, 0) {
                let found = newest_pair(&readings, occasion.clone(), &high);
                prop_assert_eq!(found, pair_by_definition(&readings, occasion, &high));
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
    }
}
