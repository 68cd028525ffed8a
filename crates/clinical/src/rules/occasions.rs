//! Occasions: the readings of a patient within 15 minutes of the first of them.

use std::ops::Range;

use crate::fixed::Fixed;
use crate::home_pressure::OCCASION;
use crate::remembered::CurrentReading;
use crate::time::Timestamp;

/// What the rules that share these numbers say of them.
pub(super) const FIXED: &[Fixed] = &[Fixed::minutes(
    ["1回の測定機会（最初の測定から）", "an occasion: readings from its first on for"],
    OCCASION,
    "ours",
)];

/// The index at which the first occasion begins that has a reading at `window_start` or later. Occasions
/// follow from each other for as long as no pause parts them: so a chain is read from its beginning.
pub(super) fn first_in_window(readings: &[CurrentReading], window_start: Timestamp) -> usize {
    let inside = readings.partition_point(|reading| reading.time < window_start);
    let mut start = inside;
    while start > 0
        && start < readings.len()
        && readings[start].time - readings[start - 1].time <= OCCASION
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
fn end_of(readings: &[CurrentReading], start: usize) -> usize {
    let over_at = readings[start].time + OCCASION;
    let rest = &readings[start..];
    start + rest.iter().position(|reading| reading.time > over_at).unwrap_or(rest.len())
}

/// The occasions from the one on that begins at the index `first`.
pub(super) fn from(
    readings: &[CurrentReading],
    first: usize,
) -> impl Iterator<Item = Range<usize>> {
    let mut start = first;
    std::iter::from_fn(move || {
        let begins = (start < readings.len()).then_some(start)?;
        start = end_of(readings, begins);
        Some(begins..start)
    })
}

/// When an occasion is over, so that no reading still to come belongs to it.
pub(super) fn over_at(readings: &[CurrentReading], occasion: &Range<usize>) -> Timestamp {
    readings[occasion.start].time + OCCASION
}

/// Whether an occasion is over at `now`: its time is, or a reading has come after it.
pub(super) fn is_over(
    readings: &[CurrentReading],
    occasion: &Range<usize>,
    now: Timestamp,
) -> bool {
    occasion.end < readings.len() || now >= over_at(readings, occasion)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pairs::tests::readings;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn occasions_are_the_same_wherever_between_two_of_them_one_begins(
            readings in readings(),
            second in 0..4_000_i64,
        ) {
            let window_start = Timestamp::from_seconds(1_780_000_000 + second);
            let is_in_window =
                |occasion: &Range<usize>| readings[occasion.end - 1].time >= window_start;
            let first = from(&readings, 0).find(is_in_window);
            let first = first.map_or(readings.len(), |occasion| occasion.start);
            prop_assert_eq!(first_in_window(&readings, window_start), first);
        }
    }
}
