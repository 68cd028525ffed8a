//! How many in how long.

use std::time::{Duration, Instant};

/// So many things in so long.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    things: u64,
    took: Duration,
}

impl Rate {
    /// So many things from then until now.
    pub fn since(begun: Instant, things: u64) -> Self {
        Self { things, took: begun.elapsed() }
    }

    /// Things a second.
    pub fn per_second(&self) -> f64 {
        self.things as f64 / self.took.as_secs_f64().max(1e-9)
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
    fn a_rate_is_things_over_seconds() {
        let rate = Rate { things: 100, took: Duration::from_millis(500) };
        assert_eq!(rate.per_second(), 200.0);
    }
}
