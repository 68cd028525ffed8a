//! The difference of two means with its 95 % interval.

use super::student_t::two_sided_quantile;
use super::{mean, variance};

/// The difference of the means of two independent groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The first group's mean less the second's.
    pub mean: f64,
    /// Where the true difference lies with 95 % confidence; none where a group has fewer than two
    /// values.
    pub interval: Option<(f64, f64)>,
}

/// The difference of means with the interval of Welch, who lets the groups' variances differ
/// (Biometrika 34, 1947), with the degrees of freedom of Satterthwaite. None where a group is empty.
pub fn difference_of_means(one: &[f64], other: &[f64]) -> Option<Difference> {
    let difference = mean(one.iter().copied())? - mean(other.iter().copied())?;
    Some(Difference { mean: difference, interval: interval(difference, one, other) })
}

fn interval(difference: f64, one: &[f64], other: &[f64]) -> Option<(f64, f64)> {
    // Of each group the variance of its mean, and the degrees of freedom.
    let of = |values: &[f64]| {
        let count = values.len() as f64;
        Some((variance(values)? / count, count - 1.0))
    };
    let ((one, one_degrees), (other, other_degrees)) = (of(one)?, of(other)?);
    let variance = one + other;
    if variance <= 0.0 {
        // Every value of a group is the same: there is nothing to be unsure of.
        return Some((difference, difference));
    }
    let degrees = variance.powi(2) / (one.powi(2) / one_degrees + other.powi(2) / other_degrees);
    let reach = two_sided_quantile(0.95, degrees) * variance.sqrt();
    Some((difference - reach, difference + reach))
}
