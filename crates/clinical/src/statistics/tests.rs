use super::*;

fn near(found: Option<f64>, expected: f64, within: f64) {
    let found = found.expect("a value");
    assert!((found - expected).abs() <= within, "{found}, expected {expected}");
}

#[test]
fn of_no_values_there_is_no_mean_and_of_one_no_deviation() {
    assert_eq!(mean([]), None);
    assert_eq!(mean([7.5]), Some(7.5));
    assert_eq!(variance(&[7.5]), None);
    assert_eq!(standard_deviation(&[7.5]), None);
    assert_eq!(coefficient_of_variation(&[7.5]), None);
    assert_eq!(mean_of_successive_differences(&[7.5]), None);
    assert_eq!(median([]), None);
    assert_eq!(Sorted::of([7.5]).quantile(0.9), Some(7.5));
}

/// Student's data on sleep, by R's `mean` and `sd`.
#[test]
fn mean_and_deviation_are_those_of_a_known_set() {
    let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    near(mean(first), 0.75, 1e-12);
    near(standard_deviation(&first), 1.789_010, 1e-6);
}

#[test]
fn values_that_lie_close_together_keep_their_deviation() {
    let values = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0];
    near(variance(&values), 30.0, 1e-9);
}

#[test]
fn variation_is_the_deviation_as_a_part_of_the_mean() {
    // Squares of 32 about a mean of 5, by 7.
    let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
    near(coefficient_of_variation(&values), 20.0 * (32.0_f64 / 7.0).sqrt(), 1e-12);
    assert_eq!(coefficient_of_variation(&[-1.0, 1.0]), None);
}

#[test]
fn variability_is_the_mean_step_from_one_value_to_the_next() {
    assert_eq!(mean_of_successive_differences(&[120.0, 130.0, 124.0]), Some(8.0));
}

#[test]
fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
    assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median([4.0, 1.0, 2.0, 30.0]), Some(3.0));
}

#[test]
fn a_mean_of_whole_numbers_is_held_against_a_limit_exactly() {
    assert!(mean_is_at_least([181, 179], 180) && !mean_is_below([181, 179], 180));
    assert!(mean_is_below([180, 179], 180) && !mean_is_at_least([180, 179], 180));
    assert!(!mean_is_below([], 180) && !mean_is_at_least([], 180));
}

/// `quantile(c(1, 2, 4, 8, 16), c(.05, .25, .5, .75, .95))` of R.
#[test]
fn quantiles_are_of_type_seven_whatever_the_order() {
    let sorted = Sorted::of([8.0, 1.0, 16.0, 2.0, 4.0]);
    for (part, expected) in [(0.05, 1.2), (0.25, 2.0), (0.5, 4.0), (0.75, 8.0), (0.95, 14.4)] {
        near(sorted.quantile(part), expected, 1e-12);
    }
    assert_eq!(sorted.quantile(0.0), Some(1.0));
    assert_eq!(sorted.quantile(1.0), Some(16.0));
    near(Sorted::of([1.0, 2.0]).median(), 1.5, 1e-12);
}

/// `t.test(extra ~ group, data = sleep)` of R: −3.3654832 to 0.2054832 with 17.776 degrees.
#[test]
fn the_interval_is_that_of_welchs_test_on_students_data() {
    let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let difference = difference_of_means(&first, &second).unwrap();
    near(Some(difference.mean), -1.58, 1e-12);
    let (low, high) = difference.interval.unwrap();
    near(Some(low), -3.365_483_2, 1e-6);
    near(Some(high), 0.205_483_2, 1e-6);
}

#[test]
fn without_two_values_in_each_group_a_difference_has_no_interval() {
    let difference = difference_of_means(&[1.0, 3.0], &[1.0]).unwrap();
    assert_eq!(difference, Difference { mean: 1.0, interval: None });
    assert_eq!(difference_of_means(&[1.0, 3.0], &[]), None);
}

#[test]
fn groups_without_any_spread_differ_by_exactly_their_means() {
    let difference = difference_of_means(&[3.0, 3.0], &[1.0, 1.0]).unwrap();
    assert_eq!(difference.interval, Some((2.0, 2.0)));
}
