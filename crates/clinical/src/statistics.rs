//! Mean, standard deviation and quantiles: the one place where they are computed.
//!
//! Values are finite numbers, all of one unit, and what comes out has that unit. Where there are too
//! few values for an answer there is none, instead of a zero that would look like one.

mod student_t;
#[cfg(test)]
mod tests;
mod welch;

pub use welch::{Difference, difference_of_means};

/// A mean of values that come one by one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    count: u32,
    sum: f64,
}

impl Mean {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
    }

    /// How many values there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The mean of so many values with this sum, as it was kept.
    pub const fn of(count: u32, sum: f64) -> Self {
        Self { count, sum }
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Adds the values of another.
    pub fn join(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
    }

    /// The arithmetic mean; none of no values.
    pub fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// The arithmetic mean; none of no values.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut mean = Mean::default();
    values.into_iter().for_each(|value| mean.add(value));
    mean.value()
}

/// The mean of the absolute differences of neighbours: the average real variability (ARV) where the
/// values are those of days. None of fewer than two values.
pub fn mean_of_successive_differences(values: &[f64]) -> Option<f64> {
    mean(values.windows(2).map(|pair| (pair[1] - pair[0]).abs()))
}

/// Whether the mean of values is less than a limit, of whole numbers and without a division: none of no
/// values is.
pub fn mean_is_below(values: impl IntoIterator<Item = i32>, limit: i32) -> bool {
    let (count, sum) = count_and_sum(values);
    count > 0 && sum < count * i64::from(limit)
}

/// Whether the mean of values is a limit or more, of whole numbers and without a division: none of no
/// values is.
pub fn mean_is_at_least(values: impl IntoIterator<Item = i32>, limit: i32) -> bool {
    let (count, sum) = count_and_sum(values);
    count > 0 && sum >= count * i64::from(limit)
}

fn count_and_sum(values: impl IntoIterator<Item = i32>) -> (i64, i64) {
    values.into_iter().fold((0, 0), |(count, sum), value| (count + 1, sum + i64::from(value)))
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

/// The coefficient of variation in percent: the standard deviation as a part of the mean. None where
/// there is no deviation, or the mean is 0.
pub fn coefficient_of_variation(values: &[f64]) -> Option<f64> {
    let mean = mean(values.iter().copied()).filter(|mean| *mean != 0.0)?;
    Some(100.0 * standard_deviation(values)? / mean)
}

/// The median, of an even count the mean of the two in the middle; none of no values.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    Sorted::of(values).median()
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
