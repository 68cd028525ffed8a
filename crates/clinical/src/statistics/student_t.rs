//! Student's t distribution, with degrees of freedom that need not be whole.
//!
//! By the regularised incomplete beta function, of which a continued fraction converges within some
//! dozens of steps (NIST Digital Library of Mathematical Functions, 8.17.22).

/// The value that a variable of the t distribution stays within, on both sides of 0, with a
/// probability: 2.228 for 0.95 and ten degrees of freedom. The probability is between 0 and 1 and the
/// degrees are positive, ends excluded.
pub(super) fn two_sided_quantile(probability: f64, degrees: f64) -> f64 {
    // Few degrees have long tails: the upper end is looked for first.
    let mut high = 1.0;
    while two_sided_probability(high, degrees) < probability && high < f64::MAX / 2.0 {
        high *= 2.0;
    }
    let mut low = 0.0;
    // Halved until nothing is between the two.
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if two_sided_probability(middle, degrees) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The probability that a variable of the t distribution lies within `t` of 0.
fn two_sided_probability(t: f64, degrees: f64) -> f64 {
    1.0 - incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5)
}

/// The regularised incomplete beta function I_x(a, b).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front =
        (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    // The fraction converges quickly on this side of the mean only; the other side is its mirror.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// The continued fraction of the incomplete beta function, by the modified method of Lentz.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    // Instead of a zero, by which nothing can be divided.
    let not_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    // 500 steps are far more than any use here takes.
    for step in 1..=500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for term in [even, odd] {
            d = 1.0 / not_zero(1.0 + term * d);
            c = not_zero(1.0 + term / c);
            factor = c * d;
            result *= factor;
        }
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

/// The logarithm of the gamma function of a positive number: Stirling's series where it is exact to
/// the last digit, and below that by Γ(x + 1) = x · Γ(x).
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 16.0 {
        product *= x;
        x += 1.0;
    }
    let square = x * x;
    let series = (1.0 / 12.0
        - (1.0 / 360.0
            - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * square)) / square) / square)
            / square)
        / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - f64::ln(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The upper 2.5 % and 0.5 % points as tables print them (NIST/SEMATECH e-Handbook of Statistical
    /// Methods, 1.3.6.7.2).
    #[test]
    fn the_quantiles_are_those_of_published_tables() {
        let table = [
            (1.0, 12.706, 63.657),
            (2.0, 4.303, 9.925),
            (3.0, 3.182, 5.841),
            (4.0, 2.776, 4.604),
            (5.0, 2.571, 4.032),
            (10.0, 2.228, 3.169),
            (20.0, 2.086, 2.845),
            (30.0, 2.042, 2.750),
            (60.0, 2.000, 2.660),
            (100.0, 1.984, 2.626),
        ];
        for (degrees, of_95, of_99) in table {
            assert!((two_sided_quantile(0.95, degrees) - of_95).abs() < 0.0005, "{degrees}");
            assert!((two_sided_quantile(0.99, degrees) - of_99).abs() < 0.0005, "{degrees}");
        }
    }

    #[test]
    fn with_one_and_two_degrees_it_is_what_their_formulas_give() {
        for probability in [0.01, 0.5, 0.9, 0.95, 0.99, 0.999] {
            let cauchy = (std::f64::consts::FRAC_PI_2 * probability).tan();
            let one = two_sided_quantile(probability, 1.0);
            assert!((one / cauchy - 1.0).abs() < 1e-9, "{probability}: {one} for {cauchy}");
            let formula = probability * (2.0 / (1.0 - probability * probability)).sqrt();
            let two = two_sided_quantile(probability, 2.0);
            assert!((two / formula - 1.0).abs() < 1e-9, "{probability}: {two} for {formula}");
        }
    }

    #[test]
    fn with_many_degrees_it_is_the_normal_distributions() {
        assert!((two_sided_quantile(0.95, 1e7) - 1.959_964).abs() < 1e-5);
    }

    #[test]
    fn the_gamma_function_is_that_of_factorials_and_of_a_half() {
        assert!(ln_gamma(1.0).abs() < 1e-13);
        assert!((ln_gamma(11.0) - 3_628_800_f64.ln()).abs() < 1e-12);
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-13);
    }
}
