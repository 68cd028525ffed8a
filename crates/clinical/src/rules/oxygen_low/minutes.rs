//! Minutes: what an oximeter shows within one minute is one value.
//!
//! A finger oximeter shows one value, a continuous one sixty. Of one minute the median counts, so a
//! movement of some seconds changes nothing. It counts once the minute is over, and at once where all of it
//! is by a clock that is ahead.

use std::ops::Range;

use super::limits::{CONTINUOUS, SILENCE, UNDER_WAY};
use super::spo2;
use crate::remembered::CurrentReading;
use crate::time::Timestamp;

/// The values of one minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute {
    /// The reading that is its median; of an even number the lower of the two.
    pub(super) median: CurrentReading,
    /// Whether the device measures continuously.
    pub(super) is_continuous: bool,
    /// Whether it follows a minute of continuous values directly.
    pub(super) goes_on: bool,
}

/// When the minute of a time is over.
pub(super) fn over_at(time: Timestamp) -> Timestamp {
    Timestamp::from_seconds((minute_of(time) + 1) * 60) + UNDER_WAY
}

fn minute_of(time: Timestamp) -> i64 {
    time.seconds().div_euclid(60)
}

/// Leaves out what is not low by a clock that was ahead, where it would follow a low value of another
/// clock: it may have been measured before that, and is not its repetition.
pub(super) fn leave_out_of_time(
    readings: &mut Vec<CurrentReading>,
    is_low: impl Fn(&CurrentReading) -> bool,
) {
    if !readings.iter().any(|reading| reading.delay.is_ahead()) {
        return;
    }
    let low: Vec<CurrentReading> = readings.iter().filter(|one| is_low(one)).copied().collect();
    let hides = |reading: &CurrentReading| {
        let from = low.partition_point(|low| low.time < reading.time - SILENCE);
        let near = low[from..].iter();
        let mut near = near.take_while(|low| minute_of(low.time) <= minute_of(reading.time));
        near.any(|low| !reading.is_in_time_with(low))
    };
    readings.retain(|reading| !reading.delay.is_ahead() || is_low(reading) || !hides(reading));
}

/// The minutes of readings that are given in observation order: which readings are of each.
pub(super) fn of(readings: &[CurrentReading]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let first = readings.get(start)?;
        let minute = minute_of(first.time);
        let rest = &readings[start..];
        let length = rest.iter().position(|reading| minute_of(reading.time) != minute);
        let range = start..length.map_or(readings.len(), |length| start + length);
        start = range.end;
        Some(range)
    })
}

impl Minute {
    /// Of the readings of one minute; `room` is emptied and used.
    pub(super) fn of(
        readings: &[CurrentReading],
        before: Option<&[CurrentReading]>,
        room: &mut Vec<CurrentReading>,
    ) -> Self {
        let first = readings[0];
        let median = match readings {
            [only] => *only,
            _ => {
                room.clear();
                room.extend_from_slice(readings);
                let middle = (room.len() - 1) / 2;
                let by_value = |one: &CurrentReading, other: &CurrentReading| {
                    let value = spo2(one.sample).total_cmp(&spo2(other.sample));
                    value.then(one.time.cmp(&other.time)).then(one.source.cmp(&other.source))
                };
                *room.select_nth_unstable_by(middle, by_value).1
            }
        };
        let goes_on = before.is_some_and(|before| {
            before.len() >= CONTINUOUS && minute_of(before[0].time) + 1 == minute_of(first.time)
        });
        Self { median, is_continuous: goes_on || readings.len() >= CONTINUOUS, goes_on }
    }
}
