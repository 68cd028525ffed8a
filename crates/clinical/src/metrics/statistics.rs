//! The statistics that metrics are made of, each in this one place.

/// The arithmetic mean; none of nothing.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (count, sum) =
        values.into_iter().fold((0_u64, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}

/// The standard deviation of a sample, with n − 1; none of fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values.iter().copied())?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The coefficient of variation in percent: the standard deviation as a part of the mean.
pub fn coefficient_of_variation(values: &[f64]) -> Option<f64> {
    let mean = mean(values.iter().copied()).filter(|mean| *mean != 0.0)?;
    Some(100.0 * standard_deviation(values)? / mean)
}

/// The mean of the absolute differences of neighbours: the average real variability (ARV) where the
/// values are those of days. None of fewer than two values.
pub fn mean_of_successive_differences(values: &[f64]) -> Option<f64> {
    mean(values.windows(2).map(|pair| (pair[1] - pair[0]).abs()))
}

/// A quantile of values that are in order, of Hyndman and Fan's type 7: linear between the values at
/// both sides of (n − 1) · share. None of nothing; the share is from 0 to 1.
pub fn quantile(ordered: &[f64], share: f64) -> Option<f64> {
    let last = ordered.len().checked_sub(1)?;
    let place = last as f64 * share.clamp(0.0, 1.0);
    let before = place.floor() as usize;
    let after = (before + 1).min(last);
    Some(ordered[before] + (place - before as f64) * (ordered[after] - ordered[before]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing_there_is_no_mean_and_of_one_value_no_deviation() {
        assert_eq!(mean([]), None);
        assert_eq!(mean([104.0]), Some(104.0));
        assert_eq!(standard_deviation(&[104.0]), None);
        assert_eq!(coefficient_of_variation(&[]), None);
        assert_eq!(mean_of_successive_differences(&[120.0]), None);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_deviation_is_that_of_a_sample() {
        // 2, 4, 4, 4, 5, 5, 7, 9: squares of 32 about a mean of 5, by 7.
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let deviation = standard_deviation(&values).unwrap();
        assert!((deviation - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        let variation = coefficient_of_variation(&values).unwrap();
        assert!((variation - 20.0 * deviation).abs() < 1e-12);
    }

    #[test]
    fn variability_is_the_mean_step_from_day_to_day() {
        assert_eq!(mean_of_successive_differences(&[120.0, 130.0, 124.0]), Some(8.0));
    }

    #[test]
    fn quantiles_of_type_7_lie_between_their_neighbours() {
        let ordered = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile(&ordered, 0.0), Some(1.0));
        assert_eq!(quantile(&ordered, 0.25), Some(1.75));
        assert_eq!(quantile(&ordered, 0.5), Some(2.5));
        assert_eq!(quantile(&ordered, 1.0), Some(4.0));
        assert_eq!(quantile(&[7.0], 0.05), Some(7.0));
    }
}
