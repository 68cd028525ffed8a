//! Percentiles of what was measured.

use std::fmt;

/// Times in milliseconds, in order. What never came is infinite, so that it counts.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// Times in any order.
    pub fn of(times: impl IntoIterator<Item = f64>) -> Self {
        let mut times: Vec<f64> = times.into_iter().collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The least of the times that a share of all does not exceed; infinite when there is none.
    pub fn percentile(&self, share: f64) -> f64 {
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(rank.max(1) - 1).copied().unwrap_or(f64::INFINITY)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many are below zero.
    pub fn negative(&self) -> usize {
        self.0.partition_point(|time| *time < 0.0)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50, p99, most) = (self.percentile(0.5), self.percentile(0.99), self.percentile(1.0));
        write!(f, "p50 {p50:.0}, p99 {p99:.0}, maximum {most:.0} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times = Times::of((1..=200).rev().map(f64::from));
        assert_eq!(times.percentile(0.5), 100.0);
        assert_eq!(times.percentile(0.99), 198.0);
        assert_eq!(times.percentile(1.0), 200.0);
        assert_eq!(Times::of([3.0]).percentile(0.99), 3.0);
        assert_eq!(Times::of([-2.0, 3.0]).negative(), 1);
    }

    #[test]
    fn what_never_came_and_what_was_never_measured_meets_no_limit() {
        let times = Times::of([1.0, f64::INFINITY]);
        assert_eq!(times.percentile(0.99), f64::INFINITY);
        assert_eq!(Times::default().percentile(0.5), f64::INFINITY);
    }
}
