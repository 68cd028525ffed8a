//! Mean, standard deviation and quantiles: the one place where they are computed.
//!
//! Values are finite numbers, all of one unit, and what comes out has that unit. Where there are too
//! few values for an answer there is none, instead of a zero that would look like one.

mod student_t;
#[cfg(test)]
mod tests;
mod welch;

pub use welch::{Difference, difference_of_means};

/// The arithmetic mean; none of no values.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut count, mut sum) = (0_u64, 0.0);
    for value in values {
        count += 1;
        sum += value;
    }
    (count > 0).then(|| sum / count as f64)
}

/// The variance of a sample, with n − 1; none of fewer than two values. Its unit is the values'
/// squared.
///
/// In two passes: the sum of squares less the square of the sum would lose all digits where values lie
/// close together.
pub fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values.iter().copied())?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

/// The standard deviation of a sample, with n − 1; none of fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

/// Values in order, of which quantiles can be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// The values in order.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    /// The values, the least first.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The quantile of type 7 of Hyndman and Fan (The American Statistician 50, 1996), which is what
    /// R and NumPy give without being asked for another: linear between the values, the least at 0,
    /// the greatest at 1. None of no values; a part outside 0 to 1 counts as the nearer end.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        let place = part.clamp(0.0, 1.0) * last as f64;
        let below = place.floor() as usize;
        let (low, high) = (self.0[below], self.0[(below + 1).min(last)]);
        Some(low + (place - place.floor()) * (high - low))
    }

    /// The median; none of no values.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }
}
