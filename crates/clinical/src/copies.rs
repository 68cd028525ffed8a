//! Probable copies: one measurement that comes over two sources, such as a cuff's own cloud and a
//! phone's health app. All are kept and shown; one of them is counted.
//!
//! Which one depends on nothing but the readings: not on the order of arrival, not on a restart. Of
//! the sources one comes before the other for all readings alike, so that of two equal curves one is
//! counted whole and not a piece of each.

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::kinds::{Field, Kind, Readout, ValueType, Watched};
use crate::remembered::CurrentReading;
use crate::sample::Sample;
use crate::time::Span;

/// How far apart the times of two readings with the same values may be that are one measurement.
/// Ours: a path may cut seconds off, and an app may correct the device's clock; a second measurement
/// within two minutes that gives the same values on another device is rare.
pub const COPY_WITHIN: Span = Span::from_minutes(2);

/// Whether a reading is a probable copy of another, and so is not counted beside it: of another
/// source, of the same values as far as both were measured (and but for what another unit's tenths or a
/// decimal less hide), at most [`COPY_WITHIN`] from it, and behind it in order.
pub fn is_copy(kind: Kind, reading: &CurrentReading, of: &CurrentReading) -> bool {
    reading.source != of.source
        && (reading.time - of.time).abs() <= COPY_WITHIN
        && has_same_values(kind, reading.sample, of.sample)
        && order(kind, of, reading).is_lt()
}

/// For each reading of a kind, which are given in observation order: the place of the reading that it
/// is a probable copy of, the first in order where it is of several, and of one source's the nearest. None
/// of what is counted.
pub fn originals(kind: Kind, readings: &[CurrentReading]) -> Vec<Option<usize>> {
    let mut first = 0;
    let original = |reading: &CurrentReading| {
        while readings[first].time < reading.time - COPY_WITHIN {
            first += 1;
        }
        let near = (first..).zip(&readings[first..]);
        near.take_while(|(_, of)| of.time <= reading.time + COPY_WITHIN)
            .filter(|(_, of)| is_copy(kind, reading, of))
            .min_by(|(_, one), (_, other)| {
                let apart = |of: &CurrentReading| (of.time - reading.time).abs();
                order(kind, one, other).then_with(|| apart(one).cmp(&apart(other)))
            })
            .map(|(place, _)| place)
    };
    readings.iter().map(original).collect()
}

/// Of the readings of a kind, which are given in observation order, those that are counted, each with the
/// one of it and its copies that says most by a measure; itself where none says more.
pub(crate) fn counted_with_most(
    kind: Kind,
    readings: &[CurrentReading],
    says: impl Fn(&CurrentReading) -> u8,
) -> Vec<(CurrentReading, CurrentReading)> {
    let mut counted: Vec<_> = readings.iter().map(|reading| (*reading, *reading)).collect();
    if readings.windows(2).all(|two| two[0].source == two[1].source) {
        return counted;
    }
    let originals = originals(kind, readings);
    for (place, reading) in readings.iter().enumerate() {
        // What a copy is one of may be the copy of a third.
        let mut original = place;
        while let Some(next) = originals[original] {
            original = next;
        }
        let (_, most) = &mut counted[original];
        if says(reading) > says(most) {
            *most = *reading;
        }
    }
    let mut originals = originals.iter();
    counted.retain(|_| originals.next().is_some_and(Option::is_none));
    counted
}

/// Of the readings of a kind, which are given in observation order, those that are counted: that are
/// no probable copies of others.
pub(crate) fn counted(
    kind: Kind,
    readings: impl Iterator<Item = CurrentReading>,
) -> impl Iterator<Item = CurrentReading> {
    let mut readings = readings.peekable();
    // The next reading and those near it, which are `before` it and after it.
    let mut near = VecDeque::new();
    let mut before = 0;
    let judge_next = move || {
        if before == near.len() {
            let reading = readings.next()?;
            let is_after = |one: &CurrentReading| one.time < reading.time - COPY_WITHIN;
            let is_alone = near.back().is_none_or(is_after)
                && readings.peek().is_none_or(|one| one.time > reading.time + COPY_WITHIN);
            // As nearly every reading of a sensor of each five minutes.
            if is_alone {
                near.clear();
                before = 0;
                return Some((reading, false));
            }
            near.push_back(reading);
        }
        let reading = near[before];
        while near.front().is_some_and(|one| one.time < reading.time - COPY_WITHIN) {
            near.pop_front();
            before -= 1;
        }
        near.extend(std::iter::from_fn(|| {
            readings.next_if(|one| one.time <= reading.time + COPY_WITHIN)
        }));
        before += 1;
        Some((reading, near.iter().any(|of| is_copy(kind, &reading, of))))
    };
    std::iter::from_fn(judge_next).filter(|(_, is_copy)| !is_copy).map(|(reading, _)| reading)
}

/// What is measured of a kind: the numbers that rules watch. A way that does not know a flag may say that it
/// is not set.
fn measured(kind: Kind) -> impl Iterator<Item = (&'static Field, Watched)> {
    let is_number = |field: &&Field| field.value_type != ValueType::Flag;
    kind.fields().iter().filter(is_number).filter_map(|field| Some((field, field.watched?)))
}

/// Whether two samples of a kind say the same, as far as both were measured.
pub(crate) fn has_same_values(kind: Kind, one: Sample, other: Sample) -> bool {
    let is_same = |(field, watched): (&Field, Watched)| {
        // One of them may have been shown in another unit, with fewer digits.
        let rounding = field.readout.map_or(0.0, Readout::rounding);
        match (one.value(watched), other.value(watched)) {
            (Some(one), Some(other)) => {
                (one - other).abs() <= rounding || is_rounded(watched, one, other)
            }
            _ => true,
        }
    };
    // Of a kind without watched numbers nothing is known to be the same.
    measured(kind).next().is_some() && (one == other || measured(kind).all(is_same))
}

/// Whether a sample of a kind says every number that another does.
pub(crate) fn says_all_of(kind: Kind, sample: Sample, other: Sample) -> bool {
    let is_lost = |(_, watched): (&Field, Watched)| {
        other.value(watched).is_some() && sample.value(watched).is_none()
    };
    has_same_values(kind, sample, other) && !measured(kind).any(is_lost)
}

/// Whether one of two values of a field with two decimals is the other with one: 72.6 of 72.57. A path that
/// keeps whole numbers only is not distinguished from another measurement.
fn is_rounded(watched: Watched, one: f64, other: f64) -> bool {
    const HUNDREDTHS: f64 = 100.0;
    let [one, other] = [one, other].map(|value| (value * HUNDREDTHS).round() as i64);
    let [has_one_decimal, other_has] = [one, other].map(|value| value % 10 == 0);
    f64::from(watched.scale) == HUNDREDTHS
        && has_one_decimal != other_has
        && (one - other).abs() <= 5
}

/// A total order of the sources of one measurement: first the one that says more of it, then the one that
/// says it with more decimals, so that what is counted does not hang on a name.
fn order(kind: Kind, one: &CurrentReading, other: &CurrentReading) -> Ordering {
    // Of most copies every value is the same.
    if one.sample != other.sample {
        let values = |reading: &CurrentReading| reading.sample.values(kind);
        let has_hundredths = |(_, value): &(&str, f64)| (value * 100.0).round() as i64 % 10 != 0;
        let hundredths = |reading| values(reading).filter(has_hundredths).count();
        let more = values(other).count().cmp(&values(one).count());
        let more = more.then_with(|| hundredths(other).cmp(&hundredths(one)));
        if more.is_ne() {
            return more;
        }
    }
    one.source.cmp(&other.source)
}
