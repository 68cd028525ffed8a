//! A count that grows while it is watched, and how fast.

use std::time::Instant;

/// A count at the times it was seen to have grown.
#[derive(Debug, Clone, Default)]
pub struct Growth {
    first: Option<(Instant, u64)>,
    last: Option<(Instant, u64)>,
}

impl Growth {
    /// The count is `total` now.
    pub fn note(&mut self, total: u64) {
        if total > self.total() {
            let now = (Instant::now(), total);
            self.first.get_or_insert(now);
            self.last = Some(now);
        }
    }

    /// The count.
    pub fn total(&self) -> u64 {
        self.last.map_or(0, |(_, total)| total)
    }

    /// Growth a second from the end of the first batch to the end of the last: starting up and
    /// joining a group are not in it. 0 where there was only one batch.
    pub fn per_second(&self) -> f64 {
        match (self.first, self.last) {
            (Some((begun, first)), Some((ended, last))) if ended > begun => {
                (last - first) as f64 / (ended - begun).as_secs_f64()
            }
            _ => 0.0,
        }
    }
}

/// The median; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn a_single_batch_has_no_rate() {
        let mut growth = Growth::default();
        growth.note(10);
        assert_eq!(growth.per_second(), 0.0);
        assert_eq!(growth.total(), 10);
    }
}
